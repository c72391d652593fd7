#include "edge/api/throttle.hpp"

#include <gtest/gtest.h>

#include "tests/support/virtual_clock.hpp"

namespace rampa::api {
namespace {

struct ThrottleTest : ::testing::Test {
  Throttle throttle;
  tests::VirtualClock clock;
  Duration attempt(const std::string& account, const std::string& source) { return throttle.begin(account, source, clock.mono()); }
};

TEST_F(ThrottleTest, DelayGrowsFromTheFourthFailureAndIsCapped) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(attempt("1001", "a"), Duration{}) << i;
  EXPECT_EQ(attempt("1001", "b"), Duration{});  // the fourth is free too; it starts the delays
  const int expected_s[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
  for (const int s : expected_s) {
    const Duration wait = attempt("1001", "b" + std::to_string(s));
    EXPECT_EQ(wait, std::chrono::seconds(s));
    clock.advance(wait);
    EXPECT_EQ(attempt("1001", "c" + std::to_string(s) + std::to_string(clock.now().mono.ns)), Duration{});
  }
}

TEST_F(ThrottleTest, RefusedAttemptsDoNotProlongTheDelay) {
  for (int i = 0; i < 4; ++i) (void)attempt("1001", "a");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(attempt("1001", "a"), Duration{1s});
  clock.advance(1s);
  EXPECT_EQ(attempt("1001", "a"), Duration{});
}

TEST_F(ThrottleTest, SuccessForgetsTheAccount) {
  for (int i = 0; i < 3; ++i) (void)attempt("1001", "a");
  (void)attempt("1001", "a");
  throttle.succeeded("1001", "a");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(attempt("1001", "a"), Duration{}) << i;
  EXPECT_EQ(attempt("1001", "a"), Duration{1s});
}

TEST_F(ThrottleTest, ASourceThatTriesManyAccountsIsSlowedToo) {
  for (int i = 0; i < 11; ++i) EXPECT_EQ(attempt("badge" + std::to_string(i), "evil"), Duration{}) << i;
  EXPECT_EQ(attempt("another", "evil"), Duration{1s});
  EXPECT_EQ(attempt("another", "honest"), Duration{});
}

TEST_F(ThrottleTest, MemoryIsBoundedAndForgetsAfterAnHour) {
  for (int i = 0; i < 4; ++i) (void)attempt("1001", "a");
  clock.advance(61min);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(attempt("1001", "a"), Duration{}) << i;
  for (std::size_t i = 0; i < 2 * Throttle::entries_max; ++i) (void)attempt("x" + std::to_string(i), "s" + std::to_string(i));
  SUCCEED();  // under ASan's and the time limit's eyes
}

}  // namespace
}  // namespace rampa::api
