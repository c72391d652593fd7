// Why a stored assessment came out as it did: for the risk unit, never for the lane. Needs the set's text, for criteria are not
// kept in the open anywhere else. Pure; looks at every profile with the plain evaluator, so near misses are complete.
#pragma once

#include <string>

#include "edge/crossing/assessment.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::risk {

/// JSON text, the same for the same arguments: what matched with its criteria, the facts they looked at, draw and shares, and what the post's record says
/// became of it (secret profiles under both names); near misses (one test short, and which, in every branch and goods item where one alone is);
/// what was undetermined and for want of what. Errors: invalid (the set does not read).
[[nodiscard]] Result<std::string> explain(const std::string& set_json, const Assessment& stored, WallTime made_at);

}  // namespace rampa::risk
