#include "edge/runtime/mailbox.hpp"

#include <gtest/gtest.h>

#include <thread>

using rampa::runtime::Mailbox;
using namespace std::chrono_literals;

TEST(Mailbox, UrgentFirstThenEvidenceThenTelemetry) {
  Mailbox<int> box(10);
  box.put_telemetry(1);
  box.put_evidence(2);
  ASSERT_TRUE(box.put_command(3));
  box.put_answer(4);
  for (const int expected : {3, 4, 2, 1}) EXPECT_EQ(box.take(0ns), expected);
  EXPECT_EQ(box.take(0ns), std::nullopt);
}

TEST(Mailbox, TelemetryDropsItsOldestAndCounts) {
  Mailbox<int> box(2);
  for (int i = 1; i <= 5; ++i) box.put_telemetry(i);
  EXPECT_EQ(box.dropped(), 3u);
  EXPECT_EQ(box.take(0ns), 4);
  EXPECT_EQ(box.take(0ns), 5);
}

// After an image the consumer lets others gather without being woken; none of them may be left lying when it has.
TEST(Mailbox, WhatGathersIsTakenWithoutAWakeUp) {
  Mailbox<int> box(100000);
  constexpr int count = 20000;
  std::thread producer([&] {
    for (int i = 1; i <= count; ++i) i % 7 == 0 ? box.put_evidence(i) : box.put_telemetry(i);
  });
  int taken = 0;
  while (taken < count) {
    const auto item = box.take(10s);  // far more than gathering takes: a lost item fails here
    ASSERT_TRUE(item) << "after " << taken;
    ++taken;
  }
  producer.join();
  EXPECT_EQ(box.take(0ns), std::nullopt);
}
