#include "sync/ranges.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace rampa::sync {
namespace {

TEST(RangeSet, IsASetOfNumbers) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    RangeSet ranges;
    std::set<std::uint64_t> plain;
    for (int step = 0; step < 40; ++step) {
      const std::uint64_t first = random() % 60, last = first + random() % 12;
      const bool add = random() % 3 != 0;
      add ? ranges.add({first, last}) : ranges.remove({first, last});
      for (std::uint64_t n = first; n <= last; ++n) add ? void(plain.insert(n)) : void(plain.erase(n));

      ASSERT_EQ(ranges.count(), plain.size());
      ASSERT_EQ(ranges.empty(), plain.empty());
      const auto list = ranges.list();
      for (std::size_t i = 1; i < list.size(); ++i) ASSERT_GT(list[i].first, list[i - 1].last + 1) << "they do not touch";
      for (std::uint64_t n = 0; n < 75; ++n) ASSERT_EQ(ranges.contains(n), plain.contains(n)) << n;
      const Range asked{random() % 60, 60 + random() % 20};
      std::set<std::uint64_t> missing;
      for (const Range& r : ranges.missing_in(asked))
        for (std::uint64_t n = r.first; n <= r.last; ++n) missing.insert(n);
      for (std::uint64_t n = asked.first; n <= asked.last; ++n) ASSERT_EQ(missing.contains(n), !plain.contains(n));
      ASSERT_TRUE(missing.empty() || (*missing.begin() >= asked.first && *missing.rbegin() <= asked.last));
      ASSERT_EQ(ranges.covers(asked), missing.empty());
    }
  }
}

TEST(RangeSet, RemoveThroughTakesTheLowEnd) {
  RangeSet ranges;
  ranges.add({1, 5});
  ranges.add({9, 12});
  ranges.remove_through(10);
  EXPECT_EQ(ranges.list(), (std::vector<Range>{{11, 12}}));
  ranges.remove_through(0);
  EXPECT_EQ(ranges.count(), 2u);
}

}  // namespace
}  // namespace rampa::sync
