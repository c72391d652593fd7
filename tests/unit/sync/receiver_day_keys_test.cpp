// The keys of the days at HQ: asked for when a record needs one, kept as they came, dropped when the post has destroyed them.
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::tests;

namespace {

class ReceiverDayKeys : public HqTest {
 protected:
  using Answers = std::vector<sync::hq::Answer>;
  void personal(std::uint32_t day, std::uint32_t generation) { p1.journal.append("audit_note", R"({"kind":"audit_note"})", {}, {day, generation}); }
  std::vector<DayKeyName> wanted_in(const Answers& answers) {
    return said(answers, p1, Leaf::day_keys_wanted, decode_day_keys_wanted).value_or(DayKeysWanted{}).keys;
  }
  Answers events_taken(std::uint64_t first, std::uint64_t last) { return group({{Leaf::events, p1.frame(Stream::events, first, last)}}); }
  Answers greeted() { return group({{Leaf::hello, encode(p1.hello())}}); }
  hq::HeldDayKey held(DayKeyName name) { return hq::held_day_key(ledger->database(), 1, name); }
};

}  // namespace

TEST_F(ReceiverDayKeys, AreAskedForOnceAndAgainAtTheNextHello) {
  p1.append(1);
  personal(20260714, 1);
  personal(20260714, 1);
  personal(20260715, 1);
  EXPECT_TRUE(wanted_in(greeted()).empty());
  EXPECT_TRUE(wanted_in(events_taken(1, 1)).empty()) << "no personal part";
  EXPECT_EQ(wanted_in(events_taken(2, 4)), (std::vector<DayKeyName>{{20260715, 1}, {20260714, 1}}));
  EXPECT_TRUE(wanted_in(events_taken(2, 4)).empty()) << "sent twice";
  EXPECT_EQ(wanted_in(greeted()).size(), 2u);
  open();  // HQ restarts
  EXPECT_EQ(wanted_in(greeted()).size(), 2u);
}

TEST_F(ReceiverDayKeys, AreKeptAsTheyCameAndNotAskedForAgain) {
  personal(20260714, 1);
  greeted();
  events_taken(1, 1);
  const Bytes sealed = seal_day_key(public_key_of(settings.key), {5}).value();
  group({{Leaf::day_keys, encode(DayKeys{{{{20260714, 1}, sealed}, {{20260101, 1}, sealed}}, {}})}});
  EXPECT_EQ(held({20260714, 1}).sealed, sealed);
  EXPECT_EQ(unseal_day_key(settings.key, *held({20260714, 1}).sealed).value(), (store::format::DayKey{5}));
  EXPECT_FALSE(held({20260101, 1}).sealed) << "no record needs it";
  EXPECT_TRUE(wanted_in(greeted()).empty());
}

TEST_F(ReceiverDayKeys, DestroyedIsForGoodAndAnyOtherReasonIsAskedAgain) {
  personal(20260714, 1);
  personal(20260715, 1);
  greeted();
  events_taken(1, 2);
  group({{Leaf::day_keys, encode(DayKeys{{}, {{{20260714, 1}, true, "destroyed"}, {{20260715, 1}, false, "the disk says no"}}})}});
  EXPECT_EQ(wanted_in(greeted()), (std::vector<DayKeyName>{{20260715, 1}}));
  EXPECT_EQ(held({20260714, 1}).why_not, "erased: destroyed");
  EXPECT_NE(held({20260715, 1}).why_not.find("the disk says no"), std::string::npos);
  // What was destroyed does not come back.
  group({{Leaf::day_keys, encode(DayKeys{{{{20260714, 1}, Bytes(80)}}, {}})}});
  EXPECT_FALSE(held({20260714, 1}).sealed);
}

TEST_F(ReceiverDayKeys, WhatAPostDoesNotGiveKeepsNoOtherKeyFromBeingAskedFor) {
  for (std::uint32_t day = 0; day < 28 * 3; ++day) personal(20260101 + day / 28 * 100 + day % 28, 1);
  greeted();
  auto wanted = wanted_in(events_taken(1, 28 * 3));
  ASSERT_EQ(wanted.size(), day_keys_max);
  EXPECT_EQ(wanted.front(), (DayKeyName{20260328, 1})) << "the newest first";
  DayKeys withheld;
  for (const DayKeyName& name : wanted) withheld.gone.push_back({name, false, "not for HQ"});
  wanted = wanted_in(group({{Leaf::day_keys, encode(withheld)}}));
  ASSERT_EQ(wanted.size(), day_keys_max) << "at once";
  EXPECT_EQ(wanted.front(), (DayKeyName{20260120, 1})) << "those that were not asked for yet";
}

TEST_F(ReceiverDayKeys, TheRecordOfAnErasureDropsTheKeyHere) {
  personal(20260714, 1);
  personal(20260715, 1);
  p1.journal.append("audit", R"({"what":"erase_day","who":"J. Example","detail":"2026-07-14"})");
  greeted();
  events_taken(1, 2);
  const Bytes sealed = seal_day_key(public_key_of(settings.key), {5}).value();
  group({{Leaf::day_keys, encode(DayKeys{{{{20260714, 1}, sealed}, {{20260715, 1}, sealed}}, {}})}});
  events_taken(3, 3);
  EXPECT_FALSE(held({20260714, 1}).sealed);
  EXPECT_NE(held({20260714, 1}).why_not.find("J. Example"), std::string::npos);
  EXPECT_TRUE(held({20260715, 1}).sealed);
}

TEST_F(ReceiverDayKeys, AnErasureThatArrivesBeforeTheRecordsItIsAbout) {
  personal(20260714, 1);
  p1.journal.append("audit", R"({"what":"erase_day","who":"J. Example","detail":"2026-07-14"})");
  personal(20260714, 2);
  greeted();
  EXPECT_EQ(wanted_in(events_taken(2, 3)), (std::vector<DayKeyName>{{20260714, 2}})) << "what is newer than the erasure";
  EXPECT_TRUE(wanted_in(events_taken(1, 1)).empty()) << "what is older is not even asked for";
  EXPECT_NE(held({20260714, 1}).why_not.find("erased"), std::string::npos);
  const Bytes sealed = seal_day_key(public_key_of(settings.key), {5}).value();
  group({{Leaf::day_keys, encode(DayKeys{{{{20260714, 1}, sealed}, {{20260714, 2}, sealed}}, {}})}});
  EXPECT_FALSE(held({20260714, 1}).sealed);
  EXPECT_TRUE(held({20260714, 2}).sealed);
}

TEST_F(ReceiverDayKeys, AKeyThatAnotherSignsIsRefused) {
  personal(20260714, 1);
  greeted();
  events_taken(1, 1);
  SigningPost stranger("P1", 77);
  group({{Leaf::day_keys, encode(DayKeys{{{{20260714, 1}, Bytes(80)}}, {}})}}, stranger);
  EXPECT_FALSE(held({20260714, 1}).sealed);
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"refused"});
}
