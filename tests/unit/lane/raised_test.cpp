// An officer raises the channel: a control beside those of the assessment, which nobody takes back and no release goes round.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;
using lane::ActionKind;

namespace {

lane::OfficerAction raise_to(const Rig& rig, SelectivityChannel channel, const std::string& control = "") {
  auto a = rig.action(ActionKind::raise_channel);
  a.channel = channel;
  a.control = control;
  a.reason = "smells of solvent";
  return a;
}

std::string refusal(Rig& rig, const lane::OfficerAction& action) {
  rig.answers.clear();
  rig.give(action);
  return rig.answers.empty() ? "no answer" : rig.answers.back().refusal;
}

lane::OfficerAction outcome(const Rig& rig, const std::string& control) {
  auto a = rig.action(ActionKind::record_control);
  a.control = control;
  a.finding = control == "nii" ? "clear" : "nothing_found";
  return a;
}

Rig waiting(SelectivityChannel channel, std::vector<std::string> controls) {
  Rig rig;
  rig.channel = channel;
  rig.controls = std::move(controls);
  rig.start();
  rig.arrive();
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  return rig;
}

}  // namespace

TEST(Raised, BeforeTheAssessmentAGreenLorryWaitsForTheControl) {
  Rig rig;  // would be green
  rig.start();
  rig.arrive(false);
  ASSERT_EQ(rig.state.phase, Phase::gathering);
  ASSERT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::red)), "");
  rig.plate("plate_front", "BG123AA");
  rig.plate("plate_rear", "BG456BB");
  rig.weigh_for(32000, 700ms);
  rig.pass(2s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_EQ(rig.records<VerdictGiven>().at(0).channel, SelectivityChannel::red);
  EXPECT_EQ(rig.records<VerdictGiven>().at(0).verdict, Verdict::hold);
  EXPECT_EQ(rig.records<AssessmentMade>().at(0).assessment.channel, SelectivityChannel::green) << "what the profiles said stays as it was";
  EXPECT_NE(rig.state.attention.find("controls: physical"), std::string::npos) << rig.state.attention;
  EXPECT_NE(rig.state.attention.find("raised by officer O1"), std::string::npos) << rig.state.attention;
  EXPECT_EQ(refusal(rig, rig.action(ActionKind::confirm)), "control without outcome: physical");
  ASSERT_EQ(refusal(rig, outcome(rig, "physical")), "");
  ASSERT_EQ(refusal(rig, rig.action(ActionKind::confirm)), "");
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 1u);
  EXPECT_EQ(rig.records<VerdictGiven>().back().channel, SelectivityChannel::red);
}

TEST(Raised, StopsAGreenVerdictThatIsBeingWritten) {
  Rig rig;
  rig.start();
  rig.store_answers = false;
  rig.arrive();
  ASSERT_EQ(rig.state.phase, Phase::deciding);
  rig.give(raise_to(rig, SelectivityChannel::yellow));
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_TRUE(rig.answers.back().accepted) << rig.answers.back().refusal;
  EXPECT_EQ(rig.state.verdict->channel, SelectivityChannel::yellow);
  EXPECT_EQ(refusal(rig, rig.action(ActionKind::confirm)), "control without outcome: documents");
}

TEST(Raised, AColleaguesConfirmThatIsBeingWrittenOpensNothing) {
  auto rig = waiting(SelectivityChannel::yellow, {"documents"});
  ASSERT_EQ(refusal(rig, outcome(rig, "documents")), "");
  rig.store_answers = false;
  rig.give(rig.action(ActionKind::confirm));
  EXPECT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::red)), "another order is just being recorded");
  rig.store_answers = true;
}

TEST(Raised, FromYellowToRedAndTheOverrideNeedsASecondPerson) {
  auto rig = waiting(SelectivityChannel::yellow, {"documents"});
  ASSERT_EQ(refusal(rig, outcome(rig, "documents")), "");
  ASSERT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::red, "nii")), "");
  EXPECT_EQ(lane::channel_of(rig.state), SelectivityChannel::red);
  EXPECT_EQ(lane::ordered_controls(rig.state), (std::vector<std::string>{"documents", "nii"}));
  EXPECT_EQ(refusal(rig, rig.action(ActionKind::confirm)), "control without outcome: nii");
  auto override_it = rig.action(ActionKind::override_verdict);
  override_it.verdict = Verdict::release;
  override_it.reason = "the scanner is out of order";
  EXPECT_EQ(refusal(rig, override_it), "a second person is needed");
  override_it.second = OfficerId{"O2"};
  EXPECT_EQ(refusal(rig, override_it), "");
  EXPECT_TRUE(rig.records<VerdictGiven>().back().overrides);
  EXPECT_EQ(rig.records<VerdictGiven>().back().channel, SelectivityChannel::red);
}

TEST(Raised, WhatAddsNothingIsRefusedAndAFurtherControlIsNot) {
  auto rig = waiting(SelectivityChannel::red, {"physical"});
  EXPECT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::red)), "this control is ordered already, and the channel is no lower");
  EXPECT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::yellow, "physical")), "this control is ordered already, and the channel is no lower");
  EXPECT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::yellow, "weighing")), "");
  EXPECT_EQ(lane::channel_of(rig.state), SelectivityChannel::red) << "never lower";
  EXPECT_EQ(refusal(rig, outcome(rig, "nii")), "");
  EXPECT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::red, "nii")), "this control has an outcome already: order another one");
  EXPECT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::green)), "a channel is raised to yellow or red");
  EXPECT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::red, "weld")), "unknown control: weld");
  auto silent = raise_to(rig, SelectivityChannel::red, "other");
  silent.reason.clear();
  EXPECT_EQ(refusal(rig, silent), "a reason is needed");
}

TEST(Raised, StandsOnRecordAndHoldsOverARestart) {
  auto rig = waiting(SelectivityChannel::yellow, {"documents"});
  ASSERT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::red)), "");
  const auto acted = rig.records<OfficerActed>().back();
  EXPECT_EQ(acted.action, "raise_channel");
  EXPECT_EQ(acted.channel, "red");
  EXPECT_EQ(acted.control, "physical");
  EXPECT_EQ(acted.reason, "smells of solvent");
  EXPECT_TRUE(lane::held_by(acted));
}

TEST(Raised, IsOfItsCrossingAlone) {
  Rig rig;
  rig.start();
  rig.arrive(false);
  ASSERT_EQ(refusal(rig, raise_to(rig, SelectivityChannel::red)), "");
  rig.set(points::loop_entry, false);
  rig.pass(10s);
  ASSERT_TRUE(rig.state.crossing.empty()) << lane::describe(rig.state);
  EXPECT_FALSE(rig.state.raised);
  EXPECT_FALSE(lane::channel_of(rig.state));
  rig.arrive();
  rig.pass(1s);
  EXPECT_EQ(rig.count("raise 1"), 1u) << "the next one is green and goes";
}
