// How far a published value may be trusted, and where it comes from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware-interfaces/ids.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::device {

enum class Quality {
  good,     ///< fresh, in range, device says it is valid
  suspect,  ///< plausible, but something speaks against it (frozen heartbeat, age near its limit): never opens anything
  bad,      ///< not to be used; published so that people see it
};

[[nodiscard]] constexpr std::string_view name_of(Quality q) {
  return q == Quality::good ? "good" : q == Quality::suspect ? "suspect" : "bad";
}

/// Every published value carries this. A value is stamped once, when its bytes arrive; it is never published again
/// with a newer stamp.
struct Provenance {
  DeviceId device;
  Stamp received;                       ///< when the bytes arrived here
  std::optional<WallTime> device_time;  ///< what the device says; never trusted for order
  Quality quality = Quality::bad;
  std::string reason;  ///< why not good; empty when good
  bool operator==(const Provenance&) const = default;
};

}  // namespace rampa::device
