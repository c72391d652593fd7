#include "hil/sync/soak.hpp"

#include <gtest/gtest.h>

#include <set>

namespace rampa::hil {
namespace {

std::vector<std::string> dealt(std::uint64_t seed, std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t n = 0; n < count; ++n) out.push_back(soak_fault(seed, n));
  return out;
}

TEST(SoakFaults, each_kind_comes_before_any_comes_again) {
  const std::set<std::string> all(soak_faults().begin(), soak_faults().end());
  ASSERT_EQ(all.size(), soak_faults().size());
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto first = dealt(seed, all.size());
    EXPECT_EQ(std::set(first.begin(), first.end()), all) << "seed " << seed;
  }
}

TEST(SoakFaults, the_order_is_the_seeds) {
  EXPECT_EQ(dealt(1, 50), dealt(1, 50));
  EXPECT_NE(dealt(1, soak_faults().size()), dealt(2, soak_faults().size()));
  EXPECT_NE(dealt(1, soak_faults().size()), soak_faults());
}

TEST(SoakFaults, then_they_are_drawn) {
  const auto many = dealt(1, 2000);
  std::map<std::string, int> times;
  for (const auto& name : many) ++times[name];
  for (const auto& name : soak_faults()) EXPECT_GT(times[name], 80) << name << ", of 143 in the mean";
  const auto n = static_cast<std::ptrdiff_t>(soak_faults().size());
  EXPECT_NE(std::vector(many.begin() + n, many.begin() + 2 * n), std::vector(many.begin(), many.begin() + n));
}

}  // namespace
}  // namespace rampa::hil
