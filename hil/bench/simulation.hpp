// The deterministic simulation of one seed: traffic and a swarm of faults for some hours, then everything is repaired
// and every lane must get moving again.
#pragma once

#include <cstdio>
#include <memory>

#include "hil/bench/report.hpp"
#include "hil/bench/swarm.hpp"
#include "hil/bench/virtual_run.hpp"

namespace rampa::hil {

struct SimulationSetup {
  config::Site site;
  std::shared_ptr<const risk::ProfileSet> profiles;
  std::uint64_t seed = 1;
  double hours = 1;
  bool faults = true;
  bool officers = true;   ///< false: nobody is on duty
  std::FILE* trace = nullptr;
};

struct SimulationResult {
  std::uint64_t seed = 0, trace_hash = 0;
  std::vector<Violation> violations;
  std::uint64_t lorries = 0, passed = 0, crossings = 0, records = 0, strikes = 0, kills = 0;
  std::vector<std::string> kinds;
  double world_s = 0;
};

/// Errors: as VirtualPost::make.
[[nodiscard]] Result<SimulationResult> simulate(SimulationSetup setup);

}  // namespace rampa::hil
