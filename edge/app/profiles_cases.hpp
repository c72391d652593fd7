// The cases of `rampa profiles test`: facts, and what must come of them. One JSON object per line; keys: PROFILES.md, "Cases".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/risk/risk.hpp"

namespace rampa::app {

struct ProfileCase {
  std::string name;
  Fields facts;
  std::optional<WallTime> at;
  // What must be so; one of them is there.
  std::optional<std::string> channel;
  std::optional<std::vector<std::string>> hits, undetermined;
};

/// Errors: invalid, with place, cause and remedy.
[[nodiscard]] Result<ProfileCase> read_case(const std::string& line);
/// What comes otherwise than it must ("channel is red; hits are [...]"); empty: nothing. `now`: for a case that does not say when.
[[nodiscard]] std::string differs(const risk::ProfileSet& set, const ProfileCase& wanted, WallTime now);

}  // namespace rampa::app
