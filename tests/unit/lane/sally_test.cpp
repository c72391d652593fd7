// Two booms, never both open.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {
// Sees to it that the two booms are never both away from closed.
void forbid_both(Rig& rig) {
  rig.watch = [&rig](const lane::Event&, const lane::Step&) {
    EXPECT_TRUE(rig.in["boom_closed"] || rig.in["boom_closed_2"]);
  };
}
void into_the_port(Rig& rig) {
  rig.set(points::loop_boom, true);
  rig.set(points::photocell, true);
  rig.pass(500ms);
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  rig.set(points::loop_entry, false);
  rig.pass(500ms);
  rig.set(points::loop_boom, false);
  rig.set(points::photocell, false);
}
void released_into_the_port(Rig& rig) {
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  into_the_port(rig);
}
}  // namespace

TEST(SallyPort, ThroughBothOneAfterTheOther) {
  Rig rig(sally_config());
  forbid_both(rig);
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  into_the_port(rig);
  rig.pass(3500ms);
  EXPECT_TRUE(rig.state.in_port) << lane::describe(rig.state);
  EXPECT_EQ(rig.count("raise 2"), 1u);
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  EXPECT_EQ(rig.state.boom, device::Boom::second);
  EXPECT_EQ(rig.count("light 2 green"), 1u);
  rig.set(points::loop_boom_2, true);
  rig.pass(500ms);
  rig.set(points::loop_exit, false);
  rig.pass(500ms);
  rig.set(points::loop_boom_2, false);
  rig.pass(5s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_EQ(rig.permitted, (std::vector<std::string>{"light 1 red", "light 2 red", "frames 8000 ms", "frames 8000 ms", "frames 1000 ms",
                                                     "frames 1000 ms", "raise 1", "light 1 green", "light 1 red", "lower 1", "raise 2", "light 2 green", "light 2 red", "lower 2"}));
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "released");
}

TEST(SallyPort, OutOfThePortWhileTheInputsWereAway) {
  Rig rig(sally_config());
  forbid_both(rig);
  released_into_the_port(rig);
  rig.pass(5s);
  ASSERT_EQ(rig.state.boom, device::Boom::second);
  ASSERT_EQ(rig.state.phase, Phase::open) << lane::describe(rig.state);
  rig.io_alive = false;
  rig.pass(10s);
  rig.set(points::loop_exit, false);
  rig.io_alive = true;
  rig.pass(8s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "released");
  EXPECT_TRUE(rig.saw("passed"));
}

TEST(SallyPort, GoneBeforeAnEmptyPortWhileTheInputsWereAwayHasTurnedBack) {
  Rig rig(sally_config());
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  rig.io_alive = false;
  rig.pass(10s);
  rig.set(points::loop_entry, false);
  rig.io_alive = true;
  rig.pass(8s);
  EXPECT_EQ(rig.records<CrossingClosed>().at(0).outcome, "left");
}

TEST(SallyPort, SecondDoesNotRiseWhileTheFirstIsNotClosed) {
  Rig rig(sally_config());
  forbid_both(rig);
  released_into_the_port(rig);
  rig.boom_moves = false;  // the first one stays up
  rig.pass(20s);
  EXPECT_EQ(rig.count("raise 2"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::faulted);
}

TEST(SallyPort, LorryThatStaysInThePortWaitsForAnOfficer) {
  Rig rig(sally_config());
  forbid_both(rig);
  released_into_the_port(rig);
  rig.pass(70s);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_TRUE(rig.state.in_port);
  rig.give(rig.action(lane::ActionKind::confirm));
  rig.pass(1500ms);
  EXPECT_EQ(rig.count("raise 2"), 2u);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(SallyPort, OfficerCannotOpenOneWhileTheOtherIsOpen) {
  Rig rig(sally_config());
  rig.start();
  auto open = rig.action(lane::ActionKind::open_boom);
  open.reason = "x";
  rig.set(points::boom_closed_2, false);
  rig.pass(50ms);
  rig.give(open);
  EXPECT_EQ(rig.answers.back().refusal, "the other boom is not closed");
}

TEST(SallyPort, SomebodyFromOutsideUnderTheSecondBoomIsNotTheLorryInThePort) {
  Rig rig(sally_config());
  released_into_the_port(rig);
  rig.pass(5s);
  ASSERT_EQ(rig.state.boom, device::Boom::second);
  ASSERT_EQ(rig.state.phase, Phase::open);
  rig.set(points::loop_boom_2, true);  // comes in a little and backs out again
  rig.pass(1s);
  rig.set(points::loop_boom_2, false);
  rig.pass(5s);
  EXPECT_TRUE(rig.records<CrossingClosed>().empty());
  EXPECT_FALSE(rig.saw("passed"));
  rig.pass(65s);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
}

TEST(SallyPort, VehicleUnderTheSecondBoomWithoutACrossingIsSeen) {
  Rig rig(sally_config());
  rig.start();
  rig.set(points::loop_boom_2, true);
  rig.pass(1s);
  EXPECT_TRUE(rig.saw("wrong_way"));
  EXPECT_EQ(rig.state.attention_level, 3);
  rig.set(points::loop_boom_2, false);
  rig.pass(1s);
  EXPECT_FALSE(rig.state.wrong_way);
}

// What the arrival's devices see while a lorry stands between the booms is the next one.
TEST(SallyPort, WhatStandsAtTheArrivalIsNotTheLorryInThePort) {
  Rig rig(sally_config());
  released_into_the_port(rig);
  rig.pass(70s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  ASSERT_TRUE(rig.state.in_port);
  const auto before = rig.state.captures.size();
  rig.set(points::loop_entry, true);
  rig.pass(100ms);
  rig.plate("plate_front", "BG777AA");
  rig.plate("plate_rear", "BG777AB");
  rig.weigh_for(39'000, 2s);
  EXPECT_EQ(rig.state.captures.size(), before);
  EXPECT_FALSE(rig.saw("second_vehicle_on_scale"));
}

TEST(SallyPort, FoundGoneByAnOfficerMakesRoomForTheNext) {
  Rig rig(sally_config());
  forbid_both(rig);
  released_into_the_port(rig);
  rig.pass(70s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer);
  const auto raised = rig.count("raise 2");
  rig.set(points::loop_exit, false);  // its loop hung: it drove on long ago
  rig.set(points::loop_entry, true);
  rig.pass(1s);
  auto gone = rig.action(lane::ActionKind::vehicle_gone);
  gone.reason = "looked, the port is empty";
  rig.give(gone);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  EXPECT_EQ(rig.records<CrossingClosed>().at(0).outcome, "released");
  EXPECT_TRUE(rig.saw("unseen"));
  rig.pass(1s);
  EXPECT_EQ(rig.records<CrossingOpened>().size(), 2u);
  EXPECT_EQ(rig.state.phase, Phase::gathering);
  EXPECT_EQ(rig.count("raise 2"), raised);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

// The next one drives up so close that the arrival loop never tells the two apart: only somebody who looks can.
TEST(SallyPort, TwoThatStandCloseAreToldApartByAnOfficer) {
  Rig rig(sally_config());
  forbid_both(rig);
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  for (const auto point : {points::loop_boom, points::photocell, points::loop_exit}) rig.set(point, true);
  rig.pass(2s);
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, false);
  rig.pass(70s);
  ASSERT_EQ(rig.state.phase, Phase::open);
  EXPECT_EQ(rig.count("lower 1"), 0u) << "it may be one with an open drawbar";
  EXPECT_NE(rig.state.attention.find("close it by hand"), std::string::npos) << rig.state.attention;
  auto close = rig.action(lane::ActionKind::close_boom);
  close.reason = "two lorries, nobody under the boom";
  rig.give(close);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.pass(4s);
  EXPECT_EQ(rig.count("lower 1"), 1u);
  EXPECT_TRUE(rig.state.in_port) << lane::describe(rig.state);
  EXPECT_EQ(rig.count("raise 2"), 1u);
}

// What is learnt on the way in counts before the second boom opens.
TEST(SallyPort, RadiationAlarmOnTheWayInKeepsTheSecondBoomDown) {
  auto config = sally_config();
  config.roles.push_back("portal");
  Rig rig(config);
  forbid_both(rig);
  rig.start();
  rig.arrive();
  rig.give(lane::FromDevice{"portal", rig.event("L1-portal", device::RadiationReading{})});
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open) << lane::describe(rig.state);
  rig.set(points::loop_boom, true);
  rig.pass(500ms);
  device::RadiationReading alarm;
  alarm.occupancy = 2;
  alarm.gamma_alarm = true;
  rig.give(lane::FromDevice{"portal", rig.event("L1-portal", alarm)});
  into_the_port(rig);
  rig.pass(20s);
  EXPECT_TRUE(rig.state.in_port);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_EQ(rig.count("raise 2"), 0u);
}

TEST(SallyPort, BoomThatFailsBehindItLeavesItsCrossingOpen) {
  Rig rig(sally_config());
  released_into_the_port(rig);
  rig.boom_moves = false;
  rig.pass(20s);
  ASSERT_EQ(rig.state.phase, Phase::faulted) << lane::describe(rig.state);
  EXPECT_TRUE(rig.state.in_port);
  EXPECT_TRUE(rig.records<CrossingClosed>().empty()) << "it is shut in";
  rig.boom_moves = true;
  rig.give(rig.action(lane::ActionKind::return_to_service));
  rig.pass(8s);
  EXPECT_EQ(rig.count("lower 1"), 2u) << lane::describe(rig.state);
  EXPECT_FALSE(rig.saw("left_backwards"));
  EXPECT_EQ(rig.state.boom, device::Boom::second);
}

TEST(SallyPort, LetBackOutByHandIsNotPassedAndTheBoomWaitsForIt) {
  Rig rig(sally_config());
  forbid_both(rig);
  released_into_the_port(rig);
  rig.pass(70s);  // it does not drive out
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer);
  auto back = rig.action(lane::ActionKind::open_boom);
  back.reason = "has to turn back";
  back.second = OfficerId{"O2"};
  rig.give(back);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.pass(10s);
  ASSERT_EQ(rig.state.phase, Phase::open) << "it has not moved yet\n" << lane::describe(rig.state);
  EXPECT_FALSE(rig.saw("left_backwards"));
  rig.set(points::loop_boom, true);
  rig.pass(1s);
  rig.set(points::loop_exit, false);
  rig.set(points::loop_entry, true);
  rig.pass(1s);
  rig.set(points::loop_boom, false);
  rig.pass(6s);
  EXPECT_TRUE(rig.saw("left_backwards"));
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_FALSE(rig.saw("tailgate"));
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u) << lane::describe(rig.state);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "by_hand");
  EXPECT_EQ(rig.records<CrossingOpened>().size(), 2u);
  EXPECT_TRUE(rig.state.held) << "who came back out of the port is looked at";
}

TEST(SallyPort, LetBackOutAfterTheFirstBoomFailedBehindIt) {
  Rig rig(sally_config());
  released_into_the_port(rig);
  rig.boom_moves = false;
  rig.pass(20s);
  ASSERT_EQ(rig.state.phase, Phase::faulted);
  rig.boom_moves = true;
  auto back = rig.action(lane::ActionKind::open_boom);
  back.reason = "has to turn back";
  back.second = OfficerId{"O2"};
  rig.give(back);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.pass(10s);
  ASSERT_EQ(rig.state.phase, Phase::open) << "it has not moved yet\n" << lane::describe(rig.state);
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, true);
  rig.pass(1s);
  rig.set(points::loop_entry, true);
  rig.set(points::photocell, false);  // between its trailer and its tractor
  rig.pass(300ms);
  rig.set(points::photocell, true);
  rig.pass(500ms);
  rig.set(points::loop_exit, false);
  rig.pass(500ms);
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, false);
  rig.pass(6s);
  EXPECT_EQ(rig.count("raise 2"), 0u);
  EXPECT_FALSE(rig.saw("tailgate"));
  EXPECT_TRUE(rig.saw("left_backwards"));
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u) << lane::describe(rig.state);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "by_hand");
}

TEST(SallyPort, RaisedOffTheLorryOnItsWayInItIsStillReleased) {
  Rig rig(sally_config());
  forbid_both(rig);
  rig.start();
  rig.boom_moves = false;
  rig.arrive();
  rig.set(points::boom_closed, false);
  rig.pass(14s);
  ASSERT_EQ(rig.state.phase, Phase::faulted) << lane::describe(rig.state);
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, true);
  rig.pass(1s);
  auto raise = rig.action(lane::ActionKind::open_boom);
  raise.reason = "it lies on the lorry";
  raise.second = OfficerId{"O2"};
  rig.boom_moves = true;
  rig.give(raise);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.pass(2s);
  into_the_port(rig);
  rig.pass(10s);
  ASSERT_EQ(rig.state.boom, device::Boom::second) << lane::describe(rig.state);
  for (const auto point : {points::loop_boom_2, points::photocell_2}) rig.set(point, true);
  rig.pass(1s);
  rig.set(points::loop_exit, false);
  rig.pass(1s);
  for (const auto point : {points::loop_boom_2, points::photocell_2}) rig.set(point, false);
  rig.pass(8s);
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u) << lane::describe(rig.state);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "released");
}

TEST(SallyPort, WhoStandsInThePortWithoutACrossingKeepsTheFirstBoomDown) {
  Rig rig(sally_config());
  rig.set(points::loop_entry, true);
  rig.set(points::loop_exit, true);
  rig.start();
  rig.arrive();
  rig.pass(3s);
  EXPECT_TRUE(rig.saw("wrong_way"));
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_NE(rig.state.attention.find("let him out first"), std::string::npos) << rig.state.attention;
}

TEST(SallyPort, LetOutByHandWithoutACrossingIsNotTheOneWhoWaitsBeforeTheFirstBoom) {
  Rig rig(sally_config());
  forbid_both(rig);
  rig.channel = SelectivityChannel::yellow;
  rig.controls = {"documents"};
  rig.set(points::loop_exit, true);
  rig.start();
  rig.arrive();
  rig.pass(1s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  const auto waits = rig.state.crossing;
  auto out = rig.action(lane::ActionKind::open_boom);
  out.boom = device::Boom::second;
  out.reason = "let in before the restart";
  out.second = OfficerId{"O2"};
  rig.give(out);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.pass(2s);
  for (const auto point : {points::loop_boom_2, points::photocell_2}) rig.set(point, true);
  rig.pass(1s);
  rig.set(points::loop_exit, false);
  rig.pass(1s);
  for (const auto point : {points::loop_boom_2, points::photocell_2}) rig.set(point, false);
  rig.channel = SelectivityChannel::green;
  rig.controls = {};
  rig.pass(6s);
  rig.plate("plate_front", "BG1");
  rig.plate("plate_rear", "BG2");
  rig.weigh_for(30000, 2s);
  rig.pass(10s);
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "aborted");
  for (const auto& record : rig.durable) {
    const auto* seen = std::get_if<PassageSeen>(&record.body);
    EXPECT_FALSE(seen && seen->what == "passed" && record.crossing == waits);
  }
  EXPECT_EQ(rig.count("raise 1"), 0u) << "who waited for an officer is not released by policy";
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
}
