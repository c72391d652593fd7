// What assess says, and that unknown is never green.
#include <gtest/gtest.h>

#include <algorithm>

#include "edge/crossing/record_json.hpp"
#include "edge/risk/explain.hpp"
#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;
using enum SelectivityChannel;

namespace {
bool contains(const std::vector<std::string>& list, const std::string& text) { return std::find(list.begin(), list.end(), text) != list.end(); }
std::vector<std::string> hits(const Assessment& a) {
  std::vector<std::string> ids;
  for (const auto& hit : a.hits) ids.push_back(hit.profile);
  return ids;
}
}  // namespace

TEST(Assess, NothingSelectsItIsGreen) {
  const auto a = risk::assess(*compiled(""), question());
  EXPECT_EQ(a.channel, green);
  EXPECT_TRUE(a.controls.empty());
  EXPECT_EQ(a.profile_set, "v1");
  EXPECT_EQ(a.profile_set_sha256, "abc");
}

TEST(Assess, HighestChannelWinsHitsAreOrderedById) {
  const auto a = risk::assess(*compiled(profile("C", "yellow", R"("always")") + "," + profile("A", "blue", R"("always")") + "," +
                                        profile("B", "red", R"({"field":"declaration.consignee","op":"eq","value":"RS1"})", R"(,"controls":["physical","nii"])")),
                              question());
  EXPECT_EQ(a.channel, red);
  EXPECT_EQ(hits(a), (std::vector<std::string>{"A", "B", "C"}));
  EXPECT_EQ(a.hits[1].instruction, "do B");
  EXPECT_EQ(a.controls, (std::vector<std::string>{"nii", "physical"}));
}

TEST(Assess, AHitHasItsChecklistAndAllLanguages) {
  const auto set = compiled(R"({"id":"A","title":"t","channel":"red","instruction":{"en":"Open it.","sr-Latn":"Otvorite."},"when":"always",
      "controls":["documents",{"control":"physical","what":"the spare wheel","where":"bay 2","with":"endoscope","evidence":"photograph"}]})");
  const auto a = risk::assess(*set, question());
  ASSERT_EQ(a.hits.size(), 1u);
  EXPECT_EQ(a.hits[0].instruction, "Open it.");
  EXPECT_EQ(a.hits[0].instructions, (std::map<std::string, std::string>{{"en", "Open it."}, {"sr-Latn", "Otvorite."}}));
  EXPECT_EQ(a.hits[0].controls, (std::vector<ControlOrder>{{"documents", "", "", "", ""}, {"physical", "the spare wheel", "bay 2", "endoscope", "photograph"}}));
  // The journal keeps it, and it is made again.
  AssessmentMade made;
  made.assessment = a;
  const auto text = encode(RecordBody(made));
  const auto read = decode(text.open, text.personal);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(std::get<AssessmentMade>(*read).assessment, a);
  EXPECT_EQ(risk::reassess(*set, a, question().now, {}), a);
}

TEST(Assess, OneOfBeforeChecklistsIsMadeAgainAsItWas) {
  const auto set = compiled(profile("A", "red", R"("always")", R"(,"controls":[{"control":"physical","what":"the spare wheel"}])"));
  Assessment before = risk::assess(*set, question());
  EXPECT_EQ(before.form, 1u);
  before.form = 0;
  before.hits[0].instructions.clear();
  before.hits[0].controls.clear();
  EXPECT_EQ(risk::reassess(*set, before, question().now, {}), before);
}

TEST(Assess, NoDeclarationIsAtLeastYellow) {
  auto q = question();
  q.declarations.clear();
  const auto a = risk::assess(*compiled(""), q);
  EXPECT_EQ(a.channel, yellow);
  EXPECT_TRUE(contains(a.reasons, "no declaration"));
  EXPECT_TRUE(contains(a.controls, "documents"));
}

TEST(Assess, MissingEvidenceIsAtLeastYellow) {
  auto q = question();
  q.evidence_missing = {"scale"};
  const auto a = risk::assess(*compiled(""), q);
  EXPECT_EQ(a.channel, yellow);
  EXPECT_TRUE(contains(a.reasons, "missing evidence: scale"));
  EXPECT_TRUE(contains(a.controls, "weighing"));
}

TEST(Assess, WatchListAndRadiationAreNeverIgnored) {
  auto q = question();
  q.watch_list_hits = {"stolen"};
  EXPECT_EQ(risk::assess(*compiled(""), q).channel, yellow);
  q = question();
  q.facts["evidence.radiation_alarm"] = true;
  const auto a = risk::assess(*compiled(""), q);
  EXPECT_EQ(a.channel, red);
  EXPECT_TRUE(contains(a.controls, "radiation"));
}

TEST(Assess, ScanFindings) {
  auto q = question();
  const auto channel = [&](const std::string& finding) {
    q.facts["evidence.scan_finding"] = finding;
    return risk::assess(*compiled(""), q).channel;
  };
  EXPECT_EQ(channel("clear"), green);
  EXPECT_EQ(channel("unable"), yellow);
  EXPECT_EQ(channel("recheck"), yellow);
  EXPECT_EQ(channel("suspect"), red);
}

TEST(Assess, UndeterminedIsListedAndNeverGreen) {
  const auto set = compiled(profile("A", "red", R"({"field":"declaration.seals","op":"le","value":1})"));
  const auto a = risk::assess(*set, question());
  EXPECT_EQ(a.channel, yellow);
  EXPECT_TRUE(a.hits.empty());
  EXPECT_EQ(a.undetermined, std::vector<std::string>{"A: declaration.seals missing"});
  const auto blue_one = risk::assess(*compiled(profile("A", "blue", R"({"field":"declaration.seals","op":"le","value":1})")), question());
  EXPECT_EQ(blue_one.channel, blue);
}

TEST(Assess, WhoWithholdsTheFactOfASecurityProfileGainsNothing) {
  const auto set = [](const std::string& list, const std::string& id, const std::string& more) {
    return *risk::compile(R"({"format":2,"version":"v",)" + list + "[" + profile(id, "red", R"({"field":"declaration.dispatch_country","op":"eq","value":"SY"})",
                          R"(,"controls":["physical","radiation"])" + more) + "]}", "h");
  };
  const auto security = set(R"("profiles":)", "SEC", R"(,"security":true)");
  auto q = question();
  auto a = risk::assess(*security, q);
  EXPECT_EQ(a.channel, red);
  EXPECT_TRUE(a.hits.empty());
  EXPECT_EQ(a.controls, (std::vector<std::string>{"radiation", "physical"}));
  EXPECT_EQ(a.undetermined, std::vector<std::string>{"SEC: declaration.dispatch_country missing"});
  EXPECT_EQ(risk::reassess(*security, a, q.now, {}), a);
  EXPECT_EQ(risk::reached_by_profiles(a), green) << "it takes no capacity of what can be declined";
  auto stored = a;  // as it was assessed before there was this rule
  stored.facts.erase("rules.security_open_in_full");
  stored.channel = yellow;
  stored.controls = {"documents"};
  EXPECT_EQ(risk::reassess(*security, stored, q.now, {}), stored);
  a = risk::assess(*set(R"("profiles":)", "FIN", ""), q);
  EXPECT_EQ(a.channel, yellow);
  EXPECT_EQ(a.controls, std::vector<std::string>{"documents"});
  a = risk::assess(*set(R"("profiles":[],"urgent":)", "URGENT-RS-1", R"(,"security":true)"), q);
  EXPECT_EQ(a.undetermined.size(), 1u);
  EXPECT_EQ(a.channel, yellow) << "a tip about a container does not make every lorry without one red";
  q.declarations[0].more["dispatch_country"] = std::string("DE");
  EXPECT_EQ(risk::assess(*security, q).channel, green);
}

TEST(Assess, MissingPartsMatterOnlyWhereTheOutcomeHangsOnThem) {
  const std::string missing = R"({"field":"declaration.seals","op":"le","value":1})";
  const std::string no = R"({"field":"vehicle.plate","op":"eq","value":"X"})", yes = R"({"field":"vehicle.plate","op":"ne","value":"X"})";
  const auto channel = [&](const std::string& when) { return risk::assess(*compiled(profile("A", "red", when)), question()).channel; };
  EXPECT_EQ(channel(R"({"all":[)" + missing + "," + no + "]}"), green);
  EXPECT_EQ(channel(R"({"all":[)" + missing + "," + yes + "]}"), yellow);
  EXPECT_EQ(channel(R"({"any":[)" + missing + "," + yes + "]}"), red);
  EXPECT_EQ(channel(R"({"any":[)" + missing + "," + no + "]}"), yellow);
  EXPECT_EQ(channel(R"({"not":)" + missing + "}"), yellow);
  EXPECT_EQ(channel(R"({"not":)" + yes + "}"), green);
  EXPECT_EQ(channel(R"({"field":"declaration.seals","op":"exists","value":false})"), red);
}

TEST(Assess, AnyItemMeansOneAndTheSameItem) {
  const auto both = [](const std::string& origin) {
    return profile("A", "red", R"({"any_item":[{"field":"goods.hs_code","op":"prefix","value":"2402"},{"field":"goods.origin","op":"eq","value":")" + origin + R"("}]})");
  };
  EXPECT_EQ(risk::assess(*compiled(both("AE")), question()).channel, red);
  EXPECT_EQ(risk::assess(*compiled(both("TR")), question()).channel, green);
  auto q = question();
  q.declarations[0].goods.clear();
  EXPECT_EQ(risk::assess(*compiled(both("AE")), q).channel, yellow);
}

TEST(Assess, SeveralDeclarationsOfOneLorry) {
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

TEST(Assess, ASecondDeclarationHidesNothingThatTheFirstLacks) {
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
  EXPECT_EQ(says(test("declaration.consignee", "notin", R"(["RS1"])"), true, true), "no");
  EXPECT_EQ(says(test("declaration.consignee", "notin", R"(["RS2"])"), true, true), open);
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

TEST(Assess, ATaxableSumComesFromEveryDeclaration) {
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

TEST(Assess, TheVehicleIsNotAddedUpOverDeclarations) {
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

TEST(Assess, HowOftenADeclarantCameIsNotAddedUp) {
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

TEST(Assess, GoodsWithoutValueOrMassAreNotWorthNothing) {
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

TEST(Assess, FieldsOfTheWrongTypeAreMissing) {
  auto q = question();
  q.declarations[0].more["seals"] = std::string("two");
  q.declarations[0].more["nobody_knows"] = true;
  const auto a = risk::assess(*compiled(profile("A", "red", R"({"field":"declaration.seals","op":"le","value":1})")), q);
  EXPECT_EQ(a.undetermined.size(), 1u);
  EXPECT_EQ(a.facts.count("declaration.nobody_knows"), 0u);
}

TEST(Assess, ValidityDaysAreIncluded) {
  // 2026-05-28T20:26:40Z
  const auto channel = [](const char* from, const char* to) {
    return risk::assess(*compiled(profile("A", "red", R"("always")", std::string(R"(,"valid_from":")") + from + R"(","valid_to":")" + to + "\"")), question()).channel;
  };
  EXPECT_EQ(channel("2026-05-28", "2026-05-28"), red);
  EXPECT_EQ(channel("2026-05-29", "2026-06-01"), green);
  EXPECT_EQ(channel("2026-05-01", "2026-05-27"), green);
}

TEST(Assess, SamplingSelectsItsShareAndIsStored) {
  const auto set = compiled(profile("R", "yellow", R"("always")", R"(,"sample_percent":5)"));
  auto q = question();
  int selected = 0;
  for (q.draw_key = 0; q.draw_key < 20000; ++q.draw_key) {
    const auto a = risk::assess(*set, q);
    ASSERT_EQ(a.draws.size(), 1u);
    EXPECT_EQ(a.channel == yellow, a.draws[0] < 500);
    selected += a.channel == yellow;
  }
  EXPECT_NEAR(selected, 1000, 120);  // about four standard deviations
}

TEST(Assess, DrawsOfOneProfileDoNotDependOnOthers) {
  const std::string random = profile("R", "yellow", R"("always")", R"(,"sample_percent":50)");
  const auto alone = compiled(random), together = compiled(profile("Q", "yellow", R"("always")", R"(,"sample_percent":50)") + "," + random);
  auto q = question();
  for (q.draw_key = 0; q.draw_key < 200; ++q.draw_key)
    EXPECT_EQ(risk::assess(*alone, q).draws.at(0), risk::assess(*together, q).draws.at(1));
}

TEST(Assess, ReassessGivesTheSame) {
  auto set = risk::compile(read_text("config/examples/profiles.json"), "0f");
  ASSERT_TRUE(set) << set.error().what;
  for (std::uint64_t key = 0; key < 500; ++key) {
    auto q = question();
    q.draw_key = key * 0x9e3779b97f4a7c15ull;
    if (key % 3 == 0) q.declarations.clear();
    if (key % 5 == 0) q.evidence_missing = {"scale", "portal"};
    if (key % 7 == 0) q.watch_list_hits = {"b", "a"};
    if (key % 2 == 0 && !q.declarations.empty()) q.declarations[0].kind = "transit";
    if (key % 11 == 0) q.facts["evidence.gamma_sigma"] = std::int64_t{6};
    const auto first = risk::assess(**set, q);
    EXPECT_EQ(risk::reassess(**set, first, q.now, q.evidence_missing), first);
    EXPECT_EQ(risk::assess(**set, q), first);
  }
}

TEST(Assess, ExampleSetLeavesAnOrdinaryLorryGreen) {
  auto set = risk::compile(read_text("config/examples/profiles.json"), "0f");
  ASSERT_TRUE(set);
  auto q = question();
  q.declarations[0].goods = {{"870899", "DE", 18000, 90000, "car parts"}};
  int yellow_count = 0;
  for (q.draw_key = 0; q.draw_key < 100; ++q.draw_key) {
    const auto a = risk::assess(**set, q);
    for (const auto& hit : a.hits) EXPECT_EQ(hit.profile, "RANDOM-5");
    EXPECT_TRUE(a.undetermined.empty());
    yellow_count += a.channel == yellow;
  }
  EXPECT_LT(yellow_count, 15);
  q.facts["evidence.gross_kg"] = std::int64_t{39000};
  EXPECT_TRUE(contains(hits(risk::assess(**set, q)), "MASS-DECLARED"));
  q.watch_list_hits = {"stolen"};
  EXPECT_EQ(risk::assess(**set, q).channel, red);
}

TEST(Assess, ContainersValuePerKilogramAndTime) {
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

namespace {
std::shared_ptr<const risk::ProfileSet> with_policy(const std::string& policy, const std::string& profiles, const std::string& more = "") {
  auto set = risk::compile(R"({"format":2,"version":"v","issued":"2026-11-01","policy":)" + policy + more + R"(,"profiles":[)" + profiles + "]}", "abc");
  EXPECT_TRUE(set) << set.error().what;
  return set ? *set : nullptr;
}
std::string weighted(const std::string& id, int weight, const std::string& more = "") {
  return profile(id, "blue", R"("always")", ",\"weight\":" + std::to_string(weight) + more);
}
}  // namespace

TEST(Assess, ScoresReachAChannelOfTheirOwn) {
  const auto set = with_policy(R"({"score":{"yellow":50,"red":100}})", weighted("A", 30) + "," + weighted("B", 25));
  const auto a = risk::assess(*set, question());
  EXPECT_EQ(a.score, 55);
  EXPECT_EQ(a.channel, yellow);
  EXPECT_TRUE(contains(a.reasons, "score 55"));
}

TEST(Assess, ShadowProfilesAreRecordedAndChangeNothing) {
  const auto a = risk::assess(*with_policy("{}", profile("A", "red", R"("always")", R"(,"state":"shadow","weight":900)")), question());
  EXPECT_EQ(a.channel, green);
  EXPECT_EQ(a.shadow, std::vector<std::string>{"A"});
  EXPECT_TRUE(a.hits.empty());
  EXPECT_EQ(a.score, 0);
  EXPECT_EQ(risk::assess(*with_policy("{}", profile("A", "red", R"("always")", R"(,"state":"draft")")), question()).channel, green);
}

TEST(Assess, AuthorisedOperatorsAndGreenListsNeverTouchSecurityProfiles) {
  auto q = question();
  q.facts["declaration.aeo"] = true;
  const std::string green_list = R"(,"green_lists":[{"id":"G","when":{"field":"declaration.aeo","op":"eq","value":true}}])";
  const auto financial = profile("F", "yellow", R"("always")", R"(,"aeo_percent":0)"), security = profile("S", "yellow", R"("always")", R"(,"security":true)");
  auto a = risk::assess(*with_policy("{}", financial), q);
  EXPECT_EQ(a.channel, green);
  EXPECT_EQ(a.declined, std::vector<std::string>{"F: authorised operator"});
  a = risk::assess(*with_policy("{}", profile("F", "yellow", R"("always")"), green_list), q);
  EXPECT_EQ(a.channel, green);
  EXPECT_EQ(a.declined, std::vector<std::string>{"F: green list G"});
  EXPECT_EQ(risk::assess(*with_policy("{}", security, green_list), q).channel, yellow);
  q.facts.erase("declaration.aeo");  // not known to be authorised: nothing is reduced
  EXPECT_EQ(risk::assess(*with_policy("{}", financial, green_list), q).channel, yellow);
}

TEST(Assess, CapacityDeclinesHitsAndRecordsThem) {
  auto q = question();
  q.recent = 99;
  q.recent_of_channel[static_cast<int>(red)] = 10;
  const auto policy = R"({"cap_percent":{"red":10}})";
  auto a = risk::assess(*with_policy(policy, profile("R", "red", R"("always")")), q);
  EXPECT_EQ(a.channel, blue);  // audited afterwards, never silently green
  EXPECT_EQ(a.declined, std::vector<std::string>{"R: capacity of the channel"});
  EXPECT_EQ(risk::reassess(*with_policy(policy, profile("R", "red", R"("always")")), a, q.now, {}), a);
  EXPECT_EQ(risk::assess(*with_policy(policy, profile("R", "red", R"("always")", R"(,"security":true)")), q).channel, red);
  q.recent_of_channel[static_cast<int>(red)] = 9;
  EXPECT_EQ(risk::assess(*with_policy(policy, profile("R", "red", R"("always")")), q).channel, red);
}

TEST(Assess, CapacityDeclinesOnlyWhereItLowersTheChannel) {
  auto q = question();
  q.recent = 100;
  q.recent_of_channel[static_cast<int>(yellow)] = 50;
  const auto set = with_policy(R"({"cap_percent":{"yellow":10}})", profile("Y", "yellow", R"("always")"));
  EXPECT_EQ(risk::assess(*set, q).declined, std::vector<std::string>{"Y: capacity of the channel"});
  q.declarations.clear();  // the officer asks for documents anyway
  auto a = risk::assess(*set, q);
  EXPECT_EQ(a.channel, yellow);
  EXPECT_EQ(a.declined, std::vector<std::string>{});
  ASSERT_EQ(a.hits.size(), 1u);
  EXPECT_EQ(a.hits[0].profile, "Y");
  EXPECT_EQ(risk::reassess(*set, a, q.now, {}), a);
  // As it was assessed and stored before there was this rule.
  auto stored = a;
  stored.facts.erase("recent.by_hits");
  stored.declined = {"Y: capacity of the channel"};
  stored.hits.clear();
  EXPECT_EQ(risk::reassess(*set, stored, q.now, {}), stored);
}

TEST(Assess, CapacityIsTakenByHitsAndByTheScoreNotByFloors) {
  auto q = question();
  const auto by_score = with_policy(R"({"score":{"yellow":60,"red":120}})", profile("A", "green", R"("always")", R"(,"weight":40)") + "," + profile("B", "green", R"("always")", R"(,"weight":40)"));
  auto a = risk::assess(*by_score, q);
  ASSERT_EQ(a.channel, yellow);
  EXPECT_EQ(risk::reached_by_profiles(a), yellow);
  EXPECT_EQ(risk::reached_by_profiles(risk::assess(*with_policy(R"({"score":{"yellow":60,"red":70}})", profile("A", "yellow", R"("always")", R"(,"weight":80)")), q)), red);
  EXPECT_EQ(risk::reached_by_profiles(risk::assess(*with_policy("{}", profile("A", "yellow", R"("always")")), q)), yellow);
  q.facts["evidence.radiation_alarm"] = true;
  a = risk::assess(*by_score, q);
  ASSERT_EQ(a.channel, red);
  EXPECT_EQ(risk::reached_by_profiles(a), green) << "the portal's, not the profiles'";
  q = question();
  q.declarations.clear();
  a = risk::assess(*with_policy("{}", profile("A", "blue", R"("always")")), q);
  ASSERT_EQ(a.channel, yellow);
  EXPECT_EQ(risk::reached_by_profiles(a), green);
}

// As a post of before format 2 stored it: no time facts, every open profile listed, profiles that were not drawn listed nowhere.
TEST(Assess, WhatWasStoredBeforeFormat2IsMadeAgainByteForByte) {
  std::string profiles;
  Assessment stored;
  stored.channel = yellow;
  for (int i = 100; i < 400; ++i) {
    const auto id = "P" + std::to_string(i);
    profiles += (i > 100 ? "," : "") + profile(id, "yellow", R"({"field":"declaration.incoterm","op":"eq","value":"EXW"})");
    stored.undetermined.push_back(id + ": declaration.incoterm missing");
  }
  profiles += "," + profile("S", "red", R"("always")", R"(,"sample_percent":0.01)") + "," + profile("T", "yellow", R"("always")");
  const auto set = compiled(profiles);
  stored.hits = {{"T", yellow, "do T", 0}};
  stored.reasons = {"profiles undetermined: facts are missing"};
  stored.controls = {"documents"};
  stored.profile_set = "v1";
  stored.profile_set_sha256 = "abc";
  stored.draw_key = 42;
  stored.draws = {6480};  // SplitMix64 over 42 and the FNV-1a of "S", worked out apart from this program
  stored.facts = {{"declaration.count", std::int64_t{1}}, {"vehicle.plate", std::string("BG123AA")}, {"vehicle.watch_lists", std::vector<std::string>{}}, {"evidence.missing", std::vector<std::string>{}}};
  const auto again = risk::reassess(*set, stored, WallTime{1'780'000'000'000}, {});
  EXPECT_EQ(again.undetermined.size(), 300u);
  EXPECT_EQ(again.declined, std::vector<std::string>{});
  EXPECT_TRUE(encode(again) == encode(stored));
  // Today's: cut, with what declined.
  stored.facts["time.utc_offset_minutes"] = std::int64_t{60};
  const auto today = risk::reassess(*set, stored, WallTime{1'780'000'000'000}, {});
  EXPECT_EQ(today.undetermined.size(), 201u);
  EXPECT_EQ(today.undetermined.back(), "and 100 further profiles");
  EXPECT_EQ(today.declined, std::vector<std::string>{"S: not drawn"});
}

TEST(Assess, ASetThatHeadquartersNoLongerConfirmsRaisesTheFloor) {
  auto q = question();
  q.set_frozen = true;
  const auto of = [](const std::string& policy) { return *risk::compile(R"({"format":2,"version":"v","policy":{)" + policy + R"(},"profiles":[]})", "h"); };
  const auto set = of("");
  const auto a = risk::assess(*set, q);
  EXPECT_EQ(a.channel, yellow) << "also where the policy says nothing";
  EXPECT_TRUE(contains(a.reasons, "headquarters no longer confirms the profile set"));
  EXPECT_EQ(risk::reassess(*set, a, q.now, {}), a);
  EXPECT_EQ(risk::reached_by_profiles(a), green) << "it takes no capacity";
  EXPECT_EQ(risk::assess(*of(R"("stale_floor":"red")"), q).channel, red);
  const auto none = risk::assess(*of(R"("stale_floor":"green")"), q);
  EXPECT_EQ(none.channel, green);
  EXPECT_TRUE(none.reasons.empty());
  q.set_frozen = false;
  EXPECT_EQ(risk::assess(*set, q).channel, green);
}

TEST(Assess, ASetFromTheFutureIsDoubtfulAndSaysSo) {
  auto q = question();  // 2026-05-28
  const auto at = [&](const std::string& issued, const std::string& policy) {
    return *risk::compile(R"({"format":2,"version":"v","issued":")" + issued + R"(","policy":)" + policy + R"(,"profiles":[]})", "h");
  };
  const auto future = at("2026-06-03", R"({"stale_after_hours":72,"stale_floor":"red"})");
  const auto a = risk::assess(*future, q);
  EXPECT_EQ(a.channel, red);
  EXPECT_TRUE(contains(a.reasons, "the profile set is dated in the future"));
  EXPECT_EQ(risk::reassess(*future, a, q.now, {}), a);
  auto stored = a;  // before there was this rule
  stored.facts.erase("set.from_the_future");
  EXPECT_EQ(risk::reassess(*future, stored, q.now, {}).channel, green);
  EXPECT_NE(future->doubt(q.now).find("future"), std::string::npos);
  EXPECT_EQ(risk::assess(*at("2026-05-29", R"({"stale_after_hours":72})"), q).channel, green) << "an administration to the east";
  EXPECT_EQ(at("2026-05-29", R"({"stale_after_hours":72})")->doubt(q.now), "");
  EXPECT_EQ(risk::assess(*at("2026-06-03", "{}"), q).channel, green) << "no floor is asked for";
  EXPECT_NE(at("2026-06-03", "{}")->doubt(q.now), "") << "but it is said";
  EXPECT_NE(at("2026-05-01", R"({"stale_after_hours":72})")->doubt(q.now).find("older than 72 hours"), std::string::npos);
}

TEST(Assess, NumbersTooLargeToAddAreMissingNotInvented) {
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

TEST(Assess, ARedWatchListIsRedAPossibleOneIsCompared) {
  auto q = question();
  q.watch_list_hits = {"stolen"};
  EXPECT_EQ(risk::assess(*compiled(""), q).channel, yellow);
  q.watch_lists_red = {"stolen"};
  q.watch_list_instructions = {"stolen\nen\nHold the vehicle."};
  const auto a = risk::assess(*compiled(""), q);
  EXPECT_EQ(a.channel, red);
  EXPECT_EQ(a.controls, (std::vector<std::string>{"documents", "physical"}));
  EXPECT_EQ(risk::reassess(*compiled(""), a, q.now, {}), a);
}

TEST(Assess, ThePostsLeastRandomShareHoldsWhereTheSetAsksForLess) {
  auto q = question();
  const auto none = compiled(""), half = with_policy(R"({"random_percent":50})", "");
  const auto plain = risk::assess(*none, q);
  EXPECT_EQ(plain.channel, green);
  EXPECT_TRUE(plain.draws.empty());
  q.random_of_10000_min = 10000;
  for (const auto& set : {none, half, with_policy(R"({"random_channel":"blue"})", "")}) {
    const auto a = risk::assess(*set, q);
    EXPECT_EQ(a.channel, yellow);
    EXPECT_EQ(a.reasons, std::vector<std::string>{"random selection"});
    EXPECT_EQ(a.draws.size(), 1u);
    EXPECT_EQ(risk::reassess(*set, a, q.now, {}), a);
  }
  int selected = 0;
  q.random_of_10000_min = 100;
  for (q.draw_key = 0; q.draw_key < 20'000; ++q.draw_key) selected += risk::assess(*none, q).channel == yellow;
  EXPECT_NEAR(selected, 200, 60);
  q.random_of_10000_min = 1;  // the set's own, higher share: as ever, one draw
  for (q.draw_key = 0; q.draw_key < 100; ++q.draw_key) {
    auto without = q;
    without.random_of_10000_min = 0;
    EXPECT_EQ(risk::assess(*half, q).draws, risk::assess(*half, without).draws);
    EXPECT_EQ(risk::assess(*half, q).channel, risk::assess(*half, without).channel);
  }
}

TEST(Assess, WithoutAHistoryNothingIsDeclinedForCapacity) {
  const auto set = with_policy(R"({"cap_percent":{"red":10}})", profile("R", "red", R"("always")"));
  EXPECT_EQ(risk::assess(*set, question()).channel, red);
  auto q = question();
  q.recent = q.recent_of_channel[static_cast<int>(red)] = 1;
  EXPECT_EQ(risk::assess(*set, q).channel, blue);
}

TEST(Assess, WeightsThatMissingFactsLeaveOpenNeverMakeItGreener) {
  const std::string seals = R"({"field":"declaration.seals","op":"le","value":1})";
  const auto open = [&](const std::string& channel, int weight) { return profile("A", channel, seals, ",\"weight\":" + std::to_string(weight)); };
  const auto policy = R"({"score":{"yellow":50,"red":100}})";
  EXPECT_EQ(risk::assess(*with_policy(policy, open("green", 120)), question()).channel, yellow);
  EXPECT_EQ(risk::assess(*with_policy(policy, open("blue", 30) + "," + weighted("B", 25)), question()).channel, yellow);
  EXPECT_EQ(risk::assess(*with_policy(policy, open("blue", 20) + "," + weighted("B", 25)), question()).channel, blue);
  EXPECT_EQ(risk::assess(*with_policy(policy, open("green", 49)), question()).channel, green);
  EXPECT_EQ(risk::assess(*with_policy(R"({"score":{"red":100}})", open("green", 100)), question()).channel, yellow);
  EXPECT_EQ(risk::assess(*with_policy(policy, open("green", -90) + "," + weighted("B", 60)), question()).channel, yellow);
}

TEST(Assess, WhatIsOutsideItsWeeklyWindowIsNotExplainedAsAMatch) {
  const std::string json = R"({"format":2,"version":"v","profiles":[)" +
                           profile("A", "yellow", R"("always")", R"(,"weekly":[{"days":["sat"],"from":"22:00","to":"06:00"}])") + "]}";
  Assessment stored;
  const auto at = [&](int hour) { return risk::explain(json, stored, WallTime{1795255200000 + (hour - 10) * 3'600'000LL}).value_or("").find("\"profile\":\"A\""); };
  EXPECT_EQ(at(21), std::string::npos);
  EXPECT_NE(at(22), std::string::npos);
  stored.facts["time.utc_offset_minutes"] = std::int64_t{60};
  EXPECT_NE(at(21), std::string::npos);
}

TEST(Assess, AStaleSetRaisesTheFloor) {
  auto q = question();
  const auto set = with_policy(R"({"stale_after_hours":48})", "");
  q.now = WallTime{1793491200000 + 47 * 3'600'000LL};  // 2026-11-01 + 47 h
  EXPECT_EQ(risk::assess(*set, q).channel, green);
  q.now = WallTime{q.now.ms + 2 * 3'600'000LL};
  const auto a = risk::assess(*set, q);
  EXPECT_EQ(a.channel, yellow);
  EXPECT_TRUE(contains(a.reasons, "the profile set is out of date"));
  EXPECT_EQ(a.facts.at("set.age_hours"), FieldValue(std::int64_t{49}));
}

TEST(Assess, WeeklyWindowsAreOfThePostsTime) {
  auto q = question();
  const auto set = with_policy("{}", profile("A", "yellow", R"("always")", R"(,"weekly":[{"days":["sat"],"from":"22:00","to":"06:00"}])"));
  const auto at = [&](int hour) {
    q.now = WallTime{1795255200000 + (hour - 10) * 3'600'000LL};
    return risk::assess(*set, q).channel;
  };
  EXPECT_EQ(at(21), green);
  EXPECT_EQ(at(22), yellow);
  EXPECT_EQ(at(29), yellow);  // Sunday 05:00
  EXPECT_EQ(at(30), green);
  q.utc_offset_min = 60;
  EXPECT_EQ(at(21), yellow);
}

// Draws with a secret: a keyed share of the movements, the same when lodged again.
TEST(Assess, DrawsAreKeyedAndCannotBeTriedAgain) {
  const auto set = with_policy(R"({"draw_secret":"000102030405060708090a0b0c0d0e0f"})", profile("A", "yellow", R"("always")", R"(,"sample_percent":5)"));
  const auto other = with_policy(R"({"draw_secret":"100102030405060708090a0b0c0d0e0f"})", profile("A", "yellow", R"("always")", R"(,"sample_percent":5)"));
  auto q = question();
  int selected = 0, differ = 0;
  for (int i = 0; i < 20000; ++i) {
    q.draw_key = *risk::movement_draw_key(*set, {"entry", "P" + std::to_string(i) + "X", q.now, 0});
    const auto a = risk::assess(*set, q);
    EXPECT_EQ(risk::assess(*set, q), a);
    selected += a.channel == yellow;
    differ += risk::assess(*other, q).channel != a.channel;
  }
  EXPECT_NEAR(selected, 1000, 102);  // 3.3 standard deviations: 99.9 %
  EXPECT_GT(differ, 1500);
}

TEST(Assess, AMovementHasOneDrawAndTheNextOneItsOwn) {
  const auto set = with_policy(R"({"draw_secret":"000102030405060708090a0b0c0d0e0f","random_percent":5})", "");
  constexpr std::int64_t day_ms = 86'400'000;
  const auto key = [&](const std::string& direction, const std::string& plate, std::int64_t day, std::int64_t released) {
    return *risk::movement_draw_key(*set, {direction, plate, WallTime{day * day_ms + 5}, released});
  };
  const auto one = key("entry", "BG101OA", 20600, 0);
  EXPECT_EQ(key("entry", "bg 101-0A", 20600, 0), one) << "what a camera confuses is no other lorry";
  EXPECT_EQ(*risk::movement_draw_key(*set, {"entry", "BG101OA", WallTime{20601 * day_ms - 1}, 0}), one) << "the day counts";
  EXPECT_NE(key("exit", "BG101OA", 20600, 0), one);
  EXPECT_NE(key("entry", "BG101OA", 20601, 0), one);
  EXPECT_NE(key("entry", "BG101OA", 20600, 1), one);
  EXPECT_NE(key("entry", "BG102OA", 20600, 0), one);
  // 400 lorries that come once a week: over seven weeks about 121 of them are selected, not the same 20 again and again.
  int selected_once = 0;
  for (int lorry = 0; lorry < 400; ++lorry) {
    bool selected = false;
    for (int week = 0; week < 7; ++week) {
      auto q = question();
      q.draw_key = key("entry", "L" + std::to_string(lorry), 20600 + 7 * week + lorry % 7, 0);
      selected = selected || risk::assess(*set, q).channel == yellow;
    }
    selected_once += selected;
  }
  EXPECT_NEAR(selected_once, 400 * (1 - 0.6983), 30);  // 0.95^7; 3.3 standard deviations
}

TEST(Assess, SecretProfilesHaveNoNameAtThePost) {
  const auto set = with_policy(R"({"draw_secret":"000102030405060708090a0b0c0d0e0f"})", profile("CANARY-7", "red", R"("always")", R"(,"secret":true)"));
  const auto a = risk::assess(*set, question());
  ASSERT_EQ(a.hits.size(), 1u);
  EXPECT_EQ(a.hits[0].profile.substr(0, 2), "S-");
  EXPECT_EQ(a.hits[0].profile.size(), 14u);
}
