#include "hil/world/traffic.hpp"

#include <gtest/gtest.h>

#include <set>

namespace rampa::hil::tests {
namespace {

TEST(TrafficTest, same_seed_and_number_give_the_same_lorry_whatever_else_was_made) {
  const auto first = make_arrival(7, 42, {});
  for (std::uint64_t n = 0; n < 20; ++n) (void)make_arrival(7, n, {});
  const auto again = make_arrival(7, 42, {});
  EXPECT_EQ(first.lorry.plate_front, again.lorry.plate_front);
  EXPECT_EQ(first.lorry.gross_kg(), again.lorry.gross_kg());
  EXPECT_EQ(first.lorry.behaviour, again.lorry.behaviour);
  EXPECT_NE(make_arrival(8, 42, {}).lorry.plate_front, first.lorry.plate_front);
}

TEST(TrafficTest, plates_are_normalised_and_differ) {
  std::set<std::string> seen, countries;
  for (std::uint64_t n = 1; n <= 500; ++n) {
    const auto a = make_ordinary_arrival(3, n);
    EXPECT_GE(a.lorry.plate_front.size(), 5u);
    EXPECT_LE(a.lorry.plate_front.size(), 9u);
    EXPECT_EQ(a.lorry.country.size(), 3u);
    for (char c : a.lorry.plate_front) EXPECT_TRUE((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) << a.lorry.plate_front;
    seen.insert(a.lorry.plate_front);
    countries.insert(a.lorry.country);
  }
  EXPECT_GT(seen.size(), 490u);
  EXPECT_GT(countries.size(), 8u);
}

TEST(TrafficTest, ordinary_lorries_are_legal_and_declared_as_they_are) {
  for (std::uint64_t n = 1; n <= 200; ++n) {
    const auto a = make_ordinary_arrival(5, n);
    EXPECT_LE(a.lorry.gross_kg(), 40'000);
    ASSERT_EQ(a.declarations.size(), 1u);
    EXPECT_EQ(a.declarations[0].plate, a.lorry.plate_front);
    EXPECT_NEAR(static_cast<double>(a.declarations[0].gross_kg), a.lorry.gross_kg(), 20);
  }
}

TEST(TrafficTest, the_mix_gives_about_its_shares) {
  TrafficMix mix;
  mix.no_declaration = 0.5;
  mix.radiation = 0.3;
  int bare = 0, hot = 0;
  for (std::uint64_t n = 1; n <= 1000; ++n) {
    const auto a = make_arrival(1, n, mix);
    bare += a.declarations.empty();
    hot += a.lorry.gamma_cps > 0;
  }
  EXPECT_NEAR(bare, 500, 60);
  EXPECT_NEAR(hot, 300, 60);
}

}  // namespace
}  // namespace rampa::hil::tests
