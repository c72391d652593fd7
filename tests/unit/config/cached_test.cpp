#include "config/cached.hpp"

#include <gtest/gtest.h>

#include "tests/unit/config/temporary_file.hpp"

using namespace rampa;

TEST(Declarations, ExamplesAreRead) {
  const auto read = config::read_declarations("config/examples/declarations.jsonl");
  for (const auto& f : read.findings) ADD_FAILURE() << f.file << ":" << f.line << " " << f.key << " " << f.cause;
  ASSERT_EQ(read.declarations.size(), 3u);
  EXPECT_EQ(read.declarations[0].plate, "BG1482KT");
  EXPECT_EQ(read.declarations[0].trailer, "BG7731PP");
  EXPECT_EQ(read.declarations[0].goods.at(0).value_eur, 30100);
  const auto& more = read.declarations[1].more;
  EXPECT_EQ(std::get<std::int64_t>(more.at("seals_declared")), 2);
  EXPECT_EQ(std::get<std::vector<std::string>>(more.at("route")).size(), 2u);
  EXPECT_TRUE(std::get<bool>(more.at("guarantee_valid")));
}

TEST(Declarations, GoodsNeedNeitherMassNorValueAndThenHaveNone) {
  tests::TemporaryFolder folder;
  const auto read = config::read_declarations(folder.write(
      "d.jsonl", R"({"reference":"A1","kind":"import","plate":"BG 1","goods":[{"hs_code":"08105000"},{"hs_code":"08105000","gross_kg":0,"value_eur":0}]})" "\n"));
  ASSERT_EQ(read.declarations.size(), 1u);
  const auto& goods = read.declarations[0].goods;
  EXPECT_EQ(goods.at(0).gross_kg, std::nullopt);
  EXPECT_EQ(goods.at(0).value_eur, std::nullopt);
  EXPECT_EQ(goods.at(1).gross_kg, 0);
  EXPECT_EQ(goods.at(1).value_eur, 0);
}

TEST(Declarations, EveryFindingNamesItsLineAndTheGoodLinesStay) {
  tests::TemporaryFolder folder;
  const auto file = folder.write("d.jsonl",
                                 R"({"reference":"A","kind":"import","plate":"x 1"})" "\n"
                                 "\n"
                                 R"({"reference":"B","kind":"smuggle","plate":"x 2"})" "\n"
                                 R"({"reference":"A","kind":"import","plate":"x 3"})" "\n"
                                 R"({"reference":"C","kind":"import","plate":"x 4","goods":[{"hs_code":"12"}]})" "\n"
                                 R"({"reference":"D","kind":"import","plate":"x 5",)" "\n"
                                 R"({"reference":"E","kind":"import","plat":"x 6"})" "\n");
  const auto read = config::read_declarations(file);
  ASSERT_EQ(read.declarations.size(), 1u);
  EXPECT_EQ(read.declarations[0].plate, "X1");
  std::vector<std::pair<int, std::string>> found;
  for (const auto& f : read.findings) found.emplace_back(f.line, f.key);
  const std::vector<std::pair<int, std::string>> wanted{{3, "kind"}, {4, "reference"}, {5, "goods[0].hs_code"}, {6, ""}, {7, "plate"}, {7, "plat"}};
  EXPECT_EQ(found, wanted);
}

TEST(Declarations, TooMuchOfOneIsAFindingAndCodesMayHaveDots) {
  tests::TemporaryFolder folder;
  std::string routes;
  for (int i = 0; i < 10'000; ++i) routes += std::string(i ? "," : "") + "\"RS\"";
  const auto read = config::read_declarations(folder.write("d.jsonl", R"({"reference":"A1","kind":"import","plate":"BG 1","more":{"route":[)" + routes + "]}}\n" +
                                                                         R"({"reference":"A2","kind":"import","plate":"BG 1","goods":[{"hs_code":"0810.50 00"}]})" "\n"));
  ASSERT_EQ(read.findings.size(), 1u);
  EXPECT_EQ(read.findings[0].line, 1);
  EXPECT_NE(read.findings[0].cause.find("more has 10001 fields and values; at most 10000 are taken"), std::string::npos) << read.findings[0].cause;
  ASSERT_EQ(read.declarations.size(), 1u);
  EXPECT_EQ(read.declarations[0].goods[0].hs_code, "08105000");
}

TEST(WatchLists, PlatesAreFoundHoweverTheyAreWritten) {
  const auto read = config::read_watch_lists("config/examples/watch-lists.jsonl");
  EXPECT_TRUE(read.findings.empty());
  EXPECT_EQ(read.lists_with({"W82411X"}), std::vector<std::string>{"previous-findings"});
  EXPECT_EQ(read.lists_with({"NOBODY", "ZG9911AB"}), std::vector<std::string>{"stolen-vehicles"});
  EXPECT_TRUE(read.lists_with({}).empty());
}

TEST(WatchLists, AMissingFileIsAFinding) {
  EXPECT_EQ(config::read_watch_lists("/nowhere/at/all.jsonl").findings.size(), 1u);
}
