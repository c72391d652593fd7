// Officers: what is refused and why, and that every action is on record before it acts.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;
using lane::ActionKind;

namespace {

Rig held(SelectivityChannel channel = SelectivityChannel::yellow, std::vector<std::string> controls = {"documents"}) {
  Rig rig;
  rig.channel = channel;
  rig.controls = std::move(controls);
  rig.start();
  rig.arrive();
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  return rig;
}

std::string refusal(Rig& rig, const lane::OfficerAction& action) {
  rig.answers.clear();
  rig.give(action);
  EXPECT_EQ(rig.answers.size(), 1u);
  EXPECT_EQ(rig.answers.at(0).request, 7u);
  return rig.answers.at(0).refusal;
}

lane::OfficerAction control(const Rig& rig, const std::string& what, const std::string& finding) {
  auto a = rig.action(ActionKind::record_control);
  a.control = what;
  a.finding = finding;
  return a;
}

lane::OfficerAction override_to(const Rig& rig, Verdict verdict) {
  auto a = rig.action(ActionKind::override_verdict);
  a.verdict = verdict;
  a.reason = "seen by me";
  a.second = OfficerId{"O2"};
  return a;
}

}  // namespace

TEST(Officer, ConfirmsAfterTheOrderedControl) {
  auto rig = held();
  EXPECT_EQ(refusal(rig, rig.action(ActionKind::confirm)), "control without outcome: documents");
  EXPECT_EQ(refusal(rig, control(rig, "documents", "irregularity")), "");
  EXPECT_EQ(refusal(rig, rig.action(ActionKind::confirm)), "control documents found irregularity: override or refer");
  EXPECT_EQ(refusal(rig, control(rig, "documents", "nothing_found")), "");
  EXPECT_EQ(refusal(rig, rig.action(ActionKind::confirm)), "");
  EXPECT_EQ(rig.state.phase, Phase::opening);
  const auto verdicts = rig.records<VerdictGiven>();
  ASSERT_EQ(verdicts.size(), 2u);
  EXPECT_EQ(verdicts[1].decided_by, "O1");
  EXPECT_FALSE(verdicts[1].overrides);
  EXPECT_EQ(rig.records<OfficerActed>().size(), 5u) << "refused ones too";
}

TEST(Officer, OverrideNeedsReasonAndASecondPerson) {
  auto rig = held();
  auto a = override_to(rig, Verdict::release);
  a.reason.clear();
  EXPECT_EQ(refusal(rig, a), "a reason is needed");
  a = override_to(rig, Verdict::release);
  a.second = {};
  EXPECT_EQ(refusal(rig, a), "a second person is needed");
  for (const char* same : {"O1", "o1"}) {  // a badge in other letters is no other person's
    a.second = OfficerId{same};
    EXPECT_EQ(refusal(rig, a), "the second person must be somebody else");
  }
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(refusal(rig, override_to(rig, Verdict::release)), "");
  EXPECT_EQ(rig.count("raise 1"), 1u);
  EXPECT_TRUE(rig.records<VerdictGiven>().at(1).overrides);
  EXPECT_EQ(rig.records<VerdictGiven>().at(1).second_officer, "O2");
}

TEST(Officer, ReferKeepsTheLorryHere) {
  auto rig = held();
  auto a = rig.action(ActionKind::refer);
  a.reason = "shift leader";
  EXPECT_EQ(refusal(rig, a), "");
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(rig.state.verdict->verdict, Verdict::refer);
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Officer, OrderThatCameTooLateIsAnsweredSo) {
  auto rig = held();
  rig.store_answers = false;
  rig.give(override_to(rig, Verdict::release));
  rig.set(points::emergency_stop, true);
  rig.pass(100ms);
  rig.answers.clear();
  rig.commit_all();
  ASSERT_EQ(rig.answers.size(), 1u);
  EXPECT_FALSE(rig.answers[0].accepted);
  EXPECT_NE(rig.answers[0].refusal.find("too late"), std::string::npos);
}

TEST(Officer, AlarmWhileHeldIsAssessedAndAPlainConfirmOpensNoMore) {
  auto rig = held();
  device::RadiationReading reading;
  reading.occupancy = 3;
  reading.gamma_alarm = true;
  rig.channel = SelectivityChannel::red;
  rig.controls = {"radiation"};
  rig.give(lane::FromDevice{"portal", rig.event("L1-portal", reading)});
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(rig.state.assessed->assessment.channel, SelectivityChannel::red);
  EXPECT_NE(refusal(rig, rig.action(ActionKind::confirm)), "");
  rig.pass(5s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Officer, AlarmDropsAnOrderThatIsJustBeingRecorded) {
  auto rig = held();
  rig.store_answers = false;
  rig.give(override_to(rig, Verdict::release));
  device::RadiationReading reading;
  reading.occupancy = 3;
  reading.gamma_alarm = true;
  rig.give(lane::FromDevice{"portal", rig.event("L1-portal", reading)});
  ASSERT_EQ(rig.answers.size(), 1u);
  EXPECT_FALSE(rig.answers[0].accepted);
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(5s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
}

TEST(Officer, WhatWasHeldOnceIsNeverReleasedByPolicy) {
  auto rig = held();
  rig.channel = SelectivityChannel::green;
  rig.controls = {};
  rig.weigh_for(33000, 700ms);  // something rolled on behind it
  EXPECT_TRUE(rig.saw("second_vehicle_on_scale"));
  rig.pass(5s);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(rig.records<AssessmentMade>().size(), 2u);
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Officer, StaleTabIsRefused) {
  auto rig = held();
  auto a = rig.action(ActionKind::refer);
  a.reason = "x";
  a.crossing = CrossingId{"L1-7-0"};
  EXPECT_EQ(refusal(rig, a), "the lane has another crossing now: L1-7-1");
  auto open = rig.action(ActionKind::open_boom);
  open.reason = "x";
  open.crossing = {};  // saw an empty lane
  EXPECT_NE(refusal(rig, open), "");
}

TEST(Officer, NothingActsBeforeItsRecordIsDurable) {
  auto rig = held();
  rig.store_answers = false;
  rig.give(override_to(rig, Verdict::release));
  EXPECT_TRUE(rig.answers.empty());
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(refusal(rig, override_to(rig, Verdict::hold)), "another order is just being recorded");
  rig.answers.clear();
  rig.commit_all();
  ASSERT_EQ(rig.answers.size(), 1u);
  EXPECT_TRUE(rig.answers[0].accepted);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Officer, OrderThatCannotBeRecordedIsDroppedNotKept) {
  auto rig = held();
  rig.store_answers = false;
  rig.give(override_to(rig, Verdict::release));
  rig.answers.clear();
  rig.fail_all();
  ASSERT_EQ(rig.answers.size(), 1u);
  EXPECT_FALSE(rig.answers[0].accepted);
  rig.store_answers = true;
  rig.pass(30s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
}

TEST(Officer, OrderIsVoidWhereTheLorryLeftMeanwhile) {
  auto rig = held();
  rig.store_answers = false;
  rig.give(override_to(rig, Verdict::release));
  rig.set(points::loop_entry, false);
  rig.pass(2s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.state.phase, Phase::idle);
}

TEST(Officer, OpensAndClosesByHand) {
  Rig rig;
  rig.start();
  auto open = rig.action(ActionKind::open_boom);
  EXPECT_EQ(refusal(rig, open), "a reason is needed");
  open.reason = "tractor of the post";
  EXPECT_EQ(refusal(rig, open), "");
  rig.pass(1500ms);
  EXPECT_EQ(rig.state.phase, Phase::open);
  rig.set(points::photocell, true);
  rig.pass(300ms);
  auto close = rig.action(ActionKind::close_boom);
  close.reason = "done";
  EXPECT_EQ(refusal(rig, close), "the place under the boom is not known to be free");
  rig.set(points::photocell, false);
  rig.pass(100ms);
  EXPECT_EQ(refusal(rig, close), "");
  EXPECT_EQ(rig.count("lower 1"), 0u) << "not before the place was clear for long enough";
  rig.pass(4s);
  EXPECT_EQ(rig.state.phase, Phase::idle);
  EXPECT_FALSE(rig.state.boom_order);
}

TEST(Officer, OpensByHandForAHeldLorry) {
  auto rig = held(SelectivityChannel::red, {"physical"});
  auto open = rig.action(ActionKind::open_boom);
  open.reason = "to the hall";
  open.second = OfficerId{"O2"};
  EXPECT_EQ(refusal(rig, open), "");
  rig.pass(1500ms);
  rig.drive_through();
  rig.pass(6s);
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "by_hand");
}

TEST(Officer, OutOfServiceAndBack) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  auto out = rig.action(ActionKind::out_of_service);
  out.reason = "painting";
  EXPECT_EQ(refusal(rig, out), "");
  EXPECT_EQ(rig.state.phase, Phase::out_of_service);
  EXPECT_EQ(rig.records<CrossingClosed>().at(0).outcome, "aborted");
  rig.pass(30s);
  EXPECT_TRUE(rig.state.crossing.empty());
  auto back = rig.action(ActionKind::return_to_service);
  back.crossing = {};
  EXPECT_EQ(refusal(rig, back), "");
  rig.pass(500ms);
  EXPECT_EQ(rig.state.phase, Phase::gathering) << "the lorry still stands there";
  const auto modes = rig.records<LaneModeChanged>();
  ASSERT_EQ(modes.size(), 2u);
  EXPECT_EQ(modes[0].mode, "out_of_service");
  EXPECT_EQ(modes[0].by, "O1");
  EXPECT_EQ(modes[1].mode, "in_service");
}

TEST(Officer, OutOfServiceOutlivesARestart) {
  Rig rig;
  rig.give(lane::Started{{CrossingId{"L1-6-9"}}, "out_of_service", {}});
  rig.start();
  EXPECT_EQ(rig.state.phase, Phase::out_of_service);
  ASSERT_EQ(rig.durable.size(), 1u);
  EXPECT_EQ(rig.durable[0].crossing.text, "L1-6-9");
  EXPECT_EQ(std::get<CrossingClosed>(rig.durable[0].body).outcome, "aborted");
}

TEST(Officer, UnknownWordsAreRefused) {
  auto rig = held();
  EXPECT_EQ(refusal(rig, control(rig, "smell", "clear")), "unknown control: smell");
  EXPECT_EQ(refusal(rig, control(rig, "documents", "clear")), "unknown finding for documents: clear");
  EXPECT_EQ(refusal(rig, control(rig, "nii", "clear")), "");
  auto nobody = rig.action(ActionKind::confirm);
  nobody.officer = {};
  EXPECT_EQ(refusal(rig, nobody), "no officer is named");
  auto second = rig.action(ActionKind::open_boom);
  second.reason = "x";
  second.second = OfficerId{"O2"};
  second.boom = device::Boom::second;
  EXPECT_EQ(refusal(rig, second), "this lane has no second boom");
}

TEST(Officer, ManualOpeningNeedsASecondPersonWhereTheSiteSaysSo) {
  Rig rig;
  rig.config.manual_boom_needs_second = true;
  rig.start();
  auto open = rig.action(ActionKind::open_boom);
  open.reason = "x";
  EXPECT_EQ(refusal(rig, open), "a second person is needed");
  open.second = OfficerId{"O2"};
  EXPECT_EQ(refusal(rig, open), "");
  EXPECT_EQ(rig.records<OfficerActed>().back().reason, "x (second person: O2)");
}

TEST(Officer, HeldBeforeTheVerdictIsNotReleasedByPolicy) {
  Rig rig;  // would be green
  rig.start();
  rig.arrive(false);
  ASSERT_EQ(rig.state.phase, Phase::gathering);
  rig.give(rig.action(ActionKind::hold));
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.plate("plate_front", "BG123AA");
  rig.plate("plate_rear", "BG456BB");
  rig.weigh_for(32000, 700ms);
  rig.pass(2s);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(rig.records<VerdictGiven>().at(0).verdict, Verdict::hold);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  rig.give(rig.action(ActionKind::confirm));  // one who looked and found nothing lets it go
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

TEST(Officer, HeldWhileTheGreenVerdictIsBeingWritten) {
  Rig rig;
  rig.start();
  rig.store_answers = false;
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::deciding);
  rig.give(rig.action(ActionKind::hold));
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 0u) << "though the green verdict was durable first";
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
}

TEST(Officer, TheBoomByHandIsNoWayRoundTheSecondPerson) {
  auto rig = held(SelectivityChannel::red, {"physical"});
  auto open = rig.action(ActionKind::open_boom);
  open.reason = "just so";
  EXPECT_EQ(refusal(rig, open), "a second person is needed");
  EXPECT_EQ(rig.count("raise 1"), 0u);
  open.second = OfficerId{"O2"};
  rig.give(open);
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
}

// A loop behind the boom that hangs, or the lorry before: released, and cannot go.
TEST(Officer, HoldStopsAReleaseThatWaits) {
  Rig rig;
  rig.start();
  rig.set(points::loop_exit, true);
  rig.pass(1s);  // from the wrong side, as far as the lane knows
  rig.arrive();
  rig.pass(2s);
  ASSERT_EQ(rig.state.phase, Phase::deciding) << lane::describe(rig.state);
  rig.give(rig.action(lane::ActionKind::hold));
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.pass(1s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  rig.give(rig.action(lane::ActionKind::confirm));  // a colleague's word
  rig.pass(1s);
  ASSERT_EQ(rig.state.phase, Phase::deciding);
  rig.give(rig.action(lane::ActionKind::hold));
  rig.pass(500ms);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << "and this one's after it";
  rig.set(points::loop_exit, false);
  rig.pass(2s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  rig.give(rig.action(lane::ActionKind::confirm));
  rig.pass(2s);
  EXPECT_EQ(rig.state.phase, Phase::open) << lane::describe(rig.state);
}

TEST(Officer, WhoStandsThereAfterACrossingWasEndedIsHeld) {
  for (const auto kind : {lane::ActionKind::vehicle_gone, lane::ActionKind::out_of_service}) {
    Rig rig;
    rig.channel = SelectivityChannel::red;
    rig.start();
    rig.arrive();
    rig.pass(1s);
    ASSERT_EQ(rig.state.phase, Phase::waiting_officer);
    auto end = rig.action(kind);
    end.reason = "it is gone, they say";
    rig.give(end);
    ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
    rig.pass(200ms);
    if (kind == lane::ActionKind::out_of_service) {
      auto open = rig.action(lane::ActionKind::open_boom);
      open.reason = "by hand then";
      rig.give(open);
      EXPECT_FALSE(rig.answers.back().accepted) << "alone, past the red verdict";
      rig.give(rig.action(lane::ActionKind::return_to_service));
    }
    rig.channel = SelectivityChannel::green;  // the same lorry, looked at anew
    rig.pass(500ms);
    rig.plate("plate_front", "BG123AA");
    rig.plate("plate_rear", "BG456BB");
    rig.weigh_for(32000, 700ms);
    rig.pass(10s);
    EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
    EXPECT_EQ(rig.count("raise 1"), 0u);
    EXPECT_GE(rig.state.arrived.mono, rig.now.mono - 13s) << "its time counts from the end of the one before";
  }
}

TEST(Officer, WhatAControlFoundHoldsThoughNobodyOrderedIt) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  auto found = rig.action(lane::ActionKind::record_control);
  found.control = "physical";
  found.finding = "irregularity";
  rig.give(found);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.plate("plate_front", "BG123AA");
  rig.plate("plate_rear", "BG456BB");
  rig.weigh_for(32000, 700ms);
  rig.pass(2s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  rig.give(rig.action(lane::ActionKind::confirm));
  EXPECT_FALSE(rig.answers.back().accepted);
  found.finding = "nothing_found";
  found.reason = "looked again, papers found";
  rig.give(found);
  rig.give(rig.action(lane::ActionKind::confirm));
  EXPECT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
}

TEST(Officer, TakesALaneOutOfServiceWhoseBoomCannotComeDown) {
  Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  rig.set(points::loop_boom, true);  // and hangs
  rig.set(points::loop_entry, false);
  rig.pass(120s);
  ASSERT_EQ(rig.state.phase, Phase::open);
  auto out = rig.action(lane::ActionKind::out_of_service);
  out.reason = "loop under the boom hangs";
  rig.give(out);
  ASSERT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  rig.pass(5s);
  EXPECT_EQ(rig.state.phase, Phase::out_of_service);
  EXPECT_EQ(rig.count("lower 1"), 0u);
  ASSERT_EQ(rig.records<CrossingClosed>().size(), 1u);
  EXPECT_EQ(rig.records<CrossingClosed>()[0].outcome, "released");
}

// Two lanes that will act differently are told apart by their text, or a trace's hash proves nothing.
TEST(Officer, WhatAnOfficerStoppedOrLeftShowsInTheStatesText) {
  Rig rig;
  rig.start();
  const auto plain = lane::describe(rig.state);
  auto differs = [&](auto change) {
    lane::State s = rig.state;
    change(s);
    return lane::describe(s) != plain;
  };
  EXPECT_TRUE(differs([](lane::State& s) { s.stopped = true; }));
  EXPECT_TRUE(differs([](lane::State& s) { s.stayed = MonoTime{1}; }));
  EXPECT_TRUE(differs([](lane::State& s) { s.still_behind = true; }));
  EXPECT_TRUE(differs([](lane::State& s) { s.seen_ahead = true; }));
  EXPECT_TRUE(differs([](lane::State& s) { s.entry_known = MonoTime{1}; }));
  EXPECT_TRUE(differs([](lane::State& s) { s.passage.unseen = true; }));
  EXPECT_TRUE(differs([](lane::State& s) { s.passage.contested = true; }));
  EXPECT_TRUE(differs([](lane::State& s) { s.passage.gone_unseen = true; }));
  EXPECT_TRUE(differs([](lane::State& s) { s.passage.away = MonoTime{1}; }));
}
