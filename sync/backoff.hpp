// Pauses between attempts: doubling from the first to the last, with jitter, so that a border's posts do not come back
// to a restarted broker all at once. Deterministic for a seed.
#pragma once

#include <algorithm>
#include <cstdint>

#include "firmware-interfaces/split_mix.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::sync {

class Backoff {
 public:
  Backoff(Duration first, Duration last, std::uint64_t seed) : first_(first), last_(last), draws_(seed) {}

  /// Between half and the whole of the current pause; the next one is twice as long.
  [[nodiscard]] Duration next() {
    const Duration pause = current_;
    current_ = std::min(current_ * 2, last_);
    const auto half = pause.count() / 2;
    return Duration{half + static_cast<std::int64_t>(draws_.next() % static_cast<std::uint64_t>(std::max<std::int64_t>(1, pause.count() - half)))};
  }
  void reset() { current_ = first_; }

 private:
  Duration first_, last_;
  Duration current_ = first_;
  SplitMix64 draws_;
};

}  // namespace rampa::sync
