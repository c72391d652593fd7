// Driver family "axis_alpv": AXIS License Plate Verifier pushes events (new, update, lost) per car; this driver makes one
// PlateRead of each car: the best text, when the car is lost or after `settle_ms`.
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/driver.hpp"

namespace rampa::drivers::plate_camera {

/// Address push://LISTEN-ADDRESS:PORT/path (the camera posts every event by HTTP) or tcp://HOST:PORT (we connect to a
/// bridge that gives the camera's TCP push as a stream of JSON objects).
/// Over HTTP an event that only adds to a car is answered 200 once it is held in memory: it is not evidence yet, and this
/// camera does not post again. A power cut within `settle_ms` of a car's first sight can lose its read (the lane then
/// has no plate and calls an officer). The event that completes a car is answered 200 only after its read is durable.
/// Options: `position`, `camera_address`, `silence_ms`, `event_age_ms`, `repost_window_ms`, `settle_ms` (else the ICD's).
/// Errors: invalid.
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_axis_alpv(const icd::Product& product, const device::Settings& settings,
                                                                     Transports& transports, const Clock& clock);

}  // namespace rampa::drivers::plate_camera
