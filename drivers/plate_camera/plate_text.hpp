// What a camera calls a plate, as the lane wants it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware-interfaces/device/captures.hpp"
#include "firmware-interfaces/device/settings.hpp"

namespace rampa::drivers::plate_camera {

/// Upper case without blanks, dashes, dots and middle dots; empty where the camera's words mean "no plate", or where it
/// is longer than 16 letters. Letters beyond ASCII stay as they are (UTF-8).
[[nodiscard]] std::string plate_text(std::string_view from_camera);

/// Text of a device as text: control characters become blanks, and where the whole is no valid UTF-8, every byte beyond
/// ASCII becomes '?'. Cut to `bytes_max`.
[[nodiscard]] std::string clean_text(std::string_view from_device, std::size_t bytes_max);

/// Option `position` of the device ("front", "rear"), else its role.
[[nodiscard]] device::PlatePosition position_of(const device::Settings& settings);

/// Cameras say whether a vehicle comes towards them. A camera at the rear plate looks after the lorry, so there a
/// vehicle that goes away drives forward through the lane.
[[nodiscard]] device::Heading heading_of(bool approaches_camera, device::PlatePosition position);

/// "2026-10-09T01:01:02.345+05:00" (ISO 8601 with offset or Z; fraction optional). Nothing without an offset: a time
/// that may be an hour or more wrong is not a time.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);

}  // namespace rampa::drivers::plate_camera
