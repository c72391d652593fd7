// What `rampa profiles check` says of sets that are sound and hardly meant so.
#include <gtest/gtest.h>

#include "edge/risk/doubts.hpp"

namespace rampa::tests {
namespace {

std::vector<risk::Finding> of(const std::string& when, const std::string& more = "", const std::string& id = "P", const std::string& instruction = "Look at it.") {
  return risk::doubts(R"({"format":2,"version":"v","lists":{"plates":["bg 1"],"codes":["2402"]},"profiles":[{"id":")" + id + R"(","title":"t","channel":"yellow","instruction":")" + instruction +
                      R"(","when":)" + when + more + "}]}");
}
std::string test(const std::string& field, const std::string& op, const std::string& value) { return R"({"field":")" + field + R"(","op":")" + op + R"(","value":)" + value + "}"; }

TEST(Doubts, WhatNothingCanFitIsNamed) {
  const struct { std::string when, must; } cases[] = {
      {test("vehicle.plate", "in", R"(["bg123aa"])"), "\"bg123aa\" is no plate"},
      {test("vehicle.plates", "prefix", R"(["BG-12"])"), "is no plate"},
      {test("vehicle.plate", "in", R"({"list":"plates"})"), "of the list plates"},
      {test("vehicle.country", "eq", R"("RS")"), "3 upper-case letters"},
      {test("declaration.route", "in", R"(["TUR"])"), "2 upper-case letters"},
      {R"({"any_item":[)" + test("goods.hs_code", "prefix", R"(["24.02"])") + "]}", "\"24.02\" is no goods code"},
      {test("declaration.container_check_wrong", "exists", "true"), "\"prefix\", \"value\": \"\""},
      {test("time.hour", "eq", "24"), "time.hour never has"},
      {test("time.weekday", "ge", "8"), "it goes from 1 to 7"},
      {test("vehicle.direction", "eq", R"("inbound")"), "one of entry, exit"},
      {test("declaration.kind", "in", R"(["imports","import"])"), "\"imports\" never stands there"},
      {R"({"all":[)" + test("declaration.seals", "ge", "5") + "," + test("declaration.seals", "le", "3") + "]}", "at least 5 and at most 3"},
  };
  for (const auto& c : cases) {
    const auto found = of(c.when);
    ASSERT_EQ(found.size(), 1u) << c.when;
    EXPECT_EQ(found[0].path, "profiles[0].when");
    EXPECT_NE((found[0].cause + "; " + found[0].remedy).find(c.must), std::string::npos) << found[0].cause << "; " << found[0].remedy;
  }
}

TEST(Doubts, WhatMayFitIsNot) {
  for (const auto& when : {test("vehicle.plate", "in", R"(["BG123AA"])"), test("vehicle.country", "prefix", R"(["S"])"), test("goods.origin", "eq", R"("AE")"), test("time.hour", "range", "[0,23]"),
                           test("declaration.seals", "ge", "0"), test("evidence.mass_deviation_percent", "le", "-10"),
                           test("declaration.container", "exists", "true"), test("declaration.container_check_wrong", "prefix", R"("")"),
                           R"({"all":[)" + test("declaration.seals", "ge", "3") + "," + test("declaration.seals", "le", "3") + "]}"}) {
    const bool goods = when.find("goods.") != std::string::npos;
    EXPECT_TRUE(of(goods ? R"({"any_item":[)" + when + "]}" : when).empty()) << when;
  }
}

TEST(Doubts, IdsSharesAndInstructions) {
  EXPECT_EQ(of("\"always\"", "", "A: B")[0].path, "profiles[0].id");
  EXPECT_EQ(of("\"always\"", "", " ").size(), 1u);
  EXPECT_EQ(of("\"always\"", "", "A\\nB").size(), 1u);
  EXPECT_EQ(of("\"always\"", "", "S-012345678901").size(), 1u);
  EXPECT_TRUE(of("\"always\"", "", "A:B_1-2").empty());
  EXPECT_EQ(of("\"always\"", R"(,"scope":{"direction":["inbound"]})").size(), 1u);
  EXPECT_EQ(of("\"always\"", R"(,"sample_percent":1,"aeo_percent":0.5)")[0].path, "profiles[0].aeo_percent");
  EXPECT_TRUE(of("\"always\"", R"(,"sample_percent":1,"aeo_percent":1)").empty());
  EXPECT_TRUE(of("\"always\"", R"(,"sample_percent":1,"aeo_percent":0)").empty());
  EXPECT_EQ(of("\"always\"", "", "P", "").size(), 1u);
  EXPECT_EQ(of("\"always\"", "", "P", "Stop where declaration.seals >= 3.")[0].path, "profiles[0].instruction");
  EXPECT_TRUE(of("\"always\"", "", "P", "Ask for the declaration. Seals are to be counted.").empty());
  const auto told = of(R"({"any_item":[)" + test("goods.hs_code", "in", R"({"list":"codes"})") + "]}", "", "P", "Heading 2402: open the cartons.");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].cause.find("\"2402\""), std::string::npos);
  EXPECT_TRUE(of(R"({"any_item":[)" + test("goods.hs_code", "in", R"({"list":"codes"})") + "]}", "", "P", "Form 24023: weigh.").empty()) << "a longer number";
}

}  // namespace
}  // namespace rampa::tests
