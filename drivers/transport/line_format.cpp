#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "drivers/transport/port.hpp"

namespace rampa::drivers {
namespace {

std::string value_of(const device::Address& address, const std::string& key) {
  const auto found = address.query.find(key);
  return found == address.query.end() ? std::string{} : found->second;
}

tl::unexpected<Error> bad(const device::Address& address, const std::string& key, const std::string& remedy) {
  return fail(ErrorCode::invalid,
              address.scheme + "://" + address.path + ": " + key + "=" + value_of(address, key) + ": " + remedy);
}

}  // namespace

Duration LineFormat::character() const {
  const int bits = 1 + data_bits + (parity == 'N' ? 0 : 1) + stop_bits;
  return Duration{bits * 1'000'000'000LL / baud};
}

Result<LineFormat> line_format(const device::Address& address) {
  LineFormat format;
  if (const auto text = value_of(address, "baud"); !text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), format.baud);
    constexpr std::array known{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
    if (error != std::errc{} || end != text.data() + text.size() ||
        std::find(known.begin(), known.end(), format.baud) == known.end())
      return bad(address, "baud", "use 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200");
  }
  if (const auto text = value_of(address, "format"); !text.empty()) {
    if (text.size() != 3 || (text[0] != '7' && text[0] != '8') ||
        std::string("NEO").find(text[1]) == std::string::npos || (text[2] != '1' && text[2] != '2'))
      return bad(address, "format", "use data bits, parity and stop bits, like 8N1 or 7E1");
    format.data_bits = text[0] - '0';
    format.parity = text[1];
    format.stop_bits = text[2] - '0';
  }
  if (const auto text = value_of(address, "parity"); !text.empty()) {
    if (text.size() != 1 || std::string("NEO").find(text[0]) == std::string::npos)
      return bad(address, "parity", "use N, E or O");
    format.parity = text[0];
  }
  if (const auto text = value_of(address, "stop"); !text.empty()) {
    if (text != "1" && text != "2") return bad(address, "stop", "use 1 or 2");
    format.stop_bits = text[0] - '0';
  }
  return format;
}

Result<void> check_host(const device::Address& address) {
  in_addr parsed{};
  if (address.host == "localhost" || ::inet_pton(AF_INET, address.host.c_str(), &parsed) == 1) return {};
  return fail(ErrorCode::invalid, address.scheme + "://" + address.host +
                                      ": not an IPv4 address; write the device's "
                                      "address as numbers (a name service may block the cable's thread)");
}

}  // namespace rampa::drivers
