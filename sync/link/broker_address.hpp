// "mqtts://host:8883" taken apart.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>

namespace rampa::sync {

struct BrokerAddress {
  std::string host;  ///< a name, 10.0.0.1 or ::1 (written [::1])
  std::uint16_t port = 0;
  bool encrypted = false;
};

/// Where no port is written: 8883, or 1883 for mqtt://.
[[nodiscard]] inline BrokerAddress broker_address(const std::string& broker) {
  BrokerAddress out;
  out.encrypted = broker.starts_with("mqtts://");
  out.port = out.encrypted ? 8883 : 1883;
  const auto scheme = broker.find("://");
  out.host = scheme == std::string::npos ? broker : broker.substr(scheme + 3);
  std::uint16_t port = 0;
  const auto colon = out.host.rfind(':');
  const char* const end = out.host.data() + out.host.size();
  if (colon != std::string::npos && std::from_chars(out.host.data() + colon + 1, end, port).ptr == end && colon + 1 < out.host.size()) {
    if (port != 0) out.port = port;
    out.host.resize(colon);
  }
  if (out.host.starts_with('[') && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
  return out;
}

}  // namespace rampa::sync
