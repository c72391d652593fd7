// Sets of whole numbers as ascending ranges that do not touch: what HQ holds of a stream, what is still to be sent.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sync/payloads.hpp"

namespace rampa::sync {

class RangeSet {
 public:
  RangeSet() = default;
  explicit RangeSet(const std::vector<Range>& ranges) {
    for (const Range& r : ranges) add(r);
  }

  void add(Range range);     ///< first <= last
  void remove(Range range);  ///< first <= last
  void clear() { ranges_.clear(); }
  /// Everything up to and including `last` goes.
  void remove_through(std::uint64_t last) {
    if (last > 0 || contains(0)) remove({0, last});
  }

  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] bool contains(std::uint64_t number) const;
  [[nodiscard]] bool covers(Range range) const;
  /// The lowest range; not for an empty set.
  [[nodiscard]] Range front() const { return {ranges_.begin()->first, ranges_.begin()->second}; }
  /// What of `range` is not in the set, ascending.
  [[nodiscard]] std::vector<Range> missing_in(Range range) const;
  [[nodiscard]] std::vector<Range> list() const;
  [[nodiscard]] std::uint64_t count() const;  ///< of the numbers in it

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  ///< first -> last
};

}  // namespace rampa::sync
