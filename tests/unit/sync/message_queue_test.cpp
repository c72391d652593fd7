// What waits at HQ: bounded per post, each post in its turn, and a large message of a lonely post gets through.
#include "sync/hq/message_queue.hpp"

#include <gtest/gtest.h>

using namespace rampa;
using namespace rampa::sync::hq;

namespace {

const std::string of_p1 = "rampa/2/P1/up/events", of_p2 = "rampa/2/P2/up/events";

std::size_t drained(MessageQueue& queue) {
  std::size_t count = 0;
  for (auto taken = queue.take(1000, 1u << 30, Duration{}); !taken.messages.empty(); taken = queue.take(1000, 1u << 30, Duration{})) count += taken.messages.size();
  return count;
}

}  // namespace

TEST(MessageQueue, EmptyMessagesFillTheLineToo) {
  MessageQueue queue(64u << 20, 1u << 20);
  for (int i = 0; i < 100'000; ++i) queue.put_message(of_p1, {}, {});
  queue.put_message(of_p2, Bytes(100), {});
  const auto taken = queue.take(2, 1u << 20, Duration{});
  ASSERT_EQ(taken.messages.size(), 2u);
  EXPECT_NE(taken.messages[0].topic.post, taken.messages[1].topic.post) << "each in its turn";
  EXPECT_LE(drained(queue), (1u << 20) / message_overhead_bytes);
}

TEST(MessageQueue, AMessageLargerThanItsLineGetsThroughAlone) {
  MessageQueue queue(256u << 20, 128u << 10);
  queue.put_message(of_p1, Bytes(17u << 20), {});
  queue.put_message(of_p1, Bytes(1), {});
  EXPECT_EQ(drained(queue), 1u);
  queue.put_message(of_p1, Bytes(message_bytes_max + 1), {});
  queue.put_message("rampa/2/P1/dn/ack", Bytes(1), {});
  EXPECT_EQ(drained(queue), 0u);
}

TEST(MessageQueue, AllTogetherAreBounded) {
  MessageQueue queue(1u << 20, 1u << 20);
  for (int post = 0; post < 100; ++post) queue.put_message("rampa/2/P" + std::to_string(post) + "/up/events", Bytes(100u << 10), {});
  EXPECT_LE(drained(queue), 10u);
}
