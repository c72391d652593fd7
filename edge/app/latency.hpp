// Software's own share of a release: last evidence received -> boom command handed to the transport, commit included.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "firmware-interfaces/time.hpp"

namespace rampa::app {

/// Keeps the newest 4096 samples. Thread: any.
class LatencyTrack {
 public:
  struct Sample {
    Duration total{}, to_command{};  ///< to the transport; of it to the core's command
  };
  /// The core sends command `id` at `now`; its evidence arrived at `since`.
  void begin(std::uint64_t id, MonoTime since, MonoTime now) {
    std::lock_guard lock(mutex_);
    open_[id] = {since, now};
    if (open_.size() > 256) open_.erase(open_.begin());
  }
  /// The device's host hands it to the transport now. Nothing for a command that is not measured.
  std::optional<Sample> end(std::uint64_t id, MonoTime now) {
    std::lock_guard lock(mutex_);
    auto found = open_.find(id);
    if (found == open_.end()) return std::nullopt;
    const Sample sample{now - found->second.since, found->second.commanded - found->second.since};
    samples_[count_++ % samples_.size()] = sample.total;
    open_.erase(found);
    return sample;
  }
  struct Percentiles {
    std::uint64_t count = 0;
    double p50_ms = 0, p99_ms = 0, max_ms = 0;
  };
  [[nodiscard]] Percentiles percentiles() const {
    std::vector<Duration> sorted;
    std::uint64_t count = 0;
    {
      std::lock_guard lock(mutex_);
      count = count_;
      sorted.assign(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(count_, samples_.size())));
    }
    if (sorted.empty()) return {};
    std::sort(sorted.begin(), sorted.end());
    auto at = [&](double q) {
      // Nearest rank: the smallest sample that at least this share does not exceed.
      const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
      return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1].count()) / 1e6;
    };
    return {count, at(0.50), at(0.99), static_cast<double>(sorted.back().count()) / 1e6};
  }

 private:
  mutable std::mutex mutex_;
  struct Open {
    MonoTime since, commanded;
  };
  std::map<std::uint64_t, Open> open_;
  std::array<Duration, 4096> samples_{};
  std::uint64_t count_ = 0;
};

}  // namespace rampa::app
