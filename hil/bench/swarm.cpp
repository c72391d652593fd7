#include "hil/bench/swarm.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace rampa::hil {
namespace {

double value_of(const std::string& fault, SubStream& draws) {
  if (fault == "slow") return draws.between(10, 400);          // ms per answer
  if (fault == "boom_slow") return draws.between(1, 4);
  if (fault == "presence_ends") return draws.between(5, 60);
  if (fault == "stuck_bit") return static_cast<double>(draws.whole(0, 7));
  if (fault == "noise") return static_cast<double>(draws.whole(1, 8));
  if (fault == "step") return draws.between(-3'600'000, 3'600'000);
  return 0;
}

// Long enough to be noticed, short enough that a lane works between two of them.
double duration_of(const std::string& fault, SubStream& draws) {
  if (fault == "kill") return draws.between(0.5, 8);
  if (fault == "power_cycle" || fault == "reset") return 1;
  const double shortest = 0.2, longest = 90;
  return shortest * std::pow(longest / shortest, draws.unit());
}

bool overlap(const Strike& a, const Strike& b) { return a.at_s < b.at_s + b.for_s + 10 && b.at_s < a.at_s + a.for_s + 10; }

}  // namespace

bool is_liar(const std::string& fault) {
  static const std::set<std::string> device{"frozen", "stuck_bit", "presence_ends", "ack_no_motion"};
  return device.contains(fault) || fault.ends_with("_stuck_off");
}

Swarm make_swarm(std::uint64_t seed, const std::vector<SwarmTarget>& targets, double seconds) {
  Swarm swarm;
  std::set<std::string> kinds;
  for (const auto& target : targets)
    for (const auto& fault : target.faults) kinds.insert(fault);
  for (const auto& kind : kinds)
    if (SubStream(seed, "swarm kind " + kind, 0).chance(0.5)) swarm.kinds.push_back(kind);

  std::vector<Strike> drawn;
  for (const auto& target : targets)
    for (const auto& fault : target.faults) {
      if (std::find(swarm.kinds.begin(), swarm.kinds.end(), fault) == swarm.kinds.end()) continue;
      const double per_hour = 0.3 * std::pow(20.0, SubStream(seed, "swarm rate " + fault, 0).unit());
      SubStream draws(seed, "swarm " + target.name + " " + fault, 0);
      double at = 0;
      for (;;) {
        at += -std::log(1 - draws.unit()) * 3600 / per_hour;
        Strike strike{at, duration_of(fault, draws), value_of(fault, draws), target.name, target.lane, fault};
        if (strike.at_s + strike.for_s >= seconds) break;
        drawn.push_back(std::move(strike));
        at += drawn.back().for_s;
      }
    }
  std::stable_sort(drawn.begin(), drawn.end(), [](const auto& a, const auto& b) { return a.at_s < b.at_s; });
  for (auto& strike : drawn) {
    const bool second_liar = is_liar(strike.fault) && std::any_of(swarm.strikes.begin(), swarm.strikes.end(), [&](const Strike& other) {
                               return is_liar(other.fault) && other.lane == strike.lane && overlap(other, strike);
                             });
    if (!second_liar) swarm.strikes.push_back(std::move(strike));
  }
  return swarm;
}

}  // namespace rampa::hil
