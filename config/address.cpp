#include "config/address.hpp"

#include <algorithm>
#include <charconv>

#include "config/fields.hpp"

namespace rampa::config {
namespace {

struct Scheme {
  std::string name, transport;
  bool serial;
  std::vector<std::string> query;
};

const std::vector<Scheme>& schemes() {
  static const std::vector<Scheme> all{
      {"modbus+tcp", "modbus_tcp", false, {"unit"}},
      {"modbus+rtu", "modbus_rtu", true, {"unit", "baud", "parity", "stop_bits"}},
      {"tcp", "tcp", false, {}},
      {"serial", "serial", true, {"baud", "format"}},
      {"http", "http", false, {}},
      {"push", "http_push", false, {}},
  };
  return all;
}

std::optional<long> whole_number(const std::string& text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

tl::unexpected<Error> wrong(const std::string& text, const std::string& why) {
  return fail(ErrorCode::invalid, "\"" + text + "\": " + why);
}

Result<void> query_value(const std::string& text, const std::string& key, const std::string& value) {
  const auto number = whole_number(value);
  if (key == "unit" && (!number || *number < 0 || *number > 247)) return wrong(text, "unit must be 0 to 247");
  if (key == "baud" && (!number || *number < 300 || *number > 921'600)) return wrong(text, "baud must be 300 to 921600");
  if (key == "stop_bits" && value != "1" && value != "2") return wrong(text, "stop_bits must be 1 or 2");
  if (key == "parity" && value != "N" && value != "E" && value != "O") return wrong(text, "parity must be N, E or O");
  if (key == "format") {
    const bool right = value.size() == 3 && (value[0] == '7' || value[0] == '8') &&
                       std::string("NEO").find(value[1]) != std::string::npos && (value[2] == '1' || value[2] == '2');
    if (!right) return wrong(text, "format must be like 7E1 or 8N1");
  }
  return {};
}

}  // namespace

const std::vector<std::string>& address_schemes() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const auto& s : schemes()) out.push_back(s.name);
    return out;
  }();
  return names;
}

std::string transport_of(const std::string& scheme) {
  for (const auto& s : schemes())
    if (s.name == scheme) return s.transport;
  return {};
}

Result<device::Address> parse_address(const std::string& text) {
  const auto colon = text.find("://");
  if (colon == std::string::npos) return wrong(text, "write SCHEME://..., with one of " + join(address_schemes()));
  device::Address address;
  address.scheme = text.substr(0, colon);
  const Scheme* scheme = nullptr;
  for (const auto& s : schemes())
    if (s.name == address.scheme) scheme = &s;
  if (!scheme) {
    const std::string near = nearest(address.scheme, address_schemes());
    return wrong(text, "unknown scheme; " + (near.empty() ? "known: " + join(address_schemes()) : "did you mean " + near + "?"));
  }
  std::string rest = text.substr(colon + 3);
  std::string query;
  if (const auto mark = rest.find('?'); mark != std::string::npos) {
    query = rest.substr(mark + 1);
    rest.resize(mark);
  }
  const auto slash = rest.find('/');
  const std::string peer = rest.substr(0, slash);
  address.path = slash == std::string::npos ? "" : rest.substr(slash);
  if (scheme->serial) {
    if (!peer.empty() || address.path.size() < 2)
      return wrong(text, "write three slashes and the port's path, like " + address.scheme + ":///dev/ttyS0");
  } else {
    // An IPv6 address stands in brackets: [fe80::1]:502.
    const auto at = peer.rfind(':');
    const auto port = at == std::string::npos ? std::nullopt : whole_number(peer.substr(at + 1));
    if (!port || *port < 1 || *port > 65535) return wrong(text, "write HOST:PORT with a port from 1 to 65535");
    address.host = peer.substr(0, at);
    if (address.host.size() > 1 && address.host.front() == '[' && address.host.back() == ']')
      address.host = address.host.substr(1, address.host.size() - 2);
    else if (address.host.find(':') != std::string::npos)
      return wrong(text, "write an IPv6 address in brackets");
    if (address.host.empty()) return wrong(text, "the host is missing");
    address.port = static_cast<std::uint16_t>(*port);
    const bool has_path = address.scheme == "http" || address.scheme == "push";
    if (!has_path && !address.path.empty()) return wrong(text, "a path has no meaning in a " + address.scheme + " address");
    if (has_path && address.path.empty()) return wrong(text, "the path is missing: write HOST:PORT/PATH");
  }
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string pair = query.substr(0, end);
    query = end == std::string::npos ? "" : query.substr(end + 1);
    const auto equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    // An HTTP address keeps its query: it belongs to the device (a camera's channel).
    if (address.scheme != "http" && std::find(scheme->query.begin(), scheme->query.end(), key) == scheme->query.end())
      return wrong(text, "\"" + key + "\" has no meaning here; known: " + (scheme->query.empty() ? "none" : join(scheme->query)));
    const std::string value = equals == std::string::npos ? "" : pair.substr(equals + 1);
    if (auto ok = query_value(text, address.scheme == "http" ? "" : key, value); !ok) return tl::unexpected<Error>(ok.error());
    if (!address.query.emplace(key, value).second) return wrong(text, "\"" + key + "\" stands twice");
  }
  return address;
}

}  // namespace rampa::config
