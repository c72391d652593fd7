// What an address may say. One set of rules for the site file's reader and for the transports: what check-config passes,
// a transport takes. Pure.
#pragma once

#include <string>

#include "firmware-interfaces/device/settings.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::device {

/// Character format of a serial line.
struct LineFormat {
  int baud = 9600;
  int data_bits = 8;  ///< 7 or 8
  char parity = 'N';  ///< N, E, O
  int stop_bits = 1;  ///< 1 or 2
  /// Time of one character with its start, parity and stop bits.
  [[nodiscard]] Duration character() const;
  bool operator==(const LineFormat&) const = default;
};

/// From the query: baud=9600 and format=7E1, or parity=E and stop_bits=2 instead of format. Errors: invalid, naming the key.
[[nodiscard]] Result<LineFormat> line_format(const Address& address);

/// Numeric addresses and "localhost" only: a name service has no time-out that we control. IPv4 for tcp, modbus+tcp and rtsp,
/// IPv4 or IPv6 for http and push; every network (0.0.0.0, ::) only where a push address says every_network=yes.
/// Errors: invalid.
[[nodiscard]] Result<void> check_host(const Address& address);

/// unit=N, 1 where there is none. modbus+rtu: 1 to 247 (0 is the broadcast, which nobody answers); modbus+tcp: 0 to 255.
/// Errors: invalid.
[[nodiscard]] Result<int> modbus_unit(const Address& address);

/// All of the above, as far as the scheme has them. Errors: invalid.
[[nodiscard]] Result<void> check_address(const Address& address);

/// "tcp://HOST:PORT", for a second address among a device's options. Errors: invalid.
[[nodiscard]] Result<Address> tcp_address(const std::string& text);

}  // namespace rampa::device
