#include "edge/api/replies.hpp"

#include <gtest/gtest.h>

#include "edge/api/passwords.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::api {
namespace {

struct RepliesTest : ::testing::Test {
  RepliesTest() { EXPECT_TRUE(prepare_crypto()); }
  Replies replies;
  tests::VirtualClock clock;
};

TEST_F(RepliesTest, TheFirstAnswerIsGivenAgain) {
  EXPECT_TRUE(std::holds_alternative<Replies::Fresh>(replies.begin("1001", "k", "body", clock.mono())));
  EXPECT_TRUE(std::holds_alternative<Replies::Running>(replies.begin("1001", "k", "body", clock.mono())));
  replies.finish("1001", "k", json("{\"a\":1}", 409));
  const auto again = replies.begin("1001", "k", "body", clock.mono());
  ASSERT_TRUE(std::holds_alternative<Response>(again));
  EXPECT_EQ(std::get<Response>(again).status, 409);
  EXPECT_TRUE(std::holds_alternative<Replies::OtherBody>(replies.begin("1001", "k", "other", clock.mono())));
  EXPECT_TRUE(std::holds_alternative<Replies::Fresh>(replies.begin("1002", "k", "other", clock.mono())));
}

TEST_F(RepliesTest, AForgottenKeyIsFree) {
  (void)replies.begin("1001", "k", "body", clock.mono());
  replies.forget("1001", "k");
  EXPECT_TRUE(std::holds_alternative<Replies::Fresh>(replies.begin("1001", "k", "other", clock.mono())));
}

TEST_F(RepliesTest, OldOnesGoByAgeAndByNumber) {
  (void)replies.begin("1001", "old", "body", clock.mono());
  replies.finish("1001", "old", json("{}"));
  clock.advance(25h);
  EXPECT_TRUE(std::holds_alternative<Replies::Fresh>(replies.begin("1001", "old", "body", clock.mono())));
  replies.finish("1001", "old", json("{}"));
  for (std::size_t i = 0; i < Replies::kept_max + 1; ++i) {
    const std::string key = std::to_string(i);
    (void)replies.begin("1001", key, "body", clock.mono());
    replies.finish("1001", key, json("{}"));
  }
  EXPECT_TRUE(std::holds_alternative<Replies::Fresh>(replies.begin("1001", "old", "body", clock.mono())));
}

}  // namespace
}  // namespace rampa::api
