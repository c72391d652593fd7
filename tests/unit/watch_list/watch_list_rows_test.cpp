// Rows as people and systems write them, the key, the post's own lists.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "edge/app/cached_lists.hpp"
#include "edge/app/watch_list_files.hpp"
#include "edge/risk/plate_text.hpp"
#include "tests/unit/config/temporary_file.hpp"
#include "tests/unit/watch_list/lists.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {

class Kept : public app::WatchRows {
 public:
  risk::WatchListHead taken;
  std::vector<Row> rows;
  Result<void> head(const risk::WatchListHead& head) override {
    taken = head;
    return {};
  }
  Result<void> row(const Row& row) override {
    if (row.text == "BAD") return fail(ErrorCode::invalid, "is bad");
    rows.push_back(row);
    return {};
  }
};

std::string told(const app::RowsRead& read) {
  std::string text;
  for (const auto& f : read.findings) text += std::to_string(f.line) + ":" + f.key + " ";
  return text;
}

}  // namespace

TEST(WatchListRows, CsvWithHeadQuotesAndSemicolons) {
  TemporaryFolder folder;
  const auto file = folder.write("l.csv", "\xEF\xBB\xBF# list: stolen\r\n# owner: HQ\r\n# reason: RIF 1\r\n# valid_until: 2026-12-31\r\n# severity: red\r\n"
                                          "# instruction.en: Hold: do not open\r\n# false_alerts_max_percent: 0.05\r\n"
                                          "plate;country;note\r\nBG 1;SRB;\"a \"\"b\"\";\nc\"\r\n\r\nBG 2;;\r\n");
  Kept kept;
  const auto read = app::read_watch_rows(file, kept);
  EXPECT_EQ(read.wrong, 0u) << told(read);
  EXPECT_EQ(read.rows, 2u);
  EXPECT_EQ(kept.taken.name, "stolen");
  EXPECT_EQ(kept.taken.valid_before, WallTime{1'798'761'600'000});
  EXPECT_EQ(kept.taken.severity, SelectivityChannel::red);
  EXPECT_EQ(kept.taken.instruction.at("en"), "Hold: do not open");
  EXPECT_EQ(kept.taken.false_alerts_max_ppm, 500u);
  ASSERT_EQ(kept.rows.size(), 2u);
  EXPECT_EQ(kept.rows[0].note, "a \"b\";\nc");
  EXPECT_EQ(kept.rows[0].line, 9u);
  EXPECT_EQ(kept.rows[1].line, 12u);
}

TEST(WatchListRows, JsonLines) {
  TemporaryFolder folder;
  const auto file = folder.write("l.jsonl", R"({"list":"boxes","kind":"containers","owner":"HQ","reason":"r","secret":false,"instruction":{"en":"Open"},"false_alerts_max_percent":0.2})" "\n"
                                            R"({"container":"CSQU3054383","carrier":"RS1"})" "\n");
  Kept kept;
  const auto read = app::read_watch_rows(file, kept);
  EXPECT_EQ(read.wrong, 0u) << told(read);
  EXPECT_EQ(kept.taken.kind, risk::WatchKind::containers);
  EXPECT_EQ(kept.taken.false_alerts_max_ppm, 2000u);
  ASSERT_EQ(kept.rows.size(), 1u);
  EXPECT_EQ(kept.rows[0].carrier, "RS1");
}

TEST(WatchListRows, EveryBadRowIsToldWithItsLine) {
  TemporaryFolder folder;
  Kept kept;
  const auto csv = app::read_watch_rows(folder.write("l.csv", "# list: a\n# owner: b\n# reason: c\nplate,country\nBG1\nBAD,SRB\n,SRB\nBG2,\"SRB\n"), kept);
  EXPECT_EQ(told(csv), "5: 6: 7:plate 8: ");
  EXPECT_EQ(csv.rows, 0u);
  const auto json = app::read_watch_rows(folder.write("l.jsonl", R"({"list":"a","owner":"b","reason":"c"})" "\n{\"plate\":1}\nno\n{\"plat\":\"x\"}\n{}\n{\"plate\":\"BG1\"}\n"), kept);
  EXPECT_EQ(told(json), "2:plate 3: 4:plat 5:plate ");
  EXPECT_EQ(json.rows, 1u);
  const auto head = app::read_watch_rows(folder.write("h.csv", "# list: a (b)\n# kind: cars\n# valid_until: 2026-02-29\n# colour: red\nplate\nBG1\n"), kept);
  EXPECT_EQ(told(head), "2:kind 3:valid_until 4:colour 5:owner 5:reason 5:list ");
  EXPECT_EQ(head.rows, 0u) << "with a wrong head nothing is taken";
  EXPECT_EQ(app::read_watch_rows("/nowhere/at/all.csv", kept).wrong, 1u);
  std::string many = "# list: a\n# owner: b\n# reason: c\nplate\n";
  for (int i = 0; i < 250; ++i) many += "BAD\n";
  const auto hundred = app::read_watch_rows(folder.write("m.csv", many), kept);
  EXPECT_EQ(hundred.wrong, 250u);
  EXPECT_EQ(hundred.findings.size(), 100u);
}

TEST(WatchListKey, Is32BytesOr64Digits) {
  TemporaryFolder folder;
  const std::string hex(64, 'a');
  const auto a = app::read_watch_key(folder.write("a.key", hex + "\n")), b = app::read_watch_key(folder.write("b.key", std::string(32, '\xaa')));
  ASSERT_TRUE(a);
  ASSERT_TRUE(b);
  EXPECT_EQ((*a)("x"), (*b)("x"));
  EXPECT_NE((*a)("x"), (*a)("y"));
  EXPECT_NE((*a)("x"), (*app::read_watch_key(folder.write("c.key", std::string(64, 'b'))))("x"));
  for (const std::string& bad : {std::string(63, 'a'), std::string(66, 'a'), std::string("secret"), std::string()})
    EXPECT_FALSE(app::read_watch_key(folder.write("bad.key", bad)));
  EXPECT_FALSE(app::read_watch_key("/nowhere/at/all.key"));
}

TEST(PostsWatchLists, AConfusionIsFoundInHqsListsAndTheSitesAndAPossibleOneByItsTrailer) {
  TemporaryFolder folder;
  config::Site site;
  site.watch_lists_file = folder.write("w.jsonl", R"({"list":"local","plate":"BG 123-AA","country":"SRB","trailer":"BG 456-BB"})" "\n"
                                                  R"({"list":"local","plate":"BG+1"})" "\n");
  std::vector<config::Finding> findings;
  const auto from_site = app::read_site_lists(site, findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].line, 2);
  app::CachedDeclarations lists;
  store::CachedLists hq;
  hq.watch_lists["stolen"] = {"BG999ZZ"};
  app::take_lists(lists, hq, from_site);
  app::take_site_watch_lists(lists, site);
  EXPECT_EQ(lists.watch_lists_with({"8G999ZZ"}), Names{"stolen"});
  EXPECT_EQ(lists.watch_lists_with({"BG998ZZ"}), Names{});
  EXPECT_EQ(lists.watch_lists_with({"BGI23AA"}), Names{"local"});
  EXPECT_EQ(lists.watch_lists_with({"BG124AA"}), Names{});
  EXPECT_EQ(lists.watch_lists_with({"BG124AA", "BG456BB"}), Names{"local (possible: BG123AA)"});
  EXPECT_EQ(lists.replace_watch_list("stolen", {"BG997ZZ", "\xFF"}), 1u) << "what is no plate is counted";
  EXPECT_EQ(lists.watch_lists_with({"BG999ZZ"}), Names{});
  EXPECT_EQ(lists.watch_lists_with({"BG997ZZ"}), Names{"stolen"});
}

TEST(PostsWatchLists, ABuiltListIsTakenWithItsKeyAndADamagedOneIsTold) {
  TemporaryFolder folder;
  const auto key = app::read_watch_key(folder.write("k", std::string(64, '7')));
  ASSERT_TRUE(key);
  const Bytes bytes = risk::encode(listing({{"RS100", {}}}, head_of("operators-1", risk::WatchKind::operators), *key));
  config::Site site;
  site.watch_lists_file = folder.write("o.rwl", std::string(as_text(bytes)));
  std::vector<config::Finding> findings;
  (void)app::read_site_lists(site, findings);
  EXPECT_EQ(findings.size(), 1u) << "no key";
  findings.clear();
  folder.write("o.rwl.key", std::string(64, '7'));
  (void)app::read_site_lists(site, findings);
  EXPECT_TRUE(findings.empty());
  app::CachedDeclarations lists;
  app::take_site_watch_lists(lists, site);
  risk::WatchQuestion vehicle;
  vehicle.operators = {"RS 100"};
  EXPECT_EQ(lists.watch_hits(vehicle).names, Names{"operators-1"});
  folder.write("o.rwl", std::string(as_text(bytes)).substr(0, 100));
  (void)app::read_site_lists(site, findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].cause.find("bytes long"), std::string::npos);
}
