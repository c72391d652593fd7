// What several subcommands read.
#pragma once

#include <memory>
#include <string>

#include "config/site.hpp"
#include "edge/risk/risk.hpp"
#include "hil/bench/scenario.hpp"

namespace rampa::hil::app {

/// Errors: not_found, invalid.
[[nodiscard]] Result<std::shared_ptr<const risk::ProfileSet>> read_profile_set(const std::string& file);
/// Errors: invalid, with all findings, one per line.
[[nodiscard]] Result<config::Site> read_site_or_say(const std::string& file, const std::string& icd_directory);
/// A scenario names its site relative to its own file.
[[nodiscard]] std::string site_file_of(const Scenario& scenario);

}  // namespace rampa::hil::app
