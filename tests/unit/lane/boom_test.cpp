// The boom: confirmed by its contacts, read back where unknown, reversed where something appears.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {
void until(Rig& rig, Phase phase, int steps = 400) {
  for (int i = 0; i < steps && rig.state.phase != phase; ++i) rig.pass(50ms);
  ASSERT_EQ(rig.state.phase, phase) << lane::describe(rig.state);
}
Rig closing() {
  Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  rig.drive_through();
  until(rig, Phase::closing);
  return rig;
}
}  // namespace

TEST(Boom, AcknowledgedButNotMovedIsAFault) {
  Rig rig;
  rig.boom_moves = false;
  rig.start();
  rig.arrive();
  rig.pass(5700ms);
  EXPECT_EQ(rig.state.phase, Phase::opening);
  rig.pass(500ms);
  EXPECT_EQ(rig.state.phase, Phase::faulted);
  EXPECT_EQ(rig.state.fault, "boom_no_motion");
  EXPECT_EQ(rig.count("raise 1"), 1u) << "asked once";
  ASSERT_EQ(rig.records<FaultChanged>().size(), 1u);
}

TEST(Boom, UnknownOutcomeButItMoved) {
  Rig rig;
  rig.boom_reports = false;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  EXPECT_EQ(rig.state.phase, Phase::open);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Boom, UnknownOutcomeAndNotMovedIsAskedOnceMoreThenAFault) {
  Rig rig;
  rig.boom_reports = false;
  rig.boom_moves = false;
  rig.start();
  rig.arrive();
  rig.pass(5700ms);
  EXPECT_EQ(rig.count("raise 1"), 1u) << "not before the contacts had time to show it";
  rig.pass(500ms);
  EXPECT_EQ(rig.count("raise 1"), 2u);
  rig.pass(20s);
  EXPECT_EQ(rig.count("raise 1"), 2u);
  EXPECT_EQ(rig.state.phase, Phase::faulted);
}

TEST(Boom, UnknownOutcomeWhileNothingIsReadIsNeverResent) {
  Rig rig;
  rig.boom_reports = false;
  rig.boom_moves = false;
  rig.start();
  rig.arrive();
  rig.io_alive = false;
  rig.pass(60s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
  EXPECT_EQ(rig.state.phase, Phase::opening);
}

TEST(Boom, AnOldContactIsNoConfirmation) {
  Rig rig;
  rig.boom_moves = false;
  rig.start();
  rig.arrive();
  // An image that was read before the command arrives late and shows an open boom.
  device::PointImage late{{{"boom_open", true}, {"boom_closed", false}}};
  auto event = rig.event("L1-io", late);
  event.from.received.mono = rig.now.mono - 60ms;
  rig.give(lane::FromDevice{"io", event});
  EXPECT_EQ(rig.state.phase, Phase::opening);
}

TEST(Boom, ModuleNotReadyIsNotAsked) {
  Rig rig;
  rig.start();
  rig.condition("io", device::ConditionLevel::checking);
  rig.arrive();
  rig.pass(30s);
  EXPECT_EQ(rig.state.phase, Phase::opening);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  rig.condition("io", device::ConditionLevel::ready);
  rig.pass(1500ms);
  EXPECT_EQ(rig.state.phase, Phase::open);
}

TEST(Boom, ReversesAtOnceWhateverAppears) {
  for (auto point : {points::loop_boom, points::photocell}) {
    auto rig = closing();
    rig.pass(200ms);
    rig.set(point, true);
    rig.image();
    EXPECT_EQ(rig.count("raise 1"), 2u);
    EXPECT_EQ(rig.state.phase, Phase::opening);
    rig.set(point, false);
    rig.pass(8s);
    EXPECT_EQ(rig.state.phase, Phase::idle);
    EXPECT_EQ(rig.records<CrossingClosed>().size(), 1u);
  }
}

TEST(Boom, ReversesWhenTheInputsBecomeDoubtful) {
  auto rig = closing();
  rig.pass(200ms);
  rig.input_quality = device::Quality::suspect;
  rig.image();
  EXPECT_EQ(rig.count("raise 1"), 2u);
}

TEST(Boom, DownAlreadyItStaysDown) {
  auto rig = closing();
  for (int i = 0; i < 100 && !rig.in["boom_closed"]; ++i) {  // the next one nudges the beam just as the boom comes down
    rig.pass(50ms);
    rig.set(points::photocell, rig.in["boom_closed"]);
  }
  rig.set(points::photocell, true);
  rig.pass(5s);
  EXPECT_EQ(rig.count("raise 1"), 1u) << "nobody released whoever stands there";
  rig.set(points::photocell, false);
  rig.pass(1s);
  EXPECT_EQ(rig.state.phase, Phase::idle) << lane::describe(rig.state);
  EXPECT_EQ(rig.records<CrossingClosed>().size(), 1u);
}

// Asked to rise again while nothing was known; the order got lost, and once the module answers again the boom is down.
TEST(Boom, ALostReversalIsNotRepeatedOnceTheBoomIsDown) {
  auto rig = closing();
  rig.pass(200ms);
  rig.boom_reports = rig.boom_moves = false;
  rig.io_alive = false;
  rig.pass(500ms);
  ASSERT_EQ(rig.state.phase, Phase::opening);
  const auto raised = rig.count("raise 1");
  rig.set(points::boom_open, false);
  rig.set(points::boom_closed, true);
  rig.io_alive = true;
  rig.pass(8s);
  EXPECT_EQ(rig.count("raise 1"), raised);
  EXPECT_EQ(rig.state.phase, Phase::idle) << lane::describe(rig.state);
  EXPECT_EQ(rig.records<CrossingClosed>().size(), 1u);
}

TEST(Boom, NeverLowersOnStaleInputs) {
  Rig other;
  other.start();
  other.arrive();
  other.pass(1500ms);
  other.set(points::loop_boom, true);
  other.pass(500ms);
  other.set(points::loop_exit, true);
  other.set(points::loop_entry, false);
  other.pass(300ms);
  other.set(points::loop_boom, false);
  other.set(points::loop_exit, false);
  other.pass(1s);
  other.io_alive = false;
  other.pass(30s);
  EXPECT_EQ(other.count("lower 1"), 0u);
  EXPECT_EQ(other.state.phase, Phase::open);
  other.io_alive = true;
  other.pass(1900ms);
  EXPECT_EQ(other.count("lower 1"), 0u) << "the clear time starts again";
  other.pass(500ms);
  EXPECT_EQ(other.count("lower 1"), 1u);
}

TEST(Boom, DoesNotCloseIsAFaultAndTheCrossingIsEnded) {
  Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  rig.boom_moves = false;
  rig.drive_through();
  rig.pass(60s);
  EXPECT_EQ(rig.state.phase, Phase::faulted);
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u);
}

TEST(Boom, LeavesItsClosedPositionByItself) {
  Rig rig;
  rig.start();
  rig.set(points::boom_closed, false);
  rig.pass(2s);
  EXPECT_EQ(rig.state.phase, Phase::faulted);
  EXPECT_EQ(rig.state.fault, "boom_not_closed");
}

TEST(Boom, StandsOpenAtStartAndClosesWhenClear) {
  Rig rig;
  rig.set(points::boom_open, true);
  rig.set(points::boom_closed, false);
  rig.set(points::loop_boom, true);
  rig.pass(30s);
  EXPECT_EQ(rig.state.phase, Phase::open);
  EXPECT_EQ(rig.count("lower 1"), 0u);
  EXPECT_EQ(rig.count("light 1 green"), 0u);
  rig.set(points::loop_boom, false);
  rig.pass(4s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_EQ(rig.count("lower 1"), 1u);
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Boom, BetweenOrBothAtStart) {
  Rig between;
  between.set(points::boom_closed, false);
  between.pass(5s);
  EXPECT_EQ(between.state.phase, Phase::starting);
  between.pass(3s);
  EXPECT_EQ(between.state.phase, Phase::faulted);
  Rig both;
  both.set(points::boom_open, true);
  both.pass(100ms);
  EXPECT_EQ(both.state.phase, Phase::faulted);
}

TEST(Boom, LorryStandsThereAtPowerOn) {
  Rig rig;
  rig.set(points::loop_entry, true);
  rig.pass(500ms);
  ASSERT_EQ(rig.state.phase, Phase::gathering);
  EXPECT_TRUE(rig.state.standing_at_start);
  rig.weigh_for(30000, 700ms);
  rig.pass(10s);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << "nobody has read its plate";
}

TEST(Boom, FaultedAndBackInService) {
  Rig rig;
  rig.boom_moves = false;
  rig.start();
  rig.arrive();
  until(rig, Phase::faulted);
  rig.boom_moves = true;
  auto back = rig.action(lane::ActionKind::return_to_service);
  rig.give(back);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  ASSERT_EQ(rig.records<FaultChanged>().size(), 2u);
  EXPECT_EQ(rig.records<FaultChanged>()[1].condition.level, device::ConditionLevel::ready) << "the fault is over on record too";
  rig.give(rig.action(lane::ActionKind::confirm));
  rig.pass(1500ms);
  EXPECT_EQ(rig.state.phase, Phase::open);
  rig.drive_through();
  rig.pass(6s);
  EXPECT_EQ(rig.records<CrossingClosed>().size(), 1u);
}

TEST(Boom, ReleasedLorryThatPassesAfterAFeedbackFaultIsRecordedAsReleased) {
  Rig rig;
  rig.boom_moves = false;  // it goes up, but no contact says so
  rig.start();
  rig.arrive();
  rig.set(points::boom_closed, false);
  rig.pass(20s);
  ASSERT_EQ(rig.state.phase, Phase::faulted);
  rig.drive_through();
  rig.set(points::loop_exit, true);
  rig.pass(3s);
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "released");
  EXPECT_TRUE(rig.saw("passed"));
}

TEST(Boom, WhatIsReadAfterItFailedIsNotTheLorryThatWasLetGo) {
  Rig rig;
  rig.boom_moves = false;
  rig.start();
  rig.arrive();
  rig.pass(8s);
  ASSERT_EQ(rig.state.phase, Phase::faulted);
  const auto before = rig.state.captures.size();
  rig.io_alive = false;  // nothing tells who stands there now
  rig.pass(5s);
  rig.plate("plate_front", "BG777NX");
  EXPECT_EQ(rig.state.captures.size(), before);
}
