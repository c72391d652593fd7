// The scanner's lane: Rampa takes its withholding back, or not; it starts nothing.
#include <gtest/gtest.h>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {

Rig scanning() {
  Rig rig(nii_config());
  rig.condition("scanner", device::ConditionLevel::ready);
  rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", device::ScannerReport{device::ScannerState::ready, ""})});
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA");
  rig.weigh_for(32000, 700ms);
  EXPECT_EQ(rig.state.phase, Phase::scanning);
  EXPECT_EQ(rig.count("permit scan"), 1u);
  return rig;
}

void image(Rig& rig, bool complete = true) {
  device::ScanImage scan;
  scan.scan_id = "S1";
  scan.complete = complete;
  rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", scan)});
}

void finding(Rig& rig, const std::string& what) {
  auto a = rig.action(lane::ActionKind::record_control);
  a.control = "nii";
  a.finding = what;
  rig.give(a);
}

}  // namespace

TEST(Nii, ScanFindingRelease) {
  auto rig = scanning();
  rig.pass(5s);
  image(rig);
  EXPECT_EQ(rig.permitted.back(), "withhold scan");
  EXPECT_EQ(rig.state.phase, Phase::scanning) << "waits for the operator";
  finding(rig, "clear");
  EXPECT_EQ(rig.state.phase, Phase::opening) << lane::describe(rig.state);
}

TEST(Nii, WithoutFindingNothingOpens) {
  auto rig = scanning();
  image(rig);
  rig.pass(200s);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(rig.state.evidence_missing, std::vector<std::string>{"scan_finding"});
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Nii, LossOfAnythingWithholdsAgainAndIsNotTakenBack) {
  const std::vector<std::function<void(Rig&)>> losses{
      [](Rig& rig) { rig.condition("scanner", device::ConditionLevel::connecting); },
      [](Rig& rig) { rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", device::ScannerReport{device::ScannerState::fault, ""})}); },
      [](Rig& rig) { rig.input_quality = device::Quality::suspect; rig.pass(100ms); },
      [](Rig& rig) { rig.io_alive = false; rig.pass(400ms); },
      [](Rig& rig) { rig.set(points::emergency_stop, true); rig.pass(100ms); },
      [](Rig& rig) { rig.set(points::manual_mode, true); rig.pass(100ms); },
      [](Rig& rig) { rig.set(points::loop_entry, false); rig.pass(100ms); },
  };
  for (std::size_t i = 0; i < losses.size(); ++i) {
    auto rig = scanning();
    losses[i](rig);
    EXPECT_FALSE(rig.state.scan_permitted) << i;
    EXPECT_EQ(rig.count("withhold scan"), 2u) << i;
    rig.input_quality = device::Quality::good;
    rig.io_alive = true;
    rig.condition("scanner", device::ConditionLevel::ready);
    rig.pass(5s);
    EXPECT_EQ(rig.count("permit scan"), 1u) << i;
    EXPECT_EQ(rig.count("raise 1"), 0u) << i;
  }
}

TEST(Nii, ScannerThatIsNotReadyIsNotPermitted) {
  Rig rig(nii_config());
  rig.start();
  rig.arrive(false);
  rig.plate("plate_front", "BG123AA");
  rig.weigh_for(32000, 700ms);
  rig.pass(10s);
  EXPECT_EQ(rig.count("permit scan"), 0u);
  rig.condition("scanner", device::ConditionLevel::ready);
  rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", device::ScannerReport{device::ScannerState::ready, ""})});
  EXPECT_EQ(rig.count("permit scan"), 1u);
}

TEST(Nii, AbortedScanIsNoEvidence) {
  auto rig = scanning();
  image(rig, false);
  rig.pass(1s);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

TEST(Nii, DeadlineWithholds) {
  auto rig = scanning();
  rig.pass(121s);
  EXPECT_EQ(rig.permitted.back(), "withhold scan");
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
}

TEST(Nii, RecheckPermitsOnceMore) {
  auto rig = scanning();
  image(rig);
  finding(rig, "recheck");
  EXPECT_EQ(rig.count("permit scan"), 2u);
  device::ScanImage scan;
  scan.scan_id = "S2";
  scan.complete = true;
  rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", scan)});
  finding(rig, "clear");
  EXPECT_EQ(rig.state.phase, Phase::opening);
}

TEST(Nii, RecheckOfOneWhoWaitsScansAgainAndWhatWasSaidOfTheOldImageIsGone) {
  auto rig = scanning();
  rig.channel = SelectivityChannel::yellow;
  rig.controls = {"documents"};
  image(rig);
  finding(rig, "clear");
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  finding(rig, "recheck");
  EXPECT_EQ(rig.state.phase, Phase::scanning);
  EXPECT_EQ(rig.count("permit scan"), 2u);
  device::ScanImage scan;
  scan.scan_id = "S2";
  scan.complete = true;
  rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", scan)});
  rig.pass(1s);
  EXPECT_EQ(rig.state.phase, Phase::scanning) << "nobody has looked at the new image";
  finding(rig, "clear");
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer);
}

TEST(Nii, OldScanOfAnotherLorryDoesNotCount) {
  auto rig = scanning();
  device::ScanImage scan;
  scan.scan_id = "S0";
  scan.complete = true;
  auto event = rig.event("L1-scanner", scan);
  event.from.received.mono = rig.state.arrived.mono - 1s;
  rig.give(lane::FromDevice{"scanner", event});
  EXPECT_EQ(rig.count("withhold scan"), 1u) << "the scan goes on";
}

TEST(Nii, FindingBeforeTheImageIsRefused) {
  auto rig = scanning();
  finding(rig, "clear");
  EXPECT_FALSE(rig.answers.back().accepted);
  EXPECT_NE(rig.answers.back().refusal.find("no scan"), std::string::npos);
  finding(rig, "suspect");
  EXPECT_FALSE(rig.answers.back().accepted);
  image(rig);
  rig.pass(1s);
  EXPECT_EQ(rig.state.phase, Phase::scanning) << "the finding is still asked for";
  EXPECT_EQ(rig.count("raise 1"), 0u);
  finding(rig, "clear");
  EXPECT_EQ(rig.state.phase, Phase::opening);
}

TEST(Nii, ThatAScanIsNotPossibleCanAlwaysBeSaid) {
  auto rig = scanning();
  finding(rig, "unable");
  EXPECT_TRUE(rig.answers.back().accepted);
}

TEST(Nii, AnIncompleteScanMayLookSuspectButNeverClear) {
  auto rig = scanning();
  image(rig, false);
  rig.pass(1s);
  ASSERT_EQ(rig.state.phase, Phase::waiting_officer);
  finding(rig, "clear");
  EXPECT_FALSE(rig.answers.back().accepted);
  finding(rig, "suspect");
  EXPECT_TRUE(rig.answers.back().accepted);
}

TEST(Nii, AScanWhoseNumberCameBeforeCountsOnlyIfItWasSeenToRun) {
  const auto again = [](bool seen_running) {
    Rig rig(nii_config());
    lane::Started before;
    before.seen_reads = {"scanner|S1"};
    rig.give(before);
    rig.condition("scanner", device::ConditionLevel::ready);
    rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", device::ScannerReport{device::ScannerState::ready, ""})});
    rig.start();
    rig.arrive(false);
    rig.plate("plate_front", "BG123AA");
    rig.weigh_for(32000, 700ms);
    if (seen_running) rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", device::ScannerReport{device::ScannerState::scanning, "S1"})});
    image(rig);
    return rig;
  };
  auto live = again(true);
  EXPECT_EQ(live.state.phase, Phase::scanning) << "asks for the finding";
  finding(live, "clear");
  EXPECT_EQ(live.state.phase, Phase::opening);

  auto replayed = again(false);
  replayed.pass(1s);
  EXPECT_EQ(replayed.state.phase, Phase::waiting_officer);
  const auto captures = replayed.records<CaptureTaken>();
  EXPECT_TRUE(std::any_of(captures.begin(), captures.end(), [](const auto& c) {
    return c.role == "scanner" && c.from.quality == device::Quality::suspect;
  })) << "recorded all the same";
}

TEST(Nii, AScanWhoseBytesAreLostIsRecordedWithoutThemAndIsNoEvidence) {
  auto rig = scanning();
  rig.store_answers = false;
  device::ScanImage scan;
  scan.scan_id = "S1";
  scan.complete = true;
  auto event = rig.event("L1-scanner", scan);
  event.attachments = {{"scan", "application/x-rampa-scan16", nullptr, "S1"}};
  rig.give(lane::FromDevice{"scanner", event});
  const auto asked = rig.unanswered();
  ASSERT_EQ(asked.size(), 1u);
  rig.give(lane::CommitFailed{asked[0], "no blob grows under 'S1'", true});
  std::vector<Record> captures;
  for (const auto& record : rig.asked_records)
    if (const auto* taken = std::get_if<CaptureTaken>(&record.body); taken && taken->role == "scanner") captures.push_back(record);
  ASSERT_EQ(captures.size(), 2u) << "asked once more, at once";
  EXPECT_TRUE(captures[1].attachments.empty());
  EXPECT_EQ(std::get<CaptureTaken>(captures[1].body).from.quality, device::Quality::bad);
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(1s);
  finding(rig, "clear");
  rig.pass(5s);
  EXPECT_EQ(rig.count("raise 1"), 0u);
  EXPECT_TRUE(rig.state.unwritten.empty());
}

// A disk that answers late: the finding is durable only after the lane gave up waiting and policy proposed its verdict.
TEST(Nii, AFindingThatBecomesDurableTooLateLeavesPolicysVerdictAlone) {
  auto rig = scanning();
  image(rig);
  rig.store_answers = false;
  rig.pass(1s);
  finding(rig, "clear");
  rig.pass(200s);
  ASSERT_EQ(rig.state.phase, Phase::deciding) << lane::describe(rig.state);
  rig.store_answers = true;
  rig.commit_all();
  rig.pass(1s);
  EXPECT_EQ(rig.state.phase, Phase::waiting_officer) << lane::describe(rig.state);
  EXPECT_FALSE(rig.answers.back().accepted);
  EXPECT_EQ(rig.count("raise 1"), 0u);
}

namespace {

void aids(Rig& rig, const std::string& scan, std::vector<device::ScanAid> said) {
  rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", device::ScanAids{scan, std::move(said)})});
}

constexpr auto marked = device::ScanAidResult::marked, nothing = device::ScanAidResult::nothing, failed = device::ScanAidResult::failed;
using Names = std::vector<std::string>;

}  // namespace

TEST(Nii, WhatTheScannersAidsSayIsAFact) {
  auto rig = scanning();
  image(rig);
  EXPECT_FALSE(lane::facts_of(rig.state, rig.config).contains("evidence.scan_aids")) << "nothing was said";
  aids(rig, "S1", {{"density", marked}, {"empty", nothing}, {"atr", failed}});
  auto facts = lane::facts_of(rig.state, rig.config);
  EXPECT_EQ(facts.at("evidence.scan_aids"), FieldValue{Names{"density"}}) << "what is marked is marked";
  EXPECT_EQ(facts.at("evidence.scan_aids_failed"), FieldValue{Names{"atr"}});
  aids(rig, "S1", {{"density", nothing}});
  EXPECT_EQ(lane::facts_of(rig.state, rig.config).at("evidence.scan_aids"), FieldValue{Names{"density"}}) << "once per scan";
  EXPECT_EQ(rig.state.phase, Phase::scanning) << "it is no finding: the operator's is";
  finding(rig, "clear");
  EXPECT_NE(rig.state.phase, Phase::scanning);
}

TEST(Nii, NothingMarkedIsSaidOfAWholeScanAlone) {
  auto rig = scanning();
  image(rig, false);
  aids(rig, "S1", {{"density", nothing}});
  EXPECT_FALSE(lane::facts_of(rig.state, rig.config).contains("evidence.scan_aids"));
  auto whole = scanning();
  image(whole);
  aids(whole, "S1", {{"density", nothing}});
  EXPECT_EQ(lane::facts_of(whole.state, whole.config).at("evidence.scan_aids"), FieldValue{Names{}});
  auto part = scanning();
  image(part, false);
  aids(part, "S1", {{"density", marked}});
  EXPECT_EQ(lane::facts_of(part.state, part.config).at("evidence.scan_aids"), FieldValue{Names{"density"}}) << "what is marked is marked";
}

TEST(Nii, WhereOneOfThemFailedNothingMarkedSaysNothing) {
  auto rig = scanning();
  image(rig);
  aids(rig, "S1", {{"density", nothing}, {"atr", failed}});
  const auto facts = lane::facts_of(rig.state, rig.config);
  EXPECT_FALSE(facts.contains("evidence.scan_aids"));
  EXPECT_EQ(facts.at("evidence.scan_aids_failed"), FieldValue{Names{"atr"}});
}

TEST(Nii, AidsOfAnotherScanAreOnRecordAndCountForNothing) {
  auto rig = scanning();
  image(rig);
  aids(rig, "S0", {{"density", marked}});
  EXPECT_FALSE(lane::facts_of(rig.state, rig.config).contains("evidence.scan_aids"));
  EXPECT_EQ(std::get<device::ScanAids>(rig.records<CaptureTaken>().back().body).scan_id, "S0");
  aids(rig, "S1", {{"density", marked}});
  EXPECT_TRUE(lane::facts_of(rig.state, rig.config).contains("evidence.scan_aids"));
  finding(rig, "recheck");  // that image is not looked at any more, nor is what was said of it
  EXPECT_FALSE(lane::facts_of(rig.state, rig.config).contains("evidence.scan_aids"));
}
