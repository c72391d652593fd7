// After a run: what the post recorded, and whether HQ has the same.
#pragma once

#include <vector>

#include "hil/bench/report.hpp"
#include "hil/stage/stage.hpp"

namespace rampa::hil {

/// Every crossing of the post, oldest first, from `rampa crossings` and `rampa show`.
[[nodiscard]] Result<std::vector<CrossingSeen>> crossings_of(const Stage& stage);

struct HqCheck {
  bool all = false;
  std::size_t records = 0;  ///< of crossings, compared by sequence and hash
  std::string detail;       ///< what is missing or different
};
/// Waits up to `patience` until HQ's cursor stands at the post's end, then compares every crossing's records.
[[nodiscard]] HqCheck compare_with_hq(const Stage& stage, Duration patience);

}  // namespace rampa::hil
