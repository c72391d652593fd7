// The numbers per profile, worked out by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/effectiveness/records.hpp"

using namespace rampa;
using namespace rampa::risk;
using rampa::tests::Journal;

namespace {

const StoreName post{"RS-BATROVCI", "00112233445566778899aabbccddeeff"};

Outcomes folded(const Journal& journal) {
  Outcomes all;
  for (const auto& record : journal.records) all.fold(post, record);
  return all;
}

const ProfileResult& row(const Results& results, const std::string& id) {
  for (const auto& r : results.profiles)
    if (r.profile == id) return r;
  static const ProfileResult none;
  return none;
}

}  // namespace

// The ends of the score interval are the shares from which the observed one is z standard errors away: they must solve that equation.
TEST(Effectiveness, WilsonEndsSolveTheScoreEquation) {
  constexpr double z = 1.959963984540054;
  for (std::uint64_t n : {1u, 7u, 50u, 1000u, 2'000'000u}) {
    for (std::uint64_t k : {std::uint64_t{0}, std::uint64_t{1}, n / 3, n}) {
      const auto i = wilson95(k, n);
      const double share = static_cast<double>(k) / static_cast<double>(n);
      EXPECT_LE(i.low, share);
      EXPECT_GE(i.high, share);
      const auto off = [&](double p) { return std::abs(share - p) - z * std::sqrt(p * (1 - p) / static_cast<double>(n)); };
      if (k > 0) { EXPECT_NEAR(off(i.low), 0, 1e-9) << k << " of " << n; }
      if (k < n) { EXPECT_NEAR(off(i.high), 0, 1e-9) << k << " of " << n; }
    }
  }
}

TEST(Effectiveness, WilsonIntervalOfKnownCounts) {
  EXPECT_NEAR(wilson95(0, 10).high, 0.27753, 5e-5);
  EXPECT_EQ(wilson95(0, 10).low, 0);
  EXPECT_NEAR(wilson95(5, 10).low, 0.23659, 5e-5);
  EXPECT_NEAR(wilson95(5, 10).high, 0.76341, 5e-5);
  EXPECT_NEAR(wilson95(1, 100).low, 0.00177, 5e-5);
  EXPECT_NEAR(wilson95(1, 100).high, 0.05449, 5e-5);
  EXPECT_EQ(wilson95(10, 10).high, 1);
  EXPECT_EQ(wilson95(0, 0).low, 0);
  EXPECT_EQ(wilson95(0, 0).high, 1);
}

TEST(Effectiveness, CountsHitsControlsAndFindings) {
  Journal j;
  j.cross("L1", "1", SelectivityChannel::yellow, {"A", "B"}, "irregularity", 20);
  j.cross("L1", "2", SelectivityChannel::yellow, {"A"}, "nothing_found", 20);
  j.cross("L1", "3", SelectivityChannel::yellow, {"A"}, "unable", 20);
  j.cross("L1", "4", SelectivityChannel::yellow, {"A"}, "", 20);
  j.put("L1", "5", j.made(SelectivityChannel::yellow, {"A"}));  // still open
  const auto r = results(folded(j));
  EXPECT_EQ(r.crossings, 4u);
  EXPECT_EQ(r.unfinished, 1u);
  EXPECT_EQ(r.controls, 2u);
  EXPECT_EQ(r.findings, 1u);
  const auto& a = row(r, "A");
  EXPECT_EQ(a.hits, 4u);
  EXPECT_EQ(a.controls, 2u);
  EXPECT_EQ(a.findings, 1u);
  EXPECT_EQ(a.no_result, 1u);
  EXPECT_DOUBLE_EQ(a.rate(), 0.5);
  EXPECT_EQ(row(r, "B").findings, 1u);
  EXPECT_EQ(row(r, "B").controls, 1u);
  const Week monday = Journal::monday_ms / 86'400'000;
  EXPECT_EQ(a.hits_by_week, (std::map<Week, std::uint64_t>{{monday, 4}}));
  EXPECT_EQ(r.channels_by_week.at(monday), (std::array<std::uint64_t, 4>{0, 0, 4, 0}));
}

TEST(Effectiveness, SomethingFoundOnceIsFoundWhateverOtherControlsSay) {
  Journal j;
  j.put("L1", "1", j.made(SelectivityChannel::red, {"A"}));
  j.put("L1", "1", ControlRecorded{"documents", "nothing_found", "1", ""});
  j.put("L1", "1", ControlRecorded{"physical", "irregularity", "1", ""});
  j.put("L1", "1", ControlRecorded{"nii", "unable", "1", ""});
  j.put("L1", "1", CrossingClosed{"released", ""});
  const auto r = results(folded(j));
  EXPECT_EQ(row(r, "A").controls, 1u);
  EXPECT_EQ(row(r, "A").findings, 1u);
}

TEST(Effectiveness, FalseHitsCostTheTimeAboveTheLanesGreenMedian) {
  Journal j;
  for (int minutes : {2, 3, 10}) j.cross("L1", "g" + std::to_string(minutes), SelectivityChannel::green, {}, "", minutes);
  j.cross("L1", "1", SelectivityChannel::yellow, {"A"}, "nothing_found", 23);     // 23 - 3
  j.cross("L1", "2", SelectivityChannel::yellow, {"A", "B"}, "clear", 13);        // 13 - 3
  j.cross("L1", "3", SelectivityChannel::yellow, {"A"}, "clear", 1);              // faster than green: 0
  j.cross("L1", "4", SelectivityChannel::yellow, {"A"}, "irregularity", 90);      // was no false hit
  j.cross("L2", "5", SelectivityChannel::yellow, {"A"}, "clear", 30);             // a lane without green crossings
  const auto r = results(folded(j));
  EXPECT_EQ(row(r, "A").false_hit_ms, 30 * 60'000);
  EXPECT_EQ(row(r, "B").false_hit_ms, 10 * 60'000);
  EXPECT_EQ(row(r, "A").unpriced, 1u);
  EXPECT_EQ(r.false_hit_ms, 30 * 60'000) << "each crossing once, however many profiles selected it";
}

TEST(Effectiveness, WaitBeginsWithTheFirstAssessmentPartsAreOfTheLast) {
  Journal j;
  j.cross("L1", "g", SelectivityChannel::green, {}, "", 0);
  j.put("L1", "1", j.made(SelectivityChannel::yellow, {"A"}));
  j.now_ms += 60'000;
  j.put("L1", "1", j.made(SelectivityChannel::red, {"B"}));
  j.put("L1", "1", ControlRecorded{"physical", "nothing_found", "1", ""});
  j.now_ms += 60'000;
  j.put("L1", "1", CrossingClosed{"released", ""});
  const auto r = results(folded(j));
  EXPECT_EQ(row(r, "A").hits, 0u);
  EXPECT_EQ(row(r, "B").false_hit_ms, 120'000);
}

TEST(Effectiveness, DeclinedShadowAndOverridesAreKeptApart) {
  Journal j;
  auto made = j.made(SelectivityChannel::yellow, {"A"});
  made.assessment.declined = {"C: not drawn", "D: green list G1"};
  made.assessment.shadow = {"E"};
  j.put("L1", "1", made);
  VerdictGiven verdict;
  verdict.verdict = Verdict::release;
  verdict.overrides = true;
  j.put("L1", "1", verdict);
  j.put("L1", "1", CrossingClosed{"released", ""});
  Outcomes all;
  for (const auto& record : j.records)
    all.fold(post, record, [](std::string_view sha, std::string_view id) { return sha == "abc" && id == "E" ? 7u : id == "A" ? 2u : 0u; });
  const auto r = results(all);
  EXPECT_EQ(row(r, "A").version, 2u);
  EXPECT_EQ(row(r, "A").overridden_release, 1u);
  EXPECT_EQ(row(r, "A").overridden_hold, 0u);
  EXPECT_EQ(row(r, "C").declined, (std::map<std::string, std::uint64_t>{{"not drawn", 1}}));
  EXPECT_EQ(row(r, "C").hits, 0u);
  EXPECT_EQ(row(r, "D").declined.count("green list G1"), 1u);
  EXPECT_EQ(row(r, "E").version, 7u);
  EXPECT_EQ(row(r, "E").shadow_hits, 1u);
  EXPECT_EQ(row(r, "E").hits, 0u);
}

TEST(Effectiveness, VersionsOfOneProfileHaveRowsOfTheirOwn) {
  Journal j;
  j.cross("L1", "1", SelectivityChannel::yellow, {"A"}, "clear", 1);
  j.cross("L1", "2", SelectivityChannel::yellow, {"A"}, "irregularity", 1);
  Outcomes all;
  for (const auto& record : j.records) all.fold(post, record, [&](std::string_view, std::string_view) { return record.sequence <= 4 ? 1u : 2u; });
  const auto r = results(all);
  ASSERT_EQ(r.profiles.size(), 2u);
  EXPECT_EQ(r.profiles[0].findings, 0u);
  EXPECT_EQ(r.profiles[1].findings, 1u);
}

TEST(Effectiveness, TheVersionThatTheHitSaysComesFirst) {
  Journal j;
  auto made = j.made(SelectivityChannel::yellow, {"A", "B"});
  made.assessment.hits[0].version = 3;
  j.put("L1", "1", made);
  j.put("L1", "1", CrossingClosed{"released", ""});
  Outcomes all;
  for (const auto& record : j.records) all.fold(post, record, [](std::string_view, std::string_view) { return 9u; });
  EXPECT_EQ(row(results(all), "A").version, 3u);
  EXPECT_EQ(row(results(all), "B").version, 9u) << "a record of before: its set is asked";
}

TEST(Effectiveness, FlagsWhatStaysBelowTheFloorEvenAtBest) {
  Journal j;
  for (int i = 0; i < 300; ++i) j.cross("L1", "p" + std::to_string(i), SelectivityChannel::yellow, {"POOR"}, "clear", 1);
  for (int i = 0; i < 49; ++i) j.cross("L1", "n" + std::to_string(i), SelectivityChannel::yellow, {"NEW"}, "clear", 1);
  for (int i = 0; i < 300; ++i) j.cross("L1", "g" + std::to_string(i), SelectivityChannel::yellow, {"GOOD"}, i < 11 ? "irregularity" : "clear", 1);
  const auto r = results(folded(j));
  EXPECT_TRUE(row(r, "POOR").below_floor);
  EXPECT_FALSE(row(r, "NEW").below_floor) << "too few controls to say";
  EXPECT_FALSE(row(r, "GOOD").below_floor);
  EXPECT_TRUE(row(results(folded(j), Floor{0.5, 10}), "NEW").below_floor);
}

TEST(Effectiveness, ACrossingThatAPowerCutEndedHasNoDuration) {
  Journal j;
  j.cross("L1", "g", SelectivityChannel::green, {}, "", 1);
  j.put("L1", "1", j.made(SelectivityChannel::yellow, {"A"}));
  j.put("L1", "1", ControlRecorded{"documents", "clear", "1", ""});
  j.now_ms += 3'600'000;
  j.put("L1", "1", CrossingClosed{"aborted", ""});
  const auto r = results(folded(j));
  EXPECT_EQ(row(r, "A").controls, 1u);
  EXPECT_EQ(row(r, "A").unpriced, 1u);
  EXPECT_EQ(row(r, "A").false_hit_ms, 0);
}
