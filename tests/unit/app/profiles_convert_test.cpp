// `rampa profiles convert`: what goes out and comes back is the same, or is named.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "edge/app/profiles_convert.hpp"
#include "edge/app/tools.hpp"

namespace rampa::tests {
namespace {

using namespace app;
using Json = nlohmann::json;

class ProfilesConvert : public testing::Test {
 protected:
  ProfilesConvert() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-convert-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ProfilesConvert() override { std::filesystem::remove_all(folder_); }
  int convert(const std::string& name, const std::string& text, const std::string& to) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    std::ostringstream out, err;
    const int code = convert_profiles({false, folder_ + "/" + name, to}, out, err);
    said = out.str();
    errors = err.str();
    return code;
  }
  std::string folder_, said, errors;
};

const char* const full = R"({"format":2,"version":"v7","issued":"2026-11-20","default_language":"sr",
 "policy":{"draw_secret":"00112233445566778899aabbccddeeff","random_percent":0.5,"stop_limit":{"waived":"<a> & \"b\""}},
 "lists":{"tobacco_origins":["AE","BY"]},"green_lists":[{"id":"G","when":{"field":"declaration.aeo","op":"eq","value":true}}],
 "profiles":[
 {"id":"OLD","title":"old","version":3,"state":"expired","valid_from":"2019-01-01","valid_to":"2020-01-01","channel":"red","instruction":"x","when":"always"},
 {"id":"SUSP","title":"s","owner":"unit 7","version":3,"state":"suspended","channel":"red","weight":-40,"instruction":{"sr":"x, \"y\"","de":"y","en":"line\nline"},"sample_percent":5.25,"security":true,
  "reason":{"kind":"priority_area","number":"12/2026","ends":"2030-01-01"},
  "scope":{"office":["RS1","RS2"],"direction":["exit"]},"weekly":[{"days":["mon","tue"],"from":"22:00","to":"06:00"}],"secret":true,
  "controls":[{"control":"physical","where":"bay 2","evidence":"photo"},"documents"],"when":{"field":"declaration.seals","op":"ge","value":3}},
 {"id":"F","title":"f","channel":"yellow","aeo_percent":10,"sample_percent":50,"controls":["documents","weighing"],"instruction":"z","note":"for authors",
  "when":{"any_item":[{"field":"goods.origin","op":"in","value":{"list":"tobacco_origins"}},{"field":"goods.hs_code","op":"prefix","value":["24"]}]}}]})";

TEST_F(ProfilesConvert, ATableHoldsAllOfASetAndComesBack) {
  ASSERT_EQ(convert("set.json", full, "dmn"), exit_ok) << errors;
  EXPECT_EQ(errors, "");
  ASSERT_EQ(convert("table.dmn", said, "json"), exit_ok) << errors << said;
  auto back = Json::parse(said);
  auto wanted = Json::parse(full);
  wanted["profiles"][2]["state"] = "active";
  wanted["profiles"][2]["when"] = back["profiles"][2]["when"];  // in canonical order
  EXPECT_EQ(back, wanted) << back.dump(1);
  EXPECT_EQ(back["profiles"][2]["when"]["any_item"].size(), 2u);
  EXPECT_EQ(convert("again.json", said, "dmn"), exit_ok) << "and once more: " << errors;
}

TEST_F(ProfilesConvert, WhatATableCannotHoldIsNamed) {
  const auto with = [](const std::string& more) {
    return R"({"format":2,"version":"v","profiles":[{"id":"A","title":"t","channel":"yellow","instruction":"x","when":"always"},
      {"id":"B","title":"t","channel":"yellow","instruction":"x")" + more + "}]}";
  };
  EXPECT_EQ(convert("set.json", with(R"(,"when":{"any":[{"field":"declaration.seals","op":"ge","value":3},{"field":"declaration.aeo","op":"eq","value":true}]})"), "dmn"), exit_found);
  EXPECT_NE(errors.find("not in the table: B: "), std::string::npos) << errors;
  EXPECT_NE(said.find("<rule id=\"A\""), std::string::npos);
  EXPECT_EQ(convert("set.json", with(R"(,"when":"always","note":{"written":"otherwise"})"), "dmn"), exit_found) << said;
  EXPECT_NE(errors.find("profile B: note"), std::string::npos) << errors;
}

TEST_F(ProfilesConvert, ATableOfAnotherProgramGivesDraftsAndNamesItsLists) {
  std::ifstream in("config/examples/profiles.dmn");
  std::stringstream table;
  table << in.rdbuf();
  EXPECT_EQ(convert("other.dmn", table.str(), "json"), exit_found);
  EXPECT_NE(errors.find("the list \"tobacco_origins\""), std::string::npos) << errors;
  const auto set = Json::parse(said);
  ASSERT_GT(set["profiles"].size(), 1u);
  for (const auto& p : set["profiles"]) EXPECT_EQ(p["state"], "draft") << "nothing becomes active by being converted";
  EXPECT_EQ(set["profiles"][0]["controls"], Json({"nii", "physical"}));
  EXPECT_EQ(set["profiles"][0]["weight"], 60);
  EXPECT_EQ(convert("other.dmn", table.str(), "dmn"), exit_usage);
}

TEST_F(ProfilesConvert, ASetMayNameItsConditionsInCelAndOneConditionIsTakenInJson) {
  const std::string set = R"({"format":2,"version":"v","profiles":[{"id":"A","title":"t","channel":"yellow","instruction":"x","when":{"cel":"declaration.seals >= 3 && declaration.aeo"}}]})";
  ASSERT_EQ(convert("set.json", set, "json"), exit_ok) << errors;
  const auto when = Json::parse(said)["profiles"][0]["when"];
  EXPECT_EQ(when["all"].size(), 2u) << said;
  EXPECT_FALSE(Json::parse(said)["profiles"][0].contains("state")) << "a set stays as it is written";
  ASSERT_EQ(convert("set.json", set, "cel"), exit_ok);
  EXPECT_NE(said.find("// A: t\ndeclaration.seals >= 3"), std::string::npos) << said;
  EXPECT_EQ(convert("set.json", R"({"format":2,"version":"v","profiles":[{"id":"A","title":"t","channel":"yellow","instruction":"x","when":{"cel":"declaration.seal == 3"}}]})", "json"), exit_config);
  EXPECT_NE(errors.find("profiles[0].when.cel, line 1:1"), std::string::npos) << errors;
  ASSERT_EQ(convert("one.json", when.dump(), "cel"), exit_ok) << errors;
  EXPECT_EQ(said, "declaration.seals >= 3 && declaration.aeo\n");
  ASSERT_EQ(convert("one.cel", said, "json"), exit_ok) << errors;
  EXPECT_EQ(Json::parse(said), when);
  EXPECT_EQ(convert("one.cel", "declaration.aeo", "dmn"), exit_usage);
  EXPECT_NE(errors.find("one condition"), std::string::npos);
  EXPECT_EQ(convert("one.json", R"({"field":"no.such","op":"eq","value":1})", "cel"), exit_config);
}

}  // namespace
}  // namespace rampa::tests
