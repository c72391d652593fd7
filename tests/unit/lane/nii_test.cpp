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
