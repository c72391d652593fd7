// The truth is what the post's journal and blobs say; HQ is held against it, hash by hash.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "edge/store/store.hpp"
#include "hil/sync/sync_stage.hpp"

namespace rampa::hil {

struct Comparison {
  std::uint64_t records = 0, blobs = 0;           ///< in the post's journal
  std::uint64_t lost = 0;                         ///< records or blobs that HQ lacks
  std::uint64_t twice = 0;                        ///< records that HQ has more often than once
  std::uint64_t corrupt = 0;                      ///< another hash, kind or content
  std::uint64_t out_of_order = 0;                 ///< records that have another place in their stream at HQ than in the journal
  std::uint64_t outside_interval = 0;             ///< records whose true time is not between HQ's bounds
  std::uint64_t without_interval = 0;             ///< HQ cannot bound it from both sides, though it can bound an earlier one
  std::vector<double> interval_ms;                ///< widths of HQ's intervals
  std::uint64_t alarms = 0, quarantined = 0;
  std::string first_wrong;                        ///< empty: all is equal
  [[nodiscard]] bool equal() const { return first_wrong.empty() && lost + twice + corrupt + out_of_order + outside_interval + without_interval + alarms + quarantined == 0; }
};

/// Adds a page of the journal, against `rows` of HQ from its first sequence on (what `rampa-hq records` says). HQ takes records in any
/// order; their place in the stream is what it goes by from then on. `next`: the first sequence of the next page; 0: this is the last.
void compare_records(Comparison& result, const std::vector<store::JournalReader::Raw>& here, const nlohmann::json& rows, std::uint64_t next);

/// The post's process must have ended or be idle. Errors: io (something cannot be read at all).
[[nodiscard]] Result<Comparison> compare_post_with_hq(SyncStage& stage);

}  // namespace rampa::hil
