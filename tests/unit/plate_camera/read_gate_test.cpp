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

TEST(ReadGate, JudgesByTime) {
  ReadGate gate(GateLimits{});
  const Stamp now{MonoTime{0}, WallTime{1'000'000'000}};
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{999'990'000}, now).first, device::Quality::good);
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{999'960'000}, now).first, device::Quality::suspect);
  EXPECT_EQ(gate.judge(Standing::fresh, WallTime{1'000'040'000}, now).first, device::Quality::suspect);
  EXPECT_EQ(gate.judge(Standing::fresh, std::nullopt, now).first, device::Quality::suspect);
  EXPECT_EQ(gate.judge(Standing::replayed, WallTime{1'000'000'000}, now).first, device::Quality::suspect);
}

}  // namespace
}  // namespace rampa::drivers::plate_camera
