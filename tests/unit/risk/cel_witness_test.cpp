// Independent witnesses: what other people's CEL and FEEL say of texts, cells and facts (tests/golden/cel, recorded), Rampa says too.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "edge/risk/cel.hpp"
#include "edge/risk/feel_cell.hpp"
#include "edge/risk/profile.hpp"

using namespace rampa;
using namespace rampa::risk;
using Json = nlohmann::json;

namespace {

FieldValue value(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number()) return json.get<std::int64_t>();
  if (json.is_string()) return json.get<std::string>();
  return json.get<std::vector<std::string>>();
}

NamedLists lists() {
  NamedLists all;
  for (const char* name : {"tobacco_origins", "high risk", "in", "a\"b", "x1", "1x"}) all[name] = {"24", "A", "TR"};
  return all;
}

std::string said(const Condition& condition, const Fields& facts) {
  std::vector<std::string> missing;
  const auto truth = evaluate(condition, facts, lists(), missing);
  return truth == Truth::yes ? "yes" : truth == Truth::no ? "no" : "undetermined";
}

}  // namespace

TEST(CelWitness, SaysTheSame) {
  std::ifstream file("tests/golden/cel/cel.jsonl");
  std::map<std::string, std::size_t> answers;
  for (std::string line; std::getline(file, line);) {
    const auto row = Json::parse(line);
    const auto text = row["cel"].get<std::string>();
    std::vector<Finding> findings;
    const auto condition = from_cel(text, findings);
    ASSERT_TRUE(findings.empty()) << text << "\n" << findings[0].path << ": " << findings[0].cause;
    Fields facts;
    for (const auto& [name, fact] : row["facts"].items()) facts[name] = value(fact);
    EXPECT_EQ(said(condition, facts), row["says"].get<std::string>()) << line;
    ++answers[row["says"]];
  }
  EXPECT_GT(answers["yes"], 150u);
  EXPECT_GT(answers["no"], 150u);
  EXPECT_GT(answers["undetermined"], 50u);
}

TEST(FeelWitness, SaysTheSame) {
  std::ifstream file("tests/golden/cel/feel.jsonl");
  std::map<std::string, std::size_t> answers;
  for (std::string line; std::getline(file, line);) {
    const auto row = Json::parse(line);
    std::optional<Finding> problem;
    const auto condition = canonical(feel::condition_of(row["cell"].get<std::string>(), row["field"], problem));
    ASSERT_FALSE(problem) << line << "\n" << problem->cause;
    Fields facts;
    if (!row["fact"].is_null()) facts[row["field"]] = value(row["fact"]);
    EXPECT_EQ(said(condition, facts), row["says"].get<std::string>()) << line;
    ++answers[row["says"]];
  }
  EXPECT_GT(answers["yes"], 100u);
  EXPECT_GT(answers["no"], 100u);
}
