// A boom that stands up without anybody being released: failed, out of service, or its vehicle left.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {

// Let go, and the boom rises without its contact saying so: the lane fails with the boom up.
Rig let_go_and_failed() {
  Rig rig;
  rig.start();
  rig.boom_moves = false;
  rig.arrive();
  EXPECT_EQ(rig.state.phase, Phase::opening);
  rig.set(points::boom_closed, false);
  rig.pass(14s);
  EXPECT_EQ(rig.state.phase, Phase::faulted) << lane::describe(rig.state);
  return rig;
}

void order(Rig& rig, lane::ActionKind kind) {
  auto a = rig.action(kind);
  a.reason = "looked";
  rig.give(a);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
}

std::size_t closed_as(const Rig& rig, const std::string& outcome) {
  const auto all = rig.records<CrossingClosed>();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& c) { return c.outcome == outcome; }));
}

}  // namespace

TEST(Faulted, WhoDrivesUnderTheFailedBoomHasPassedAndTheNextOneGetsItsOwnCrossing) {
  Rig rig = let_go_and_failed();
  // The next one closes up at once: the arrival loop is never free for a second.
  rig.set(points::photocell, true);
  rig.set(points::loop_boom, true);
  rig.pass(500ms);
  rig.set(points::loop_entry, false);
  rig.pass(300ms);
  rig.set(points::loop_entry, true);
  rig.set(points::loop_exit, true);
  rig.pass(1s);
  rig.set(points::photocell, false);
  rig.set(points::loop_boom, false);
  rig.pass(1s);
  rig.set(points::loop_exit, false);
  rig.pass(3s);
  EXPECT_TRUE(rig.saw("passed"));
  EXPECT_EQ(closed_as(rig, "released"), 1u);
  EXPECT_TRUE(rig.state.crossing.empty()) << lane::describe(rig.state);
  rig.set(points::boom_closed, true);
  rig.pass(300ms);
  rig.boom_moves = true;
  order(rig, lane::ActionKind::return_to_service);
  rig.pass(2s);
  EXPECT_EQ(rig.records<CrossingOpened>().size(), 2u);
}

TEST(Faulted, AnotherOneUnderTheFailedBoomIsOnRecord) {
  Rig rig = let_go_and_failed();
  rig.set(points::loop_boom, true);
  rig.pass(500ms);
  rig.set(points::loop_entry, false);
  rig.set(points::loop_exit, true);
  rig.pass(1s);
  rig.set(points::loop_boom, false);
  rig.pass(500ms);
  rig.set(points::loop_exit, false);
  rig.pass(4s);
  EXPECT_EQ(closed_as(rig, "released"), 1u);
  const auto before = rig.records<PassageSeen>().size();
  rig.set(points::loop_boom, true);
  rig.pass(500ms);
  rig.set(points::loop_boom, false);
  rig.pass(500ms);
  ASSERT_EQ(rig.records<PassageSeen>().size(), before + 1);
  EXPECT_EQ(rig.records<PassageSeen>().back().what, "passed");
  EXPECT_EQ(rig.records<PassageSeen>().back().detail, "the boom had failed, no crossing");
}

TEST(Faulted, AVehicleInDoubtGetsNoGreenWhenTheLaneGoesOn) {
  Rig rig = let_go_and_failed();
  rig.set(points::boom_open, true);
  rig.io_alive = false;
  rig.pass(5s);
  rig.io_alive = true;
  rig.pass(500ms);
  ASSERT_TRUE(rig.state.other_vehicle) << lane::describe(rig.state);
  order(rig, lane::ActionKind::return_to_service);
  rig.pass(2200ms);
  EXPECT_EQ(rig.state.phase, Phase::closing) << lane::describe(rig.state);
  EXPECT_NE(rig.state.lights_wanted.at(device::Boom::first), device::Aspect::green);
}

TEST(Faulted, WhoIsGoneAfterTheInputsWereAwayWasNotSeenToTurnBack) {
  Rig rig = let_go_and_failed();
  rig.io_alive = false;
  rig.pass(5s);
  rig.set(points::loop_entry, false);
  rig.io_alive = true;
  rig.pass(2s);
  EXPECT_TRUE(rig.saw("unseen"));
  EXPECT_FALSE(rig.saw("left_backwards"));
  EXPECT_EQ(closed_as(rig, "released"), 1u);
}

TEST(Faulted, NobodyPassesUnderABoomThatIsDown) {
  Rig rig;
  rig.start();
  rig.boom_moves = false;
  rig.arrive();
  rig.set(points::loop_exit, true);
  rig.pass(14s);
  ASSERT_EQ(rig.state.phase, Phase::faulted);
  rig.set(points::photocell, true);
  rig.pass(1s);
  rig.set(points::photocell, false);
  rig.pass(1s);
  rig.set(points::loop_exit, false);
  rig.pass(5s);
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_TRUE(rig.records<CrossingClosed>().empty()) << lane::describe(rig.state);
}

TEST(Faulted, TheBoomIsRaisedOffAVehicleAndItsCrossingGoesOn) {
  Rig rig = let_go_and_failed();
  rig.set(points::boom_open, false);
  rig.set(points::loop_boom, true);
  rig.pass(500ms);
  rig.set(points::loop_entry, false);
  rig.pass(2s);
  ASSERT_EQ(rig.state.phase, Phase::faulted) << lane::describe(rig.state);
  const auto raised = rig.count("raise 1");
  auto a = rig.action(lane::ActionKind::open_boom);
  a.reason = "it lies on the lorry";
  rig.give(a);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.boom_moves = true;
  rig.pass(3s);
  EXPECT_EQ(rig.count("raise 1"), raised + 1);
  EXPECT_FALSE(rig.state.crossing.empty());
  rig.set(points::loop_exit, true);
  rig.pass(1s);
  rig.set(points::loop_boom, false);
  rig.pass(1s);
  rig.set(points::loop_exit, false);
  rig.pass(6s);
  EXPECT_EQ(closed_as(rig, "released"), 1u) << lane::describe(rig.state);
}

TEST(OutOfService, ABoomComesDownOnlyAfterThePlaceWasKnownToBeFreeForAWhile) {
  Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  order(rig, lane::ActionKind::out_of_service);
  rig.set(points::loop_boom, true);
  rig.pass(500ms);
  rig.io_alive = false;
  rig.pass(5s);
  rig.set(points::loop_boom, false);
  rig.io_alive = true;
  rig.pass(100ms);
  order(rig, lane::ActionKind::close_boom);
  const auto lowered = rig.count("lower 1");
  rig.pass(1500ms);
  EXPECT_EQ(rig.count("lower 1"), lowered);
  rig.pass(1500ms);
  EXPECT_EQ(rig.count("lower 1"), lowered + 1);
}

TEST(Release, WhoBacksOutBeforeAClosedBoomWithSomebodyBehindItHasNotPassed) {
  Rig rig;
  rig.start();
  rig.store_answers = false;
  rig.arrive();
  rig.pass(1s);
  ASSERT_EQ(rig.state.phase, Phase::deciding) << lane::describe(rig.state);
  rig.state.still_behind = true;
  rig.set(points::loop_exit, true);
  rig.pass(100ms);
  rig.set(points::loop_entry, false);
  rig.pass(2s);
  rig.store_answers = true;
  const auto asked = rig.asked_records;
  EXPECT_TRUE(std::none_of(asked.begin(), asked.end(), [](const Record& r) {
    const auto* seen = std::get_if<PassageSeen>(&r.body);
    return seen && seen->what == "passed";
  }));
}

TEST(OutOfService, ABoomThatStandsOpenShowsRedAndWhoPassesIsOnRecord) {
  Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  ASSERT_EQ(rig.state.lights_wanted.at(device::Boom::first), device::Aspect::green);
  order(rig, lane::ActionKind::out_of_service);
  EXPECT_EQ(rig.state.lights_wanted.at(device::Boom::first), device::Aspect::red);
  EXPECT_EQ(rig.state.attention_level, 2);
  const auto passes = [&] {
    rig.set(points::loop_boom, true);
    rig.pass(1s);
    rig.set(points::loop_boom, false);
    rig.pass(1500ms);
  };
  passes();
  passes();
  const auto seen = rig.records<PassageSeen>();
  EXPECT_EQ(std::count_if(seen.begin(), seen.end(), [](const auto& p) { return p.detail == "the lane was out of service, no crossing"; }), 2);
}

TEST(Release, IsNotForTheOneWhoPullsUpWhileTheBoomCannotMove) {
  Rig rig;
  rig.start();
  rig.condition("io", device::ConditionLevel::faulted, "no_write");
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::opening) << lane::describe(rig.state);
  ASSERT_FALSE(rig.state.motion.asked);
  rig.set(points::loop_entry, false);
  rig.pass(1200ms);
  EXPECT_EQ(closed_as(rig, "left"), 1u) << lane::describe(rig.state);
  rig.set(points::loop_entry, true);
  rig.pass(1s);
  rig.condition("io", device::ConditionLevel::ready);
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.records<CrossingOpened>().size(), 2u);
}

TEST(Release, IsNotForTheOneWhoPullsUpUnderTheOpenBoom) {
  Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  rig.set(points::loop_entry, false);
  rig.pass(1300ms);  // shorter than the place has to be clear before the boom comes down
  rig.set(points::loop_entry, true);
  rig.pass(100ms);
  EXPECT_EQ(rig.state.lights_wanted.at(device::Boom::first), device::Aspect::red);
  rig.pass(4s);
  EXPECT_EQ(closed_as(rig, "left"), 1u) << lane::describe(rig.state);
  EXPECT_EQ(rig.records<CrossingOpened>().size(), 2u);
}

TEST(Release, IsNotForTheOneWhoPullsUpWhileTheBoomRises) {
  Rig rig;
  rig.boom_time = 4s;
  rig.start();
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::opening) << lane::describe(rig.state);
  ASSERT_TRUE(rig.state.motion.asked);
  rig.set(points::loop_entry, false);
  rig.pass(1200ms);
  rig.set(points::loop_entry, true);
  rig.pass(10s);
  EXPECT_EQ(rig.count("light 1 green"), 0u);
  EXPECT_EQ(closed_as(rig, "left"), 1u) << lane::describe(rig.state);
}

TEST(Faulted, WhoComesFromBehindUnderTheHalfRaisedBoomIsNotTheReleasedOne) {
  Rig rig = let_go_and_failed();
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  rig.set(points::loop_entry, false);
  rig.pass(2s);
  EXPECT_TRUE(rig.saw("wrong_way"));
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_EQ(closed_as(rig, "left"), 1u) << lane::describe(rig.state);
}

TEST(Faulted, WhereBothMovedUnderTheFailedBoomNobodyKnowsWhoPassed) {
  Rig rig = let_go_and_failed();
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  rig.set(points::loop_boom, true);
  rig.pass(500ms);
  for (const auto point : {points::loop_entry, points::loop_boom}) rig.set(point, false);
  rig.pass(2s);
  EXPECT_TRUE(rig.saw("unseen"));
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_FALSE(rig.saw("left_backwards"));
}

// The module takes no orders; its inputs are away, and come back with somebody on the loop.
TEST(Release, IsNotForWhoeverStandsThereAfterTheInputsWereAwayWhileTheBoomCouldNotMove) {
  Rig rig;
  rig.start();
  rig.condition("io", device::ConditionLevel::faulted, "no_write");
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::opening);
  rig.io_alive = false;
  rig.pass(5s);
  rig.io_alive = true;
  rig.pass(500ms);
  ASSERT_TRUE(rig.saw("identity_unknown"));
  rig.condition("io", device::ConditionLevel::ready);
  rig.pass(3s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
}

TEST(Faulted, TheCallToTheBoomOutlivesOneWhoCameFromBehind) {
  Rig rig = let_go_and_failed();
  const auto told = rig.state.attention;
  rig.set(points::loop_exit, true);
  rig.pass(1s);
  EXPECT_TRUE(rig.saw("wrong_way"));
  rig.set(points::loop_exit, false);
  rig.pass(1s);
  EXPECT_EQ(rig.state.attention, told);
  EXPECT_EQ(rig.state.attention_level, 2);
}
