// The chaos run of sync: records and images flow from a post to HQ while processes are killed and the line fails, from a
// seed. At the end the post's journal is compared with HQ. A run can be interrupted and gone on with.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "hil/sync/comparison.hpp"

namespace rampa::hil {

struct SoakSyncSettings {
  SyncStageSettings stage;
  std::uint64_t records = 1'000'000;
  std::uint64_t images = 100;           ///< of 20 MiB, spread over the records
  std::size_t image_bytes = 20u << 20;
  int faults = 1000;
  Duration patience = 300s;             ///< without any progress at HQ
};

/// Names of the faults.
[[nodiscard]] const std::vector<std::string>& soak_faults();
/// Fault number `n` of a run, from 0: each of them comes once, in an order of the seed's, before any comes again; then they are drawn.
[[nodiscard]] std::string soak_fault(std::uint64_t seed, std::size_t n);

struct SoakSyncReport {
  Comparison comparison;
  std::map<std::string, int> faults;    ///< by name, of all sittings
  std::uint64_t records_told = 0;       ///< the most that the post ever said to be durable
  double seconds = 0;                   ///< of all sittings
  bool finished = false;                ///< false: interrupted; begin again with the same directory
  [[nodiscard]] bool good() const { return finished && comparison.equal() && comparison.records >= records_told; }
};

/// `progress` gets a line now and then; `stop` is asked often. State is kept in DIRECTORY/soak.json. Errors: io, invalid (the
/// directory holds a run with other settings), timeout (no progress within `patience`).
[[nodiscard]] Result<SoakSyncReport> soak_sync(const SoakSyncSettings& settings, const std::function<void(const std::string&)>& progress,
                                               bool (*stop)());

[[nodiscard]] std::string soak_report_json(const SoakSyncSettings& settings, const SoakSyncReport& report);

}  // namespace rampa::hil
