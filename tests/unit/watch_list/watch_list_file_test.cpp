#include <gtest/gtest.h>

#include "edge/risk/watch_list.hpp"
#include "tests/unit/watch_list/lists.hpp"

using namespace rampa;
using namespace rampa::risk;
using namespace rampa::tests;

namespace {

WatchList full_list() {
  auto head = head_of("stolen", WatchKind::plates);
  head.owner = "Uprava carina";
  head.reason = "RIF 2026-114";
  head.valid_before = WallTime{1'798'761'600'000};
  head.severity = SelectivityChannel::red;
  head.instruction = {{"en", "Hold the vehicle"}, {"sr-Latn", "Zadržite vozilo"}};
  head.false_alerts_max_ppm = 500;
  return listing({{"BG123AA", {"SRB", "BG456BB", "RS1", "n1"}}, {"OO1", {}}, {"001", {"MNE", "", "", ""}}}, head);
}

WatchQuestion seen(const std::string& text) {
  WatchQuestion q;
  q.plates = {{text, "SRB", {}}};
  return q;
}

}  // namespace

TEST(WatchListFile, ComesBackAsItWas) {
  const auto list = full_list();
  const auto read = decode_watch_list(encode(list));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->head().name, "stolen");
  EXPECT_EQ(read->head().owner, "Uprava carina");
  EXPECT_EQ(read->head().reason, "RIF 2026-114");
  EXPECT_EQ(read->head().valid_before, list.head().valid_before);
  EXPECT_EQ(read->head().severity, SelectivityChannel::red);
  EXPECT_EQ(read->head().instruction, list.head().instruction);
  EXPECT_EQ(read->head().false_alerts_max_ppm, 500u);
  EXPECT_EQ(read->false_alerts(), list.false_alerts());
  EXPECT_EQ(read->rule(), list.rule());
  EXPECT_EQ(read->size(), 3u);
  EXPECT_EQ(encode(*read), encode(list));
  EXPECT_EQ(read->match(seen("OO1"))[0].listed, "OO1");
  EXPECT_EQ(read->match(seen("OO1"))[1].attributes.country, "MNE");
  EXPECT_EQ(read->shown_names(seen("BG124AA")), list.shown_names(seen("BG124AA")));
}

TEST(WatchListFile, EveryTruncationIsRefused) {
  const Bytes whole = encode(full_list());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = decode_watch_list(ByteView(whole).first(size));
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, ErrorCode::invalid);
    EXPECT_FALSE(read.error().what.empty());
  }
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(decode_watch_list(longer));
}

TEST(WatchListFile, EveryFlippedBitIsRefused) {
  for (Bytes bytes : {encode(full_list()), encode(listing({{"RS1", {}}, {"RS2", {}}}, head_of("o", WatchKind::operators), key_one()))})
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      ASSERT_FALSE(decode_watch_list(bytes, key_one())) << "bit " << bit;
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    }
}

TEST(WatchListFile, HashesNeedTheirOwnKey) {
  const Bytes bytes = encode(listing({{"RS1", {}}}, head_of("o", WatchKind::operators), key_one()));
  WatchQuestion q;
  q.operators = {"rs 1"};
  const auto with = decode_watch_list(bytes, key_one());
  ASSERT_TRUE(with);
  EXPECT_EQ(with->match(q).size(), 1u);
  const auto without = decode_watch_list(bytes);
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->can_match());
  EXPECT_TRUE(without->match(q).empty());
  const auto other = decode_watch_list(bytes, toy_key(2));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::refused);
}

TEST(WatchListFile, AnotherFileSaysWhatItIsNot) {
  const auto read = decode_watch_list(as_bytes("plate,country\nBG1,SRB\nBG2,SRB and so on for a while\n"));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().what.find("rampa watchlist build"), std::string::npos);
}
