// What is told of a lorry by its declarations, several of them too: what one lacks is missing, never invented.
#include <gtest/gtest.h>

#include "edge/risk/catalogue.hpp"
#include "edge/risk/compiled_set.hpp"
#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;
using enum SelectivityChannel;

TEST(DeclaredFacts, AnyItemMeansOneAndTheSameItem) {
  const auto both = [](const std::string& origin) {
    return profile("A", "red", R"({"any_item":[{"field":"goods.hs_code","op":"prefix","value":"2402"},{"field":"goods.origin","op":"eq","value":")" + origin + R"("}]})");
  };
  EXPECT_EQ(risk::assess(*compiled(both("AE")), question()).channel, red);
  EXPECT_EQ(risk::assess(*compiled(both("TR")), question()).channel, green);
  auto q = question();
  q.declarations[0].goods.clear();
  EXPECT_EQ(risk::assess(*compiled(both("AE")), q).channel, yellow);
}

TEST(DeclaredFacts, SeveralDeclarationsOfOneLorry) {
  auto q = question();
  auto second = declaration();
  second.reference = "26RS002";
  second.consignee = "RS2";
  second.gross_kg = 1000;
  second.trailer = "OTHER";
  second.more["seals"] = std::int64_t{2};
  q.declarations.push_back(second);
  q.declarations[0].more["declaration.seals"] = std::int64_t{1};
  for (auto& d : q.declarations) d.more["vehicle_tare_kg"] = std::int64_t{15000};
  q.facts["evidence.gross_kg"] = std::int64_t{47400};
  const auto a = risk::assess(*compiled(""), q);
  EXPECT_EQ(a.facts.at("declaration.count"), FieldValue{std::int64_t{2}});
  EXPECT_EQ(a.facts.at("declaration.gross_kg"), FieldValue{std::int64_t{33000}});
  EXPECT_EQ(a.facts.at("declaration.seals"), FieldValue{std::int64_t{3}});
  EXPECT_EQ(a.facts.at("declaration.consignee"), FieldValue{(std::vector<std::string>{"RS1", "RS2"})});
  EXPECT_EQ(a.facts.at("declaration.trailer_matches"), FieldValue{false});
  EXPECT_EQ(a.facts.at("evidence.mass_deviation_kg"), FieldValue{std::int64_t{-600}});
  q.declarations[0].more.clear();  // only one of two says it
  EXPECT_EQ(risk::assess(*compiled(""), q).facts.count("declaration.seals"), 0u);
}

TEST(DeclaredFacts, ASecondDeclarationHidesNothingThatTheFirstLacks) {
  const auto says = [](const std::string& when, bool bare_one, bool second) {
    auto q = question();
    q.declarations[0].more["route"] = std::string("DE");
    auto bare = declaration();
    bare.reference = "26RS000";
    bare.consignee.clear();
    bare.goods.clear();
    if (!second) q.declarations.clear();
    if (bare_one) q.declarations.push_back(bare);
    const auto a = risk::assess(*compiled(profile("A", "red", when)), q);
    EXPECT_EQ(risk::reassess(*compiled(profile("A", "red", when)), a, q.now, {}), a);
    EXPECT_EQ(a.channel, !a.hits.empty() ? red : a.undetermined.empty() ? green : yellow);
    return !a.hits.empty() ? "hit" : a.undetermined.empty() ? "no" : a.undetermined[0];
  };
  const auto test = [](const std::string& field, const std::string& op, const std::string& value) {
    return R"({"field":")" + field + R"(","op":")" + op + R"(","value":)" + value + "}";
  };
  const std::string open = "A: declaration.consignee missing";
  EXPECT_EQ(says(test("declaration.consignee", "eq", R"("RS2")"), true, false), open);
  EXPECT_EQ(says(test("declaration.consignee", "eq", R"("RS2")"), true, true), open) << "it may be the first one's";
  EXPECT_EQ(says(test("declaration.consignee", "eq", R"("RS2")"), false, true), "no");
  EXPECT_EQ(says(test("declaration.consignee", "eq", R"("RS1")"), true, true), "hit");
  EXPECT_EQ(says(test("declaration.consignee", "prefix", R"("RS")"), true, true), "hit");
  EXPECT_EQ(says(test("declaration.consignee", "notin", R"(["RS1"])"), true, true), open) << "the first one's may be another";
  EXPECT_EQ(says(test("declaration.consignee", "notin", R"(["RS2"])"), true, true), "hit") << "the second one's is another";
  EXPECT_EQ(says(test("declaration.consignee", "exists", "false"), true, false), "hit");
  EXPECT_EQ(says(test("declaration.consignee", "exists", "false"), true, true), open);
  EXPECT_EQ(says(test("declaration.consignee", "exists", "true"), true, true), open);
  EXPECT_EQ(says(test("declaration.route", "eq", R"("SY")"), true, true), "A: declaration.route missing") << "further fields too";
  EXPECT_EQ(says(test("declaration.kind", "eq", R"("export")"), true, true), "no") << "both have it";
  const auto item = [&](const std::string& kind, const std::string& origin) { return "{\"" + kind + "\":[" + test("goods.origin", "eq", "\"" + origin + "\"") + "]}"; };
  EXPECT_EQ(says(item("any_item", "IR"), true, false), "A: goods missing");
  EXPECT_EQ(says(item("any_item", "IR"), true, true), "A: goods missing");
  EXPECT_EQ(says(item("any_item", "IR"), false, true), "no");
  EXPECT_EQ(says(item("any_item", "AE"), true, true), "hit");
  EXPECT_EQ(says(item("all_item", "AE"), true, true), "no");
  EXPECT_EQ(says(R"({"all_item":[{"field":"goods.gross_kg","op":"ge","value":1}]})", true, true), "A: goods missing");
  EXPECT_EQ(says(R"({"field":"declaration.value_eur","op":"le","value":1})", true, true), "A: declaration.value_eur missing");
}

TEST(DeclaredFacts, ATaxableSumComesFromEveryDeclaration) {
  auto q = question();
  auto second = declaration();
  second.reference = "26RS002";
  second.goods.clear();
  second.more["value_eur"] = std::int64_t{8000};
  q.declarations.push_back(second);
  EXPECT_EQ(risk::assess(*compiled(""), q).facts.at("declaration.value_eur"), FieldValue{std::int64_t{100000}}) << "92000 by its goods, 8000 as a sum";
  q.declarations[1].more["tractor_matches"] = true;  // nobody declares what Rampa finds out
  q.facts.erase("vehicle.plate");
  EXPECT_FALSE(risk::assess(*compiled(""), q).facts.contains("declaration.tractor_matches"));
}

TEST(DeclaredFacts, WhatIsDerivedIsNobodysToDeclare) {
  static const std::map<risk::FieldType, FieldValue> values{{risk::FieldType::boolean, true},
                                                            {risk::FieldType::integer, std::int64_t{7}},
                                                            {risk::FieldType::text, std::string("X")},
                                                            {risk::FieldType::list, std::vector<std::string>{"DE"}}};
  Declaration fair, bold;
  fair.reference = bold.reference = "1";
  for (const auto& name : risk::catalogue()) {
    const auto id = *risk::field_id(name);
    const bool declared = name.starts_with("declaration.") && !risk::is_derived(id);
    (declared ? fair : bold).more[name] = values.at(risk::field_type(id));
  }
  risk::Question q;
  const auto facts_of = [&](const Declaration& d) {
    q.declarations = {d};
    return risk::assess(*compiled(""), q).facts;
  };
  const auto facts = facts_of(fair);
  for (const auto& [name, value] : fair.more) EXPECT_EQ(facts.at(name), value) << name << " is derived, and the catalogue does not say so";
  const auto none = facts_of(bold);
  bold.more.clear();
  EXPECT_EQ(none, facts_of(bold));
}

TEST(DeclaredFacts, ADerivedFactThatIsOnlySaidStaysUnknown) {
  auto q = question();
  q.declarations[0].more = {{"value_per_kg_cent", std::int64_t{100000}}, {"container_prefix", std::string("CSQU")}, {"container_check_wrong", std::string("X")}};
  for (const std::string when : {R"({"field":"declaration.value_per_kg_cent","op":"le","value":100})", R"({"field":"declaration.container_prefix","op":"eq","value":"MSKU"})",
                                 R"({"field":"declaration.container_check_wrong","op":"eq","value":"Y"})"})
    EXPECT_EQ(risk::assess(*compiled(profile("A", "red", when)), q).channel, yellow) << when;
}

TEST(DeclaredFacts, TheVehicleIsNotAddedUpOverDeclarations) {
  const auto asked = [](std::vector<std::pair<std::int64_t, std::int64_t>> masses_and_tares) {
    auto q = question();
    q.facts["evidence.gross_kg"] = std::int64_t{46000};
    q.declarations.clear();
    for (const auto& [mass, tare] : masses_and_tares) {
      Declaration d;
      d.reference = std::to_string(q.declarations.size());
      d.gross_kg = mass;
      if (tare > 0) d.more["vehicle_tare_kg"] = tare;
      q.declarations.push_back(d);
    }
    const auto facts = risk::assess(*compiled(""), q).facts;
    const auto said = [&](const char* name) { return facts.contains(name) ? std::to_string(std::get<std::int64_t>(facts.at(name))) : "-"; };
    return said("declaration.gross_kg") + " " + said("declaration.vehicle_tare_kg") + " " + said("evidence.mass_deviation_percent");
  };
  EXPECT_EQ(asked({{16000, 15000}}), "16000 15000 48");
  EXPECT_EQ(asked({{8000, 15000}, {8000, 15000}}), "16000 15000 48") << "one vehicle, whose goods are in two declarations";
  EXPECT_EQ(asked({{8000, 15000}, {8000, 16000}}), "16000 - -") << "which is its mass?";
  EXPECT_EQ(asked({{31000, 0}, {31000, 0}}), "31000 - 48") << "the laden vehicle's, said twice";
  EXPECT_EQ(asked({{31000, 0}, {15000, 0}}), "- - -") << "they contradict each other";
  EXPECT_EQ(asked({{16000, 15000}, {31000, 0}}), "- - -") << "the goods' of the one, the vehicle's of the other";
  EXPECT_EQ(asked({{16000, 15000}, {0, 15000}}), "- 15000 -");
}

TEST(DeclaredFacts, HowOftenADeclarantCameIsNotAddedUp) {
  auto q = question();
  auto second = declaration();
  second.reference = "26RS002";
  q.declarations.push_back(second);
  const auto earlier = [&](std::int64_t first, std::int64_t other) {
    q.declarations[0].more["earlier_30_days"] = first;
    q.declarations[1].more["earlier_30_days"] = other;
    const auto facts = risk::assess(*compiled(""), q).facts;
    return facts.contains("declaration.earlier_30_days") ? std::get<std::int64_t>(facts.at("declaration.earlier_30_days")) : -1;
  };
  EXPECT_EQ(earlier(4, 4), 4);
  EXPECT_EQ(earlier(0, 50), -1) << "a newcomer does not hide behind another declarant";
}

TEST(DeclaredFacts, GoodsWithoutValueOrMassAreNotWorthNothing) {
  const auto says = [](const std::string& when, const std::vector<GoodsItem>& goods) {
    auto q = question();
    q.declarations[0].goods = goods;
    const auto a = risk::assess(*compiled(profile("A", "red", when)), q);
    return !a.hits.empty() ? "hit" : a.undetermined.empty() ? "no" : a.undetermined[0];
  };
  const std::string value = R"({"any_item":[{"field":"goods.value_eur","op":"ge","value":10000}]})";
  const std::string mass = R"({"any_item":[{"field":"goods.gross_kg","op":"ge","value":10000}]})";
  const std::string sum = R"({"field":"declaration.value_eur","op":"ge","value":10000})";
  const GoodsItem bare{"08105000", "TR", {}, {}, ""}, cheap{"08105000", "TR", 10, 9000, ""}, dear{"08105000", "TR", 20000, 20000, ""}, free{"08105000", "TR", 0, 0, ""};
  EXPECT_EQ(says(value, {bare}), "A: goods.value_eur missing");
  EXPECT_EQ(says(mass, {bare}), "A: goods.gross_kg missing");
  EXPECT_EQ(says(sum, {bare}), "A: declaration.value_eur missing");
  EXPECT_EQ(says(sum, {cheap, bare}), "A: declaration.value_eur missing") << "the sum of some is not the sum";
  EXPECT_EQ(says(value, {cheap, bare}), "A: goods.value_eur missing");
  EXPECT_EQ(says(value, {dear, bare}), "hit");
  for (const auto& when : {value, mass, sum}) EXPECT_EQ(says(when, {free}), "no") << "what is declared as 0 is 0";
  EXPECT_EQ(says(sum, {cheap, cheap}), "hit");
}

TEST(DeclaredFacts, ContainersValuePerKilogramAndTime) {
  auto q = question();
  Declaration d;
  d.reference = "1";
  d.more = {{"container", std::vector<std::string>{"csqu 305438-3", "CSQU3054384"}}, {"net_kg", std::int64_t{400}}};
  d.goods = {{"240220", "AE", 500, 1000, ""}};
  q.declarations = {d};
  q.now = WallTime{1795255200000};  // Saturday 2026-11-21 10:00 UTC
  q.utc_offset_min = 60;
  const auto facts = risk::assess(*compiled(""), q).facts;
  EXPECT_EQ(facts.at("declaration.container_prefix"), FieldValue(std::vector<std::string>{"CSQU"}));
  EXPECT_EQ(facts.at("declaration.container_check_wrong"), FieldValue(std::vector<std::string>{"CSQU3054384"}));
  EXPECT_EQ(facts.at("declaration.value_per_kg_cent"), FieldValue(std::int64_t{250}));
  EXPECT_EQ(facts.at("time.hour"), FieldValue(std::int64_t{11}));
  EXPECT_EQ(facts.at("time.weekday"), FieldValue(std::int64_t{6}));
}

TEST(DeclaredFacts, NumbersTooLargeToAddAreMissingNotInvented) {
  auto q = question();
  auto huge = declaration();
  huge.reference = "26RS002";
  huge.gross_kg = INT64_MAX;
  huge.goods = {{"240220", "AE", 1, INT64_MAX, "gold"}};
  huge.more["seals"] = std::int64_t{INT64_MAX};
  q.declarations[0].more["seals"] = std::int64_t{2};
  huge.more["vehicle_tare_kg"] = q.declarations[0].more["vehicle_tare_kg"] = std::int64_t{0};  // so that masses are added
  q.declarations.push_back(huge);
  const auto set = compiled(profile("A", "yellow", R"({"field":"declaration.gross_kg","op":"ge","value":1})"));
  auto a = risk::assess(*set, q);
  for (const char* field : {"declaration.gross_kg", "declaration.value_eur", "declaration.seals", "evidence.mass_deviation_kg", "evidence.mass_deviation_percent"})
    EXPECT_FALSE(a.facts.contains(field)) << field;
  EXPECT_EQ(a.undetermined, std::vector<std::string>{"A: declaration.gross_kg missing"});
  EXPECT_EQ(a.channel, yellow);
  q.declarations = {huge};
  q.declarations[0].more["vehicle_tare_kg"] = std::int64_t{INT64_MAX};
  EXPECT_FALSE(risk::assess(*set, q).facts.contains("evidence.mass_deviation_kg"));
  q.declarations[0].more["vehicle_tare_kg"] = std::int64_t{0};
  q.declarations[0].gross_kg = 1;
  q.facts["evidence.gross_kg"] = std::int64_t{INT64_MAX};
  a = risk::assess(*set, q);
  EXPECT_TRUE(a.facts.contains("evidence.mass_deviation_kg"));
  EXPECT_FALSE(a.facts.contains("evidence.mass_deviation_percent"));
}

TEST(DeclaredFacts, LongListsAreJoinedInTheirOrderWithoutComparingEachWithEach) {
  const auto codes = [](int from, int to) {
    std::vector<std::string> list;
    for (int i = from; i < to; ++i) list.push_back("CSQU" + std::to_string(300'000 + i));
    return list;
  };
  auto q = question();
  q.declarations[0].more["container"] = codes(1000, 40'000);
  auto second = declaration();
  second.reference = "26RS002";
  second.more["container"] = codes(0, 100'000);
  q.declarations.push_back(second);
  const auto facts = risk::assess(*compiled(""), q).facts;
  const auto& joined = std::get<std::vector<std::string>>(facts.at("declaration.container"));
  ASSERT_EQ(joined.size(), 100'000u);
  EXPECT_EQ(joined.front(), "CSQU301000");
  EXPECT_EQ(joined.back(), "CSQU399999");
  EXPECT_EQ(facts.at("declaration.container_prefix"), FieldValue(std::vector<std::string>{"CSQU"}));
  EXPECT_EQ(std::get<std::vector<std::string>>(facts.at("declaration.container_check_wrong")).size(), 100'000u) << "no check digits";
}

TEST(DeclaredFacts, ManyGoodsTimesManyContainersFormNoMoreKeysThanItTakesToLookAtEveryProfile) {
  std::string profiles;
  for (int i = 0; i < 300; ++i)
    profiles += (i == 0 ? "" : ",") + profile("A" + std::to_string(i), "yellow",
                                              R"({"all":[{"field":"declaration.container","op":"in","value":["R)" + std::to_string(i) + R"(","S"]},{"any_item":[{"field":"goods.hs_code","op":"prefix","value":")" +
                                                  std::to_string(240'000 + i) + R"("}]}]})");
  const auto set = compiled(profiles);
  auto q = question();
  std::vector<std::string> containers;
  for (int i = 0; i < 10'000; ++i) containers.push_back("R" + std::to_string(2 * i));
  q.declarations[0].more["container"] = containers;
  q.declarations[0].goods.clear();
  for (int i = 0; i < 9'999; ++i) q.declarations[0].goods.push_back({std::to_string(240'000 + 3 * i), "AE", {}, {}, ""});
  const auto a = risk::assess(*set, q);
  EXPECT_EQ(a.hits.size(), 50u) << "every sixth";
  const auto& compiled_set = dynamic_cast<const risk::CompiledSet&>(*set);
  risk::Decision decision, scanned;
  const auto sheet = risk::fact_sheet(a.facts);
  risk::decide(compiled_set, sheet, {q.now}, decision);
  risk::decide_by_scan(compiled_set, sheet, {q.now}, scanned);
  EXPECT_EQ(decision.outcomes.size(), 50u);
  EXPECT_EQ(scanned.outcomes.size(), 50u);
  EXPECT_LE(decision.scratch.keys.size(), 1u << 20);
  EXPECT_EQ(decision.scratch.found.size(), 300u) << "every profile is looked at";
}

TEST(DeclaredFacts, CommodityCodesAndPlatesAreComparedHoweverTheyAreWritten) {
  auto q = question();
  auto& d = q.declarations[0];
  d.plate = "bg 123-aa";
  d.goods = {{"2402.20 90", "AE", {}, {}, ""}, {"cigarettes", "AE", {}, {}, ""}, {"2402", "AE", {}, {}, ""}, {"2402-20-90\u00a000 B123", "AE", {}, {}, ""}, {"24022090000000", "AE", {}, {}, ""}};
  const auto facts = risk::assess(*compiled(""), q).facts;
  EXPECT_EQ(facts.at("declaration.tractor_matches"), FieldValue{true});
  EXPECT_EQ(facts.at("goods.0.hs_code"), FieldValue{std::string("24022090")});
  EXPECT_FALSE(facts.contains("goods.1.hs_code")) << "what is no code is not declared";
  EXPECT_EQ(facts.at("goods.2.hs_code"), FieldValue{std::string("2402")}) << "the heading of an entry summary declaration";
  EXPECT_EQ(facts.at("goods.3.hs_code"), FieldValue{std::string("2402209000")});
  EXPECT_EQ(facts.at("goods.4.hs_code"), FieldValue{std::string("2402209000")});
  EXPECT_EQ(risk::assess(*compiled(profile("A", "red", R"({"any_item":[{"field":"goods.hs_code","op":"prefix","value":"8703"}]})")), q).channel, yellow);
}
