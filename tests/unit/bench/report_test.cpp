// The judgement on a run, and whose lorry a crossing is.
#include "hil/bench/report.hpp"

#include <gmock/gmock.h>

namespace rampa::hil {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RunReport with_crossing(int terminal_records, const char* phase_at_the_end) {
  RunReport report;
  CrossingSeen crossing;
  crossing.id = "L1-1-1";
  crossing.lane = "L1";
  crossing.opened_ms = 1000;
  crossing.terminal_records = terminal_records;
  report.crossings.push_back(crossing);
  report.phases.emplace_back("L1", phase_at_the_end);
  return report;
}

Scenario anything() {
  Scenario scenario;
  scenario.run.lane_ends_idle = false;
  return scenario;
}

TEST(JudgeTest, a_crossing_has_exactly_one_end) {
  EXPECT_THAT(judge(anything(), with_crossing(1, "idle")), IsEmpty());
  EXPECT_THAT(judge(anything(), with_crossing(2, "idle")), ElementsAre(HasSubstr("has 2 terminal records")));
  EXPECT_THAT(judge(anything(), with_crossing(0, "idle")), ElementsAre(HasSubstr("has 0 terminal records")));
}

TEST(JudgeTest, only_the_last_crossing_of_a_lane_that_is_not_idle_may_still_be_open) {
  EXPECT_THAT(judge(anything(), with_crossing(0, "waiting_officer")), IsEmpty());
  RunReport report = with_crossing(0, "waiting_officer");
  report.crossings.push_back(report.crossings.front());
  report.crossings.back().id = "L1-1-2";
  report.crossings.back().opened_ms = 2000;
  EXPECT_THAT(judge(anything(), report), ElementsAre(HasSubstr("crossing L1-1-1 has 0 terminal records")));
}

TEST(LorryOfTest, is_nobodys_once_the_lorry_is_through) {
  const std::vector<WorldEvent> world{{MonoTime{10}, "L1", "lorry_on_entry", 7, ""}, {MonoTime{20}, "L2", "lorry_on_entry", 8, ""},
                                      {MonoTime{30}, "L1", "lorry_passed", 7, ""}};
  EXPECT_EQ(lorry_of(world, "L1", MonoTime{5}), 0u);
  EXPECT_EQ(lorry_of(world, "L1", MonoTime{25}), 7u);
  EXPECT_EQ(lorry_of(world, "L1", MonoTime{35}), 0u);
  EXPECT_EQ(lorry_of(world, "L2", MonoTime{35}), 8u);
}

}  // namespace
}  // namespace rampa::hil
