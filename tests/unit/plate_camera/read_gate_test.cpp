#include "drivers/plate_camera/read_gate.hpp"

#include <gtest/gtest.h>

namespace rampa::drivers::plate_camera {
namespace {

using Standing = ReadGate::Standing;
MonoTime at(Duration t) { return {t.count()}; }

TEST(ReadGate, FreshThenDuplicateThenReplayed) {
  ReadGate gate(GateLimits{});
  EXPECT_EQ(gate.begin("a", at(0s)), Standing::fresh);
  EXPECT_EQ(gate.begin("a", at(1s)), Standing::in_flight);
  gate.settle("a", true);
  EXPECT_EQ(gate.begin("a", at(2s)), Standing::duplicate);
  EXPECT_EQ(gate.begin("a", at(119s)), Standing::duplicate);
  EXPECT_EQ(gate.begin("a", at(121s)), Standing::replayed);
}

TEST(ReadGate, WhatWasNotDurableIsFreshAgain) {
  ReadGate gate(GateLimits{});
  EXPECT_EQ(gate.begin("a", at(0s)), Standing::fresh);
  gate.settle("a", false);
  EXPECT_EQ(gate.begin("a", at(1s)), Standing::fresh);
}

TEST(ReadGate, RemembersABoundedNumber) {
  GateLimits limits;
  limits.memory = 10;
  ReadGate gate(limits);
  EXPECT_EQ(gate.begin("first", at(0s)), Standing::fresh);
  gate.settle("first", true);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(gate.begin(std::to_string(i), at(1s)), Standing::fresh);
    gate.settle(std::to_string(i), true);
  }
  EXPECT_EQ(gate.begin("first", at(2s)), Standing::fresh) << "forgotten; its time tells then";
  EXPECT_EQ(gate.begin("19", at(2s)), Standing::duplicate);
}

TEST(ReadGate, JudgesTheFirstEventByThisMachinesClock) {
  const Stamp now{MonoTime{0}, WallTime{1'000'000'000}};
  const auto quality = [&](Standing standing, std::optional<WallTime> time) { return ReadGate(GateLimits{}).judge(standing, time, now).first; };
  EXPECT_EQ(quality(Standing::fresh, WallTime{999'990'000}), device::Quality::good);
  EXPECT_EQ(quality(Standing::fresh, WallTime{999'960'000}), device::Quality::suspect);
  EXPECT_EQ(quality(Standing::fresh, WallTime{1'000'040'000}), device::Quality::suspect);
  EXPECT_EQ(quality(Standing::fresh, std::nullopt), device::Quality::suspect);
  EXPECT_EQ(quality(Standing::replayed, WallTime{1'000'000'000}), device::Quality::suspect);
}

TEST(ReadGate, AStepOfThisMachinesWallClockMakesNoReadSuspect) {
  ReadGate gate(GateLimits{});
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{1'000'000'000}, {at(0s), WallTime{1'000'000'000}}).first, device::Quality::good);
  const Stamp stepped{at(60s), WallTime{1'003'660'000}};
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{1'000'060'000}, stepped).first, device::Quality::good);
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{1'000'000'000}, stepped).first, device::Quality::suspect) << "an old event is still old";
}

TEST(ReadGate, AHeartbeatTellsTheCamerasClock) {
  ReadGate gate(GateLimits{});
  gate.camera_clock(WallTime{5'000'000}, at(0s));  // the camera's clock was never set
  const Stamp now{at(10s), WallTime{1'000'000'000}};
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{5'010'000}, now).first, device::Quality::good);
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{4'910'000}, now).first, device::Quality::suspect);
}

TEST(ReadGate, AnOldHeartbeatDoesNotMakeRoomForOldEvents) {
  ReadGate gate(GateLimits{});
  gate.camera_clock(WallTime{1'000'000}, at(0s));
  gate.camera_clock(WallTime{400'000}, at(1s));
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{401'000}, {at(2s), {}}).first, device::Quality::suspect);
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{1'002'000}, {at(2s), {}}).first, device::Quality::good);
}

TEST(ReadGate, LateEventsDoNotMakeRoomForOlderOnes) {
  ReadGate gate(GateLimits{});
  gate.camera_clock(WallTime{1'000'000}, at(0s));
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{975'000}, {at(0s), {}}).first, device::Quality::good);
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{955'000}, {at(0s), {}}).first, device::Quality::suspect);
}

}  // namespace
}  // namespace rampa::drivers::plate_camera
