#include "drivers/transport/unit_pause.hpp"

#include <gtest/gtest.h>

namespace rampa::drivers {
namespace {

icd::Timing timing() {
  icd::Timing t;
  t.backoff_min = 100ms;
  t.backoff_max = 700ms;
  return t;
}
constexpr MonoTime kNow{1'000'000'000};

TEST(UnitPause, TimeoutsDoubleThePauseUpToItsBound) {
  UnitPause pause;
  for (const auto expected : {100ms, 200ms, 400ms, 700ms, 700ms}) {
    UnitPause fresh = pause;
    fresh.failed(kNow, true, timing());
    EXPECT_EQ(fresh.left(kNow), expected);
    pause.failed(kNow, true, timing());
  }
  for (int i = 0; i < 1000; ++i) pause.failed(kNow, true, timing());
  EXPECT_EQ(pause.left(kNow), 700ms);
  EXPECT_EQ(pause.left(kNow + 700ms), 0ms);
}

TEST(UnitPause, OneBadReplyMayBeAskedAgainAtOnceASecondNot) {
  UnitPause pause;
  pause.failed(kNow, false, timing());
  EXPECT_EQ(pause.left(kNow), 0ms);
  pause.failed(kNow, false, timing());
  EXPECT_EQ(pause.left(kNow), 100ms);
}

TEST(UnitPause, AnAnswerStartsTheCountAgain) {
  UnitPause pause;
  EXPECT_FALSE(pause.ever_answered());
  pause.failed(kNow, true, timing());
  pause.failed(kNow, true, timing());
  pause.answered();
  EXPECT_TRUE(pause.ever_answered());
  pause.failed(kNow + 1s, true, timing());
  EXPECT_EQ(pause.left(kNow + 1s), 100ms);
}

TEST(UnitPause, AnOwedReplyHoldsUntilItCameOrItsTimeIsOver) {
  UnitPause pause;
  pause.owes(3, kNow + 500ms);
  EXPECT_EQ(pause.left(kNow), 500ms);
  EXPECT_FALSE(pause.pays(4, kNow + 10ms)) << "a reply to another function";
  EXPECT_EQ(pause.left(kNow + 10ms), 490ms);
  UnitPause late = pause;
  EXPECT_TRUE(late.pays(3, kNow + 20ms));
  EXPECT_EQ(late.left(kNow + 20ms), 0ms);
  EXPECT_TRUE(pause.pays(0x83, kNow + 20ms)) << "an exception is a reply as well";
  EXPECT_FALSE(pause.pays(3, kNow + 30ms)) << "only once";
}

}  // namespace
}  // namespace rampa::drivers
