// /metrics on loopback, as Prometheus reads it. Every question opens the ledger for reading and closes it again.
#pragma once

#include <cstdint>
#include <memory>

#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"
#include "sync/hq/database.hpp"
#include "sync/hq/serve_counts.hpp"

namespace rampa::sync::hq {

class MetricsServer {
 public:
  virtual ~MetricsServer() = default;  ///< ends its threads
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

/// 127.0.0.1 only; port 0: a free one. `clock` and `counts` must outlive it. Errors: io (the port is taken).
[[nodiscard]] Result<std::unique_ptr<MetricsServer>> serve_metrics(const Place& place, std::uint16_t port, const Clock& clock, const ServeCounts* counts = nullptr);

}  // namespace rampa::sync::hq
