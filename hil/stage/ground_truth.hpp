// After a run: what the post recorded, and whether HQ has the same.
#pragma once

#include <vector>

#include "hil/bench/report.hpp"
#include "hil/stage/stage.hpp"

namespace rampa::hil {

/// A line of `rampa crossings`.
struct CrossingRow {
  std::string id, outcome;    ///< outcome empty: not over
  bool acknowledged = false;  ///< by HQ
};
/// The newest `limit` crossings, newest first.
[[nodiscard]] Result<std::vector<CrossingRow>> newest_crossings(const Stage& stage, std::size_t limit);
/// One crossing, from `rampa show`.
[[nodiscard]] Result<CrossingSeen> crossing_of(const Stage& stage, const std::string& id);
/// Every crossing of the post, oldest first, from `rampa crossings` and `rampa show`.
[[nodiscard]] Result<std::vector<CrossingSeen>> crossings_of(const Stage& stage);

struct HqCheck {
  bool all = false;
  std::size_t records = 0;  ///< of crossings, compared by sequence and hash
  std::size_t verified = 0; ///< all records, in both chains
  std::string detail;       ///< what is missing or different
};
/// Waits up to `patience` until HQ's cursor stands at the post's end. Then every crossing's records are compared by sequence
/// and hash, and `rampa verify` and `rampa-hq verify` must both find a whole chain, with the same number of records: what
/// belongs to no crossing is there too, and HQ has nothing that the post has not.
[[nodiscard]] HqCheck compare_with_hq(const Stage& stage, Duration patience);

}  // namespace rampa::hil
