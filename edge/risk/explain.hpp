// Why a stored assessment came out as it did: for the risk unit, never for the lane. Needs the set's text, for criteria are not
// kept in the open anywhere else. Pure; looks at every profile with the plain evaluator, so near misses are complete.
#pragma once

#include <string>

#include "edge/crossing/assessment.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::risk {

/// JSON text, the same for the same arguments: hits with their criteria, what was declined and why, near misses (one condition
/// short, and which), what was undetermined and for want of what. Errors: invalid (the set does not read).
[[nodiscard]] Result<std::string> explain(const std::string& set_json, const Assessment& stored, WallTime made_at);

}  // namespace rampa::risk
