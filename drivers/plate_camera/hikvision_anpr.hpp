// Driver family "hikvision_anpr": a camera that reads plates itself and posts every read to us (ISAPI, HTTP push).
// One PlateRead per event, made durable before the camera is told 200; on any doubt 503, so that a camera that re-posts
// can, and one that does not has lost nothing that we said we had.
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/driver.hpp"

namespace rampa::drivers::plate_camera {

/// Address push://LISTEN-ADDRESS:PORT/path. Options: `position` (front, rear; else by role), `camera_address` (only this
/// address may post), `silence_ms`, `event_age_ms`, `repost_window_ms` (else the ICD's).
/// `clock` and the sink given to poll() must outlive the driver; the sink's publish_durably is called on listener
/// threads. Errors: invalid.
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_hikvision_anpr(const icd::Product& product,
                                                                          const device::Settings& settings,
                                                                          Transports& transports, const Clock& clock);

}  // namespace rampa::drivers::plate_camera
