// Weighbridge indicators that speak text on a serial line or TCP: one driver, a protocol object per maker's format.
#pragma once

#include <memory>
#include <string>

#include "drivers/registry/registry.hpp"

namespace rampa::drivers {

/// What one exchange with the indicator gave.
struct ScaleSample {
  device::WeighReading reading;
  Bytes raw;                               ///< the bytes it was decoded from, kept with the ticket
  std::optional<std::int64_t> heartbeat;   ///< a counter that moves with every measurement, where there is one
  Stamp received;                          ///< when the first of its parts arrived
  std::string invalid;                     ///< the indicator says that its numbers prove nothing: a short stable word
  std::string remedy;                      ///< with `invalid`: for people
};

/// A maker's format over a byte stream. Straight-line; every wait has a time-out.
class ScaleProtocol {
 public:
  virtual ~ScaleProtocol() = default;
  /// The newest sample. Errors: timeout, bad_reply, refused, busy, disconnected.
  virtual Result<ScaleSample> sample(ByteStream& stream, const Clock& clock) = 0;
  /// The connection is new: forget half-read frames.
  virtual void restart() = 0;
};

/// Families "toledo_continuous", "sma", "rincmd".
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_toledo_scale(const DriverNeeds& needs);
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_sma_scale(const DriverNeeds& needs);
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_rincmd_scale(const DriverNeeds& needs);

/// For tests: the driver around any protocol.
[[nodiscard]] std::unique_ptr<device::Driver> make_text_scale(const DriverNeeds& needs, std::shared_ptr<ByteStream> stream,
                                                              std::unique_ptr<ScaleProtocol> protocol);

}  // namespace rampa::drivers
