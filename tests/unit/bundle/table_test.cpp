// The set as a table: cutting, hashing, deltas; and the walk over JSON beneath it.
#include <gtest/gtest.h>

#include <random>

#include "sync/bundle/compression.hpp"
#include "sync/bundle/json_walk.hpp"
#include "tests/unit/bundle/scene.hpp"

namespace rampa::tests {
namespace {

using namespace bundle;

TEST(ProfileTable, IsCutAndPutTogetherAgainByteForByte) {
  for (const std::string& text : {set_text(3), std::string(R"({"profiles":[]})"), std::string(R"({"a":1,"profiles":[{"id":"x"}],"z":{"k":[1,2]}})"),
                                 std::string(R"({"profiles":[{"a":{"id":"inner"},"id":"x","list":[{"id":"y"}]}]})")}) {
    const auto table = ProfileTable::read(hold(text));
    ASSERT_TRUE(table) << text_of(table.error());
    EXPECT_EQ(table->text(), text);
  }
}

TEST(ProfileTable, ItsHashIsWhatTheDocumentSays) {
  const auto table = ProfileTable::read(hold(R"({"format":1,"profiles":[{"id":"A"},{"id":"B"}],"version":"v"})")).value();
  const auto raw = [](const Sha256& hash) { return std::string(hash.begin(), hash.end()); };
  const std::string text = "rampa profile set 1\n" + raw(sha256(R"({"format":1,"version":"v"})")) + std::string("\0\0\0\0\0\0\0\2", 8) + raw(sha256(R"({"id":"A"})")) + raw(sha256(R"({"id":"B"})"));
  EXPECT_EQ(hex(table.hash()), hex(sha256(text)));
  EXPECT_EQ(table.version(), "v");
}

/// Against a map: random sets, random changes.
TEST(ProfileTable, ADeltaLeadsFromAnySetToAnyOther) {
  std::mt19937 draw(7);
  const auto random_set = [&] {
    std::string text = R"({"format":1,"profiles":[)";
    bool first = true;
    for (int i = 0; i < 60; ++i) {
      if (draw() % 3 == 0) continue;
      text += std::string(first ? "" : ",") + R"({"id":"p)" + std::to_string(100 + i) + R"(","v":)" + std::to_string(draw() % 3) + "}";
      first = false;
    }
    return text + R"(],"version":")" + std::to_string(draw() % 2) + "\"}";
  };
  for (int round = 0; round < 300; ++round) {
    const std::string a = random_set(), b = random_set();
    const auto from = ProfileTable::read(hold(a)).value(), to = ProfileTable::read(hold(b)).value();
    const auto delta = read_delta(hold(write_delta(from, to)));
    ASSERT_TRUE(delta) << text_of(delta.error());
    const auto result = from.with(*delta);
    ASSERT_TRUE(result) << text_of(result.error());
    EXPECT_EQ(result->text(), b);
    EXPECT_EQ(result->hash(), to.hash());
    EXPECT_EQ(from.text(), a);
    if (a != b) {
      EXPECT_FALSE(to.with(*delta)) << "the wrong base";
    }
  }
}

TEST(JsonWalk, TakesWhatIsJsonAndRefusesTheRest) {
  for (const char* good : {"1", "-0.5e+3", "\"\"", "[]", "{}", "[1,[2],{\"a\":null}]", "{\"a\":true,\"b\":false}", "\"\\u00e9\\n\"", "\"\xc3\xa9\xf0\x9f\x9a\x9a\""})
    EXPECT_TRUE(check_json(good, "x")) << good;
  const std::pair<const char*, Reason> wrong[] = {
      {"", Reason::not_json}, {"{", Reason::not_json}, {"[1,]", Reason::not_json}, {"{\"a\":1,}", Reason::not_json}, {"01", Reason::not_json}, {"1.", Reason::not_json},
      {"+1", Reason::not_json}, {"nul", Reason::not_json}, {"\"", Reason::not_json}, {"\"\\x\"", Reason::not_json}, {"\"\\u12\"", Reason::not_json}, {"\"\t\"", Reason::not_json},
      {"1 ", Reason::not_json}, {"[1, 2]", Reason::not_canonical}, {" 1", Reason::not_canonical}, {"{\"b\":1,\"a\":2}", Reason::not_canonical}, {"\"\\u00E9\"", Reason::not_canonical},
      {"{\"a\":1,\"a\":2}", Reason::duplicate_key}, {"\"\xc0\xaf\"", Reason::not_json}, {"\"\xed\xa0\x80\"", Reason::not_json}, {"\"\xf5\x80\x80\x80\"", Reason::not_json}, {"\"\xc3", Reason::not_json}, {"{\"a\" :1}", Reason::not_canonical}, {"[1 2]", Reason::not_canonical}, {"[1}", Reason::not_json}};
  for (const auto& [text, reason] : wrong) {
    const auto checked = check_json(text, "x");
    ASSERT_FALSE(checked) << text;
    EXPECT_EQ(name_of(checked.error().reason), name_of(reason)) << text;
  }
  EXPECT_EQ(check_json(std::string(100000, '['), "x").error().reason, Reason::too_deep);
}

TEST(Compression, GivesBackWhatWasPackedAndNothingElse) {
  const std::string text = set_text(5);
  const auto packed = pack_zstd(text, 19).value();
  EXPECT_LT(packed.size(), text.size());
  EXPECT_EQ(unpack_zstd(packed, text.size())->text, text);
  EXPECT_FALSE(unpack_zstd(packed, text.size() - 1));
  EXPECT_FALSE(unpack_zstd(packed, text.size() + 1));
  EXPECT_FALSE(pack_zstd(text, 0));
}

TEST(Times, AreReadAsTheyAreWritten) {
  for (const std::int64_t ms : {0ll, 1795262400000ll, 1709164799000ll, 4102444800000ll}) EXPECT_EQ(parse_time(time_text({ms}))->ms, ms);
  EXPECT_EQ(time_text({1795262400000}), "2026-11-21T12:00:00Z");
}

}  // namespace
}  // namespace rampa::tests
