// A set against the past crossings at hand: over all of them on several threads, and what keeps an explosive one out of a post.
#pragma once

#include "edge/app/learning_sources.hpp"
#include "edge/app/profiles_install.hpp"
#include "edge/risk/explosive.hpp"

namespace rampa::app {

/// tally() over all rows on several threads (0: as many as the machine has); the same result for any number of them.
[[nodiscard]] risk::SetTally tally_all(const risk::CompiledSet& set, const risk::History& history, std::size_t examples_max, unsigned threads, const Progress& progress);

/// What the gate says of a set, by these crossings: nothing, something to tell, or why it is refused.
[[nodiscard]] Result<std::string> judged(const PastFacts& past, const bundle::ProfileTable& set, const bundle::ProfileTable* active, WallTime now);

/// Judges a set by the last crossings of the store in `directory`, as far as there are any, against the set that is active; by the limits of
/// the set's own policy. What it says names no criterion: secret profiles by what the post calls them. Thread: any.
[[nodiscard]] SetGate gate_of_own_past(std::string directory);
/// Fewer crossings say too little to keep a set out; more of them nothing new.
inline constexpr std::size_t judged_least = 100, judged_most = 5000;

}  // namespace rampa::app
