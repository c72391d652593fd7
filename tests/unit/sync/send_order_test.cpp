// Whose turn it is on the line.
#include <gtest/gtest.h>

#include <random>

#include "sync/send_order.hpp"

namespace rampa::sync {
namespace {

Stamp at(Duration t) { return {MonoTime{1 + t.count()}, WallTime{1'784'000'000'000 + t / 1ms}}; }

TEST(SendOrder, VerdictsGoFirstWheneverThereAreAny) {
  SendOrder order;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(order.next({true, true, true, true}, at(0s)), Traffic::verdicts);
    order.sent(Traffic::verdicts, 30'000);
  }
}

TEST(SendOrder, TheOthersShareByTheirPartsAndNobodyStarves) {
  SendOrder order;
  std::array<double, 4> bytes{};
  std::mt19937 random(5);
  double all = 0;
  while (all < 50e6) {
    const auto turn = order.next({false, true, true, true}, at(0s));
    ASSERT_TRUE(turn);
    const std::size_t size = 1000 + random() % 60'000;
    order.sent(*turn, size);
    bytes[static_cast<std::size_t>(*turn)] += static_cast<double>(size);
    all += static_cast<double>(size);
  }
  EXPECT_NEAR(bytes[1] / all, 0.80, 0.01);
  EXPECT_NEAR(bytes[2] / all, 0.15, 0.01);
  EXPECT_NEAR(bytes[3] / all, 0.05, 0.01);
}

TEST(SendOrder, WhoIsIdleSavesNothingUp) {
  SendOrder order;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(order.next({false, false, false, true}, at(0s)), Traffic::images);
    order.sent(Traffic::images, 100'000);
  }
  std::size_t images = 0;
  for (int i = 0; i < 1000; ++i) {  // events come back: they get their part from now on, not what they missed
    const auto turn = order.next({false, true, false, true}, at(0s));
    order.sent(*turn, 100'000);
    images += *turn == Traffic::images;
  }
  EXPECT_GT(images, 20u);
  EXPECT_LT(images, 80u);
}

TEST(SendOrder, CapsHoldAClassToItsRateInItsHours) {
  // 2026-07-14T03:33:20Z is minute 213 of the day.
  SendOrder order({{Traffic::images, 200, 220, 10'000}, {Traffic::thumbnails, 1380, 100, 0}});
  std::size_t bytes = 0;
  Duration now = 0s;
  while (now < 60s) {
    if (order.next({false, false, false, true}, at(now))) {
      order.sent(Traffic::images, 4000);
      bytes += 4000;
    } else {
      ASSERT_TRUE(order.release());
      ASSERT_GT(*order.release(), at(now).mono);
      now = *order.release() - MonoTime{1};
    }
  }
  EXPECT_NEAR(static_cast<double>(bytes), 600'000, 15'000);
  EXPECT_EQ(order.next({false, false, true, false}, at(now)), Traffic::thumbnails) << "its hours are over";
  EXPECT_EQ(order.next({false, false, false, true}, at(10min)), Traffic::images);
  for (int i = 0; i < 100; ++i) {  // after the hours: no cap
    ASSERT_EQ(order.next({false, false, false, true}, at(10min)), Traffic::images);
    order.sent(Traffic::images, 100'000);
  }
}

}  // namespace
}  // namespace rampa::sync
