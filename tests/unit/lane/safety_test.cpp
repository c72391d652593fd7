// Emergency stop, key switch, and records that cannot be written.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

TEST(Safety, EmergencyStopLatchesUntilAnOfficerResetsIt) {
  Rig rig;
  rig.start();
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::opening);
  rig.set(points::emergency_stop, true);
  rig.pass(100ms);
  EXPECT_EQ(rig.state.phase, Phase::emergency_stop);
  EXPECT_EQ(rig.records<CrossingClosed>().at(0).outcome, "aborted");
  auto reset = rig.action(lane::ActionKind::reset_emergency_stop);
  rig.give(reset);
  EXPECT_EQ(rig.answers.back().refusal, "the emergency stop chain is not known to be closed");
  rig.set(points::emergency_stop, false);
  rig.pass(60s);
  EXPECT_EQ(rig.state.phase, Phase::emergency_stop);
  rig.give(rig.action(lane::ActionKind::reset_emergency_stop));
  EXPECT_TRUE(rig.answers.back().accepted);
  rig.pass(10s);
  EXPECT_EQ(rig.count("raise 1"), 1u) << "nothing moved since the stop for the aborted crossing";
}

TEST(Safety, NothingMovesWhileStopped) {
  Rig rig;
  rig.start();
  rig.set(points::emergency_stop, true);
  rig.pass(100ms);
  const auto moves = rig.permitted.size();
  rig.arrive();
  auto open = rig.action(lane::ActionKind::open_boom);
  open.reason = "x";
  rig.give(open);
  EXPECT_FALSE(rig.answers.back().accepted);
  rig.pass(10s);
  EXPECT_EQ(rig.permitted.size(), moves);
}

TEST(Safety, LatchedStopOutlivesARestart) {
  Rig rig;
  rig.give(lane::Started{{}, "emergency_stop", {}});
  rig.start();
  EXPECT_EQ(rig.state.phase, Phase::emergency_stop);
}

TEST(Safety, KeySwitchWinsAndSoftwareOnlyObserves) {
  Rig rig;
  rig.start();
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::opening);
  rig.set(points::manual_mode, true);
  rig.pass(50ms);
  EXPECT_EQ(rig.state.phase, Phase::out_of_service);
  EXPECT_EQ(rig.state.mode, "by_hand");
  EXPECT_EQ(rig.records<CrossingClosed>().at(0).outcome, "by_hand");
  const auto asked = rig.permitted.size() + rig.withheld.size();
  rig.set(points::loop_boom, true);
  rig.pass(10s);
  auto open = rig.action(lane::ActionKind::open_boom);
  open.reason = "x";
  rig.give(open);
  EXPECT_EQ(rig.answers.back().refusal, "the key switch stands on manual: the lane runs by hand");
  EXPECT_EQ(rig.permitted.size() + rig.withheld.size(), asked) << "nothing is asked of any device";
  rig.set(points::loop_boom, false);
  rig.set(points::loop_entry, false);
  rig.set(points::manual_mode, false);
  rig.pass(20s);
  EXPECT_EQ(rig.state.phase, Phase::idle) << lane::describe(rig.state);
  EXPECT_EQ(rig.state.mode, "in_service");
}

TEST(Mode, OutOfServiceOutlivesEmergencyStopAndKey) {
  Rig rig;
  rig.start();
  auto out = rig.action(lane::ActionKind::out_of_service);
  out.reason = "roadworks";
  rig.give(out);
  rig.set(points::manual_mode, true);
  rig.pass(100ms);
  rig.set(points::emergency_stop, true);
  rig.pass(100ms);
  rig.set(points::emergency_stop, false);
  rig.set(points::manual_mode, false);
  rig.pass(100ms);
  rig.give(rig.action(lane::ActionKind::reset_emergency_stop));
  rig.pass(1s);
  EXPECT_EQ(rig.state.phase, Phase::out_of_service) << lane::describe(rig.state);
  EXPECT_EQ(rig.records<LaneModeChanged>().back().mode, "out_of_service");
}

TEST(Mode, WhatWasInterruptedBeforeARestartComesBackAfterIt) {
  Rig stopped;
  stopped.give(lane::Started{{}, "emergency_stop", {}, "out_of_service"});
  stopped.pass(100ms);
  EXPECT_EQ(stopped.state.phase, Phase::emergency_stop);
  stopped.give(stopped.action(lane::ActionKind::reset_emergency_stop));
  stopped.pass(1s);
  EXPECT_EQ(stopped.state.phase, Phase::out_of_service);

  Rig key;
  key.give(lane::Started{{}, "by_hand", {}, "out_of_service"});
  key.pass(1s);
  EXPECT_EQ(key.state.phase, Phase::out_of_service);
  EXPECT_EQ(key.records<LaneModeChanged>().back().mode, "out_of_service");
}

TEST(Mode, NotKnownAfterAStartIsOutOfServiceAndSaidUntilAnOfficerReturnsIt) {
  Rig rig;
  lane::Started before;
  before.notice = "what was before is not known";
  rig.give(before);
  rig.pass(1s);
  EXPECT_EQ(rig.state.phase, Phase::out_of_service);
  EXPECT_EQ(rig.state.attention, before.notice);
  EXPECT_EQ(rig.records<LaneModeChanged>().back().mode, "out_of_service");
  rig.give(rig.action(lane::ActionKind::return_to_service));
  rig.pass(1s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
}

TEST(Identity, InputsThatWereAwayBetweenArrivalAndReleaseHoldForAnOfficer) {
  Rig rig;
  rig.start();
  rig.store_answers = false;  // the verdict is not durable yet
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::deciding);
  rig.io_alive = false;
  rig.pass(30s);  // lorry A backs out, B drives up
  rig.io_alive = true;
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(5s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_NE(rig.records<VerdictGiven>().back().reason.find("same vehicle"), std::string::npos);

  auto confirm = rig.action(lane::ActionKind::confirm);
  rig.give(confirm);
  EXPECT_FALSE(rig.answers.back().accepted);
  confirm.reason = "looked: papers and lorry fit";
  rig.give(confirm);
  EXPECT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Identity, AModuleThatIsAwayForAMomentCostsNobodyAnOfficer) {
  Rig rig;
  rig.start();
  rig.store_answers = false;
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::deciding);
  rig.io_alive = false;
  rig.pass(2500ms);  // no two vehicles change places in this time
  rig.io_alive = true;
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Identity, AnOfficerWhoseViewIsOldHasToSayThatHeLooked) {
  Rig rig;
  rig.channel = SelectivityChannel::yellow;
  rig.start();
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer);
  rig.io_alive = false;
  rig.pass(30s);
  rig.io_alive = true;
  rig.pass(200ms);
  rig.give(rig.action(lane::ActionKind::confirm));
  EXPECT_NE(rig.answers.back().refusal.find("same vehicle"), std::string::npos);
  auto confirm = rig.action(lane::ActionKind::confirm);
  confirm.reason = "looked: the same lorry";
  rig.give(confirm);
  EXPECT_TRUE(rig.answers.back().accepted);
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Identity, TheDoubtIsOnRecordAndAnOfficerMayFindAnotherVehicle) {
  Rig rig;
  rig.channel = SelectivityChannel::yellow;
  rig.start();
  rig.arrive();
  rig.io_alive = false;
  rig.pass(30s);
  EXPECT_TRUE(rig.saw("identity_unknown"));
  rig.io_alive = true;
  rig.pass(200ms);
  auto gone = rig.action(lane::ActionKind::vehicle_gone);
  rig.give(gone);
  EXPECT_EQ(rig.answers.back().refusal, "a reason is needed");
  gone.reason = "another lorry stands here";
  rig.give(gone);
  EXPECT_TRUE(rig.answers.back().accepted);
  EXPECT_EQ(rig.records<CrossingClosed>().at(0).outcome, "refused");
  rig.pass(1s);
  EXPECT_EQ(rig.records<CrossingOpened>().size(), 2u) << "the one that stands here has a crossing of its own";
  EXPECT_FALSE(rig.state.other_vehicle);
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Identity, AShortGapIsNoReason) {
  Rig rig;
  rig.start();
  rig.store_answers = false;
  rig.arrive();
  rig.io_alive = false;
  rig.pass(900ms);
  rig.io_alive = true;
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Store, VerdictThatCannotBeWrittenHoldsTheLaneUntilItCan) {
  Rig rig;
  rig.start();
  rig.store_answers = false;
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::deciding);
  rig.fail_all();
  rig.store_fails = true;
  rig.pass(20s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::deciding);
  EXPECT_NE(rig.state.attention.find("cannot be written"), std::string::npos);
  rig.store_fails = false;
  rig.store_answers = true;
  rig.pass(3s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
  // everything is there, once, in order
  std::vector<std::size_t> kinds;
  for (const auto& record : rig.durable) kinds.push_back(record.body.index());
  ASSERT_GE(kinds.size(), 6u);
  EXPECT_TRUE(std::holds_alternative<CrossingOpened>(rig.durable[0].body));
  EXPECT_EQ(rig.records<CrossingOpened>().size(), 1u);
  EXPECT_EQ(rig.records<CaptureTaken>().size(), 3u);
  EXPECT_EQ(rig.records<VerdictGiven>().size(), 1u);
}

TEST(Store, TakesNoVehicleWhileNothingCanBeWritten) {
  Rig rig;
  rig.start();
  rig.store_fails = true;
  rig.condition("scale", device::ConditionLevel::faulted, "adc");
  rig.arrive();
  rig.pass(5s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_TRUE(rig.state.crossing.empty());
  rig.store_fails = false;
  rig.pass(3s);
  EXPECT_EQ(rig.state.phase, Phase::gathering);
}

TEST(Store, TheQueueOfUnwrittenRecordsIsBounded) {
  Rig rig;
  rig.start();
  rig.store_fails = true;
  for (int i = 0; i < 1000; ++i) {
    rig.condition("scale", i % 2 ? device::ConditionLevel::faulted : device::ConditionLevel::ready, "f" + std::to_string(i));
    rig.pass(50ms);
  }
  std::size_t held = 0;
  for (const auto& group : rig.state.unwritten) held += group.records.size();
  for (const auto& [number, groups] : rig.state.pending)
    for (const auto& group : groups) held += group.records.size();
  EXPECT_LE(held, 257u);
  EXPECT_GT(rig.state.records_dropped, 0u);
}

TEST(Link, BeingCutOffChangesNothingButWhatIsShown) {
  Rig rig;
  rig.start();
  rig.give(lane::LinkChanged{false});
  EXPECT_FALSE(rig.state.link_up);
  rig.arrive();
  rig.pass(1500ms);
  EXPECT_EQ(rig.state.phase, Phase::open);
}

TEST(Describe, EqualStatesGiveEqualTextAndPhasesShow) {
  Rig a, b;
  for (auto* rig : {&a, &b}) {
    rig->start();
    rig->arrive();
  }
  EXPECT_EQ(lane::describe(a.state), lane::describe(b.state));
  b.pass(50ms);
  EXPECT_NE(lane::describe(a.state), lane::describe(b.state));
}

TEST(Storage, WhatStoodThereComesBackWhenRecordsCanBeWritten) {
  Rig rig;
  rig.channel = SelectivityChannel::yellow;
  rig.controls = {"documents"};
  rig.start();
  rig.arrive();
  rig.pass(1s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer);
  const auto instruction = rig.state.attention;
  ASSERT_FALSE(instruction.empty());
  rig.store_fails = true;
  rig.condition("scale", device::ConditionLevel::faulted, "no_reply");
  rig.pass(1s);
  ASSERT_TRUE(rig.state.attention.starts_with("records cannot be written")) << rig.state.attention;
  rig.store_fails = false;
  rig.pass(5s);
  EXPECT_EQ(rig.state.attention, instruction);
}
