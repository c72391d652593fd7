// Assessments that earlier versions stored, from their records: each later version derives them byte for byte, explanation too. A line that
// differs is never mended in the file: the rule that changed gets a fact that says since when it holds (risk.hpp, present_rules).
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "edge/crossing/record_json.hpp"
#include "edge/risk/explain.hpp"
#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;
using Json = nlohmann::json;

TEST(GoldenAssessments, AreDerivedByteForByteByThisVersion) {
  const std::string folder = "tests/golden/assessments/";
  const auto set_text = read_text(folder + "set.json");
  std::size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".jsonl") continue;
    std::istringstream lines(read_text(file.path().string()));
    for (std::string line; std::getline(lines, line); ++count) {
      const auto at = file.path().filename().string() + ":" + std::to_string(count + 1);
      const auto json = Json::parse(line);
      const auto record = decode(json["body"].dump(), "");
      ASSERT_TRUE(record) << at << ": " << record.error().what;
      const auto& made = std::get<AssessmentMade>(*record);
      const auto set = risk::compile(set_text, made.assessment.profile_set_sha256, {}, nullptr, risk::Reading::kept);
      ASSERT_TRUE(set) << at;
      const WallTime made_at{json["made_at_ms"].get<std::int64_t>()};
      EXPECT_EQ(encode(risk::reassess(**set, made.assessment, made_at, made.evidence_missing)), encode(made.assessment)) << at;
      EXPECT_EQ(Json::parse(encode(made.assessment)), json["body"]["assessment"]) << at << ": nothing is lost in reading";
      const auto explainer = risk::Explainer::of(set_text);
      ASSERT_TRUE(explainer) << at;
      EXPECT_EQ(explainer->explain(made.assessment, made_at), json["explanation"].get<std::string>()) << at;
    }
  }
  EXPECT_GE(count, 12u);
}
