// The fault swarm of one seed: which kinds of faults it knows, when each strikes and for how long. Every (target, fault)
// has a stream of its own, so that taking one out does not move the others.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hil/world/substream.hpp"

namespace rampa::hil {

/// A sensor that says something plausible and wrong, or a module that shows old inputs. What one of them hides, another
/// sensor must show: the claim holds for one liar per lane at a time, and the swarm never makes two.
[[nodiscard]] bool is_liar(const std::string& fault);

struct SwarmTarget {
  std::string name;                 ///< as VirtualPost::fault takes it
  std::string lane;                 ///< empty: the post
  std::vector<std::string> faults;
};

struct Strike {
  double at_s = 0, for_s = 0, value = 0;
  std::string target, lane, fault;
};

struct Swarm {
  std::vector<std::string> kinds;   ///< enabled in this seed
  std::vector<Strike> strikes;      ///< by time; all of them end before `seconds`
};

[[nodiscard]] Swarm make_swarm(std::uint64_t seed, const std::vector<SwarmTarget>& targets, double seconds);

}  // namespace rampa::hil
