// `rampa assess` on own declarations says what the post would say; and sealing, which the commands beside it do.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "edge/app/assess_command.hpp"
#include "edge/app/sealing.hpp"
#include "edge/app/tools.hpp"
#include "edge/risk/risk.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

using Json = nlohmann::json;
const app::AssessedAt at{WallTime{1'780'000'000'000}, 120};

Json assessed(const ScratchDirectory& scratch, const std::string& set, const std::string& declarations, int wanted = 0, app::AssessOptions options = {}, std::string* said = nullptr) {
  options.profiles = scratch.path() + "/set.json";
  options.declarations = scratch.path() + "/declarations.jsonl";
  std::ofstream(options.profiles) << set;
  std::ofstream(options.declarations) << declarations;
  std::ostringstream out, complaints;
  EXPECT_EQ(app::assess(options, at, out, complaints), wanted) << complaints.str();
  if (said) *said = complaints.str();
  Json lines = Json::array();
  std::istringstream in(out.str());
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

const std::string declaration_line = R"({"reference":"26RS1","kind":"import","plate":"BG1AA","gross_kg":1000,"goods":[{"hs_code":"240220","origin":"AE","gross_kg":1,"value_eur":2,"description":"x"}]})" "\n";

TEST(AssessCommand, KnowsTheSetsAgeAndAppliesTheFloors) {
  ScratchDirectory scratch;
  const auto set = [](const std::string& issued, const std::string& policy) {
    return R"({"format":2,"version":"v","issued":")" + issued + R"(","policy":)" + policy +
           R"(,"profiles":[{"id":"AGE","title":"t","channel":"blue","instruction":"i","when":{"field":"set.age_hours","op":"ge","value":24}}]})";
  };
  auto lines = assessed(scratch, set("2026-05-01", R"({"stale_after_hours":72,"stale_floor":"red"})"), declaration_line);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["id"], "26RS1");
  EXPECT_EQ(lines[0]["m"], Json({"AGE"})) << lines[0];
  EXPECT_EQ(lines[0]["channel"], "red");
  EXPECT_EQ(lines[0]["reasons"], Json({"the profile set is out of date"}));
  EXPECT_EQ(lines[0]["controls"], Json({"physical"}));
  lines = assessed(scratch, set("2026-06-30", R"({"stale_after_hours":72})"), declaration_line);
  EXPECT_EQ(lines[0]["channel"], "yellow");
  EXPECT_EQ(lines[0]["reasons"], Json({"the profile set is dated in the future"}));
  lines = assessed(scratch, set("2026-05-28", R"({"random_percent":100})"), declaration_line);
  EXPECT_EQ(lines[0]["reasons"], Json({"random selection"}));
}

// What `rampa assess` says of half the lorries at random is what a reactor with the same set says of them, lorry by lorry.
TEST(AssessCommand, DrawsAsThePostWillWhereItKnowsBywhat) {
  ScratchDirectory scratch;
  const auto set = [](const std::string& policy) {
    return R"({"format":2,"version":"v","policy":)" + policy +
           R"(,"profiles":[{"id":"HALF","title":"t","channel":"red","instruction":"i","sample_percent":50,"when":"always"}]})";
  };
  const std::string secret = "00112233445566778899aabbccddeeff", keyed = set(R"({"draw_secret":")" + secret + R"("})");
  std::string declarations;
  const auto line = [](int n, const std::string& reference, const std::string& consignee) {
    return R"({"reference":")" + reference + R"(","kind":"import","plate":"BG)" + std::to_string(n) + R"(AA","consignee":")" + consignee + R"("})" "\n";
  };
  for (int n = 0; n < 60; ++n) declarations += line(n, "26RS" + std::to_string(n), "RS1");
  declarations += line(7, "26RS-second", "RS2");  // of a lorry that has one already
  const auto compiled = risk::compile(keyed, "");
  ASSERT_TRUE(compiled) << compiled.error().what;
  app::AssessOptions options;
  options.direction = "entry";
  options.released_before = 3;
  options.released_today = 1;
  std::string said;
  const auto lines = assessed(scratch, keyed, declarations, 0, options, &said);
  ASSERT_EQ(lines.size(), 61u);
  EXPECT_EQ(said, "");
  std::size_t red = 0;
  for (int n = 0; n < 60; ++n) {
    const risk::Movement movement{"entry", "BG" + std::to_string(n) + "AA", at.now, 1};
    risk::Question question;
    question.draw_key = risk::movement_draw_key(**compiled, movement).value();
    Declaration declaration;
    declaration.reference = "26RS" + std::to_string(n);
    question.declarations = {declaration};
    question.now = at.now;
    const auto a = risk::assess(**compiled, question);
    EXPECT_EQ(lines[static_cast<std::size_t>(n)]["channel"], name_of(a.channel)) << n;
    EXPECT_EQ(lines[static_cast<std::size_t>(n)]["draws"], "post");
    EXPECT_EQ(lines[static_cast<std::size_t>(n)]["hits"].size(), a.hits.size());
    red += a.channel == SelectivityChannel::red;
  }
  EXPECT_GT(red, 15u);
  EXPECT_LT(red, 45u);
  EXPECT_EQ(lines[60]["channel"], lines[7]["channel"]) << "one lorry, one draw";

  options.direction.reset();
  EXPECT_EQ(assessed(scratch, keyed, declarations, 0, options, &said)[0]["draws"], "own");
  EXPECT_NE(said.find("not drawn as the post will"), std::string::npos) << said;
  options.direction = "entry";
  EXPECT_EQ(assessed(scratch, set("{}"), declarations, 0, options, &said)[0]["draws"], "own");
  EXPECT_NE(said.find("--draw-secret FILE"), std::string::npos) << said;
  options.draw_secret_file = scratch.path() + "/secret";
  std::ofstream(options.draw_secret_file) << secret << "\n";
  EXPECT_EQ(assessed(scratch, set("{}"), declarations, 0, options, &said), lines);
  EXPECT_EQ(said, "");
  std::ofstream(options.draw_secret_file) << "00";
  assessed(scratch, set("{}"), declarations, app::exit_config, options, &said);
  EXPECT_NE(said.find("32 digits 0-9a-f"), std::string::npos) << said;
  std::ofstream(options.draw_secret_file) << std::string(32, '1');
  assessed(scratch, keyed, declarations, app::exit_config, options, &said);
  EXPECT_NE(said.find("leave --draw-secret out"), std::string::npos) << said;
}

TEST(Sealing, OpensWithTheKeyAloneAndRefusesAKeyThatIsNone) {
  const auto keys = app::make_seal_keys(), others = app::make_seal_keys();
  const auto box = app::seal("why: the criterion", keys.open_key);
  ASSERT_TRUE(box);
  EXPECT_EQ(box->find("criterion"), std::string::npos);
  EXPECT_EQ(app::open_seal(*box, keys.secret_key).value(), "why: the criterion");
  EXPECT_EQ(app::open_seal(*box, others.secret_key).error().code, ErrorCode::refused);
  EXPECT_EQ(app::open_seal("!!", keys.secret_key).error().code, ErrorCode::bad_reply);
  EXPECT_EQ(app::open_seal(*box, "12").error().code, ErrorCode::invalid);
  EXPECT_FALSE(app::seal("x", "zz"));
  EXPECT_FALSE(app::seal("x", keys.open_key + "00"));
  // A point of small order: the box would open with anybody's guess, so libsodium makes none.
  EXPECT_FALSE(app::seal("x", std::string(64, '0')));
}

}  // namespace
}  // namespace rampa::tests
