// `rampa assess` on own declarations says what the post would say; and sealing, which the commands beside it do.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "edge/app/assess_command.hpp"
#include "edge/app/sealing.hpp"
#include "edge/risk/risk.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

using Json = nlohmann::json;
const app::AssessedAt at{WallTime{1'780'000'000'000}, 120};

Json assessed(const ScratchDirectory& scratch, const std::string& set, const std::string& declarations, int wanted = 0) {
  const app::AssessOptions options{scratch.path() + "/set.json", scratch.path() + "/declarations.jsonl"};
  std::ofstream(options.profiles) << set;
  std::ofstream(options.declarations) << declarations;
  std::ostringstream out, complaints;
  EXPECT_EQ(app::assess(options, at, out, complaints), wanted) << complaints.str();
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
