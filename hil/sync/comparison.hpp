// The truth is what the post's journal and blobs say; HQ is held against it, hash by hash.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hil/sync/sync_stage.hpp"

namespace rampa::hil {

struct Comparison {
  std::uint64_t records = 0, blobs = 0;           ///< in the post's journal
  std::uint64_t lost = 0;                         ///< records or blobs that HQ lacks
  std::uint64_t twice = 0;                        ///< records that HQ has more often than once
  std::uint64_t corrupt = 0;                      ///< another hash, kind or content
  std::uint64_t out_of_order = 0;
  std::uint64_t outside_interval = 0;             ///< records whose true time is not between HQ's bounds
  std::uint64_t without_interval = 0;             ///< HQ cannot bound it from both sides, though it can bound an earlier one
  std::vector<double> interval_ms;                ///< widths of HQ's intervals
  std::uint64_t alarms = 0, quarantined = 0;
  std::string first_wrong;                        ///< empty: all is equal
  [[nodiscard]] bool equal() const { return first_wrong.empty() && lost + twice + corrupt + out_of_order + outside_interval + without_interval + alarms + quarantined == 0; }
};

/// The post's process must have ended or be idle. Errors: io (something cannot be read at all).
[[nodiscard]] Result<Comparison> compare_post_with_hq(SyncStage& stage);

}  // namespace rampa::hil
