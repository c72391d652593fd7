// Driver family "snapshot_camera": a camera that reads nothing itself. While TakeFrames is in force its JPEGs are fetched
// and published as CameraFrame with attachment "frame"; the vision pool reads them.
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/driver.hpp"

namespace rampa::drivers::camera {

/// Address http://HOST:PORT/path of a snapshot (image/jpeg) or an MJPEG stream (multipart/x-mixed-replace).
/// Between commands one picture per `idle_check_ms` is fetched and thrown away, to know that the camera lives. Two
/// pictures with equal coded bytes in a row mean a frozen picture: frames are suspect and so is the camera (a real sensor
/// never gives the same noise twice).
/// Options: `position`; `frame_period_ms`, `idle_check_ms`, `frames_for_ms_max` (else the ICD's). Errors: invalid.
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_snapshot_camera(const icd::Product& product, const device::Settings& settings,
                                                                           Transports& transports, const Clock& clock);

}  // namespace rampa::drivers::camera
