// The bytes are those of the OASIS standard's examples and figures, not of our own encoder.
#include "hil/mqtt/packets.hpp"

#include <gtest/gtest.h>

namespace rampa::hil::mqtt {
namespace {

TEST(Packets, are_cut_out_of_a_stream_however_it_comes) {
  const Bytes publish{0x32, 0x0b, 0x00, 0x03, 'a', '/', 'b', 0x12, 0x34, 'h', 'e', 'y', '!'};
  PacketSplitter splitter;
  for (int round = 0; round < 3; ++round)
    for (std::size_t i = 0; i < publish.size(); ++i) {
      ASSERT_TRUE(splitter.add(ByteView{&publish[i], 1}));
      const auto packet = splitter.next();
      ASSERT_EQ(packet.has_value(), i + 1 == publish.size());
      if (!packet) continue;
      const auto message = publication_of(*packet);
      ASSERT_TRUE(message);
      EXPECT_EQ(message->topic, "a/b");
      EXPECT_EQ(message->id, 0x1234);
      EXPECT_EQ(as_text(message->payload), "hey!");
    }
  EXPECT_EQ(publish_bytes("a/b", as_bytes("hey!"), 0x1234), publish);
}

TEST(Packets, lengths_use_as_many_bytes_as_they_need) {
  // Standard 2.2.3: 127 is 7F, 128 is 80 01, 16383 is FF 7F, 16384 is 80 80 01.
  for (const auto& [payload, length] : std::vector<std::pair<std::size_t, Bytes>>{{124, {0x7f}}, {125, {0x80, 0x01}}, {16'380, {0xff, 0x7f}}, {16'381, {0x80, 0x80, 0x01}}}) {
    const Bytes bytes = publish_bytes("t", Bytes(payload), 0);
    EXPECT_TRUE(std::equal(length.begin(), length.end(), bytes.begin() + 1)) << payload;
    PacketSplitter splitter;
    splitter.add(bytes);
    const auto packet = splitter.next();
    ASSERT_TRUE(packet);
    EXPECT_EQ(publication_of(*packet)->payload.size(), payload);
  }
  PacketSplitter broken;
  broken.add(Bytes{0x30, 0xff, 0xff, 0xff, 0xff, 0x01});
  EXPECT_FALSE(broken.next());
  EXPECT_FALSE(broken.add(Bytes{0x00}));
}

TEST(Packets, connect_is_as_in_the_standard) {
  const Bytes expected{0x10, 0x0e, 0x00, 0x04, 'M', 'Q', 'T', 'T', 0x04, 0x02, 0x00, 0x0a, 0x00, 0x02, 'i', 'd'};
  EXPECT_EQ(connect_bytes("id", 10), expected);
  PacketSplitter splitter;
  splitter.add(expected);
  EXPECT_EQ(client_of(*splitter.next()), "id");
}

TEST(Packets, broken_bodies_are_told) {
  EXPECT_FALSE(publication_of({PacketType::publish, 2, {0x00, 0x05, 'a'}}));
  EXPECT_FALSE(publication_of({PacketType::publish, 2, {0x00, 0x01, 'a', 0x01}}));
  EXPECT_FALSE(publication_of({PacketType::publish, 4, {0x00, 0x01, 'a', 0x00, 0x01}}));
  EXPECT_FALSE(subscription_of({PacketType::subscribe, 2, {0x00}}));
  EXPECT_EQ(id_of({PacketType::puback, 0, {0x01}}), 0);
}

TEST(Packets, topic_filters_match_as_in_the_standard) {
  EXPECT_TRUE(topic_matches("a/+/c", "a/b/c"));
  EXPECT_FALSE(topic_matches("a/+/c", "a/b/c/d"));
  EXPECT_FALSE(topic_matches("a/+", "a"));
  EXPECT_TRUE(topic_matches("a/#", "a/b/c"));
  EXPECT_TRUE(topic_matches("a/#", "a"));  // 4.7.1.2: the parent level too
  EXPECT_TRUE(topic_matches("#", "a/b"));
  EXPECT_FALSE(topic_matches("a/b", "a/b/c"));
  EXPECT_TRUE(topic_matches("+/+", "a/"));
}

}  // namespace
}  // namespace rampa::hil::mqtt
