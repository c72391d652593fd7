#include "edge/store/record_format.hpp"

#include <gtest/gtest.h>

namespace rampa::store {
namespace {

using format::Entry;

Entry sample() {
  Entry e;
  e.sequence = 1;
  e.ends_group = true;
  e.at = {MonoTime{123'456'789'000}, WallTime{1'784'000'000'000}};
  e.boot = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
  e.kind = "passage_seen";
  e.lane = "L1";
  e.crossing = "L1-7-12";
  e.blobs = {{"plate.jpg", "image/jpeg", to_hex(sha256(as_bytes("abc"))), 3}};
  e.open = R"({"detail":"","what":"passed"})";
  e.day = format::day_of(e.at.wall);
  e.key_generation = 1;
  e.nonce.fill(7);
  e.personal = Bytes(20, 0xAB);
  return e;
}

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);  // RFC 3720's check value
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(as_bytes("a"), as_bytes("bc")), sha256(as_bytes("abc")));
  EXPECT_FALSE(hash_from_hex("abc"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(RecordFormat, RoundTrip) {
  const Entry e = sample();
  const Hash before = format::genesis({"RS-BATROVCI"});
  const auto bytes = format::encode(e, before);
  ASSERT_TRUE(bytes) << bytes.error().what;
  const auto back = format::parse_after(*bytes, before);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->length, bytes->size());
  EXPECT_EQ(back->entry.sequence, 1u);
  EXPECT_TRUE(back->entry.ends_group);
  EXPECT_EQ(back->entry.at, e.at);
  EXPECT_EQ(back->boot_hex(), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(back->entry.kind, e.kind);
  EXPECT_EQ(back->entry.lane, e.lane);
  EXPECT_EQ(back->entry.crossing, e.crossing);
  EXPECT_EQ(back->entry.blobs, e.blobs);
  EXPECT_EQ(back->entry.open, e.open);
  EXPECT_EQ(back->entry.day, e.day);
  EXPECT_EQ(back->entry.key_generation, 1u);
  EXPECT_EQ(back->entry.nonce, e.nonce);
  EXPECT_EQ(back->entry.personal, e.personal);
}

TEST(RecordFormat, SaysHowFarTheWallClockCouldBeBelieved) {
  const Hash before = format::genesis({"RS-BATROVCI"});
  Entry e = sample();
  for (const WallQuality quality : {WallQuality::unknown, WallQuality::free_running, WallQuality::synchronised}) {
    e.wall_quality = quality;
    const auto back = format::parse_after(format::encode(e, before).value(), before);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(back->entry.wall_quality, quality);
    EXPECT_EQ(back->entry.stream, Stream::events);
  }
}

// Programs of before drop these bits and make the header anew before they open the personal part.
TEST(RecordFormat, ThePersonalPartDoesNotHangOnTheWallClocksQuality) {
  Entry e = sample();
  e.wall_quality = WallQuality::unknown;
  const Bytes before = format::encode_header(e, 48).value();
  e.wall_quality = WallQuality::synchronised;
  EXPECT_EQ(format::personal_header(e, 48).value(), before);
  EXPECT_NE(format::encode_header(e, 48).value(), before);
}

TEST(RecordFormat, EveryFlippedBitIsNoticed) {
  const Hash before = format::genesis({"RS-BATROVCI"});
  Bytes bytes = *format::encode(sample(), before);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(format::parse_after(bytes, before)) << "bit " << bit;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

TEST(RecordFormat, EveryCutIsNoticed) {
  const Hash before = format::genesis({"RS-BATROVCI"});
  const Bytes bytes = *format::encode(sample(), before);
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(format::parse(ByteView(bytes).first(n))) << n;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_TRUE(format::parse(longer));
  EXPECT_FALSE(format::parse_after(longer, before));
}

TEST(RecordFormat, ChainIsBoundToPostAndPredecessor) {
  const Bytes bytes = *format::encode(sample(), format::genesis({"RS-BATROVCI"}));
  EXPECT_FALSE(format::parse_after(bytes, format::genesis({"RS-HORGOS"})));
  // Resealed CRC does not help: the hash covers the content.
  Bytes forged = bytes;
  forged[format::record_header_bytes] = 'P';
  Bytes head(forged.begin(), forged.end() - 4);
  FieldWriter(head).u32(crc32c(head));
  EXPECT_TRUE(format::parse(head));
  EXPECT_FALSE(format::parse_after(head, format::genesis({"RS-BATROVCI"})));
}

TEST(RecordFormat, RefusesWhatIsTooLong) {
  Entry e = sample();
  e.lane = std::string(70000, 'L');
  EXPECT_EQ(format::encode(e, Hash{}).error().code, ErrorCode::invalid);
  e = sample();
  e.open = std::string(format::record_bytes_max, ' ');
  EXPECT_EQ(format::encode(e, Hash{}).error().code, ErrorCode::invalid);
  e = sample();
  e.blobs[0].sha256 = "12";
  EXPECT_EQ(format::encode(e, Hash{}).error().code, ErrorCode::invalid);
}

TEST(RecordFormat, RecordsOfVersionOneAreReadAsEvents) {
  // Record 1 of the worked example as version 1 of this format had it.
  const Bytes bytes = *from_hex(
      "524d505201000100da0000000f000200070000002e000000000000006a273501000000000000000001000000000000000000"
      "00000000000000f2052a0100000000b0af5e9f01000000112233445566778899aabbccddeeff000000000000000000000000"
      "00000000000000000000000063726f7373696e675f6f70656e65644c314c312d372d31327b22646972656374696f6e223a22"
      "656e747279222c226b696e64223a2263726f7373696e675f6f70656e6564227d7e2ddeda112343a9b2bb982d80b822b36346"
      "cf3514b760f42e3d6de6b2638f3ff739b572");
  const auto record = format::parse_after(bytes, format::genesis({"RS-TEST"}));
  ASSERT_TRUE(record) << record.error().what;
  EXPECT_EQ(record->entry.kind, "crossing_opened");
  EXPECT_EQ(record->entry.stream, Stream::events);
  EXPECT_EQ(record->entry.stream_sequence(), 1u);
}

TEST(RecordFormat, RefusesACountOfVerdictsThatCannotBe) {
  Entry e = sample();
  for (const auto& [stream, verdicts] : {std::pair{Stream::verdicts, 0u}, {Stream::events, static_cast<unsigned>(e.sequence)},
                                         {Stream::verdicts, static_cast<unsigned>(e.sequence) + 1}}) {
    e.stream = stream;
    e.verdicts = verdicts;
    EXPECT_FALSE(format::parse(*format::encode(e, Hash{})));
  }
}

TEST(RecordFormat, DayIsUtc) {
  EXPECT_EQ(format::day_of(WallTime{0}), 19700101u);
  EXPECT_EQ(format::day_of(WallTime{-1}), 19691231u);
  EXPECT_EQ(format::day_of(WallTime{1'784'000'000'000}), 20260714u);
  EXPECT_EQ(format::day_of(WallTime{951'782'400'000}), 20000229u);
}

}  // namespace
}  // namespace rampa::store
