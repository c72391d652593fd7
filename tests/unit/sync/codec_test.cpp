// Topics and payloads: what is encoded comes back, and nothing else is accepted.
#include <gtest/gtest.h>

#include <random>

#include "sync/frame.hpp"
#include "sync/payloads.hpp"
#include "sync/topics.hpp"

using namespace rampa;
using namespace rampa::sync;

namespace {

constexpr int rounds = 300;

Bytes random_bytes(std::mt19937_64& random, std::size_t size_max) {
  Bytes bytes(random() % (size_max + 1));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

RecordFrame random_frame(std::mt19937_64& random) {
  RecordFrame frame{1 + random() % 1'000'000, {}};
  for (std::size_t i = 0, count = 1 + random() % 8; i < count; ++i) frame.records.push_back(random_bytes(random, 200));
  return frame;
}

BlobSlice random_slice(std::mt19937_64& random) {
  BlobSlice slice;
  for (auto& byte : slice.blob) byte = static_cast<std::uint8_t>(random());
  slice.bytes = random_bytes(random, 300);
  slice.bytes.push_back(7);
  slice.offset = random() % 5000;
  slice.size_bytes = slice.offset + slice.bytes.size() + random() % 3;
  return slice;
}

std::string random_text(std::mt19937_64& random) {
  static const char* const words[] = {"", "RS-BATROVCI", "šljivovica \"x\"", "\n\t\\", "a long text of no meaning", "№7"};
  return words[random() % std::size(words)];
}

}  // namespace

TEST(Topics, RoundTripOfEveryLeaf) {
  for (const Leaf leaf : {Leaf::hello, Leaf::records, Leaf::blob, Leaf::unavailable, Leaf::ack, Leaf::want,
                          Leaf::declarations, Leaf::watch_list}) {
    const Topic topic{PostId{"RS-BATROVCI"}, leaf};
    EXPECT_EQ(parse_topic(topic_text(topic)), topic) << topic_text(topic);
  }
  EXPECT_EQ(topic_text({PostId{"P1"}, Leaf::records}), "rampa/1/P1/up/records");
}

TEST(Topics, ForeignOnesAreRefused) {
  for (const char* text : {"", "rampa/1/P1/up", "rampa/2/P1/up/hello", "rampa/1//up/hello", "rampa/1/P1/dn/hello",
                           "rampa/1/P1/up/ack", "rampa/1/P1/up/hello/x", "rampa/1/P 1/up/hello", "rampa/1/hq/up/hello",
                           "rampa/1/+/up/hello", "rampa/1/../up/hello"})
    EXPECT_FALSE(parse_topic(text)) << text;
}

TEST(RecordFrames, ComeBackAsTheyWere) {
  std::mt19937_64 random(1);
  for (int i = 0; i < rounds; ++i) {
    const RecordFrame frame = random_frame(random);
    const auto back = decode_records(encode(frame));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, frame);
  }
}

TEST(RecordFrames, AnyFlippedBitAndAnyCutIsNoticed) {
  std::mt19937_64 random(2);
  const Bytes good = encode(random_frame(random));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    const auto decoded = decode_records(bad);
    ASSERT_FALSE(decoded) << "bit " << bit;
    EXPECT_EQ(decoded.error().code, ErrorCode::bad_reply);
  }
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(decode_records(ByteView{good}.first(size)));
}

TEST(RecordFrames, WholeButWrongIsTold) {
  EXPECT_EQ(decode_records(encode(RecordFrame{0, {{1}}})).error().code, ErrorCode::invalid);
  EXPECT_EQ(decode_records(encode(RecordFrame{1, {}})).error().code, ErrorCode::invalid);
  EXPECT_EQ(decode_records(encode(RecordFrame{UINT64_MAX, {{1}}})).error().code, ErrorCode::invalid);
  std::mt19937_64 random(3);
  EXPECT_EQ(decode_records(encode(random_slice(random))).error().code, ErrorCode::invalid);
}

TEST(RecordFrames, NoiseIsNeverAccepted) {
  std::mt19937_64 random(4);
  for (int i = 0; i < rounds; ++i) {
    EXPECT_FALSE(decode_records(random_bytes(random, 200)));
    EXPECT_FALSE(decode_slice(random_bytes(random, 200)));
  }
}

TEST(BlobSlices, ComeBackAndDamageIsNoticed) {
  std::mt19937_64 random(5);
  for (int i = 0; i < rounds; ++i) {
    const BlobSlice slice = random_slice(random);
    Bytes bytes = encode(slice);
    const auto back = decode_slice(bytes);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, slice);
    bytes[random() % bytes.size()] ^= 0x10;
    EXPECT_FALSE(decode_slice(bytes));
  }
}

TEST(BlobSlices, PastTheEndIsRefused) {
  BlobSlice slice{{}, 10, 12, {1, 2, 3}};
  EXPECT_EQ(decode_slice(encode(slice)).error().code, ErrorCode::invalid);
  slice = {{}, UINT64_MAX, 12, {1}};
  EXPECT_EQ(decode_slice(encode(slice)).error().code, ErrorCode::invalid);
}

TEST(Payloads, HelloAndAckAndWantComeBack) {
  std::mt19937_64 random(6);
  for (int i = 0; i < rounds; ++i) {
    const Hello hello{random_text(random), random_text(random), random_text(random), random() >> 2, random_text(random),
                      {MonoTime{static_cast<std::int64_t>(random() >> 2)}, WallTime{-static_cast<std::int64_t>(random() >> 2)}},
                      random() % 9, random() % 9};
    EXPECT_EQ(decode_hello(encode(hello)), hello);
    Ack ack{random() >> 2, random_text(random), random_text(random), random_text(random), random() % 2 == 0, {}, WallTime{12}};
    for (std::size_t q = random() % 3; q > 0; --q) ack.quarantined.push_back({random() >> 2, random_text(random)});
    EXPECT_EQ(decode_ack(encode(ack)), ack);
    Want want{{}, {random_text(random)}};
    for (std::size_t b = random() % 3; b > 0; --b) want.blobs.push_back({std::string(64, 'a'), 100 + b, b, b == 1});
    EXPECT_EQ(decode_want(encode(want)), want);
  }
  const Unavailable gone{std::string(64, '0'), "erased"};
  EXPECT_EQ(decode_unavailable(encode(gone)), gone);
  const WatchListDown list{3, "stolen", {"BG123AA", "NS1"}};
  EXPECT_EQ(decode_watch_list(encode(list)), list);
}

TEST(Payloads, DeclarationsComeBack) {
  Declaration d;
  d.reference = "26RS0001";
  d.kind = "transit";
  d.plate = "BG123AA";
  d.gross_kg = 24'500;
  d.driver_name = "Đorđe";
  d.goods.push_back({"870323", "DE", 12'000, 9'000, "cars"});
  d.more = {{"sealed", true}, {"packages", std::int64_t{12}}, {"route", std::string("E70")},
            {"countries", std::vector<std::string>{"HR", "RS"}}};
  d.valid_until = WallTime{1'784'000'000'000};
  const auto back = decode_declarations(encode(DeclarationsDown{7, {d}}));
  ASSERT_TRUE(back) << back.error().what;
  ASSERT_EQ(back->declarations.size(), 1u);
  EXPECT_EQ(back->declarations[0].valid_until, d.valid_until);
  EXPECT_EQ(back->version, 7u);
  EXPECT_EQ(back->declarations[0].reference, d.reference);
  EXPECT_EQ(back->declarations[0].driver_name, d.driver_name);
  EXPECT_EQ(back->declarations[0].goods.at(0).description, "cars");
  EXPECT_EQ(back->declarations[0].more, d.more);
}

TEST(Payloads, ErrorsNameTheKey) {
  const auto what = [](const auto& result) { return result ? std::string("accepted") : result.error().what; };
  EXPECT_EQ(what(decode_ack(as_bytes("nonsense"))), "ack: not JSON");
  EXPECT_EQ(what(decode_ack(as_bytes("[]"))), "ack: is not an object");
  EXPECT_EQ(what(decode_ack(as_bytes(R"({"v":2})"))), "ack: v is not 1 (other version?)");
  EXPECT_EQ(what(decode_ack(as_bytes(R"({"v":1})"))), "ack: cursor is missing");
  EXPECT_EQ(what(decode_ack(as_bytes(R"({"v":1,"cursor":-1})"))), "ack: cursor is not a whole number of 0 or more");
  EXPECT_EQ(what(decode_want(as_bytes(R"({"v":1,"blobs":[{"sha256":"xy"}],"done":[]})"))),
            "want, blobs: sha256 is not 64 lower-case hex digits");
  EXPECT_EQ(what(decode_declarations(as_bytes(R"({"v":1,"version":1,"declarations":[{"reference":""}]})"))),
            "declarations[0]: reference is empty");
}

TEST(Digest, OfKnownTextAndInPieces) {
  EXPECT_EQ(hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
  Digest digest;
  digest.add(as_bytes("a"));
  digest.add(as_bytes("bc"));
  EXPECT_EQ(digest.finish(), sha256(as_bytes("abc")));
  EXPECT_EQ(parse_sha256(hex(sha256(as_bytes("abc")))), sha256(as_bytes("abc")));
  EXPECT_FALSE(parse_sha256("BA"));
}
