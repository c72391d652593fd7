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
  double max_stop_percent = 5;
  unsigned threads = 0;  ///< 0: as many as the machine has
};
/// Results to `out`, progress and errors to `err`. An exit code (tools.hpp): 1 where a profile alone stops more than allowed.
int simulate_profiles(const SimulateOptions& options, std::ostream& out, std::ostream& err);

/// The set as it would be with every draft, approved and shadow profile active whenever the crossing was; never stale. Errors: invalid.
[[nodiscard]] Result<std::string> as_if_active(const std::string& set_json);

/// tally() over all rows on several threads; the same result for any number of them.
[[nodiscard]] risk::SetTally tally_all(const risk::CompiledSet& set, const risk::History& history, std::size_t examples_max, unsigned threads, const Progress& progress);

}  // namespace rampa::app
