#include "edge/api/sessions.hpp"

#include <gtest/gtest.h>

#include "edge/api/passwords.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::api {
namespace {

struct SessionsTest : ::testing::Test {
  SessionsTest() { EXPECT_TRUE(prepare_crypto()); }
  Sessions sessions{5min, 12h};
  tests::VirtualClock clock;
  Officer ana{{"1001"}, "Ana", Role::officer, "", false, {}, ""};
};

TEST_F(SessionsTest, LocksAfterIdleTimeAndStaysLockedUntilUnlocked) {
  const auto token = sessions.open(ana, "t", clock.mono());
  clock.advance(4min);
  EXPECT_FALSE(sessions.find(token, clock.mono(), true)->locked);
  clock.advance(4min);
  EXPECT_FALSE(sessions.find(token, clock.mono(), false)->locked);  // background: no activity
  clock.advance(61s);
  EXPECT_TRUE(sessions.find(token, clock.mono(), true)->locked);
  EXPECT_TRUE(sessions.find(token, clock.mono(), true)->locked);
  sessions.unlock(token, clock.mono());
  EXPECT_FALSE(sessions.find(token, clock.mono(), true)->locked);
}

TEST_F(SessionsTest, EndsAfterTwelveHoursWhateverHappens) {
  const auto token = sessions.open(ana, "t", clock.mono());
  for (int i = 0; i < 719; ++i) {
    clock.advance(1min);
    ASSERT_TRUE(sessions.find(token, clock.mono(), true)) << i;
  }
  clock.advance(1min);
  EXPECT_FALSE(sessions.find(token, clock.mono(), true));
}

TEST_F(SessionsTest, OneSessionPerOfficer) {
  const auto first = sessions.open(ana, "t1", clock.mono());
  const auto second = sessions.open(ana, "t2", clock.mono());
  EXPECT_FALSE(sessions.find(first, clock.mono(), true));
  EXPECT_EQ(sessions.find(second, clock.mono(), true)->terminal, "t2");
  sessions.close_of(ana.badge);
  EXPECT_FALSE(sessions.find(second, clock.mono(), true));
}

TEST_F(SessionsTest, TokensAreLongAndUnlike) {
  const auto token = sessions.open(ana, "t", clock.mono());
  EXPECT_EQ(token.size(), 64u);
  EXPECT_NE(token, new_token());
  EXPECT_FALSE(sessions.find("", clock.mono(), true));
  EXPECT_FALSE(sessions.find(std::string(64, '0'), clock.mono(), true));
}

}  // namespace
}  // namespace rampa::api
