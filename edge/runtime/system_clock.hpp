// The one file pair that reads the machine's clocks, sleeps and draws random numbers (a test over the sources keeps it so).
#pragma once

#include "firmware-interfaces/time.hpp"

namespace rampa::runtime {

/// CLOCK_BOOTTIME and CLOCK_REALTIME. Thread: any.
class SystemClock : public Clock {
 public:
  [[nodiscard]] Stamp now() const override;
};

/// Of the machine's time zone at that moment.
[[nodiscard]] std::int32_t utc_offset_min(WallTime at);

/// 64 random bits from the kernel (getrandom). For draw keys, boot ids and jitter seeds, never inside the pure core.
[[nodiscard]] std::uint64_t random_bits();

/// Blocks the calling thread. Only for device hosts and process mains; the reactor never sleeps.
void sleep_for(Duration duration);

}  // namespace rampa::runtime
