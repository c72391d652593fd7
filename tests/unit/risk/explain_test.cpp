// What the risk unit is told of an assessment: what matched and became of it, and what was one test short, wherever in a condition that test stands.
#include "edge/risk/explain.hpp"

#include "edge/risk/near_miss.hpp"
#include "tests/unit/risk/sets.hpp"

namespace rampa::tests {
namespace {

constexpr const char* tobacco = R"({"field":"goods.hs_code","op":"prefix","value":"2402"})";
constexpr const char* from_by = R"({"field":"goods.origin","op":"eq","value":"BY"})";
constexpr const char* consignee = R"({"field":"declaration.consignee","op":"eq","value":"RS1"})";
constexpr const char* heavy = R"({"field":"evidence.gross_kg","op":"ge","value":40000})";
constexpr const char* other_plate = R"({"field":"vehicle.plate","op":"eq","value":"NS1"})";

std::string all(std::initializer_list<std::string> parts, const char* group = "all") {
  std::string text = std::string("{\"") + group + "\":[";
  for (const auto& part : parts) text += (text.back() == '[' ? "" : ",") + part;
  return text + "]}";
}

std::string explained(const std::string& profiles, const risk::Question& q = question(), const std::string& policy = R"({"draw_secret":"00112233445566778899aabbccddeeff"})",
                      const std::string& more = "") {
  const std::string json = R"({"format":2,"version":"v","policy":)" + policy + more + R"(,"profiles":[)" + profiles + "]}";
  auto set = risk::compile(json, "abc");
  EXPECT_TRUE(set) << set.error().what;
  const auto read = risk::Explainer::of(json);
  EXPECT_TRUE(read) << read.error().what;
  return read ? read->explain(risk::assess(**set, q), q.now) : "";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
/// The near misses alone.
std::string near(const std::string& when, const risk::Question& q = question()) {
  const auto text = explained(profile("N", "red", when), q);
  const auto from = text.find("\"near_misses\":"), to = text.find(",\"undetermined\":", from);
  return text.substr(from + 14, to - from - 14);
}

TEST(Explain, OneTestShortInAConjunctionWithItsFact) {
  EXPECT_EQ(near(all({consignee, heavy})), R"([{"profile":"N","version":0,"title":"t","short_of":[{"condition":{"field":"evidence.gross_kg","op":"ge","value":40000},"fact":32400}]}])");
  EXPECT_EQ(near(all({other_plate, heavy})), "[]") << "two short";
  EXPECT_EQ(near(heavy), R"([{"profile":"N","version":0,"title":"t","short_of":[{"condition":{"field":"evidence.gross_kg","op":"ge","value":40000},"fact":32400}]}])");
}

TEST(Explain, OneTestShortInTheGoodsWithTheItem) {
  EXPECT_TRUE(has(near(all({tobacco, from_by}, "any_item")), R"("short_of":[{"condition":{"field":"goods.origin","op":"eq","value":"BY"},"item":0,"fact":"AE"}])")) << near(all({tobacco, from_by}, "any_item"));
  EXPECT_EQ(near(all({R"({"field":"goods.hs_code","op":"prefix","value":"99"})", from_by}, "any_item")), "[]");
  EXPECT_TRUE(has(near(all({tobacco}, "all_item")), R"("item":1,"fact":"610910")")) << near(all({tobacco}, "all_item"));
  EXPECT_TRUE(has(near(all({consignee, all({tobacco, from_by}, "any_item")})), R"("item":0,"fact":"AE")")) << "one level further in";
  EXPECT_EQ(near(all({heavy, all({tobacco, from_by}, "any_item")})), "[]");
}

TEST(Explain, NearMissesAreLookedForInTheFirstGoodsAndThatIsSaid) {
  auto q = question();
  EXPECT_FALSE(has(explained(profile("N", "red", heavy), q), "near_misses_of_first_goods"));
  q.declarations[0].goods.assign(201, {"240220", "AE", 1, 1, ""});
  EXPECT_TRUE(has(explained(profile("N", "red", heavy), q), R"("near_misses_of_first_goods":200)"));
}

TEST(Explain, OneTestShortInEveryBranchOfAnAny) {
  const auto text = near(all({all({consignee, heavy}), all({other_plate, heavy}), all({consignee, R"({"field":"declaration.kind","op":"eq","value":"transit"})"})}, "any"));
  EXPECT_TRUE(has(text, R"("op":"ge","value":40000},"fact":32400})")) << text;
  EXPECT_TRUE(has(text, R"("value":"transit"},"fact":["import"]})")) << text;
  EXPECT_FALSE(has(text, "NS1")) << text;
}

TEST(Explain, ATestThatHoldsAndMustNot) {
  EXPECT_TRUE(has(near(all({R"({"not":)" + std::string(consignee) + "}", R"({"field":"evidence.gross_kg","op":"ge","value":1})"})), R"("fact":["RS1"])"));
  EXPECT_TRUE(has(near(R"({"not":)" + all({consignee, R"({"field":"evidence.gross_kg","op":"ge","value":1})"}) + "}"), R"({"not":{"field":"evidence.gross_kg")"));
}

TEST(Explain, WhatIsOneShortIsWhatOneChangedFactWouldMatch) {
  // The yardstick: the same question with that fact as the test asks for it.
  auto q = question();
  ASSERT_NE(near(all({consignee, heavy}), q), "[]");
  q.facts["evidence.gross_kg"] = std::int64_t{40000};
  EXPECT_EQ(near(all({consignee, heavy}), q), "[]");
  q.facts.erase("evidence.gross_kg");
  EXPECT_EQ(near(all({consignee, heavy}), q), "[]") << "a missing fact is undetermined, no near miss";
}

TEST(Explain, ASecretDeclinedProfileHasBothNamesAndItsDraw) {
  const auto text = explained(profile("FIN", "red", consignee, R"(,"secret":true,"sample_percent":0.01)"));
  const auto at = text.find("\"shown_as\":\"S-");
  ASSERT_NE(at, std::string::npos) << text;
  const std::string shown = text.substr(at + 12, 14);
  EXPECT_TRUE(has(text, "\"profile\":\"FIN\"")) << text;
  EXPECT_TRUE(has(text, "\"outcome\":\"declined\",\"declined\":\"not drawn\"")) << text;
  EXPECT_TRUE(has(text, "\"declined\":[\"" + shown + ": not drawn\"]")) << text;
  EXPECT_TRUE(has(text, ",\"sample_of_10000\":1,\"aeo_of_10000\":10000")) << text;
  EXPECT_TRUE(has(text, "\"facts\":{\"declaration.consignee\":[\"RS1\"]}")) << text;
  auto set = risk::compile(R"({"format":2,"version":"v","policy":{"draw_secret":"00112233445566778899aabbccddeeff"},"profiles":[)" + profile("FIN", "red", consignee, R"(,"secret":true,"sample_percent":0.01)") + "]}", "abc");
  const auto draws = risk::assess(**set, question()).draws;
  ASSERT_EQ(draws.size(), 1u);
  EXPECT_TRUE(has(text, "\"drawn\":" + std::to_string(draws[0]) + ",\"sample")) << text;
}

TEST(Explain, HitsShadowsGreenListsAndGoods) {
  const auto text = explained(profile("A", "yellow", consignee) + "," + profile("B", "red", all({tobacco}, "any_item"), R"(,"state":"shadow")") + "," + profile("C", "yellow", heavy, R"(,"security":true)"), question(),
                              R"({"random_percent":1})", R"(,"green_lists":[{"id":"FRIENDS","residual_percent":0,"when":)" + std::string(consignee) + "}]");
  EXPECT_TRUE(has(text, "\"outcome\":\"declined\",\"declined\":\"green list FRIENDS\"")) << text;
  EXPECT_TRUE(has(text, "\"outcome\":\"shadow\"")) << text;
  EXPECT_TRUE(has(text, R"("facts":{"goods.0.hs_code":"240220","goods.1.hs_code":"610910"})")) << text;
  EXPECT_TRUE(has(text, R"("green_list":{"id":"FRIENDS","residual_of_10000":0,"facts":{"declaration.consignee":["RS1"]}})")) << text;
  EXPECT_TRUE(has(text, R"("of_10000":100,"least_of_10000":0})")) << text;
  EXPECT_TRUE(has(explained(profile("A", "yellow", consignee)), "\"outcome\":\"hit\",\"condition\":{\"field\":\"declaration.consignee\""));
}

}  // namespace
}  // namespace rampa::tests
