#include "hil/proxy/wan_relay.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

namespace rampa::hil {
namespace {

constexpr std::string_view names[] = {"delay", "rate", "buffer", "loss", "black_hole", "half_open_up", "half_open_down", "cut_up", "cut_down",
                                      "drop", "corrupt", "duplicate", "refuse", "reset"};
constexpr std::size_t block_bytes = 65536;
/// Towards a peer that does not read; then nothing more is taken from the other one.
constexpr std::size_t backlog_bytes_max = 1u << 20;
/// The kernel's own buffers would be a second router behind ours: small on both sides where a line is limited. (The kernel
/// doubles what it is told.)
constexpr int socket_buffer_bytes = 32 << 10;

Way opposite(Way way) { return way == Way::up ? Way::down : Way::up; }
std::size_t from_end(Way way) { return way == Way::up ? 0 : 1; }

void small_buffers(int fd) {
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &socket_buffer_bytes, sizeof socket_buffer_bytes);
}

void no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool later(int error) { return error == EAGAIN || error == EINTR || error == ENOTCONN || error == EINPROGRESS; }

sockaddr_in address_of(std::uint32_t address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = address;
  return out;
}

}  // namespace

Result<std::unique_ptr<WanRelay>> WanRelay::listen(const std::string& host, std::uint16_t port, const std::string& upstream_host,
                                                   std::uint16_t upstream_port, const Clock& clock, std::uint64_t seed) {
  in_addr here{}, there{};
  if (::inet_pton(AF_INET, host.c_str(), &here) != 1) return fail(ErrorCode::invalid, "relay on " + host + ": not an IPv4 address");
  if (::inet_pton(AF_INET, upstream_host.c_str(), &there) != 1)
    return fail(ErrorCode::invalid, "relay to " + upstream_host + ": not an IPv4 address");
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  small_buffers(fd);  // before listen(): accepted connections inherit it, and with it the window they offer
  sockaddr_in address = address_of(here.s_addr, port);
  socklen_t length = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(fd, 64) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    return fail(ErrorCode::io, "relay on " + host + ":" + std::to_string(port) + ": " + why);
  }
  return std::unique_ptr<WanRelay>(new WanRelay(fd, ntohs(address.sin_port), there.s_addr, upstream_port, clock, seed));
}

WanRelay::WanRelay(int listener, std::uint16_t port, std::uint32_t upstream_address, std::uint16_t upstream_port, const Clock& clock, std::uint64_t seed)
    : listener_(listener), port_(port), upstream_port_(upstream_port), upstream_address_(upstream_address), clock_(clock), draws_(seed, "wan", 0) {}

WanRelay::~WanRelay() {
  for (auto& [connection, link] : links_)
    for (End& end : link.ends) close_end(end, true);
  ::close(listener_);
}

double WanRelay::value(std::string_view name) const {
  const auto it = faults_.find(name);
  return it == faults_.end() ? 0 : it->second;
}

bool WanRelay::swallows(Way way) const {
  return has("black_hole") || has(way == Way::up ? "half_open_up" : "half_open_down");
}

void WanRelay::apply_line_settings() {
  LineSettings settings;
  settings.delay = std::chrono::microseconds(static_cast<std::int64_t>(value("delay") * 1000));
  settings.rate_bit_s = value("rate");
  if (has("buffer")) settings.buffer_bytes = static_cast<std::size_t>(std::max(1.0, value("buffer")));
  for (Line& each : lines_) each.set(settings, clock_.mono());
}

bool WanRelay::fault(std::string_view name, double v, bool on) {
  if (std::find(std::begin(names), std::end(names), name) == std::end(names) || !(v >= 0)) return false;
  if (name == "cut_up" || name == "cut_down") {
    auto& armed = cut(name == "cut_up" ? Way::up : Way::down);
    armed.reset();
    if (on) armed = static_cast<std::uint64_t>(v);
    cut_reached_ = cut_reached_ || (on && v == 0);
    if (cut_reached_) finish_cut();
    return true;
  }
  if (on && name != "reset") faults_[std::string(name)] = v;
  else if (auto it = faults_.find(name); it != faults_.end()) faults_.erase(it);
  if (name == "delay" || name == "rate" || name == "buffer") apply_line_settings();
  if (on && (name == "reset" || name == "refuse"))
    while (!links_.empty()) break_link(links_.begin()->first);
  return true;
}

std::vector<std::string> WanRelay::faults() const { return {std::begin(names), std::end(names)}; }

WanStatistics WanRelay::statistics() const {
  WanStatistics out = counts_;
  out.connections = links_.size();
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    out.ways[i].waiting_bytes = lines_[i].waiting_bytes();
    out.ways[i].waiting_bytes_max = lines_[i].waiting_bytes_max();
    out.ways[i].flying_bytes = lines_[i].flying_bytes();
  }
  return out;
}

int WanRelay::connect_upstream() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  no_delay(fd);
  small_buffers(fd);
  const sockaddr_in address = address_of(upstream_address_, upstream_port_);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    ::close(fd);
    return -1;
  }
  return fd;
}

void WanRelay::close_end(End& end, bool reset) const {
  if (end.fd < 0) return;
  if (reset) {
    const linger now{1, 0};
    ::setsockopt(end.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  ::close(end.fd);
  end.fd = -1;
}

void WanRelay::break_link(int connection) {
  const auto it = links_.find(connection);
  if (it == links_.end()) return;
  for (End& end : it->second.ends) close_end(end, true);
  links_.erase(it);
  ++counts_.resets;
}

void WanRelay::accept_new() {
  for (;;) {
    Link link;
    link.ends[0].fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (link.ends[0].fd < 0) return;
    ++counts_.accepted;
    no_delay(link.ends[0].fd);
    link.ends[1].fd = has("refuse") ? -1 : connect_upstream();
    link.ends[1].connecting = true;
    if (link.ends[1].fd < 0) {
      close_end(link.ends[0], true);
      ++counts_.resets;
      continue;
    }
    links_.emplace(next_connection_++, std::move(link));
  }
}

void WanRelay::treat(int connection, Way way, Bytes block, MonoTime now) {
  WayStatistics& counted = count(way);
  if (swallows(way) || (has("drop") && draws_.chance(value("drop")))) {
    counted.swallowed_bytes += block.size();
    return;
  }
  if (has("corrupt") && draws_.chance(value("corrupt"))) {
    const auto bit = static_cast<std::size_t>(draws_.whole(0, static_cast<std::int64_t>(block.size()) * 8 - 1));
    block[bit / 8] = static_cast<std::uint8_t>(block[bit / 8] ^ (1u << (bit % 8)));
  }
  if (has("duplicate") && draws_.chance(value("duplicate"))) line(way).put({connection, block}, now);
  line(way).put({connection, std::move(block)}, now);
}

void WanRelay::read_from(int connection, Way way, MonoTime now) {
  Bytes block;
  for (;;) {
    const auto it = links_.find(connection);
    if (it == links_.end()) return;
    End& from = it->second.ends[from_end(way)];
    const End& to = it->second.ends[1 - from_end(way)];
    if (from.fd < 0 || from.heard_end || to.backlog.size() > backlog_bytes_max) return;
    const std::size_t room = swallows(way) ? block_bytes : std::min(line(way).room(now), block_bytes);
    if (room == 0) return;
    block.resize(room);
    const auto n = ::recv(from.fd, block.data(), block.size(), 0);
    if (n < 0 && (later(errno))) return;
    if (n <= 0) {
      from.heard_end = true;
      if (!swallows(way)) line(way).put({connection, {}, true, n < 0}, now);
      else close_end(from, false);  // the other one never hears of it: half a connection, as after a power cut
      return;
    }
    block.resize(static_cast<std::size_t>(n));
    count(way).taken_bytes += block.size();
    const bool lost = value("loss") > 0 && draws_.chance(1 - std::exp(-static_cast<double>(n) / (value("loss") * 1048576)));
    treat(connection, way, std::move(block), now);
    block = {};
    if (lost) return break_link(connection);
  }
}

void WanRelay::write_to(int connection, Way way) {
  const auto it = links_.find(connection);
  if (it == links_.end()) return;
  End& to = it->second.ends[1 - from_end(way)];
  if (to.fd >= 0 && to.connecting) {
    pollfd ready{to.fd, POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return;
    to.connecting = false;
  }
  auto& armed = cut(way);
  std::size_t sent = 0;
  while (to.fd >= 0 && sent < to.backlog.size()) {
    std::size_t most = to.backlog.size() - sent;
    if (armed) most = static_cast<std::size_t>(std::min<std::uint64_t>(most, *armed));
    if (most == 0) {
      cut_reached_ = true;
      break;
    }
    const auto n = ::send(to.fd, to.backlog.data() + sent, most, MSG_NOSIGNAL);
    if (n < 0 && (later(errno))) break;
    if (n < 0) return break_link(connection);
    sent += static_cast<std::size_t>(n);
    count(way).given_bytes += static_cast<std::uint64_t>(n);
    if (armed && (*armed -= static_cast<std::uint64_t>(n)) == 0) cut_reached_ = true;
  }
  to.backlog.erase(to.backlog.begin(), to.backlog.begin() + static_cast<std::ptrdiff_t>(sent));
  if (to.fd >= 0 && to.backlog.empty() && to.close_after) {
    for (End& end : it->second.ends) close_end(end, false);
    links_.erase(it);
  }
}

/// A cut is exact: the RST goes when the receiver's kernel has all that was given, since RST throws away what still waits.
void WanRelay::finish_cut() {
  if (!cut_reached_) return;
  for (const auto& [connection, link] : links_)
    for (const End& end : link.ends) {
      int unsent = 0;
      if (end.fd >= 0 && ::ioctl(end.fd, SIOCOUTQ, &unsent) == 0 && unsent > 0) return;
    }
  cut_reached_ = false;
  for (auto& way : counts_.ways)
    if (way.cut_after_bytes && *way.cut_after_bytes == 0) way.cut_after_bytes.reset();
  ++counts_.cuts;
  while (!links_.empty()) break_link(links_.begin()->first);
}

void WanRelay::deliver(MonoTime now) {
  for (const Way way : {Way::up, Way::down})
    for (Parcel& parcel : line(way).take(now)) {
      const auto it = links_.find(parcel.connection);
      if (it == links_.end()) continue;
      if (parcel.reset) {
        break_link(parcel.connection);
        continue;
      }
      End& to = it->second.ends[1 - from_end(way)];
      if (to.fd < 0) {  // it went away unnoticed while the line was dead; now its address answers with RST
        if (!swallows(opposite(way))) break_link(parcel.connection);
        continue;
      }
      if (to.backlog.empty()) to.backlog = std::move(parcel.bytes);
      else to.backlog.insert(to.backlog.end(), parcel.bytes.begin(), parcel.bytes.end());
      to.close_after = to.close_after || parcel.ends;
      if (!cut_reached_) write_to(parcel.connection, way);
    }
}

void WanRelay::serve() {
  const MonoTime now = clock_.mono();
  accept_new();
  std::vector<int> present;
  for (const auto& [connection, link] : links_) present.push_back(connection);
  // In turn, so that no connection keeps the others from a full buffer for ever.
  if (!present.empty()) std::rotate(present.begin(), present.begin() + static_cast<std::ptrdiff_t>(draws_.next() % present.size()), present.end());
  for (const int connection : present)
    for (const Way way : {Way::up, Way::down}) {
      if (!cut_reached_) write_to(connection, way);
      read_from(connection, way, now);
    }
  deliver(now);
  finish_cut();
  std::erase_if(links_, [](const auto& entry) { return entry.second.ends[0].fd < 0 && entry.second.ends[1].fd < 0; });
}

void WanRelay::want(std::vector<pollfd>& fds) const {
  fds.push_back({listener_, POLLIN, 0});
  for (const auto& [connection, link] : links_)
    for (std::size_t i = 0; i < 2; ++i) {
      const End& end = link.ends[i];
      if (end.fd < 0) continue;
      const Way way = i == 0 ? Way::up : Way::down;
      const bool full = !swallows(way) && lines_[static_cast<std::size_t>(way)].waiting_bytes() >= lines_[static_cast<std::size_t>(way)].settings().buffer_bytes;
      short events = 0;
      if (!full && !end.heard_end && link.ends[1 - i].backlog.size() <= backlog_bytes_max) events |= POLLIN;
      if (!cut_reached_ && (end.connecting || !end.backlog.empty())) events |= POLLOUT;
      if (events != 0) fds.push_back({end.fd, events, 0});
    }
}

MonoTime WanRelay::due() const {
  // While a cut waits for the receiver's kernel nothing tells when it is done: look again at once.
  if (cut_reached_) return clock_.mono() + 200us;
  MonoTime at = never;
  for (const Line& each : lines_) at = std::min({at, each.due(), each.room_due()});
  return at;
}

}  // namespace rampa::hil
