// Nobody becomes greener by how a declaration is written, by fewer digits, or by a second declaration beside the first.
#include <gtest/gtest.h>

#include "edge/risk/compiled_set.hpp"
#include "edge/risk/declared_facts.hpp"
#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;
using enum SelectivityChannel;

namespace {

constexpr const char* secure = R"(,"security":true)";

risk::Question two_consignees(const std::string& first, const std::string& second) {
  auto q = question();
  q.declarations.push_back(declaration());
  q.declarations[1].reference = "26RS002";
  q.declarations[0].consignee = first;
  q.declarations[1].consignee = second;
  return q;
}

SelectivityChannel channel(const std::string& profiles, const risk::Question& q) {
  const auto set = compiled(profiles);
  const auto a = risk::assess(*set, q);
  EXPECT_EQ(risk::reassess(*set, a, q.now, {}), a);
  return a.channel;
}

}  // namespace

TEST(Evasion, AGreenListHoldsForEveryDeclaration) {
  const auto set = with_policy("{}", profile("TOB", "red", R"({"any_item":[{"field":"goods.hs_code","op":"prefix","value":"2402"}]})"),
                               R"(,"green_lists":[{"id":"G","when":{"field":"declaration.consignee","op":"in","value":["GOOD1","GOOD2"]},"residual_percent":0}])");
  const auto with = [&](const std::string& first, const std::string& second) { return risk::assess(*set, two_consignees(first, second)).channel; };
  EXPECT_EQ(with("GOOD1", "GOOD1"), green);
  EXPECT_EQ(with("GOOD1", "GOOD2"), green) << "each of the two is on it";
  EXPECT_EQ(with("EVIL", "GOOD1"), red);
  EXPECT_EQ(with("GOOD1", "EVIL"), red);
  EXPECT_EQ(with("GOOD1", ""), red) << "one of them says nothing";
  const auto never = with_policy("{}", profile("TOB", "red", R"("always")"),
                                 R"(,"green_lists":[{"id":"G","when":{"not":{"field":"declaration.consignee","op":"in","value":["EVIL"]}},"residual_percent":0}])");
  EXPECT_EQ(risk::assess(*never, two_consignees("EVIL", "GOOD1")).channel, red);
  EXPECT_EQ(risk::assess(*never, two_consignees("GOOD2", "GOOD1")).channel, green);
}

TEST(Evasion, ATestAsksEachDeclarationByItself) {
  const auto stranger = profile("A", "red", R"({"field":"declaration.consignee","op":"notin","value":["OK1","OK2"]})", secure);
  EXPECT_EQ(channel(stranger, two_consignees("EVIL", "OK1")), red);
  EXPECT_EQ(channel(stranger, two_consignees("OK2", "OK1")), green);
  EXPECT_EQ(channel(stranger, two_consignees("OK2", "")), red) << "the other one's is not known: undetermined, in full";
  const auto known = profile("A", "red", R"({"field":"declaration.consignee","op":"eq","value":"EVIL"})");
  EXPECT_EQ(channel(known, two_consignees("EVIL", "OK1")), red);
  EXPECT_EQ(channel(known, two_consignees("OK2", "OK1")), green);
  // Below a negation that is no test's own, too.
  const auto neither = profile("A", "red", R"({"not":{"any":[{"field":"declaration.consignee","op":"in","value":["OK1"]},{"field":"vehicle.plate","op":"eq","value":"NOBODY"}]}})");
  EXPECT_EQ(channel(neither, two_consignees("EVIL", "OK1")), red);
  EXPECT_EQ(channel(neither, two_consignees("OK1", "OK1")), green);
  // A lorry has one route and its containers, whoever declares them.
  auto q = two_consignees("OK1", "OK1");
  q.declarations[0].more["route"] = std::vector<std::string>{"HU"};
  q.declarations[1].more["route"] = std::vector<std::string>{"BG"};
  EXPECT_EQ(channel(profile("A", "red", R"({"field":"declaration.route","op":"notin","value":["HU"]})"), q), green);
}

TEST(Evasion, HowItIsWrittenChangesNothing) {
  const std::string profiles = profile("C", "red", R"({"field":"declaration.consignee","op":"eq","value":"RS990000001"})", secure) + "," +
                               profile("D", "red", R"({"field":"declaration.driver_country","op":"in","value":["TR"]})", secure) + "," +
                               profile("O", "red", R"({"field":"declaration.office","op":"eq","value":"RS011"})", secure) + "," +
                               profile("P", "red", R"({"field":"declaration.procedure","op":"eq","value":"4000"})", secure) + "," +
                               profile("T", "red", R"({"field":"declaration.trailer","op":"eq","value":"BG456XX"})", secure) + "," +
                               profile("U", "red", R"({"all":[{"field":"declaration.container","op":"exists","value":true},{"field":"declaration.container","op":"eq","value":"CSQU3054383"}]})", secure) + "," +
                               profile("R", "red", R"({"field":"declaration.route","op":"in","value":["SY"]})", secure) + "," +
                               profile("G", "red", R"({"any_item":[{"field":"goods.origin","op":"eq","value":"IR"}]})", secure);
  const auto hit_by = [&](const std::string& key, const std::string& value) {
    auto q = question();
    auto& d = q.declarations[0];
    d.more = {{"driver_country", std::string("DE")}, {"office", std::string("RS012")}, {"procedure", std::string("1000")}, {"route", std::vector<std::string>{"DE", "AT"}}};
    if (key == "consignee") d.consignee = value;
    else if (key == "trailer") d.trailer = value;
    else if (key == "origin") d.goods[1].origin = value;
    else if (key == "route") d.more[key] = std::vector<std::string>{"DE", value};
    else d.more[key] = value;
    const auto a = risk::assess(*compiled(profiles), q);
    return hits(a).empty() ? (a.undetermined.empty() ? "none" : "undetermined " + a.undetermined[0].substr(0, 1)) : hits(a)[0];
  };
  EXPECT_EQ(hit_by("consignee", "RS100"), "none");
  for (const char* written : {"RS990000001", "rs990000001", "RS 990000001", "RS-990.000.001", " RS990000001 "}) EXPECT_EQ(hit_by("consignee", written), "C") << written;
  for (const char* written : {"TR", "tr", " TR"}) EXPECT_EQ(hit_by("driver_country", written), "D") << written;
  for (const char* written : {"TUR", "XX", "ZZ", "T", "T1", "Turkey"}) EXPECT_EQ(hit_by("driver_country", written), "undetermined D") << written;
  EXPECT_EQ(hit_by("office", "rs 011"), "O");
  for (const char* written : {"40 00", "40-00", "40\u00a000", "4000\u200b"}) EXPECT_EQ(hit_by("procedure", written), "P") << written;
  EXPECT_NE(hit_by("procedure", "\uff14000"), "none") << "a wide digit";
  for (const char* written : {"BG456/XX", "bg_456 xx", "BG456XX,", "ВG456ХХ"}) EXPECT_EQ(hit_by("trailer", written), "T") << written;
  for (const char* written : {"CSQU\u00a0305438-3", "CSQU30543,83", "CЅQU3054383"}) EXPECT_EQ(hit_by("container", written), "U") << written;
  EXPECT_EQ(hit_by("route", "sy"), "R");
  for (const char* written : {"IR", "ir", "I R"}) EXPECT_EQ(hit_by("origin", written), "G") << written;
  for (const char* written : {"", "IRN", "QZ"}) EXPECT_EQ(hit_by("origin", written), "undetermined G") << written;
}

TEST(Evasion, FewerDigitsLeaveItOpen) {
  const auto declared = [](const std::string& code) {
    auto q = question();
    q.declarations[0].goods = {{code, "AE", 18000, 90000, "cigarettes"}};
    return q;
  };
  const auto any_item = [](const std::string& op, const std::string& value, const std::string& more = "") {
    return profile("A", "red", R"({"any_item":[{"field":"goods.hs_code","op":")" + op + R"(","value":)" + value + "}]}", more);
  };
  for (const auto& [op, value] : {std::pair{"prefix", R"("24022090")"}, {"eq", R"("24022090")"}, {"in", R"(["24022090","87032110"])"}}) {
    const auto test = any_item(op, value, secure);
    EXPECT_EQ(channel(test, declared("24022090")), red) << op;
    EXPECT_EQ(channel(test, declared("240220")), red) << op << ": it may be this one";
    EXPECT_EQ(channel(test, declared("24")), red) << op;
    EXPECT_EQ(channel(test, declared("24031100")), green) << op;
    EXPECT_EQ(channel(test, declared("240310")), green) << op;
    EXPECT_EQ(channel(any_item(op, value), declared("240220")), yellow) << op << ": for others documents, as for any missing fact";
  }
  EXPECT_EQ(channel(any_item("prefix", R"("2402")", secure), declared("24022090")), red);
  EXPECT_EQ(channel(any_item("prefix", R"("24022090")", secure), declared("24\u041e22090")), red) << "a letter that looks like a digit ends the code";
  EXPECT_EQ(hits(risk::assess(*compiled(any_item("prefix", R"("24022090")")), declared("2402\u00a02090"))), std::vector<std::string>{"A"});
  EXPECT_EQ(channel(any_item("eq", R"("24022090")", secure), declared("2402209000")), green) << "ten digits are whole, and others";
  EXPECT_EQ(channel(any_item("notin", R"(["24022090"])"), declared("240220")), yellow);
  EXPECT_EQ(channel(any_item("notin", R"(["24022090"])"), declared("240310")), red);
  const auto named = with_policy("{}", any_item("prefix", R"({"list":"tobacco"})", secure), R"(,"lists":{"tobacco":["24022090","24031100"]})");
  EXPECT_EQ(risk::assess(*named, declared("2403")).channel, red);
  EXPECT_EQ(risk::assess(*named, declared("2404")).channel, green);
  const auto a = risk::assess(*compiled(any_item("prefix", R"("24022090")")), declared("240220"));
  EXPECT_EQ(a.undetermined, std::vector<std::string>{"A: goods.hs_code missing"});
}

TEST(Evasion, AContainerOfFillingCharactersIsNone) {
  const std::string profiles = profile("A", "red", R"({"field":"declaration.container_check_wrong","op":"prefix","value":""})", secure);
  const auto with = [&](const FieldValue& container) {
    auto q = question();
    q.declarations[0].more["container"] = container;
    return channel(profiles, q);
  };
  EXPECT_EQ(with(std::vector<std::string>{"CSQU3054383"}), green);
  EXPECT_EQ(with(std::vector<std::string>{"CSQU3054384"}), red);
  for (const char* written : {"-", " ", "./_"}) EXPECT_EQ(with(std::vector<std::string>{written}), red) << "undetermined, in full: " << written;
}

TEST(Evasion, NoWeightLowersWhatSecurityProfilesMake) {
  const std::string security = profile("S", "blue", R"("always")", R"(,"security":true,"weight":100)");
  const std::string bonus = profile("AEO", "green", R"({"field":"declaration.aeo","op":"eq","value":true})", R"(,"weight":-200)");
  auto q = question();
  q.declarations[0].more["aeo"] = true;
  const std::string policy = R"({"score":{"yellow":50,"red":100}})";
  const auto set = with_policy(policy, security + "," + bonus);
  const auto a = risk::assess(*set, q);
  EXPECT_EQ(a.channel, red);
  EXPECT_EQ(a.score, 100);
  EXPECT_EQ(risk::reassess(*set, a, q.now, {}), a);
  const auto financial = with_policy(policy, weighted("F", 100) + "," + bonus);
  EXPECT_EQ(risk::assess(*financial, q).channel, blue) << "what is not security may be lowered";
}

// An assessment that was made before there were these rules is derived by those it was made by.
TEST(Evasion, OlderAssessmentsStayAsTheyWere) {
  const auto set = with_policy(R"({"score":{"yellow":50,"red":100}})",
                               profile("A", "red", R"({"field":"declaration.consignee","op":"notin","value":["OK1"]})", secure) + "," +
                                   profile("B", "red", R"({"any_item":[{"field":"goods.hs_code","op":"prefix","value":"24022090"}]})", secure) + "," +
                                   profile("S", "blue", R"("always")", R"(,"security":true,"weight":100)") + "," + profile("L", "green", R"("always")", R"(,"weight":-200)"));
  const auto q = two_consignees("EVIL", "OK1");
  auto old = risk::assess(*set, q);
  EXPECT_EQ(old.channel, red);
  for (const char* rule : {"declaration.several", "rules.goods_codes_are_beginnings", "rules.security_score_unreduced"}) EXPECT_EQ(old.facts.erase(rule), 1u) << rule;
  old = risk::reassess(*set, old, q.now, {});
  EXPECT_EQ(old.channel, blue) << "as it was decided then";
  EXPECT_EQ(old.score, -100);
  EXPECT_TRUE(old.undetermined.empty());
  EXPECT_EQ(risk::reassess(*set, old, q.now, {}), old);
}

TEST(Evasion, TurningRoundDrawsTheSameWithoutASecretOfTheSetToo) {
  const auto set = compiled(profile("R", "yellow", R"("always")", R"(,"sample_percent":5)"));
  const risk::Movement movement{"entry", "BG123AA", WallTime{1'780'000'000'000}, 0};
  const risk::DrawSecret own{7, 8};
  EXPECT_FALSE(risk::movement_draw_key(*set, movement)) << "nobody has one";
  const auto key = risk::movement_draw_key(*set, movement, own);
  ASSERT_TRUE(key);
  auto later = movement;
  later.begun.ms += 3'600'000;
  EXPECT_EQ(risk::movement_draw_key(*set, later, own), key) << "the same day";
  later.front_plate = "BG123AB";
  EXPECT_NE(risk::movement_draw_key(*set, later, own), key);
  EXPECT_NE(risk::movement_draw_key(*set, movement, risk::DrawSecret{7, 9}), key) << "another post's";
  const auto keyed = with_policy(R"({"draw_secret":"000102030405060708090a0b0c0d0e0f"})", "");
  EXPECT_EQ(risk::movement_draw_key(*keyed, movement, own), risk::movement_draw_key(*keyed, movement)) << "the set's comes first: HQ can tell";
}

// A record has room for what a few large declarations say, not for what fifty do.
TEST(Evasion, MoreThanARecordHoldsLeavesOpenWhatTheRestSays) {
  auto q = question();
  const std::string test = profile("A", "red", R"({"field":"declaration.consignee","op":"eq","value":"EVIL"})", secure);
  auto large = declaration();
  large.goods.assign(1000, {"61091000", "TR", 900, 2000, std::string(1000, 'x')});
  q.declarations.clear();
  for (int i = 0; i < 9; ++i) {
    large.reference = "26RS00" + std::to_string(i);
    q.declarations.push_back(large);
  }
  q.declarations.back().consignee = "EVIL";
  const auto a = risk::assess(*compiled(test), q);
  EXPECT_EQ(a.channel, red) << "undetermined, in full";
  EXPECT_EQ(a.facts.at("declaration.count"), FieldValue{std::int64_t{9}});
  EXPECT_EQ(a.facts.at("goods.count"), FieldValue{std::int64_t{3000}});
  EXPECT_EQ(a.undetermined, std::vector<std::string>{"A: declaration.consignee missing"});
  EXPECT_EQ(channel(profile("B", "red", R"({"any_item":[{"field":"goods.origin","op":"eq","value":"IR"}]})", secure), q), red);
}

TEST(Evasion, WhatLowersTheScoreHasToHoldForEveryDeclaration) {
  const auto test = [](const std::string& op, const std::string& value) { return R"({"field":"declaration.consignee","op":")" + op + R"(","value":)" + value + "}"; };
  const auto set = with_policy(R"({"score":{"yellow":50,"red":100}})", weighted("FIN", 60) + "," + profile("TRUST", "green", test("notin", R"(["EVIL1","EVIL2"])"), R"(,"weight":-40)"));
  EXPECT_EQ(risk::assess(*set, two_consignees("GOOD", "GOOD")).channel, blue);
  EXPECT_EQ(risk::assess(*set, two_consignees("EVIL1", "EVIL1")).channel, yellow);
  EXPECT_EQ(risk::assess(*set, two_consignees("EVIL1", "GOOD")).channel, yellow) << "not for both";
  const auto secured = with_policy(R"({"score":{"yellow":50,"red":100}})", profile("SEC", "blue", R"("always")", R"(,"security":true,"weight":100)") + "," +
                                                                             profile("TRUST", "green", test("eq", R"("TRUSTED")"), R"(,"security":true,"weight":-200)"));
  EXPECT_EQ(risk::assess(*secured, two_consignees("EVIL", "TRUSTED")).channel, red);
  EXPECT_EQ(risk::assess(*secured, two_consignees("TRUSTED", "TRUSTED")).channel, red) << "nothing lowers what security profiles make";
}

TEST(Evasion, AListThatLostATextIsIncomplete) {
  const auto with = [&](const std::string& op, const FieldValue& route) {
    auto q = question();
    q.declarations[0].more["route"] = route;
    return channel(profile("A", "red", R"({"field":"declaration.route","op":")" + op + R"(","value":["SY"]})", secure), q);
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(with("in", Texts{"SY", "DE"}), red);
  EXPECT_EQ(with("in", Texts{"DE", "AT"}), green);
  EXPECT_EQ(with("in", Texts{"SYR", "DE"}), red) << "undetermined, in full";
  EXPECT_EQ(with("in", Texts{"XX", "DE"}), red);
  EXPECT_EQ(with("in", Texts{"", "DE"}), green) << "an empty text is none";
}

// A set that is in force says its values as it always did; what is declared is compared in one form from now on.
TEST(Evasion, ValuesOfProfilesCountAsTheyAreComparedToo) {
  const std::string profiles = profile("A", "red", R"({"field":"declaration.consignee","op":"eq","value":"RS-9901"})", secure) + "," +
                               profile("B", "red", R"({"field":"declaration.consignor","op":"in","value":["ŠABAC","x"]})", secure) + "," +
                               profile("C", "red", R"({"field":"declaration.incoterm","op":"prefix","value":"DAP Beo"})", secure) + "," +
                               profile("D", "red", R"({"any_item":[{"field":"goods.hs_code","op":"prefix","value":"2402.20"}]})", secure) + "," +
                               profile("E", "red", R"({"field":"declaration.driver_country","op":"in","value":{"list":"l"}})", secure) + "," +
                               profile("F", "red", R"({"field":"declaration.carrier","op":"notin","value":["rs 1"]})", secure);
  auto set = risk::compile(R"({"format":2,"version":"v","lists":{"l":["tr"]},"profiles":[)" + profiles + "]}", "abc");
  ASSERT_TRUE(set) << set.error().what;
  auto q = question();
  auto& d = q.declarations[0];
  d.consignee = "RS-9901";
  d.consignor = "Šabac";
  d.carrier = "RS 1";
  d.goods = {{"24022090", "AE", 18000, 90000, "cigarettes"}};
  d.more = {{"incoterm", std::string("DAP Beograd")}, {"driver_country", std::string("TR")}};
  auto a = risk::assess(**set, q);
  EXPECT_EQ(hits(a), (std::vector<std::string>{"A", "B", "C", "D", "E"}));
  EXPECT_EQ(risk::reassess(**set, a, q.now, {}), a);
  // An assessment of before, whose facts stand as they were declared, hangs on the values as they were written.
  a.facts.erase("rules.values_as_compared");
  a.facts["declaration.consignee"] = std::vector<std::string>{"RS9901"};
  a.facts["declaration.consignor"] = std::vector<std::string>{"ŠABAC"};
  const auto old = risk::reassess(**set, a, q.now, {});
  EXPECT_EQ(hits(old), (std::vector<std::string>{"B", "F"}));
}

// Ten thousand profiles that ask for one list are ten thousand words and one list.
TEST(Evasion, ANamedListIsComparedOnceForAll) {
  std::string list, profiles;
  for (int i = 0; i < 2000; ++i) list += (i ? ",\"" : "\"") + std::to_string(24'000'000 + i).insert(4, ".") + "\"";
  for (int i = 0; i < 2000; ++i) profiles += (i ? "," : "") + profile("P" + std::to_string(i), "red", R"({"any_item":[{"field":"goods.hs_code","op":"prefix","value":{"list":"l"}},{"field":"goods.gross_kg","op":"ge","value":)" + std::to_string(i) + "}]}");
  const auto set = risk::compile(R"({"format":2,"version":"v","lists":{"l":[)" + list + R"(]},"profiles":[)" + profiles + "]}", "abc");
  ASSERT_TRUE(set);
  EXPECT_LT(dynamic_cast<const risk::CompiledSet&>(**set).bytes(), 8u << 20);
  auto q = question();
  q.declarations[0].goods = {{"24000005", "AE", 17, {}, ""}};
  EXPECT_EQ(risk::assess(**set, q).hits.size(), 18u);
}

TEST(Evasion, ASumBesideGoodsWithoutValueIsNone) {
  const auto with = [&](std::optional<std::int64_t> first, std::optional<std::int64_t> second, std::optional<std::int64_t> sum) {
    auto q = question();
    auto& d = q.declarations[0];
    d.goods = {{"61091000", "TR", 900, first, ""}, {"61091000", "TR", 900, second, ""}};
    if (sum) d.more["value_eur"] = *sum;
    return channel(profile("A", "red", R"({"field":"declaration.value_eur","op":"ge","value":100000})", secure), q);
  };
  EXPECT_EQ(with(1'000'000, 1, {}), red);
  EXPECT_EQ(with(1'000'000, {}, {}), red) << "undetermined, in full";
  EXPECT_EQ(with(1'000'000, {}, 5), red);
  EXPECT_EQ(with({}, {}, 5), green) << "the sum alone is declared";
  EXPECT_EQ(with({}, {}, -5), red) << "below nothing it says nothing";
  EXPECT_EQ(with(1'000'000, -999'999, {}), red);
}

TEST(Evasion, APlateOfSeparatorsIsNone) {
  for (const char* written : {"", "-", "/", "__", ",,", "\u2013", "\u200b", "\u3000"}) {
    auto q = question();
    q.declarations[0].trailer = written;
    EXPECT_EQ(channel(profile("A", "red", R"({"field":"declaration.trailer","op":"eq","value":"BG456XX"})", secure), q), red) << "undetermined, in full: " << written;
  }
}

TEST(Evasion, ASetMayCallItsListsAsItLikes) {
  const auto set = risk::compile(R"({"format":2,"version":"v","lists":{"l":["rs 1"],"l\ndeclaration.consignee":["RS2"]},"profiles":[)" +
                                     profile("A", "red", R"({"field":"declaration.consignee","op":"in","value":{"list":"l"}})") + "," +
                                     profile("B", "red", R"({"field":"declaration.consignee","op":"in","value":{"list":"l\ndeclaration.consignee"}})") + "]}", "abc");
  ASSERT_TRUE(set) << set.error().what;
  auto q = question();
  q.declarations[0].consignee = "RS 2";
  EXPECT_EQ(hits(risk::assess(**set, q)), std::vector<std::string>{"B"});
  q.declarations[0].consignee = "RS 1";
  EXPECT_EQ(hits(risk::assess(**set, q)), std::vector<std::string>{"A"});
}
