// Lorries that do not do what a lorry should.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

TEST(Passage, ShortTouchOfTheLoopIsNoArrival) {
  Rig rig;
  rig.start();
  rig.set(points::loop_entry, true);
  rig.pass(200ms);
  rig.set(points::loop_entry, false);
  rig.pass(1s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_TRUE(rig.durable.empty());
}

TEST(Passage, LeavesBeforeTheVerdict) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.set(points::loop_entry, false);
  rig.pass(900ms);
  EXPECT_EQ(rig.state.phase, Phase::gathering);
  rig.pass(300ms);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_EQ(outcome(rig), "left");
  EXPECT_TRUE(rig.saw("left_backwards"));
  EXPECT_TRUE(rig.state.crossing.empty());
}

TEST(Passage, HeldLorryTurnsBackIsRefused) {
  Rig rig;
  rig.channel = SelectivityChannel::red;
  rig.start();
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer);
  rig.set(points::loop_entry, false);
  rig.pass(2s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_EQ(outcome(rig), "refused");
}

TEST(Passage, LorryThatBreaksThroughIsAnAlarm) {
  Rig rig;
  rig.channel = SelectivityChannel::red;
  rig.start();
  rig.arrive();
  rig.set(points::loop_boom, true);
  rig.set(points::loop_exit, true);
  rig.set(points::loop_entry, false);
  rig.pass(1500ms);
  EXPECT_TRUE(alarmed(rig));
  EXPECT_EQ(outcome(rig), "left");
  EXPECT_TRUE(rig.saw("passed"));
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Passage, StalledUnderTheBoomKeepsItUp) {
  auto rig = released();
  rig.set(points::loop_boom, true);
  rig.set(points::photocell, true);
  rig.pass(300s);
  EXPECT_EQ(rig.state.phase, Phase::open);
  EXPECT_EQ(rig.count("lower 1"), 0u);
  EXPECT_TRUE(rig.saw("stalled_under_boom"));
  EXPECT_EQ(rig.records<PassageSeen>().size(), 1u) << "said once";
}

TEST(Passage, ReleasedButDoesNotDrive) {
  auto rig = released();
  rig.pass(70s);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_EQ(rig.count("lower 1"), 1u);
  EXPECT_EQ(rig.records<CrossingClosed>().size(), 0u);
  rig.give(rig.action(lane::ActionKind::confirm));
  rig.pass(1500ms);
  EXPECT_EQ(rig.state.phase, Phase::open);
  rig.drive_through();
  rig.pass(6s);
  EXPECT_EQ(outcome(rig), "released");
}

TEST(Passage, ReleasedAndReversesOut) {
  auto rig = released();
  rig.set(points::loop_entry, false);
  rig.pass(6s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_EQ(outcome(rig), "left");
  EXPECT_TRUE(rig.saw("left_backwards"));
}

TEST(Passage, GoneWhileTheInputsWereAwayIsNotSaidToHaveTurnedBack) {
  auto rig = released();
  rig.io_alive = false;
  rig.pass(10s);
  rig.set(points::loop_entry, false);  // it drove through, and nobody saw it
  rig.io_alive = true;
  rig.pass(8s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_EQ(outcome(rig), "released");
  EXPECT_TRUE(rig.saw("unseen"));
  EXPECT_FALSE(rig.saw("left_backwards"));
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_EQ(rig.records<CrossingClosed>()[0].summary, "nobody saw it pass");
}

TEST(Passage, StandingBehindTheBoomAfterTheInputsWereAwayIsNoWrongWay) {
  auto rig = released();
  rig.io_alive = false;
  rig.pass(6s);
  rig.set(points::loop_entry, false);
  rig.set(points::loop_exit, true);
  rig.io_alive = true;
  rig.pass(1s);
  EXPECT_FALSE(alarmed(rig));
  rig.pass(2s);
  rig.set(points::loop_exit, false);
  rig.pass(8s);
  EXPECT_EQ(outcome(rig), "released");
  EXPECT_TRUE(rig.saw("passed"));
  EXPECT_FALSE(rig.saw("wrong_way"));
  EXPECT_FALSE(rig.saw("left_backwards"));
}

TEST(Passage, TurnedBackAfterAMomentWithoutInputsIsStillSeen) {
  auto rig = released();
  rig.io_alive = false;
  rig.pass(1500ms);
  rig.io_alive = true;
  rig.pass(1s);
  rig.set(points::loop_entry, false);
  rig.pass(6s);
  EXPECT_EQ(outcome(rig), "left");
  EXPECT_TRUE(rig.saw("left_backwards"));
}

TEST(Passage, TouchesTheLoopUnderTheBoomAndReversesOut) {
  auto rig = released();
  rig.set(points::loop_boom, true);
  rig.pass(1s);
  rig.set(points::loop_boom, false);
  rig.pass(1s);
  rig.set(points::loop_entry, false);
  rig.pass(6s);
  EXPECT_EQ(outcome(rig), "left");
  EXPECT_FALSE(rig.saw("passed"));
}

TEST(Passage, TailgaterComesWhileTheBoomFalls) {
  auto rig = released();
  rig.drive_through();
  rig.set(points::loop_entry, true);
  for (int i = 0; i < 100 && rig.state.phase != Phase::closing; ++i) rig.pass(50ms);
  ASSERT_EQ(rig.state.phase, Phase::closing);
  rig.pass(200ms);
  rig.set(points::photocell, true);
  rig.pass(50ms);
  EXPECT_EQ(rig.count("raise 1"), 2u) << "reversed at once";
  EXPECT_TRUE(rig.saw("tailgate"));
  EXPECT_TRUE(alarmed(rig));
  rig.pass(20s);
  EXPECT_EQ(rig.count("lower 1"), 1u) << "not dropped on it";
  EXPECT_EQ(rig.state.phase, Phase::open);
  rig.set(points::photocell, false);
  rig.set(points::loop_entry, false);
  rig.pass(5s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_EQ(outcome(rig), "released");
}

TEST(Passage, TailgaterBumperToBumperIsSeenByTheBeamsGap) {
  auto rig = released();
  rig.set(points::loop_boom, true);
  rig.set(points::photocell, true);
  rig.pass(500ms);
  rig.set(points::loop_exit, true);
  rig.pass(1s);
  rig.set(points::photocell, false);  // the gap between the two; the arrival loop was never free
  rig.pass(300ms);
  rig.set(points::photocell, true);
  rig.pass(500ms);
  EXPECT_TRUE(rig.saw("tailgate"));
  rig.set(points::loop_entry, false);
  rig.pass(500ms);
  rig.set(points::photocell, false);
  rig.set(points::loop_boom, false);
  rig.set(points::loop_exit, false);
  rig.pass(5s);
  EXPECT_EQ(outcome(rig), "released");
}

TEST(Passage, RoadTrainWithAnOpenDrawbarIsOneVehicleWhereTheSiteSaysSo) {
  auto rig = released();
  rig.config.gap_means_second = false;
  rig.set(points::loop_boom, true);
  rig.set(points::photocell, true);
  rig.pass(500ms);
  rig.set(points::loop_exit, true);
  rig.pass(1s);
  rig.set(points::photocell, false);
  rig.pass(300ms);
  rig.set(points::photocell, true);
  rig.pass(500ms);
  rig.set(points::loop_entry, false);
  rig.pass(500ms);
  rig.set(points::photocell, false);
  rig.set(points::loop_boom, false);
  rig.pass(300ms);
  rig.set(points::loop_exit, false);
  rig.pass(5s);
  EXPECT_FALSE(rig.saw("tailgate"));
  EXPECT_EQ(outcome(rig), "released");
}

// A long drawbar leaves loop and beam under the boom free while tractor and trailer stand before and behind it.
TEST(Passage, BoomDoesNotFallOnADrawbar) {
  auto rig = released();
  rig.set(points::loop_boom, true);
  rig.set(points::photocell, true);
  rig.pass(500ms);
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  rig.set(points::loop_boom, false);
  rig.set(points::photocell, false);
  rig.pass(30s);
  EXPECT_EQ(rig.count("lower 1"), 0u);
}

TEST(Passage, NextLorryRightBehindGetsItsOwnCrossing) {
  auto rig = released();
  rig.drive_through();
  rig.set(points::loop_entry, true);
  rig.pass(6s);
  EXPECT_EQ(outcome(rig), "released");
  EXPECT_FALSE(rig.saw("tailgate"));
  EXPECT_EQ(rig.state.phase, Phase::gathering);
  EXPECT_EQ(rig.state.crossing.text, "L1-7-2");
}

TEST(Passage, GreenOnlyWhileReleasedAndFree) {
  auto rig = released();
  EXPECT_EQ(rig.state.lights.at(device::Boom::first), device::Aspect::green);
  rig.set(points::photocell, true);
  rig.pass(100ms);
  EXPECT_EQ(rig.state.lights.at(device::Boom::first), device::Aspect::red);
}

TEST(Passage, NoGreenWhileTheNextPlaceIsTaken) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.set(points::loop_exit, true);
  rig.image();
  rig.state.still_behind = true;  // the lorry before still stands there
  rig.plate("plate_front", "BG1");
  rig.plate("plate_rear", "BG2");
  rig.weigh_for(30000, 800ms);
  rig.pass(2s);
  ASSERT_EQ(rig.state.phase, Phase::open);
  EXPECT_EQ(rig.count("light 1 green"), 0u);
  rig.set(points::loop_exit, false);
  rig.pass(100ms);
  EXPECT_EQ(rig.count("light 1 green"), 1u);
}

TEST(Passage, RefusedLightIsAskedAgain) {
  Rig rig;
  rig.start();
  const auto command = rig.state.light_commands.at(device::Boom::first);
  rig.give(lane::FromDevice{"io", rig.event("L1-io", device::CommandReport{command, device::Outcome::refused, "not armed yet"})});
  rig.pass(300ms);
  EXPECT_EQ(rig.count("light 1 red"), 1u);
  rig.pass(400ms);
  EXPECT_EQ(rig.count("light 1 red"), 2u);
}

TEST(Passage, WhatWasReadOfTheTailgaterIsNotTheNextOnes) {
  auto rig = released();
  rig.drive_through();
  rig.set(points::loop_entry, true);
  rig.pass(200ms);
  rig.plate("plate_front", "BG666TG");  // of the one who will follow without stopping
  rig.set(points::photocell, true);
  rig.pass(1s);
  ASSERT_TRUE(rig.saw("tailgate"));
  rig.plate("plate_front", "BG777NX");  // of the one behind it
  rig.set(points::photocell, false);
  rig.pass(8s);
  ASSERT_EQ(rig.records<CrossingOpened>().size(), 2u) << lane::describe(rig.state);
  for (const auto& capture : rig.state.captures) {
    const auto* read = std::get_if<device::PlateRead>(&capture.body);
    EXPECT_TRUE(!read || read->text == "BG777NX") << read->text;
  }
  EXPECT_FALSE(rig.state.captures.empty());
}

// What nobody may lose with the tail-gater's readings: an alarm. Whoever comes next is looked at for it.
TEST(Passage, RadiationAlarmReadBeforeATailgateIsTheNextOnes) {
  auto config = cargo_config();
  config.roles.push_back("portal");
  Rig rig(config);
  rig.start();
  rig.arrive();
  rig.give(lane::FromDevice{"portal", rig.event("L1-portal", device::RadiationReading{})});
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open) << lane::describe(rig.state);
  rig.drive_through();
  rig.set(points::loop_entry, true);
  rig.pass(200ms);
  device::RadiationReading alarm;
  alarm.occupancy = 2;
  alarm.gamma_alarm = true;
  rig.give(lane::FromDevice{"portal", rig.event("L1-portal", alarm)});
  rig.set(points::photocell, true);
  rig.pass(1s);
  ASSERT_TRUE(rig.saw("tailgate"));
  rig.set(points::photocell, false);
  rig.pass(8s);
  ASSERT_EQ(rig.records<CrossingOpened>().size(), 2u) << lane::describe(rig.state);
  ASSERT_EQ(rig.state.captures.size(), 1u);
  EXPECT_TRUE(std::get<device::RadiationReading>(rig.state.captures[0].body).gamma_alarm);
}

// The module is away, the released lorry drives on unseen, and one that nobody released pulls up under the open boom.
TEST(Passage, WhoStandsThereAfterTheInputsWereAwayIsLookedAt) {
  auto rig = released();
  rig.io_alive = false;
  rig.pass(5s);
  rig.io_alive = true;
  rig.pass(6s);
  EXPECT_TRUE(rig.saw("identity_unknown"));
  EXPECT_EQ(rig.count("light 1 green"), 1u) << "no green for somebody nobody knows";
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_EQ(rig.count("lower 1"), 1u);
  rig.give(rig.action(lane::ActionKind::confirm));
  EXPECT_FALSE(rig.answers.back().accepted) << "a reason is needed: that somebody has looked";
  auto confirm = rig.action(lane::ActionKind::confirm);
  confirm.reason = "it is the same lorry";
  rig.give(confirm);
  rig.pass(2s);
  EXPECT_EQ(rig.state.phase, Phase::open);
  rig.drive_through();
  rig.pass(6s);
  EXPECT_EQ(outcome(rig), "released");
}

TEST(Passage, PullsUpOnlyAfterTheInputsAreBack) {
  auto rig = released();
  rig.io_alive = false;
  rig.set(points::loop_entry, false);
  rig.pass(5s);
  rig.io_alive = true;
  rig.pass(500ms);
  rig.set(points::loop_entry, true);
  rig.pass(500ms);
  EXPECT_TRUE(rig.saw("identity_unknown"));
  EXPECT_EQ(rig.state.lights.at(device::Boom::first), device::Aspect::red);
}

TEST(Passage, TurnedBackAndTheBoomFailedIsNotReleased) {
  auto rig = released();
  rig.set(points::loop_entry, false);
  for (int i = 0; i < 100 && rig.state.phase != Phase::closing; ++i) rig.pass(50ms);
  ASSERT_EQ(rig.state.phase, Phase::closing);
  rig.set(points::boom_closed, true);  // both contacts: its wiring
  rig.set(points::boom_open, true);
  rig.boom_moves = false;
  rig.pass(2s);
  ASSERT_EQ(rig.state.phase, Phase::faulted) << lane::describe(rig.state);
  EXPECT_EQ(outcome(rig), "left");
}

// Ordered down by somebody who looked; then the drawbar of a road train comes to stand under it.
TEST(Passage, AnOrderToCloseEndsWhereTheBoomRisesAgain) {
  auto rig = released();
  rig.set(points::loop_boom, true);
  rig.set(points::loop_exit, true);
  rig.pass(2s);
  rig.set(points::loop_boom, false);  // it lies before and behind the boom
  rig.pass(10s);
  ASSERT_EQ(rig.state.phase, Phase::open);
  auto close = rig.action(lane::ActionKind::close_boom);
  close.reason = "two lorries";
  rig.give(close);
  rig.pass(200ms);
  ASSERT_EQ(rig.state.phase, Phase::closing) << lane::describe(rig.state);
  rig.set(points::photocell, true);
  rig.pass(2s);
  rig.set(points::photocell, false);
  rig.pass(30s);
  EXPECT_EQ(rig.state.phase, Phase::open) << "nobody has looked since";
  EXPECT_EQ(rig.count("lower 1"), 1u);
}

TEST(Passage, WhoFollowsUnderTheFallingBoomAfterTheReleasedOneLeftIsTold) {
  auto rig = released();
  rig.set(points::loop_entry, false);
  for (int i = 0; i < 100 && rig.state.phase != Phase::closing; ++i) rig.pass(50ms);
  ASSERT_EQ(rig.state.phase, Phase::closing);
  rig.set(points::loop_boom, true);
  rig.pass(1s);
  EXPECT_TRUE(rig.saw("tailgate"));
  EXPECT_EQ(rig.state.attention_level, 3);
  rig.set(points::loop_boom, false);
  rig.pass(8s);
  EXPECT_EQ(outcome(rig), "left");
  EXPECT_FALSE(rig.saw("passed"));
}
