// The one file pair that reads the machine's clocks, sleeps and draws random numbers (a test over the sources keeps it so).
#pragma once

#include <optional>

#include "firmware-interfaces/machine_time.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::runtime {

/// CLOCK_REALTIME, and as the monotonic one CLOCK_MONOTONIC_RAW with the time that the machine slept: unlike CLOCK_BOOTTIME nobody
/// slews it (NTP may by 500 ppm, chrony by 100,000), so HQ can bound it by the oscillator alone. Thread: any.
class SystemClock : public Clock {
 public:
  [[nodiscard]] Stamp now() const override;
};

/// Of this start of the machine; nothing where the kernel does not say.
[[nodiscard]] std::optional<BootId> os_boot();

/// Whether the kernel is told by somebody (NTP, PTP, a receiver of satellites) that its wall clock is kept right.
[[nodiscard]] WallQuality wall_quality();

/// Of the machine's time zone at that moment.
[[nodiscard]] std::int32_t utc_offset_min(WallTime at);

/// 64 random bits from the kernel (getrandom). For draw keys, boot ids and jitter seeds, never inside the pure core.
[[nodiscard]] std::uint64_t random_bits();

/// Blocks the calling thread. Only for device hosts and process mains; the reactor never sleeps.
void sleep_for(Duration duration);

}  // namespace rampa::runtime
