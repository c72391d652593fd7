#include "hil/bench/scenario.hpp"

#include <gmock/gmock.h>

namespace rampa::hil {
namespace {

using ::testing::HasSubstr;

TEST(ScenarioTest, reads_lorries_faults_and_expectations) {
  const auto scenario = parse_scenario(R"(
name = "t"
says = "s"
site = "sites/cargo-lane.toml"
[world]
seed = 7
seconds = 90
[[lorry]]
plate = "BG123AB"
gross_kg = 44000
[[lorry]]
at_s = 20
behaviour = "tailgates"
[[fault]]
on = "lorry_at_line"
lorry = 1
target = "L1-scale"
name = "silent"
for_s = 10
[[expect]]
lorry = 1
channel = "red"
passages = ["tailgate"]
[run]
crossings = 2
)", "t.toml");
  ASSERT_TRUE(scenario) << scenario.error().what;
  ASSERT_EQ(scenario->lorries.size(), 2u);
  EXPECT_EQ(scenario->lorries[0].lorry.plate_front, "BG123AB");
  EXPECT_DOUBLE_EQ(scenario->lorries[0].lorry.gross_kg(), 44000);
  EXPECT_EQ(scenario->lorries[1].lorry.behaviour, "tailgates");
  EXPECT_FALSE(scenario->lorries[1].lorry.plate_front.empty()) << "drawn from the seed";
  ASSERT_EQ(scenario->faults.size(), 1u);
  EXPECT_DOUBLE_EQ(scenario->faults[0].for_s, 10);
  ASSERT_EQ(scenario->expected.size(), 1u);
  EXPECT_EQ(scenario->expected[0].channel, "red");
  EXPECT_EQ(scenario->run.crossings, 2);
}

TEST(ScenarioTest, names_every_finding_with_line_and_path) {
  const auto scenario = parse_scenario(R"(name = "t"
says = "s"
played = "real"
[[lorry]]
gross_kg = "heavy"
colour = "blue"
behaviour = "flies"
[[fault]]
target = "x"
name = "y"
[[expect]]
lorry = 9
)", "t.toml");
  ASSERT_FALSE(scenario);
  const std::string& what = scenario.error().what;
  EXPECT_THAT(what, HasSubstr("t.toml:5: lorry[0].gross_kg: must be a number"));
  EXPECT_THAT(what, HasSubstr("t.toml:6: lorry[0].colour: unknown key"));
  EXPECT_THAT(what, HasSubstr("lorry[0].behaviour: must be one of: normal,"));
  EXPECT_THAT(what, HasSubstr("fault[0].at_s: say either at_s or on"));
  EXPECT_THAT(what, HasSubstr("expect.lorry: there are only 1 lorries"));
  EXPECT_THAT(what, HasSubstr("site: missing"));
  EXPECT_THAT(what, HasSubstr("why_not_both: missing"));
}

TEST(ScenarioTest, says_where_it_is_not_toml) {
  const auto scenario = parse_scenario("name = \n", "t.toml");
  ASSERT_FALSE(scenario);
  EXPECT_THAT(scenario.error().what, HasSubstr("t.toml:1: not TOML"));
}

}  // namespace
}  // namespace rampa::hil
