#include "config/address.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "config/fields.hpp"
#include "firmware-interfaces/device/address_rules.hpp"

namespace rampa::config {
namespace {

struct Scheme {
  std::string name, transport;
  bool local;  ///< a path of this machine: three slashes
  std::vector<std::string> query;
};

const std::vector<Scheme>& schemes() {
  static const std::vector<Scheme> all{
      {"modbus+tcp", "modbus_tcp", false, {"unit"}},
      {"modbus+rtu", "modbus_rtu", true, {"unit", "baud", "format", "parity", "stop_bits"}},
      {"tcp", "tcp", false, {}},
      {"serial", "serial", true, {"baud", "format", "parity", "stop_bits"}},
      {"http", "http", false, {}},
      {"rtsp", "rtsp", false, {}},
      {"v4l2", "v4l2", true, {}},
      {"file", "file", true, {}},
      {"push", "http_push", false, {"every_network"}},
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
  if (scheme->local) {
    if (!peer.empty() || address.path.size() < 2)
      return wrong(text, "write three slashes and a path, like " + address.scheme + (address.scheme == "file" ? ":///var/lib/lane.mp4" : address.scheme == "v4l2" ? ":///dev/video0" : ":///dev/ttyS0"));
  } else {
    if (peer.find('@') != std::string::npos) return wrong(text, "no user and password in an address; give the device the options user and password_file");
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
    const bool has_path = address.scheme == "http" || address.scheme == "push" || address.scheme == "rtsp";
    if (!has_path && !address.path.empty()) return wrong(text, "a path has no meaning in a " + address.scheme + " address");
    if (has_path && address.path.empty()) return wrong(text, "the path is missing: write HOST:PORT/PATH");
  }
  // The query belongs to the device (a camera's channel): it is asked for as it is written.
  const bool asked = address.scheme == "http" || address.scheme == "rtsp";
  if (asked && !query.empty()) address.path += "?" + std::exchange(query, {});
  if (asked && std::any_of(address.path.begin(), address.path.end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; }))
    return wrong(text, "write spaces and other special characters of the path as %XX");
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string pair = query.substr(0, end);
    query = end == std::string::npos ? "" : query.substr(end + 1);
    const auto equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    if (std::find(scheme->query.begin(), scheme->query.end(), key) == scheme->query.end())
      return wrong(text, "\"" + key + "\" has no meaning here; known: " + (scheme->query.empty() ? "none" : join(scheme->query)));
    const std::string value = equals == std::string::npos ? "" : pair.substr(equals + 1);
    if (!address.query.emplace(key, value).second) return wrong(text, "\"" + key + "\" stands twice");
  }
  if (auto right = device::check_address(address); !right) return wrong(text, right.error().what);
  return address;
}

}  // namespace rampa::config
