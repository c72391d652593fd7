// Which hits select: draws, scores, capacity, authorised operators, green lists.
#include <gtest/gtest.h>

#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;
using enum SelectivityChannel;

TEST(Selection, SamplingSelectsItsShareAndIsStored) {
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

TEST(Selection, DrawsOfOneProfileDoNotDependOnOthers) {
  const std::string random = profile("R", "yellow", R"("always")", R"(,"sample_percent":50)");
  const auto alone = compiled(random), together = compiled(profile("Q", "yellow", R"("always")", R"(,"sample_percent":50)") + "," + random);
  auto q = question();
  for (q.draw_key = 0; q.draw_key < 200; ++q.draw_key)
    EXPECT_EQ(risk::assess(*alone, q).draws.at(0), risk::assess(*together, q).draws.at(1));
}

TEST(Selection, ScoresReachAChannelOfTheirOwn) {
  const auto set = with_policy(R"({"score":{"yellow":50,"red":100}})", weighted("A", 30) + "," + weighted("B", 25));
  const auto a = risk::assess(*set, question());
  EXPECT_EQ(a.score, 55);
  EXPECT_EQ(a.channel, yellow);
  EXPECT_TRUE(contains(a.reasons, "score 55"));
}

TEST(Selection, ShadowProfilesAreRecordedAndChangeNothing) {
  const auto a = risk::assess(*with_policy("{}", profile("A", "red", R"("always")", R"(,"state":"shadow","weight":900)")), question());
  EXPECT_EQ(a.channel, green);
  EXPECT_EQ(a.shadow, std::vector<std::string>{"A"});
  EXPECT_TRUE(a.hits.empty());
  EXPECT_EQ(a.score, 0);
  EXPECT_EQ(risk::assess(*with_policy("{}", profile("A", "red", R"("always")", R"(,"state":"draft")")), question()).channel, green);
}

TEST(Selection, AuthorisedOperatorsAndGreenListsNeverTouchSecurityProfiles) {
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

TEST(Selection, CapacityDeclinesHitsAndRecordsThem) {
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

TEST(Selection, CapacityDeclinesOnlyWhereItLowersTheChannel) {
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

TEST(Selection, CapacityIsTakenByHitsAndByTheScoreNotByFloors) {
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

TEST(Selection, ThePostsLeastRandomShareHoldsWhereTheSetAsksForLess) {
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

TEST(Selection, WithoutAHistoryNothingIsDeclinedForCapacity) {
  const auto set = with_policy(R"({"cap_percent":{"red":10}})", profile("R", "red", R"("always")"));
  EXPECT_EQ(risk::assess(*set, question()).channel, red);
  auto q = question();
  q.recent = q.recent_of_channel[static_cast<int>(red)] = 1;
  EXPECT_EQ(risk::assess(*set, q).channel, blue);
}

// Draws with a secret: a keyed share of the movements, the same when lodged again.
TEST(Selection, DrawsAreKeyedAndCannotBeTriedAgain) {
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

TEST(Selection, AMovementHasOneDrawAndTheNextOneItsOwn) {
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

TEST(Selection, ProfileAndReasonOfWhatDeclinedAreToldApart) {
  const auto set = with_policy("{}", profile("A: B", "red", R"("always")", R"(,"sample_percent":0.01)"), R"(,"green_lists":[{"id":"G: H","when":"always"}])");
  const auto a = risk::assess(*set, question());
  ASSERT_EQ(a.declined, std::vector<std::string>{"A: B: not drawn"});
  EXPECT_EQ(risk::declined_parts(a.declined[0]), (std::pair<std::string, std::string>{"A: B", "not drawn"}));
  EXPECT_EQ(risk::declined_parts("A: B: green list G: H"), (std::pair<std::string, std::string>{"A: B", "green list G: H"}));
  EXPECT_EQ(risk::declined_parts("P: authorised operator"), (std::pair<std::string, std::string>{"P", "authorised operator"}));
  EXPECT_EQ(risk::declined_parts("P: of another day"), (std::pair<std::string, std::string>{"P", "of another day"}));
}
