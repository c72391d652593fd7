// A whole set over a stretch of history: row by row through the index that lanes use.
#include <algorithm>

#include "edge/risk/history.hpp"

namespace rampa::risk {

SetTally tally(const CompiledSet& set, const History& history, std::size_t first, std::size_t last, std::size_t examples_max) {
  SetTally t;
  last = std::min(last, history.rows());
  t.profiles.resize(set.heads.size());
  if (first >= last) return t;
  t.channel_of.reserve(last - first);
  FactSheet sheet;
  Decision decision;
  for (auto row = first; row < last; ++row) {
    history.sheet(row, sheet);
    decide(set, sheet, history.circumstances(row), decision);
    ++t.rows;
    ++t.channels[static_cast<std::size_t>(decision.channel)];
    t.random += decision.random ? 1 : 0;
    t.by_score += decision.score_selected ? 1 : 0;
    t.channel_of.push_back(static_cast<std::uint8_t>(decision.channel));
    for (const auto& o : decision.outcomes) {
      auto& profile = t.profiles[o.profile];
      if (o.undetermined) {
        if (o.declined == Declined::no) ++profile.undetermined;
      } else if (o.declined != Declined::no) {
        ++profile.declined;
      } else {
        ++profile.selected;
        if (profile.examples.size() < examples_max) profile.examples.push_back(static_cast<std::uint32_t>(row));
      }
    }
  }
  return t;
}

void SetTally::append(const SetTally& next, std::size_t examples_max) {
  rows += next.rows;
  for (std::size_t c = 0; c < 4; ++c) channels[c] += next.channels[c];
  random += next.random;
  by_score += next.by_score;
  channel_of.insert(channel_of.end(), next.channel_of.begin(), next.channel_of.end());
  profiles.resize(std::max(profiles.size(), next.profiles.size()));
  for (std::size_t i = 0; i < next.profiles.size(); ++i) {
    auto& into = profiles[i];
    const auto& from = next.profiles[i];
    into.selected += from.selected;
    into.undetermined += from.undetermined;
    into.declined += from.declined;
    for (const auto row : from.examples)
      if (into.examples.size() < examples_max) into.examples.push_back(row);
  }
}

}  // namespace rampa::risk
