#include "firmware-interfaces/device/address_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace rampa::device {
namespace {

std::string value_of(const Address& address, const std::string& key) {
  const auto found = address.query.find(key);
  return found == address.query.end() ? std::string{} : found->second;
}

tl::unexpected<Error> bad(const Address& address, const std::string& key, const std::string& remedy) {
  return fail(ErrorCode::invalid, key + "=" + value_of(address, key) + ": " + remedy);
}

std::optional<int> whole_number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_ipv4(const std::string& text) {
  int parts = 0;
  for (std::size_t at = 0;; ++parts) {
    const auto dot = text.find('.', at);
    const std::string part = text.substr(at, dot - at);
    const auto value = whole_number(part);
    if (!value || *value < 0 || *value > 255 || part.size() > 3 || part[0] == '-' || part[0] == '+') return false;
    if (dot == std::string::npos) return parts == 3;
    at = dot + 1;
  }
}

/// As far as it can be told from a name; the socket's own parser has the last word.
bool may_be_ipv6(const std::string& text) {
  return std::count(text.begin(), text.end(), ':') >= 2 && text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos;
}

}  // namespace

Duration LineFormat::character() const {
  const int bits = 1 + data_bits + (parity == 'N' ? 0 : 1) + stop_bits;
  return Duration{bits * 1'000'000'000LL / baud};
}

Result<LineFormat> line_format(const Address& address) {
  LineFormat format;
  const auto has = [&](const char* key) { return address.query.contains(key); };
  if (has("baud")) {
    constexpr std::array known{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
    const auto baud = whole_number(value_of(address, "baud"));
    if (!baud || std::find(known.begin(), known.end(), *baud) == known.end())
      return bad(address, "baud", "use 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200");
    format.baud = *baud;
  }
  if (has("format")) {
    const auto text = value_of(address, "format");
    if (text.size() != 3 || (text[0] != '7' && text[0] != '8') || std::string("NEO").find(text[1]) == std::string::npos ||
        (text[2] != '1' && text[2] != '2'))
      return bad(address, "format", "use data bits, parity and stop bits, like 8N1 or 7E1");
    if (has("parity") || has("stop_bits")) return bad(address, "format", "says parity and stop bits already; leave parity and stop_bits out");
    format.data_bits = text[0] - '0';
    format.parity = text[1];
    format.stop_bits = text[2] - '0';
  }
  if (has("parity")) {
    const auto text = value_of(address, "parity");
    if (text.size() != 1 || std::string("NEO").find(text[0]) == std::string::npos) return bad(address, "parity", "use N, E or O");
    format.parity = text[0];
  }
  if (has("stop_bits")) {
    const auto text = value_of(address, "stop_bits");
    if (text != "1" && text != "2") return bad(address, "stop_bits", "use 1 or 2");
    format.stop_bits = text[0] - '0';
  }
  return format;
}

Result<void> check_host(const Address& address) {
  const bool both = address.scheme == "http" || address.scheme == "push";
  if (address.host != "localhost" && !is_ipv4(address.host) && !(both && may_be_ipv6(address.host)))
    return fail(ErrorCode::invalid, "\"" + address.host + "\" is not an " + (both ? "IP" : "IPv4") +
                                        " address; write it as numbers (a name service may block the cable's thread)");
  if (address.scheme != "push") return {};
  const auto every = value_of(address, "every_network");
  if (address.query.contains("every_network") && every != "yes") return bad(address, "every_network", "write yes, or leave it out");
  if ((address.host == "0.0.0.0" || address.host == "::") && every != "yes")
    return fail(ErrorCode::invalid, "push address " + address.host + " would listen on every network; write this machine's address on the "
                                    "device network, or add ?every_network=yes");
  return {};
}

Result<int> modbus_unit(const Address& address) {
  if (!address.query.contains("unit")) return 1;
  const bool serial = address.scheme == "modbus+rtu";
  const auto unit = whole_number(value_of(address, "unit"));
  if (!unit || *unit < (serial ? 1 : 0) || *unit > (serial ? 247 : 255))
    return bad(address, "unit", serial ? "serial units are 1 to 247" : "units are 0 to 255");
  return *unit;
}

Result<void> check_address(const Address& address) {
  const bool serial = address.scheme == "serial" || address.scheme == "modbus+rtu";
  if (serial) {
    if (auto format = line_format(address); !format) return tl::unexpected(format.error());
  } else if (address.scheme == "v4l2" || address.scheme == "file") {
    return {};  // a path of this machine: the transport has the last word
  } else if (auto host = check_host(address); !host) {
    return host;
  }
  if (address.scheme.starts_with("modbus+"))
    if (auto unit = modbus_unit(address); !unit) return tl::unexpected(unit.error());
  return {};
}

Result<Address> tcp_address(const std::string& text) {
  Address address;
  address.scheme = "tcp";
  const auto colon = text.rfind(':');
  const int port = colon == std::string::npos ? 0 : whole_number(text.substr(colon + 1)).value_or(0);
  if (!text.starts_with("tcp://") || colon <= 5 || port < 1 || port > 65535)
    return fail(ErrorCode::invalid, "\"" + text + "\": write tcp://HOST:PORT");
  address.host = text.substr(6, colon - 6);
  address.port = static_cast<std::uint16_t>(port);
  if (auto host = check_host(address); !host) return tl::unexpected(host.error());
  return address;
}

}  // namespace rampa::device
