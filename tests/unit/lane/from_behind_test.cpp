// Somebody comes from the wrong side, while the lane waits for nobody, holds somebody, or lets somebody go.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {

/// Released, and somebody from behind has his nose under the open boom.
Rig both_under_the_boom() {
  auto rig = released();
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  EXPECT_TRUE(rig.saw("wrong_way"));
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, true);
  rig.pass(500ms);
  return rig;
}

}  // namespace

TEST(FromBehind, WrongWayAtAClosedBoom) {
  Rig rig;
  rig.start();
  rig.set(points::loop_exit, true);
  rig.pass(5s);
  EXPECT_TRUE(rig.saw("wrong_way"));
  EXPECT_TRUE(alarmed(rig));
  EXPECT_EQ(rig.records<PassageSeen>().size(), 1u);
  EXPECT_TRUE(rig.state.crossing.empty());
}

TEST(FromBehind, NobodyIsReleasedAgainstAWrongWayVehicle) {
  Rig rig;
  rig.start();
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  rig.arrive();
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::deciding);
  rig.set(points::loop_exit, false);
  rig.pass(200ms);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(FromBehind, WrongWayThroughTheOpenBoom) {
  auto rig = released();
  rig.set(points::loop_exit, true);
  rig.pass(200ms);
  EXPECT_TRUE(rig.saw("wrong_way"));
  EXPECT_EQ(rig.state.lights.at(device::Boom::first), device::Aspect::red);
  rig.pass(1s);
  EXPECT_EQ(rig.count("lower 1"), 0u);
}

// A queue ahead: it stops behind the boom, and the lane closes behind it.
TEST(FromBehind, WhoStopsBehindTheBoomIsNotFromTheWrongSide) {
  auto rig = released();
  rig.set(points::loop_boom, true);
  rig.pass(500ms);
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  rig.set(points::loop_entry, false);
  rig.pass(500ms);
  rig.set(points::loop_boom, false);
  rig.pass(20s);
  ASSERT_EQ(rig.state.phase, Phase::idle) << lane::describe(rig.state);
  EXPECT_FALSE(rig.saw("wrong_way"));
  rig.set(points::loop_exit, false);
  rig.pass(1s);
  rig.set(points::loop_exit, true);  // this one comes from the other side
  rig.pass(1s);
  EXPECT_TRUE(rig.saw("wrong_way"));
}

TEST(FromBehind, WhoComesOntoTheExitLoopFromBehindIsNotTheOneWhoBacksOut) {
  Rig rig;
  rig.channel = SelectivityChannel::yellow;
  rig.controls = {"documents"};
  rig.start();
  rig.arrive();
  rig.pass(1s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer);
  rig.set(points::loop_exit, true);
  rig.pass(2s);
  rig.set(points::loop_entry, false);
  rig.pass(2s);
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_TRUE(rig.saw("left_backwards"));
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "refused");
}

TEST(FromBehind, NobodyIsReleasedAgainstOneWhoCameFromBehindMeanwhile) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  EXPECT_TRUE(rig.saw("wrong_way"));
  rig.plate("plate_front", "BG1");
  rig.plate("plate_rear", "BG2");
  rig.weigh_for(30000, 800ms);
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  rig.set(points::loop_exit, false);
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(FromBehind, WhoComesFromBehindUnderTheOpenBoomIsNotTheReleasedOne) {
  auto rig = released();
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  ASSERT_TRUE(rig.saw("wrong_way"));
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, true);
  rig.pass(1s);
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, false);  // it backs off again
  rig.pass(500ms);
  rig.set(points::loop_exit, false);
  rig.pass(70s);
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_FALSE(rig.saw("tailgate"));
  EXPECT_TRUE(rig.records<CrossingClosed>().empty()) << "it never moved";
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
}

TEST(FromBehind, WhereBothMovedNobodyKnowsWhoPassed) {
  auto rig = released();
  rig.pass(1500ms);
  ASSERT_EQ(rig.state.phase, Phase::open);
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, true);
  rig.pass(1s);
  rig.set(points::loop_entry, false);
  rig.pass(1s);
  for (const auto point : {points::loop_boom, points::photocell, points::loop_exit}) rig.set(point, false);
  rig.pass(8s);
  EXPECT_TRUE(rig.saw("unseen"));
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_FALSE(rig.saw("tailgate"));
  EXPECT_EQ(rig.records<CrossingClosed>().size(), 1u);
}

// He backs off and the released one drives; the next one closes up and stands on the arrival loop all the time.
TEST(FromBehind, TheNextOneGetsNoGreenWhereBothMoved) {
  auto rig = both_under_the_boom();
  rig.set(points::loop_exit, false);
  rig.pass(500ms);
  rig.set(points::loop_entry, false);
  rig.pass(500ms);
  rig.set(points::loop_exit, true);
  rig.pass(300ms);
  rig.set(points::loop_entry, true);
  rig.pass(300ms);
  const auto greens = rig.count("light 1 green");
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, false);
  rig.pass(500ms);
  rig.set(points::loop_exit, false);
  rig.pass(8s);
  EXPECT_EQ(rig.count("light 1 green"), greens);
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_TRUE(rig.saw("identity_unknown"));
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  rig.give(rig.action(lane::ActionKind::confirm));
  EXPECT_FALSE(rig.answers.back().accepted) << "somebody has to look first";
}

TEST(FromBehind, WhoPullsUpAfterwardsDoesNotProveThatTheReleasedOneTurnedBack) {
  auto rig = both_under_the_boom();
  rig.set(points::loop_exit, false);
  rig.set(points::loop_entry, false);
  rig.pass(1500ms);
  rig.set(points::loop_entry, true);
  rig.pass(500ms);
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, false);
  rig.pass(8s);
  EXPECT_FALSE(rig.saw("left_backwards"));
  EXPECT_TRUE(rig.saw("unseen"));
  EXPECT_EQ(rig.records<CrossingClosed>().at(0).summary, "nobody saw it pass");
}

TEST(FromBehind, WhoMakesRoomForHimHasNotPassed) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  rig.plate("plate_front", "BG1");
  rig.plate("plate_rear", "BG2");
  rig.weigh_for(30000, 800ms);
  rig.pass(1s);
  ASSERT_EQ(rig.state.phase, Phase::deciding) << lane::describe(rig.state);
  rig.set(points::loop_boom, true);
  rig.pass(500ms);
  rig.set(points::loop_entry, false);
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_TRUE(rig.saw("left_backwards"));
  EXPECT_EQ(outcome(rig), "left");
}

TEST(FromBehind, UnderTheRisingBoomHeIsNotTheReleasedOne) {
  Rig rig;
  rig.boom_time = 4s;
  rig.start();
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::opening);
  rig.pass(500ms);
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  rig.set(points::loop_boom, true);
  rig.pass(4s);
  rig.set(points::loop_boom, false);
  rig.pass(500ms);
  rig.set(points::loop_exit, false);
  rig.pass(10s);
  EXPECT_TRUE(rig.saw("wrong_way"));
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_TRUE(rig.records<CrossingClosed>().empty()) << lane::describe(rig.state);
}

TEST(FromBehind, WhileTheBoomFallsAndTheReleasedOneStillStandsThere) {
  auto rig = released();
  for (int i = 0; i < 2000 && rig.state.phase != Phase::closing; ++i) rig.pass(50ms);
  ASSERT_EQ(rig.state.phase, Phase::closing);
  rig.set(points::loop_exit, true);
  rig.pass(3s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_TRUE(rig.saw("wrong_way"));
  rig.set(points::loop_entry, false);
  rig.pass(2s);
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_TRUE(rig.saw("left_backwards"));
}

TEST(FromBehind, JustBeforeTheBoomIsAskedItStaysDown) {
  Rig rig;
  rig.assess_answers = false;
  rig.start();
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::assessing);
  rig.set(points::loop_exit, true);
  rig.pass(50ms);
  rig.answer_assessment();
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_TRUE(rig.saw("wrong_way"));
  rig.set(points::loop_exit, false);
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 1u) << lane::describe(rig.state);
}

TEST(FromBehind, WhoStoodThereBeforeTheInputsWereAwayIsNotTheReleasedOne) {
  auto rig = released();
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  ASSERT_TRUE(rig.saw("wrong_way"));
  rig.io_alive = false;
  rig.pass(5s);
  rig.set(points::loop_entry, false);
  rig.io_alive = true;
  rig.pass(8s);
  EXPECT_FALSE(rig.saw("passed"));
  EXPECT_TRUE(rig.saw("unseen"));
}

TEST(FromBehind, TheAlarmOfAnEmergencyStopOutlivesHim) {
  Rig rig;
  rig.start();
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  ASSERT_TRUE(rig.saw("wrong_way"));
  rig.set(points::emergency_stop, true);
  rig.pass(500ms);
  const auto told = rig.state.attention;
  rig.set(points::loop_exit, false);
  rig.pass(500ms);
  EXPECT_EQ(rig.state.attention, told);
}

// The released one is gone, nobody knows where to, and the boom falls: whoever drives under it then is not released.
TEST(FromBehind, WhoFollowsUnderTheFallingBoomAfterwardsIsTold) {
  auto rig = both_under_the_boom();
  for (const auto point : {points::loop_entry, points::loop_boom, points::photocell, points::loop_exit}) {
    rig.set(point, false);
    rig.pass(300ms);
  }
  for (int i = 0; i < 200 && rig.state.phase != Phase::closing; ++i) rig.pass(50ms);
  ASSERT_EQ(rig.state.phase, Phase::closing) << lane::describe(rig.state);
  const auto from_behind = [&] {
    const auto seen = rig.records<PassageSeen>();
    return std::count_if(seen.begin(), seen.end(), [](const auto& s) { return s.what == "wrong_way"; });
  };
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, true);
  rig.pass(2s);
  rig.set(points::loop_exit, true);
  rig.pass(500ms);
  for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, false);
  rig.pass(500ms);
  rig.set(points::loop_exit, false);
  rig.pass(8s);
  EXPECT_TRUE(rig.saw("tailgate"));
  EXPECT_EQ(from_behind(), 1);
  EXPECT_EQ(rig.records<CrossingClosed>().at(0).summary, "a second vehicle followed");
}

// He came while the inputs were away: nobody knows whence, and the boom does not rise against him.
TEST(FromBehind, TheBoomDoesNotRiseAgainstOneWhoCameUnseen) {
  auto rig = released();
  rig.io_alive = false;
  rig.pass(5s);
  rig.set(points::loop_exit, true);
  rig.io_alive = true;
  rig.pass(1s);
  ASSERT_TRUE(rig.saw("identity_unknown"));
  auto close = rig.action(lane::ActionKind::close_boom);
  close.reason = "two of them";
  rig.give(close);
  rig.pass(8s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  const auto raised = rig.count("raise 1");
  auto confirm = rig.action(lane::ActionKind::confirm);
  confirm.reason = "it is the same lorry";
  rig.give(confirm);
  rig.pass(5s);
  EXPECT_EQ(rig.count("raise 1"), raised);
  EXPECT_EQ(rig.state.attention_level, 3);
  rig.set(points::loop_exit, false);
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), raised + 1) << lane::describe(rig.state);
}
