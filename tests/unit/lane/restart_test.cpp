// What a lane knows after a restart of what was before.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

TEST(Restart, WhoWasHeldIsHeldAgain) {
  for (const bool held : {false, true}) {
    Rig rig;
    lane::Started started;
    started.unfinished = {CrossingId{"L1-0-1"}};
    started.held = held;
    rig.set(points::loop_entry, true);
    rig.give(started);
    rig.start();
    rig.arrive();
    rig.pass(2s);
    EXPECT_EQ(rig.count("raise 1"), held ? 0u : 1u);
    EXPECT_EQ(rig.saw("stood_before"), held);
    if (held) {
      EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
    }
  }
}

TEST(Restart, WhoComesAfterTheHeldOneHasLeftIsNotHeld) {
  Rig rig;
  lane::Started started;
  started.unfinished = {CrossingId{"L1-0-1"}};
  started.held = true;
  rig.give(started);
  rig.start();
  rig.pass(2s);
  rig.arrive();
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Restart, HeldByWhatAnAuditorWouldNameAsTheReason) {
  VerdictGiven verdict;
  verdict.verdict = Verdict::hold;
  EXPECT_TRUE(lane::held_by(verdict));
  verdict.verdict = Verdict::refer;
  EXPECT_TRUE(lane::held_by(verdict));
  verdict.verdict = Verdict::release;
  EXPECT_FALSE(lane::held_by(verdict));
  OfficerActed acted;
  acted.action = "hold";
  EXPECT_FALSE(lane::held_by(acted));
  acted.accepted = true;
  EXPECT_TRUE(lane::held_by(acted));
  device::RadiationReading reading;
  CaptureTaken taken;
  taken.body = reading;
  EXPECT_FALSE(lane::held_by(taken));
  reading.neutron_alarm = true;
  taken.body = reading;
  EXPECT_TRUE(lane::held_by(taken));
  EXPECT_TRUE(lane::held_by(ControlRecorded{"documents", "irregularity", "O1", ""}));
  EXPECT_FALSE(lane::held_by(ControlRecorded{"documents", "nothing_found", "O1", ""}));
  EXPECT_TRUE(lane::held_by(PassageSeen{"stood_before", ""}));
  EXPECT_FALSE(lane::held_by(PassageSeen{"stalled_under_boom", ""}));
}

TEST(Restart, WhoJustDroveOutUnderTheOpenBoomIsNotFromTheWrongSide) {
  Rig rig;
  rig.set(points::loop_exit, true);
  rig.set(points::boom_open, true);
  rig.set(points::boom_closed, false);
  rig.start();
  rig.pass(8s);
  EXPECT_EQ(rig.state.phase, Phase::idle) << lane::describe(rig.state);
  EXPECT_FALSE(rig.saw("wrong_way"));
}

TEST(Restart, WhoStandsBehindTheBoomIsNotFromTheWrongSide) {
  Rig rig;
  rig.set(points::loop_exit, true);
  rig.start();
  rig.pass(2s);
  EXPECT_FALSE(rig.saw("wrong_way"));
  rig.arrive();
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}
