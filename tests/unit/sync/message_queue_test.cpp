// What waits at HQ: bounded per post, each post in its turn, and a large message of a lonely post gets through.
#include "sync/hq/message_queue.hpp"

#include <gtest/gtest.h>

using namespace rampa;
using namespace rampa::sync::hq;

namespace {

const std::string of_p1 = "rampa/2/P1/up/events", of_p2 = "rampa/2/P2/up/events";

std::string topic(int post, const char* leaf) { return "rampa/2/P" + std::to_string(post) + "/up/" + leaf; }

/// "P1 verdicts, P2 hello, ..."
std::string order(const MessageQueue::Taken& taken) {
  std::string text;
  for (const Message& m : taken.messages)
    text += (text.empty() ? "" : ", ") + m.topic.post.text + " " + std::string(rampa::sync::name_of(m.topic.leaf));
  return text;
}

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

TEST(MessageQueue, VerdictsOfAllPostsGoFirstEachInItsTurn) {
  MessageQueue queue(1u << 20, 1u << 20);
  for (const int post : {1, 2}) {
    for (const char* leaf : {"slice", "events", "verdicts", "verdicts"}) queue.put_message(topic(post, leaf), Bytes(10), {});
  }
  EXPECT_EQ(order(queue.take(100, 1u << 20, Duration{})),
            "P1 verdicts, P2 verdicts, P1 verdicts, P2 verdicts, P1 slice, P2 slice, P1 events, P2 events");
}

TEST(MessageQueue, AVerdictDoesNotOvertakeTheWordAboutTheGapBeforeIt) {
  MessageQueue queue(1u << 20, 1u << 20);
  for (const char* leaf : {"events", "lost", "verdicts"}) queue.put_message(topic(1, leaf), Bytes(10), {});
  EXPECT_EQ(order(queue.take(10, 1u << 20, Duration{})), "P1 lost, P1 verdicts, P1 events");
}

TEST(MessageQueue, NothingOvertakesAHelloThatWentAfterIt) {
  MessageQueue queue(1u << 20, 1u << 20);
  // So many that the group's share for verdicts ends before them.
  for (int i = 0; i < 12; ++i) queue.put_message(topic(1, "verdicts"), Bytes(10), {});
  queue.put_message(topic(1, "hello"), Bytes(10), {});
  queue.put_message(topic(1, "verdicts"), Bytes(10), {});
  const auto taken = queue.take(8, 1u << 20, Duration{});
  ASSERT_EQ(taken.messages.size(), 13u) << "the verdicts that went before the hello come with it, one more than a group should have";
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(taken.messages[i].topic.leaf, rampa::sync::Leaf::verdicts);
  EXPECT_EQ(taken.messages[12].topic.leaf, rampa::sync::Leaf::hello) << "its answer says that what it does not name is lost";
  EXPECT_EQ(order(queue.take(8, 1u << 20, Duration{})), "P1 verdicts");
}

TEST(MessageQueue, AFloodOfVerdictsLeavesRoomForAnotherPostsHello) {
  MessageQueue queue(64u << 20, 64u << 20);
  for (int i = 0; i < 1000; ++i) queue.put_message(topic(1, "verdicts"), Bytes(10), {});
  queue.put_message(topic(2, "hello"), Bytes(10), {});
  const auto taken = queue.take(16, 1u << 20, Duration{});
  EXPECT_EQ(taken.messages.size(), 15u);
  EXPECT_EQ(taken.messages.back().topic.leaf, rampa::sync::Leaf::hello);
}

TEST(MessageQueue, PicturesCannotFillItAgainstVerdictsAndHellos) {
  MessageQueue queue(1u << 20, 1u << 20);
  for (int post = 0; post < 100; ++post) queue.put_message(topic(post, "slice"), Bytes(50u << 10), {});
  EXPECT_GT(queue.take(0, 0, Duration{}).dropped, 0u);
  const auto dropped = queue.take(0, 0, Duration{}).dropped;
  for (int post = 0; post < 50; ++post) {
    queue.put_message(topic(post, "verdicts"), Bytes(1000), {});
    queue.put_message(topic(post, "hello"), Bytes(1000), {});
  }
  EXPECT_EQ(queue.take(0, 0, Duration{}).dropped, dropped);
}

TEST(MessageQueue, APostsOwnPicturesLeaveRoomForItsVerdicts) {
  MessageQueue queue(64u << 20, 64u << 10);
  for (int i = 0; i < 100; ++i) queue.put_message(topic(1, "slice"), Bytes(4000), {});
  const auto dropped = queue.take(0, 0, Duration{}).dropped;
  queue.put_message(topic(1, "verdicts"), Bytes(4000), {});
  EXPECT_EQ(queue.take(0, 0, Duration{}).dropped, dropped);
}
