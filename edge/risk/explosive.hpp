// Whether a set would stop more lorries than its policy allows, by what it does to past crossings. Pure. What counts: LEARNING.md, Simulation.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "edge/risk/history.hpp"

namespace rampa::risk {

/// Which profiles are tried: those of all stages as if they were active already, or only those that will select once the set is in force.
enum class Stages { all, active };

/// The set as it would be on every day of the past: profiles without their dates, but for those whose last day is over by `today`, which
/// are left out; neither age nor capacity. `seen` is called for every profile that is tried, before that. Errors: those of compile().
[[nodiscard]] Result<std::shared_ptr<const CompiledSet>> compile_for_trial(const std::string& json, Stages stages, WallTime today, const std::vector<Fields>& traffic,
                                                                           const std::function<void(const RiskProfile&)>& seen = nullptr);

/// Shares of the past crossings, in per cent.
struct StopLimit {
  double profile = 5, set = 30;
};
[[nodiscard]] StopLimit stop_limit(const SetPolicy& policy);

/// One profile. What stops: a channel of yellow or red; or a weight that alone reaches a threshold of the score.
struct ProfileStops {
  std::uint32_t profile = 0;
  std::uint64_t alone = 0;  ///< rows that it stops by itself, those where it is undetermined included
  bool explosive = false;
};

/// A set and what it did to the rows; the same for what is in force now, where there is such.
struct Trial {
  std::shared_ptr<const CompiledSet> set;
  SetTally tally;
};
struct Judgement {
  std::vector<ProfileStops> profiles;  ///< those that stop most first
  std::uint64_t stopped = 0;           ///< rows that the whole set sends to yellow or red
  bool set_explosive = false;
  [[nodiscard]] bool fine() const;
};
/// Explosive is what is above the limit, and above what the set of `before` does: a set that stops less than the present one is never kept out.
[[nodiscard]] Judgement judge(const Trial& now, const std::optional<Trial>& before, StopLimit limit);

[[nodiscard]] bool stops(SelectivityChannel channel);
[[nodiscard]] std::uint64_t stopped(const SetTally& tally);
/// 0 of 0 is 0.
[[nodiscard]] double percent(std::uint64_t part, std::uint64_t whole);

}  // namespace rampa::risk
