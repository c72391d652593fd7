#include "edge/risk/explosive.hpp"

#include <algorithm>

namespace rampa::risk {

namespace {

std::uint64_t alone(const CompiledSet& set, const SetTally& tally, std::uint32_t profile) {
  const auto& head = set.heads[profile];
  const auto& policy = set.head.policy;
  if (head.shadow || (!stops(head.channel) && head.weight < std::min(policy.score_yellow, policy.score_red))) return 0;
  return tally.profiles[profile].selected + tally.profiles[profile].undetermined;
}

}  // namespace

Result<std::shared_ptr<const CompiledSet>> compile_for_trial(const std::string& json, Stages stages, WallTime today, const std::vector<Fields>& traffic,
                                                             const std::function<void(const RiskProfile&)>& seen) {
  Changes changes;
  changes.profile = [&](RiskProfile& p) {
    using enum LifeCycle;
    const bool early = p.state == draft || p.state == shadow || p.state == approved;
    const bool over = p.state == active && p.valid_before <= today;
    if (p.state == suspended || p.state == expired || over || (early && stages == Stages::active)) {
      p.state = expired;
      return;
    }
    if (seen) seen(p);
    p.state = active;
    p.valid_from = WallTime{INT64_MIN};
    p.valid_before = WallTime{INT64_MAX};
  };
  changes.policy = [](SetPolicy& p) {
    p.stale_after_hours = INT64_MAX;
    std::fill(std::begin(p.cap_of_10000), std::end(p.cap_of_10000), std::uint16_t{10000});
  };
  return compile_changed(json, "", changes, traffic, nullptr, Reading::kept);  // what is in force is tried too
}

StopLimit stop_limit(const SetPolicy& policy) { return {policy.stop_profile_of_10000 / 100.0, policy.stop_set_of_10000 / 100.0}; }

bool Judgement::fine() const {
  return !set_explosive && std::none_of(profiles.begin(), profiles.end(), [](const auto& p) { return p.explosive; });
}

Judgement judge(const Trial& now, const std::optional<Trial>& before, StopLimit limit) {
  Judgement judgement;
  for (std::uint32_t p = 0; p < now.tally.profiles.size(); ++p) {
    ProfileStops line{p, alone(*now.set, now.tally, p), false};
    line.explosive = percent(line.alone, now.tally.rows) > limit.profile;
    if (line.explosive && before) {
      const auto there = before->set->find(now.set->id(p));
      line.explosive = there == before->set->size() || line.alone > alone(*before->set, before->tally, there);
    }
    judgement.profiles.push_back(line);
  }
  std::stable_sort(judgement.profiles.begin(), judgement.profiles.end(), [](const auto& a, const auto& b) { return a.alone > b.alone; });
  judgement.stopped = stopped(now.tally);
  judgement.set_explosive = percent(judgement.stopped, now.tally.rows) > limit.set && (!before || judgement.stopped > stopped(before->tally));
  return judgement;
}

bool stops(SelectivityChannel channel) { return channel >= SelectivityChannel::yellow; }

std::uint64_t stopped(const SetTally& tally) { return tally.channels[static_cast<int>(SelectivityChannel::yellow)] + tally.channels[static_cast<int>(SelectivityChannel::red)]; }

double percent(std::uint64_t part, std::uint64_t whole) { return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole); }

}  // namespace rampa::risk
