// `rampa profiles simulate`: what a set would have done to past crossings, before anybody activates it.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "edge/app/learning_sources.hpp"

namespace rampa::app {

struct SimulateOptions {
  bool json = false;
  std::string set_file, baseline_file, history_file;
  std::string site_file, icd_directory;
  std::size_t examples = 3;
  bool active_only = false;  ///< as the set would select at a post; else as if all its profiles were active already
  std::optional<double> max_stop_percent;  ///< of one profile; where it is below the set's own limit
  WallTime today;            ///< profiles whose last day is over by then are left out
  unsigned threads = 0;  ///< 0: as many as the machine has
};
/// Results to `out`, progress and errors to `err`. An exit code (tools.hpp): 1 where a profile alone, or the whole set, stops more than the set's policy allows.
int simulate_profiles(const SimulateOptions& options, std::ostream& out, std::ostream& err);

}  // namespace rampa::app
