#include "hil/proxy/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace rampa::hil {
namespace {

constexpr std::string_view names[] = {"delay", "rate", "drop", "corrupt", "duplicate", "half_open", "refuse", "reset"};

}  // namespace

Result<std::unique_ptr<TcpProxy>> TcpProxy::listen(const std::string& host, std::uint16_t port, std::string upstream_host,
                                                   std::uint16_t upstream_port, const Clock& clock, std::uint64_t seed) {
  in_addr address{};
  if (::inet_pton(AF_INET, upstream_host.c_str(), &address) != 1)
    return fail(ErrorCode::invalid, "proxy to " + upstream_host + ": not an IPv4 address");
  auto endpoint = Endpoint::tcp(host, port);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return std::unique_ptr<TcpProxy>(new TcpProxy(std::move(*endpoint), std::move(upstream_host), upstream_port, clock, seed));
}

TcpProxy::~TcpProxy() {
  for (auto& [connection, link] : links_)
    if (link.upstream >= 0) ::close(link.upstream);
}

double TcpProxy::value(const char* name) const {
  const auto it = faults_.find(name);
  return it == faults_.end() ? 0 : it->second;
}

bool TcpProxy::fault(std::string_view name, double v, bool on) {
  if (std::find(std::begin(names), std::end(names), name) == std::end(names)) return false;
  if (on && name != "reset") faults_[std::string(name)] = v;
  else if (auto it = faults_.find(name); it != faults_.end()) faults_.erase(it);
  if (on && (name == "reset" || name == "refuse")) {
    const MonoTime now = clock_.mono();
    while (!links_.empty()) drop_link(links_.begin()->first, now);
  }
  return true;
}

std::vector<std::string> TcpProxy::faults() const { return {std::begin(names), std::end(names)}; }

int TcpProxy::connect_upstream() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(upstream_port_);
  ::inet_pton(AF_INET, host_.c_str(), &address.sin_addr);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    ::close(fd);
    return -1;
  }
  return fd;
}

std::vector<std::pair<MonoTime, Bytes>> TcpProxy::treat(Bytes block, MonoTime now, MonoTime& free_at) {
  if (has("half_open")) return {};
  if (has("drop") && draws_.chance(value("drop"))) return {};
  if (has("corrupt") && draws_.chance(value("corrupt"))) {
    const auto bit = static_cast<std::size_t>(draws_.whole(0, static_cast<std::int64_t>(block.size()) * 8 - 1));
    block[bit / 8] = static_cast<std::uint8_t>(block[bit / 8] ^ (1u << (bit % 8)));
  }
  const int copies = has("duplicate") && draws_.chance(value("duplicate")) ? 2 : 1;
  std::vector<std::pair<MonoTime, Bytes>> out;
  for (int i = 0; i < copies; ++i) {
    MonoTime at = now + std::chrono::microseconds(static_cast<std::int64_t>(value("delay") * 1000));
    at = std::max(at, free_at);  // blocks never overtake each other
    if (has("rate") && value("rate") > 0)
      at = at + std::chrono::microseconds(static_cast<std::int64_t>(1e6 * static_cast<double>(block.size()) / value("rate")));
    free_at = at;
    forwarded_ += block.size();
    out.emplace_back(at, block);
  }
  return out;
}

bool TcpProxy::give_upstream(Link& link, MonoTime now) {
  while (!link.queue.empty() && link.queue.begin()->first <= now) {
    const Bytes& block = link.queue.begin()->second;
    link.backlog.insert(link.backlog.end(), block.begin(), block.end());
    link.queue.erase(link.queue.begin());
  }
  while (!link.backlog.empty()) {
    const auto n = ::send(link.upstream, link.backlog.data(), link.backlog.size(), MSG_NOSIGNAL);
    if (n > 0) {
      link.backlog.erase(link.backlog.begin(), link.backlog.begin() + n);
      link.connecting = false;
      continue;
    }
    return errno == EAGAIN || errno == EINTR || errno == EINPROGRESS || errno == ENOTCONN;
  }
  return true;
}

bool TcpProxy::take_upstream(int connection, Link& link, MonoTime now) {
  std::array<std::uint8_t, 16384> block;
  for (;;) {
    const auto n = ::recv(link.upstream, block.data(), block.size(), 0);
    if (n > 0) {
      link.connecting = false;
      for (auto& [at, bytes] : treat(Bytes(block.begin(), block.begin() + n), now, link.free_down))
        endpoint_.send(connection, std::move(bytes), at);
      continue;
    }
    if (n == 0) return false;
    return errno == EAGAIN || errno == EINTR || errno == ENOTCONN || errno == EINPROGRESS;
  }
}

void TcpProxy::drop_link(int connection, MonoTime now) {
  const auto it = links_.find(connection);
  if (it == links_.end()) return;
  const MonoTime last = std::max(now, it->second.free_down);
  if (it->second.upstream >= 0) ::close(it->second.upstream);
  links_.erase(it);
  endpoint_.reset(connection, has("refuse") ? now : last);
}

void TcpProxy::serve() {
  const MonoTime now = clock_.mono();
  auto seen = endpoint_.look();
  for (const int connection : seen.opened) {
    const int upstream = has("refuse") ? -1 : connect_upstream();
    if (upstream < 0) {
      endpoint_.reset(connection, now);
      continue;
    }
    links_[connection].upstream = upstream;
  }
  for (auto& arrival : seen.received) {
    const auto it = links_.find(arrival.connection);
    if (it == links_.end()) continue;
    for (auto& [at, bytes] : treat(std::move(arrival.bytes), now, it->second.free_up)) it->second.queue.emplace(at, std::move(bytes));
  }
  std::vector<int> gone;
  for (auto& [connection, link] : links_)
    if (!give_upstream(link, now) || !take_upstream(connection, link, now)) gone.push_back(connection);
  for (const int connection : gone) drop_link(connection, now);
  for (const int connection : seen.closed) {
    const auto it = links_.find(connection);
    if (it == links_.end()) continue;
    ::close(it->second.upstream);
    links_.erase(it);
  }
  endpoint_.give(now);
}

void TcpProxy::want(std::vector<pollfd>& fds) const {
  endpoint_.want(fds);
  for (const auto& [connection, link] : links_) {
    const bool writing = link.connecting || !link.backlog.empty();
    fds.push_back({link.upstream, static_cast<short>(POLLIN | (writing ? POLLOUT : 0)), 0});
  }
}

MonoTime TcpProxy::due() const {
  MonoTime at = endpoint_.due();
  for (const auto& [connection, link] : links_)
    if (!link.queue.empty()) at = std::min(at, link.queue.begin()->first);
  return at;
}

}  // namespace rampa::hil
