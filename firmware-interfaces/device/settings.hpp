// One device of a site: which product, where, and what it is to its lane. Read from the site file by config/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "firmware-interfaces/ids.hpp"

namespace rampa::device {

/// Where a device is. Written in the site file as
///   modbus+tcp://HOST:PORT?unit=1      modbus+rtu:///dev/ttyS0?baud=9600&parity=N&unit=1
///   tcp://HOST:PORT                    serial:///dev/ttyS0?baud=9600&format=7E1
///   rtsp://HOST:PORT/path              v4l2:///dev/video0        file:///path of a video
///   http://HOST:PORT/path              push://LISTEN-ADDRESS:PORT/path   (the device connects to us)
struct Address {
  std::string scheme;  ///< "modbus+tcp", "modbus+rtu", "tcp", "serial", "http", "push", "rtsp", "v4l2", "file"
  std::string host;    ///< host name or address; empty for serial, v4l2, file
  std::uint16_t port = 0;
  std::string path;    ///< serial or video device, file, or HTTP or RTSP path with its query
  std::map<std::string, std::string> query;
  /// Devices with the same cable share one host thread and one connection.
  [[nodiscard]] std::string cable() const {
    return scheme + "|" + host + "|" + std::to_string(port) + "|" + (host.empty() ? path : std::string{});
  }
};

/// A point of the lane and the channel of the module that carries it.
struct PointWiring {
  std::string point;    ///< lane's name (lane_points.hpp)
  std::string channel;  ///< ICD point: "DI0", "relay2"
  bool inverted = false;///< normally-closed contact
};

struct Settings {
  DeviceId id;
  LaneId lane;
  std::string role;     ///< "io", "scale", "plate_front", "plate_rear", "portal", "scanner"
  std::string icd;      ///< product id
  Address address;
  std::vector<PointWiring> wiring;               ///< digital I/O only
  std::map<std::string, std::string> options;    ///< "calibrated_until", "seal_number", "user", "password_file", "pulse_ms", "position"
};

}  // namespace rampa::device
