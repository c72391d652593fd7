// A seed replays: same seed, same hash; another seed, another day.
#include "hil/bench/simulation.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace rampa::hil {
namespace {

SimulationSetup setup(std::uint64_t seed) {
  const std::string folder = "tests/scenarios/";
  auto check = config::read_site(folder + "sites/cargo-lane.toml", "firmware-interfaces/icd");
  for (const auto& finding : check.findings) ADD_FAILURE() << finding.file << ":" << finding.line << ": " << finding.cause;
  std::ifstream in(folder + "profiles.json");
  std::stringstream text;
  text << in.rdbuf();
  auto set = risk::compile(text.str(), "");
  EXPECT_TRUE(set) << set.error().what;
  return {std::move(check.site), *set, seed, 0.1, true, true, nullptr};
}

TEST(SimulationTest, the_same_seed_gives_the_same_day_to_the_last_bit) {
  const auto first = simulate(setup(42));
  const auto again = simulate(setup(42));
  const auto other = simulate(setup(43));
  ASSERT_TRUE(first && again && other);
  EXPECT_GT(first->records, 0u);
  EXPECT_EQ(first->trace_hash, again->trace_hash);
  EXPECT_EQ(first->strikes, again->strikes);
  EXPECT_NE(first->trace_hash, other->trace_hash);
}

TEST(SimulationTest, a_day_without_faults_is_clean_and_lorries_get_through) {
  auto calm = setup(5);
  calm.faults = false;
  const auto day = simulate(std::move(calm));
  ASSERT_TRUE(day);
  EXPECT_TRUE(day->violations.empty()) << day->violations.front().name << ": " << day->violations.front().detail;
  EXPECT_GT(day->passed, 1u);
  EXPECT_EQ(day->strikes, 0u);
}

TEST(SimulationTest, a_lane_that_stays_stuck_is_seen) {
  auto nobody = setup(5);
  nobody.faults = false;
  nobody.officers = false;  // somebody has no declaration, and no officer ever looks
  const auto day = simulate(std::move(nobody));
  ASSERT_TRUE(day);
  ASSERT_FALSE(day->violations.empty());
  EXPECT_EQ(day->violations.front().name, "liveness");
}

TEST(SwarmTest, taking_a_target_away_does_not_move_the_others) {
  const std::vector<SwarmTarget> one{{"L1-io", "L1", {"silent", "power_cycle"}}};
  std::vector<SwarmTarget> two = one;
  two.push_back({"L1-scale", "L1", {"silent", "setup_mode"}});
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto few = make_swarm(seed, one, 7200), many = make_swarm(seed, two, 7200);
    std::vector<double> a, b;
    for (const auto& s : few.strikes) a.push_back(s.at_s);
    for (const auto& s : many.strikes)
      if (s.target == "L1-io") b.push_back(s.at_s);
    EXPECT_EQ(a, b) << "seed " << seed;
  }
}

TEST(SwarmTest, one_lane_never_has_two_liars_at_once) {
  const std::vector<SwarmTarget> targets{{"L1-io", "L1", {"frozen", "stuck_bit"}}, {"world:L1", "L1", SimulatedLane::faults()}};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto swarm = make_swarm(seed, targets, 36'000);
    for (std::size_t i = 0; i < swarm.strikes.size(); ++i)
      for (std::size_t j = i + 1; j < swarm.strikes.size(); ++j) {
        const auto &a = swarm.strikes[i], &b = swarm.strikes[j];
        if (!is_liar(a.fault) || !is_liar(b.fault)) continue;
        EXPECT_GT(b.at_s, a.at_s + a.for_s) << "seed " << seed;
      }
  }
}

}  // namespace
}  // namespace rampa::hil
