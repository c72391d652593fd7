// What assess says, and that unknown is never green.
#include <gtest/gtest.h>

#include "edge/crossing/record_json.hpp"
#include "edge/risk/explain.hpp"
#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;
using enum SelectivityChannel;

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

TEST(Assess, ASecurityProfileThatActsByItsWeightCountsInFullWhereItsFactIsWithheld) {
  const auto policy = R"({"score":{"yellow":50,"red":100}})";
  const auto open = [](const std::string& id, int weight, const std::string& more) {
    return profile(id, "green", R"({"field":"declaration.dispatch_country","op":"eq","value":"SY"})", ",\"weight\":" + std::to_string(weight) + more);
  };
  const std::string security = R"(,"security":true)";
  const auto set = with_policy(policy, open("SEC", 100, security));
  auto q = question();
  const auto a = risk::assess(*set, q);
  EXPECT_EQ(a.channel, red);
  EXPECT_EQ(a.controls, std::vector<std::string>{"physical"});
  EXPECT_EQ(a.score, 0) << "what is not known is not counted, it only raises";
  EXPECT_TRUE(a.hits.empty());
  EXPECT_EQ(risk::reassess(*set, a, q.now, {}), a);
  EXPECT_EQ(risk::reached_by_profiles(a), green) << "it takes no capacity of what can be declined";
  auto stored = a;  // as it was assessed before there was this rule
  stored.facts.erase("rules.security_weight_open_in_full");
  stored.channel = yellow;
  stored.controls = {"documents"};
  EXPECT_EQ(risk::reassess(*set, stored, q.now, {}), stored);
  const auto channel = [&](const std::string& profiles) { return risk::assess(*with_policy(policy, profiles), q).channel; };
  EXPECT_EQ(channel(open("FIN", 100, "")), yellow);
  EXPECT_EQ(channel(open("SEC", 99, security)), yellow);
  EXPECT_EQ(channel(open("SEC", 60, security) + "," + weighted("B", 40)), red) << "with what is known";
  EXPECT_EQ(channel(open("SEC", 60, security) + "," + open("FIN", 60, "")), yellow) << "not with what others leave open";
  EXPECT_EQ(channel(open("SEC", 30, security) + "," + open("FIN", 20, "")), yellow);
  EXPECT_EQ(channel(open("SEC", 49, security)), green);
  EXPECT_EQ(channel(open("SEC", 100, security + R"(,"state":"shadow")")), green);
  q.declarations[0].more["dispatch_country"] = std::string("DE");
  EXPECT_EQ(risk::assess(*set, q).channel, green);
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
  const auto set = risk::Explainer::of(json);
  ASSERT_TRUE(set) << set.error().what;
  Assessment stored;
  const auto at = [&](int hour) { return set->explain(stored, WallTime{1795255200000 + (hour - 10) * 3'600'000LL}).find("\"profile\":\"A\""); };
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

TEST(Assess, SecretProfilesHaveNoNameAtThePost) {
  const auto set = with_policy(R"({"draw_secret":"000102030405060708090a0b0c0d0e0f"})", profile("CANARY-7", "red", R"("always")", R"(,"secret":true)"));
  const auto a = risk::assess(*set, question());
  ASSERT_EQ(a.hits.size(), 1u);
  EXPECT_EQ(a.hits[0].profile.substr(0, 2), "S-");
  EXPECT_EQ(a.hits[0].profile.size(), 14u);
}
