// A profile set is refused whole, with every finding at its path.
#include <gtest/gtest.h>

#include "edge/risk/explain.hpp"
#include "edge/risk/profile.hpp"
#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {
std::string errors(const std::string& json) {
  auto set = risk::compile(json, "");
  return set ? "" : set.error().what;
}
std::string errors_of_profile(const std::string& text) { return errors(R"({"format":1,"version":"v","profiles":[)" + text + "]}"); }
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
}  // namespace

TEST(Compile, ExampleSetCompiles) {
  auto set = risk::compile(read_text("config/examples/profiles.json"), "0f");
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ((*set)->size(), 12u);
  EXPECT_EQ((*set)->version(), "2026-11-22.1");
  EXPECT_EQ((*set)->sha256(), "0f");
}

TEST(Compile, AllFindingsAtOnceWithPathCauseAndRemedy) {
  const auto text = errors(R"({"format":3,"versoin":"x","profiles":[
    {"id":"A","title":"t","channel":"grey","instruction":"i","when":"always"},
    {"id":"A","title":"t","channel":"red","instruction":"i","sample_percent":101,
     "when":{"all":[{"field":"evidence.gross_kg","op":"gt","value":1},{"field":"declaration.consigne","op":"eq","value":"X"}]}}]})");
  EXPECT_TRUE(has(text, "format: is not 1")) << text;
  EXPECT_TRUE(has(text, "versoin: is not known; did you mean \"version\"?")) << text;
  EXPECT_TRUE(has(text, "version: is missing")) << text;
  EXPECT_TRUE(has(text, "profiles[0].channel: \"grey\"")) << text;
  EXPECT_TRUE(has(text, "profiles[1].id: is used twice")) << text;
  EXPECT_TRUE(has(text, "profiles[1].sample_percent")) << text;
  EXPECT_TRUE(has(text, "profiles[1].when.all[0].op: \"gt\" is not an operator")) << text;
  EXPECT_TRUE(has(text, "profiles[1].when.all[1].field: \"declaration.consigne\" is not in the catalogue; did you mean \"declaration.consignee\"?")) << text;
}

struct Refused {
  const char* when;
  const char* finding;
};
class Conditions : public ::testing::TestWithParam<Refused> {};
TEST_P(Conditions, IsRefused) {
  const auto text = errors_of_profile(profile("A", "red", GetParam().when));
  EXPECT_TRUE(has(text, GetParam().finding)) << text;
}
INSTANTIATE_TEST_SUITE_P(Each, Conditions, ::testing::Values(
    Refused{R"("sometimes")", "profiles[0].when: is not a condition"},
    Refused{R"({"all":[]})", "profiles[0].when.all: is not a list"},
    Refused{R"({"nor":[]})", "profiles[0].when.nor: is not known"},
    Refused{R"({"not":"sometimes"})", "profiles[0].when.not: is not a condition"},
    Refused{R"({"all":[],"any":[]})", "is not one condition"},
    Refused{R"({"field":"evidence.gross_kg","op":"eq","value":"12"})", "when.value: does not fit evidence.gross_kg"},
    Refused{R"({"field":"evidence.gross_kg","op":"eq","value":1.5})", "when.value: does not fit"},
    Refused{R"({"field":"evidence.gross_kg","op":"eq","value":18446744073709551615})", "when.value: does not fit"},
    Refused{R"({"field":"evidence.gross_kg","op":"prefix","value":"1"})", "when.op: prefix needs a text field"},
    Refused{R"({"field":"vehicle.plate","op":"ge","value":1})", "when.op: needs a number field"},
    Refused{R"({"field":"evidence.radiation_alarm","op":"in","value":[true]})", "when.op: does not fit true and false"},
    Refused{R"({"field":"evidence.radiation_alarm","op":"eq","value":1})", "when.value: is not true or false"},
    Refused{R"({"field":"evidence.gross_kg","op":"range","value":[5,1]})", "when.value: is not a range"},
    Refused{R"({"field":"evidence.gross_kg","op":"in","value":[]})", "when.value: is empty"},
    Refused{R"({"field":"evidence.gross_kg","op":"in","value":1})", "when.value: is not a list"},
    Refused{R"({"field":"evidence.gross_kg","op":"ge"})", "when.value: is missing"},
    Refused{R"({"field":"evidence.gross_kg","op":"exists","value":1})", "exists takes true"},
    Refused{R"({"field":"goods.origin","op":"eq","value":"AE"})", "goods fields belong to one item"},
    Refused{R"({"any_item":[{"any_item":[{"field":"goods.origin","op":"eq","value":"AE"}]}]})", "stands inside another one over items"},
    Refused{R"({"field":"vehicle.plate","op":"eq","value":"A","valeu":1})", "when.valeu: is not known"}));

TEST(Compile, DatesControlsInstructions) {
  const auto text = errors_of_profile(R"({"id":"A","title":"t","channel":"blue","controls":["documents","x"],"valid_from":"2026-02-30",
      "valid_to":"yesterday","instruction":{"de":"x"},"when":"always"})");
  EXPECT_TRUE(has(text, "valid_from: is not a date")) << text;
  EXPECT_TRUE(has(text, "valid_to: is not a date")) << text;
  EXPECT_TRUE(has(text, "controls[1]: is not a control")) << text;
  EXPECT_TRUE(has(text, "controls: a blue crossing")) << text;
  EXPECT_TRUE(has(text, "instruction.en: is missing")) << text;
}

TEST(Compile, LifeCycleScopeWeeklyReason) {
  const auto text = errors_of_profile(R"({"id":"A","title":"t","channel":"yellow","instruction":"i","when":{"field":"goods.origin","op":"in","value":{"list":"nowhere"}},
      "state":"live","weekly":[{"days":["mo"],"from":"25:00"}],"reason":{"kind":"priority_area"},"security":true,"aeo_percent":10,"scope":{"lanes":["L1"]},"weight":1.5})");
  EXPECT_TRUE(has(text, "state: \"live\" is not known here; use one of draft, shadow")) << text;
  EXPECT_TRUE(has(text, "weekly[0].from: is not a time of day")) << text;
  EXPECT_TRUE(has(text, "weekly[0].days: \"mo\" is not a day")) << text;
  EXPECT_TRUE(has(text, "reason.ends: is missing")) << text;
  EXPECT_TRUE(has(text, "aeo_percent: reduces a security profile")) << text;
  EXPECT_TRUE(has(text, "scope.lanes: is not known; did you mean \"lane\"?")) << text;
  EXPECT_TRUE(has(text, "weight: is not a whole number")) << text;
  EXPECT_TRUE(has(errors_of_profile(profile("A", "red", R"({"any_item":[{"field":"goods.origin","op":"in","value":{"list":"nowhere"}}]})")), "there is no list \"nowhere\""));
}

TEST(Compile, AnEmptyListNeverMeansAll) {
  for (const char* key : {"office", "direction", "procedure", "mode", "lane"}) {
    const auto scope = [&](const std::string& list) { return errors_of_profile(profile("A", "red", R"("always")", R"(,"scope":{")" + std::string(key) + "\":" + list + "}")); };
    EXPECT_TRUE(has(scope("[]"), "profiles[0].scope." + std::string(key) + ": is empty; leave it out for all")) << scope("[]");
    EXPECT_EQ(scope(R"(["X"])"), "");
  }
  const auto weekly = errors_of_profile(profile("A", "red", R"("always")", R"(,"weekly":[{"days":["mon"]},{"days":[]}])"));
  EXPECT_TRUE(has(weekly, "profiles[0].weekly[1].days: is empty; name the days, or leave weekly out for always")) << weekly;
}

TEST(Compile, LimitsOfWhatASetMayStopAreRaisedFarOnlyWithAReason) {
  const auto of = [](const std::string& limit) { return R"({"format":2,"version":"v","policy":{"stop_limit":{)" + limit + R"(}},"profiles":[]})"; };
  const auto raised = [&](const std::string& limit) {
    const auto set = risk::compile(of(limit), "h");
    return set ? (*set)->stop_raised() : set.error().what;
  };
  const auto text = errors(of(R"("profile_percent":20.01,"set_percent":60.01)"));
  EXPECT_TRUE(has(text, "policy.stop_limit.profile_percent: is above 20 and no reason is given; give 20 at most, or the reason as waived")) << text;
  EXPECT_TRUE(has(text, "policy.stop_limit.set_percent: is above 60 and no reason is given")) << text;
  EXPECT_EQ(raised(R"("profile_percent":20,"set_percent":60)"), "its policy lets one profile stop up to 20 % and the set 60 %");
  EXPECT_EQ(raised(R"("profile_percent":100,"set_percent":100,"waived":"the port is shut")"), "its policy lets one profile stop up to 100 % and the set 100 %");
  EXPECT_EQ(raised(R"("profile_percent":5.01)"), "its policy lets one profile stop up to 5.01 % and the set 30 %");
  EXPECT_EQ(raised(R"("set_percent":31)"), "its policy lets one profile stop up to 5 % and the set 31 %");
  EXPECT_EQ(raised(R"("profile_percent":5,"set_percent":30)"), "");
  EXPECT_EQ(raised(R"("waived":"tip")"), "") << "that is told with its reason";
}

TEST(Compile, ASetThatWasTakenInBeforeARuleKeepsItsMeaning) {
  struct Golden {
    const char* name;
    const char* refused_now;
    std::size_t rules;
    const char* hits;  ///< on Thursday and on Monday at nine
  };
  const Golden goldens[] = {{"scope_empty", "profiles[0].scope.lane: is empty; leave it out for all", 2, "A A"},
                            {"weekly_days_empty", "profiles[0].weekly[0].days: is empty; name the days", 2, "A AB"},
                            {"stop_limit_without_reason", "policy.stop_limit.profile_percent: is above 20 and no reason", 2, "A A"}};
  for (const auto& golden : goldens) {
    const auto json = read_text("tests/golden/kept_sets/" + std::string(golden.name) + ".json");
    const auto fresh = risk::compile(json, "h");
    ASSERT_FALSE(fresh) << golden.name;
    EXPECT_EQ(fresh.error().what.substr(0, 40), std::string(golden.refused_now).substr(0, 40)) << golden.name;
    const auto kept = risk::compile(json, "h", {}, nullptr, risk::Reading::kept);
    ASSERT_TRUE(kept) << kept.error().what;
    EXPECT_EQ((*kept)->outgrown(), fresh.error().what);
    EXPECT_EQ(static_cast<std::size_t>(std::count(fresh.error().what.begin(), fresh.error().what.end(), '\n')) + 1, golden.rules) << fresh.error().what;
    auto q = question();
    q.facts["vehicle.direction"] = std::string("entry");
    std::string told;
    for (const std::int64_t at : {1'780'000'000'000, 1'780'304'400'000}) {
      q.now = WallTime{at};
      const auto a = risk::assess(**kept, q);
      EXPECT_EQ(risk::reassess(**kept, a, q.now, {}), a);
      told += told.empty() ? "" : " ";
      for (const auto& hit : a.hits) told += hit.profile;
      const auto explainer = risk::Explainer::of(json);
      ASSERT_TRUE(explainer) << explainer.error().what;
    }
    EXPECT_EQ(told, golden.hits) << golden.name;
  }
}

TEST(Compile, SecretProfilesNeedAKeyThatIsOne) {
  const auto secret = profile("A", "red", R"("always")", R"(,"secret":true)");
  EXPECT_TRUE(has(errors_of_profile(secret), "profiles[0].secret: needs the set's key"));
  const auto with = [&](const std::string& key) { return errors(R"({"format":2,"version":"v","policy":{"draw_secret":")" + key + R"("},"profiles":[)" + secret + "]}"); };
  EXPECT_TRUE(has(with(std::string(32, '0')), "policy.draw_secret: is not a key"));
  EXPECT_EQ(with("00000000000000000000000000000001"), "");
}

// Lengths are kept in 16 bits: a longer value would be compared by its beginning, an even longer prefix would fit everything.
TEST(Compile, ValuesAreShort) {
  const auto when = [](std::size_t size) { return R"({"field":"vehicle.plate","op":"prefix","value":")" + std::string(size, 'A') + "\"}"; };
  EXPECT_TRUE(has(errors_of_profile(profile("A", "red", when(65536))), "profiles[0].when.value: is too long"));
  EXPECT_EQ(errors_of_profile(profile("A", "red", when(4096))), "");
}

// More windows than 16 bits count.
TEST(Compile, EveryProfileKeepsItsOwnWindow) {
  std::string all;
  for (int i = 0; i < 65540; ++i)
    all += (i ? "," : "") + profile("P" + std::to_string(i), "yellow", R"({"field":"vehicle.plate","op":"eq","value":"X)" + std::to_string(i) + "\"}",
                                    i == 65539 ? R"(,"weekly":[{"days":["sat"]}])" : R"(,"weekly":[{"days":["mon"]}])");
  auto set = risk::compile(R"({"format":2,"version":"v","profiles":[)" + all + "]}", "");
  ASSERT_TRUE(set) << set.error().what.substr(0, 300);
  auto q = question();
  q.facts["vehicle.plate"] = std::string("X65539");
  q.now = WallTime{1795255200000};  // a Saturday
  EXPECT_EQ(risk::assess(**set, q).channel, SelectivityChannel::yellow);
  q.now.ms += 2 * 24 * 3'600'000LL;  // Monday
  EXPECT_EQ(risk::assess(**set, q).channel, SelectivityChannel::green);
}

TEST(Compile, GarbageIsAnErrorNotAnException) {
  EXPECT_TRUE(has(errors("{"), "is not JSON"));
  EXPECT_TRUE(has(errors("[]"), "is not an object"));
  EXPECT_TRUE(has(errors("\xff"), "is not JSON"));
  std::string deep = "\"always\"";
  for (int i = 0; i < 40; ++i) deep = R"({"not":)" + deep + "}";
  EXPECT_TRUE(has(errors_of_profile(profile("A", "red", deep)), "nested too deep"));
}

// The catalogue in the code and the table in the document are the same.
TEST(Compile, DocumentNamesEveryFieldAndNoOther) {
  const std::string text = read_text("edge/risk/PROFILES.md");
  ASSERT_FALSE(text.empty());
  const std::string table = text.substr(text.find("## Fields"));
  const char* words[] = {"boolean", "integer", "text", "list"};
  std::size_t rows = 0;
  for (std::size_t at = table.find("\n| `"); at != std::string::npos; at = table.find("\n| `", at + 1)) ++rows;
  EXPECT_EQ(rows, risk::catalogue().size());
  for (const auto& field : risk::catalogue()) {
    const std::string row = "\n| `" + field + "` | " + words[static_cast<int>(*risk::type_of(field))] + " |";
    EXPECT_NE(table.find(row), std::string::npos) << row;
  }
}
