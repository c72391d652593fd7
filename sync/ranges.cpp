#include "sync/ranges.hpp"

#include <algorithm>

namespace rampa::sync {

void RangeSet::add(Range range) {
  auto at = ranges_.upper_bound(range.first);
  if (at != ranges_.begin() && std::prev(at)->second + 1 >= range.first) --at;
  while (at != ranges_.end() && at->first <= range.last + 1) {
    range.first = std::min(range.first, at->first);
    range.last = std::max(range.last, at->second);
    at = ranges_.erase(at);
  }
  ranges_.emplace_hint(at, range.first, range.last);
}

void RangeSet::remove(Range range) {
  auto at = ranges_.upper_bound(range.first);
  if (at != ranges_.begin() && std::prev(at)->second >= range.first) --at;
  while (at != ranges_.end() && at->first <= range.last) {
    const auto [first, last] = *at;
    at = ranges_.erase(at);
    if (first < range.first) ranges_.emplace_hint(at, first, range.first - 1);
    if (last > range.last) ranges_.emplace_hint(at, range.last + 1, last);
  }
}

bool RangeSet::contains(std::uint64_t number) const { return covers({number, number}); }

bool RangeSet::covers(Range range) const {
  const auto at = ranges_.upper_bound(range.first);
  return at != ranges_.begin() && std::prev(at)->second >= range.last;
}

std::vector<Range> RangeSet::missing_in(Range range) const {
  std::vector<Range> out;
  auto at = ranges_.upper_bound(range.first);
  if (at != ranges_.begin() && std::prev(at)->second >= range.first) range.first = std::prev(at)->second + 1;
  for (; range.first <= range.last; ++at) {
    if (at == ranges_.end() || at->first > range.last) {
      out.push_back(range);
      break;
    }
    if (at->first > range.first) out.push_back({range.first, at->first - 1});
    range.first = at->second + 1;
  }
  return out;
}

std::vector<Range> RangeSet::list() const {
  std::vector<Range> out;
  for (const auto& [first, last] : ranges_) out.push_back({first, last});
  return out;
}

std::uint64_t RangeSet::count() const {
  std::uint64_t n = 0;
  for (const auto& [first, last] : ranges_) n += last - first + 1;
  return n;
}

}  // namespace rampa::sync
