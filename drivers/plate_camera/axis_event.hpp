// What AXIS License Plate Verifier pushes about one car: a JSON object per event.
// Source and trust: developer.axis.com "License plate verifier API", push events (HTTP, TCP, FTP), and the maker's field
// list "JSON fields, protocol 1.6" [D: names and values of the fields; carState new, update, lost; LOST about 10 s after the
// last sight; capture_timestamp]; numbers written as strings and carState "updated" are from public code [C]. How objects are
// set apart on a TCP connection is not documented [I]: they are found by their braces, with or without line ends.
// The fields of the ONVIF-style VAPIX event (SimpleItems text, country, carID ...) have the same meaning; their names are
// taken too, so that a bridge that turns those events into one object each needs no other codec.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::drivers::plate_camera {

enum class CarState { seen_new, update, lost };

struct AxisEvent {
  bool is_car = false;      ///< false: a heartbeat or something else that names no car
  std::string car_id;       ///< carID: the camera's running number, begins again when it restarts
  CarState state = CarState::seen_new;
  std::string plate;        ///< plateUTF8, else plateText, else text; as sent
  std::string country;      ///< alpha-3 as sent
  std::string direction;    ///< in | out | unknown
  int confidence_percent = 0;            ///< 0 where the event carries none
  std::optional<WallTime> captured;      ///< capture_timestamp
  std::vector<Attachment> pictures;      ///< "plate.jpg", "scene.jpg"
};

/// Errors: invalid, with the field.
[[nodiscard]] Result<AxisEvent> parse_axis_event(std::string_view json);

}  // namespace rampa::drivers::plate_camera
