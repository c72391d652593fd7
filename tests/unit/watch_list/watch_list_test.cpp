#include "edge/risk/watch_list.hpp"

#include <gtest/gtest.h>

#include "edge/risk/plate_text.hpp"
#include "tests/unit/watch_list/lists.hpp"

using namespace rampa;
using namespace rampa::risk;
using namespace rampa::tests;

namespace {
WatchQuestion seen(const std::string& text, const std::string& country = "", std::vector<int> confidence = {}) {
  WatchQuestion q;
  q.plates = {{text, country, std::move(confidence)}};
  return q;
}
}  // namespace

TEST(WatchList, AConfusionIsAnAlertAndOneEditAloneShowsNothing) {
  const auto list = listing({{"BG123AA", {"SRB", "", "", "case 7"}}});
  EXPECT_EQ(list.shown_names(seen("BG123AA")), Names{"stolen"});
  EXPECT_EQ(list.shown_names(seen("8G I23-AA")), Names{"stolen"});
  EXPECT_EQ(list.shown_names(seen("ВG123АА")), Names{"stolen"}) << "Cyrillic letters";
  EXPECT_EQ(list.shown_names(seen("BG124AA")), Names{});
  EXPECT_EQ(list.shown_names(seen("BG124AB", "SRB")), Names{}) << "two edits";
  const auto found = list.match(seen("BG124AA"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].likeness, Likeness::possible);
  EXPECT_EQ(found[0].listed, "BG123AA");
  EXPECT_FALSE(found[0].shown);
  EXPECT_EQ(found[0].needs, agreement::country | agreement::grammar | agreement::reading);
}

TEST(WatchList, ASecondAttributeShowsAPossibleOne) {
  const auto list = listing({{"BG123AA", {"SRB", "BG456BB", "RS100", ""}}});
  const Names shown{"stolen (possible: BG123AA)"};
  EXPECT_EQ(list.rule(), PossibleRule::any) << "few entries: the country is enough";
  EXPECT_EQ(list.shown_names(seen("BG124AA", "SRB")), shown);
  EXPECT_EQ(list.shown_names(seen("BG124AA", "MNE")), Names{});
  auto q = seen("BG124AA");
  q.plates.push_back({"8G456-BB", "", {}});
  EXPECT_EQ(list.shown_names(q), shown) << "the trailer, one confusion in it";
  q = seen("BG124AA");
  q.plates.push_back({"BG456BC", "", {}});
  EXPECT_EQ(list.shown_names(q), Names{}) << "another trailer";
  q = seen("BG124AA");
  q.carriers = {"RS-100"};
  EXPECT_EQ(list.shown_names(q), shown);
  EXPECT_EQ(list.shown_names(seen("BG124AA", "", {95, 95, 95, 95, 40, 95, 95})), shown) << "the camera was unsure there";
  EXPECT_EQ(list.shown_names(seen("BG124AA", "", {95, 40, 95, 95, 95, 95, 95})), Names{}) << "and of another character";
  EXPECT_EQ(list.shown_names(seen("BG12AA")), shown) << "Serbia issues no plate like the one that was read";
  EXPECT_EQ(list.shown_names(seen("BG12AA", "DEU")), Names{});
}

TEST(WatchList, OfARunOfEqualCharactersAnyMayBeTheOneTooMany) {
  auto head = head_of("stolen", WatchKind::plates);
  head.false_alerts_max_ppm = 1'000'000;
  const auto list = listing({{"A1112", {}}}, head);
  EXPECT_EQ(list.shown_names(seen("A11112", "", {95, 95, 40, 95, 95, 95})).size(), 1u);
  EXPECT_EQ(list.shown_names(seen("A11112", "", {40, 95, 95, 95, 95, 95})).size(), 0u);
  EXPECT_EQ(list.shown_names(seen("A112", "", {95, 95, 40, 95})).size(), 1u);
}

TEST(WatchList, AnAlertIsToldWithoutThePossibleOnes) {
  const auto list = listing({{"BG123AA", {"SRB", "", "", ""}}, {"BG124AA", {"SRB", "", "", ""}}});
  EXPECT_EQ(list.shown_names(seen("BG123AA", "SRB")), Names{"stolen"});
}

TEST(WatchList, ContainersAreHeldToTheirCheckDigit) {
  WatchListHead head = head_of("boxes", WatchKind::containers);
  const auto list = listing({{"CSQU3054383", {}}}, head);
  WatchQuestion q;
  q.containers = {"CSQU 305438 8"};  // one digit off: the code can't be right
  EXPECT_EQ(list.shown_names(q), Names{"boxes (possible: CSQU3054383)"});
  q.containers = {"C5QU 305438 3"};
  EXPECT_EQ(list.shown_names(q), Names{"boxes"});
  q.containers = {"CSQU3054399"};
  EXPECT_EQ(list.shown_names(q), Names{});
  WatchListBuilder builder(head);
  const auto added = builder.add({"CSQU3054384", {}}, 1);
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().what.find("is 3"), std::string::npos);
}

TEST(WatchList, OperatorsAndDocumentsAreHashesAndMatchOnlyWhenEqual) {
  const auto list = listing({{"RS100200300", {"", "", "", "n1"}}}, head_of("operators-1", WatchKind::operators), key_one());
  WatchQuestion q;
  q.operators = {"RS 100-200-300"};
  const auto found = list.match(q);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].likeness, Likeness::equal);
  EXPECT_EQ(found[0].listed, "");
  EXPECT_EQ(found[0].attributes.note, "n1");
  q.operators = {"RS100200301", "RSI00200300"};
  EXPECT_TRUE(list.match(q).empty());
  q = seen("RS100200300");
  EXPECT_TRUE(list.match(q).empty()) << "a plate is no operator";
  EXPECT_EQ(as_text(encode(list)).find("RS100200300"), std::string_view::npos);
  WatchListBuilder without_key(head_of("x", WatchKind::documents));
  EXPECT_FALSE(without_key.add({"26RS1", {}}, 1));
}

TEST(WatchList, ADocumentIsFoundHoweverItsNumberIsWritten) {
  const auto normal = normal_text(WatchKind::documents, "26RS0001");
  ASSERT_TRUE(normal);
  const auto list = listing({{*normal, {}}}, head_of("documents-1", WatchKind::documents), key_one());
  WatchQuestion q;
  for (const char* written : {"26RS0001", "26RS/0001", "26rs_0001", "26 RS: 0001"}) {
    q.documents = {written};
    EXPECT_EQ(list.match(q).size(), 1u) << written;
  }
  q.documents = {"26RS/0002"};
  EXPECT_TRUE(list.match(q).empty());
  EXPECT_FALSE(normal_text(WatchKind::plates, "26RS/0001")) << "on a plate it is a mistake";
}

TEST(WatchList, ASecretListOfPlatesIsExact) {
  auto head = head_of("quiet", WatchKind::plates);
  head.secret = true;
  const auto list = listing({{"BG123AA", {}}}, head, key_one());
  EXPECT_EQ(list.shown_names(seen("bg 123 aa")), Names{"quiet"});
  EXPECT_EQ(list.shown_names(seen("BG1Z3AA")), Names{});
}

TEST(WatchList, AnExpiredListIsSilent) {
  auto head = head_of("old", WatchKind::plates);
  head.valid_before = WallTime{1000};
  const auto list = listing({{"BG123AA", {}}}, head);
  auto q = seen("BG123AA");
  q.now = WallTime{999};
  EXPECT_EQ(list.shown_names(q), Names{"old"});
  q.now = WallTime{1000};
  EXPECT_EQ(list.shown_names(q), Names{});
}

TEST(WatchList, RowsAreUnitedOrContradict) {
  WatchListBuilder builder(head_of("l", WatchKind::plates));
  ASSERT_TRUE(builder.add({"BG1", {"SRB", "", "", ""}}, 1));
  ASSERT_TRUE(builder.add({"BG1", {"", "BG2", "", ""}}, 2));
  ASSERT_TRUE(builder.add({"BG3", {}}, 3));
  ASSERT_TRUE(builder.add({"BG1", {}}, 4));
  WatchListBuilder::Options few;
  few.reads = 100;
  auto built = builder.finish(few);
  ASSERT_TRUE(built);
  EXPECT_EQ(built->duplicates, 2u);
  EXPECT_EQ(built->list.size(), 2u);
  EXPECT_EQ(built->list.match(seen("BG1"))[0].attributes, (WatchAttributes{"SRB", "BG2", "", ""}));

  WatchListBuilder other(head_of("l", WatchKind::plates));
  ASSERT_TRUE(other.add({"BG1", {"SRB", "", "", ""}}, 7));
  ASSERT_TRUE(other.add({"BG1", {"MNE", "", "", ""}}, 9));
  const auto wrong = other.finish({});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().what, "line 9: stands already at line 7 with another country; keep one of the two");
}

TEST(WatchList, BadEntriesNameTheRemedy) {
  WatchListBuilder builder(head_of("l", WatchKind::plates));
  for (const WatchEntry& bad : {WatchEntry{"A", {}}, WatchEntry{"ABCDEFGHIJKLM", {}}, WatchEntry{"BG1", {"Serbia", "", "", ""}}, WatchEntry{"BG1", {"srb", "", "", ""}}}) {
    const auto added = builder.add(bad, 1);
    ASSERT_FALSE(added) << bad.text;
    EXPECT_EQ(added.error().code, ErrorCode::invalid);
  }
  EXPECT_EQ(builder.size(), 0u);
}

TEST(WatchListRates, TheRuleKeepsADenseListUnderItsLimit) {
  // Half of the plates of a small series are listed: any unlisted one is one edit from many.
  std::vector<WatchEntry> entries;
  for (int i = 0; i < 4'000; ++i)
    if ((i / 1000 + i / 100 % 10 + i / 10 % 10 + i % 10) % 2 == 0)
      entries.push_back({"BG" + std::to_string(10'000 + i).substr(1) + "A", {"SRB", "", "", ""}});
  auto head = head_of("dense", WatchKind::plates);
  const auto list = listing(entries, head, nullptr, 4'000);
  const auto& f = list.false_alerts();
  EXPECT_GT(f.reads, 3'000u);
  EXPECT_EQ(f.fold_only, 0u);
  EXPECT_GT(f.edit_one, f.reads / 2);
  EXPECT_EQ(f.any, f.edit_one) << "all from the same country";
  EXPECT_GT(f.firm, 0u);
  EXPECT_LT(f.firm, f.any);
  EXPECT_EQ(f.independent, 0u);
  EXPECT_EQ(list.rule(), PossibleRule::independent);
  EXPECT_EQ(list.shown_names(seen("BG0021A", "SRB")), Names{}) << "the country is not enough here";
  EXPECT_EQ(measure_false_alerts(list, 500, 1), measure_false_alerts(list, 500, 1));
  head.false_alerts_max_ppm = 0;
  EXPECT_EQ(listing(entries, head, nullptr, 1'000).rule(), PossibleRule::never);
  head.false_alerts_max_ppm = 1'000'000;
  EXPECT_EQ(listing(entries, head, nullptr, 1'000).rule(), PossibleRule::any);
}

TEST(WatchListRates, WilsonsInterval) {
  // Newcombe 1998, table I: 81 of 263 and 0 of 20.
  EXPECT_NEAR(wilson95(81, 263).low, 0.2553, 0.0001);
  EXPECT_NEAR(wilson95(81, 263).high, 0.3662, 0.0001);
  EXPECT_EQ(wilson95(0, 20).low, 0);
  EXPECT_NEAR(wilson95(0, 20).high, 0.1611, 0.0001);
  EXPECT_EQ(wilson95(0, 0).high, 1);
}
