// What `serve` counts while it runs, for /metrics: what the ledger does not hold. Thread: any.
#pragma once

#include <atomic>
#include <cstdint>

namespace rampa::sync::hq {

struct ServeCounts {
  std::atomic<std::uint64_t> dropped{0};       ///< messages that had no room in the queue
  std::atomic<std::uint64_t> refused{0};       ///< messages that were not believed or not taken
  std::atomic<std::uint64_t> credit_bytes{0};  ///< what each post may have under way now
};

}  // namespace rampa::sync::hq
