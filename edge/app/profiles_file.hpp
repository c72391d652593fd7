// The profile set of a site file, read from disk.
#pragma once

#include <memory>
#include <string>

#include "edge/risk/risk.hpp"

namespace rampa::app {

/// Errors: not_found, invalid (all causes, one per line).
[[nodiscard]] Result<std::shared_ptr<const risk::ProfileSet>> read_profiles(const std::string& file);

}  // namespace rampa::app
