#include "hil/wire/endpoint.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hil/wire/wire_server.hpp"

namespace rampa::hil {
namespace {

tl::unexpected<Error> io_failure(const std::string& where) {
  return fail(ErrorCode::io, where + ": " + std::strerror(errno));
}

}  // namespace

Result<Endpoint> Endpoint::tcp(const std::string& host, std::uint16_t port) {
  const auto where = "listen on " + host + ":" + std::to_string(port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    return fail(ErrorCode::invalid, where + ": not an IPv4 address");
  Endpoint made;
  made.listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made.listener_ < 0) return io_failure(where);
  const int on = 1;
  ::setsockopt(made.listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(made.listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(made.listener_, 64) != 0)
    return io_failure(where);
  socklen_t size = sizeof address;
  if (::getsockname(made.listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return io_failure(where);
  made.port_ = ntohs(address.sin_port);
  return made;
}

Result<Endpoint> Endpoint::pty(const std::string& link) {
  Endpoint made;
  int master = -1;
  std::array<char, 128> name{};
  if (::openpty(&master, &made.pty_slave_, name.data(), nullptr, nullptr) != 0)
    return io_failure("open a pseudo-terminal");
  made.fds_[0] = master;
  made.next_connection_ = 1;
  made.path_ = name.data();
  termios settings{};
  if (::tcgetattr(made.pty_slave_, &settings) != 0) return io_failure(made.path_);
  ::cfmakeraw(&settings);
  if (::tcsetattr(made.pty_slave_, TCSANOW, &settings) != 0) return io_failure(made.path_);
  for (const int fd : {master, made.pty_slave_}) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  if (!link.empty()) {
    ::unlink(link.c_str());
    if (::symlink(made.path_.c_str(), link.c_str()) != 0) return io_failure("link " + link);
    made.link_ = link;
  }
  return made;
}

Endpoint::Endpoint(Endpoint&& other) noexcept
    : listener_(std::exchange(other.listener_, -1)),
      pty_slave_(std::exchange(other.pty_slave_, -1)),
      port_(other.port_),
      path_(std::move(other.path_)),
      link_(std::exchange(other.link_, {})),
      next_connection_(other.next_connection_),
      fds_(std::exchange(other.fds_, {})),
      ended_(std::move(other.ended_)),
      queue_(std::move(other.queue_)),
      backlog_(std::move(other.backlog_)) {}

Endpoint::~Endpoint() {
  for (const auto& [connection, fd] : fds_) ::close(fd);
  if (listener_ >= 0) ::close(listener_);
  if (pty_slave_ >= 0) ::close(pty_slave_);
  if (!link_.empty()) ::unlink(link_.c_str());
}

Endpoint::Seen Endpoint::look(bool deaf) {
  Seen seen;
  while (listener_ >= 0) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) break;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fds_[next_connection_] = fd;
    seen.opened.push_back(next_connection_++);
  }
  std::vector<int> gone;
  for (const auto& [connection, fd] : fds_) {
    if (deaf) break;
    Arrival arrival{connection, {}};
    std::array<std::uint8_t, 4096> block;
    for (;;) {
      const auto n = ::read(fd, block.data(), block.size());
      if (n > 0) {
        arrival.bytes.insert(arrival.bytes.end(), block.begin(), block.begin() + n);
        continue;
      }
      const bool nothing_now = n < 0 && (errno == EAGAIN || errno == EINTR);
      if (!nothing_now && is_tcp()) gone.push_back(connection);
      break;
    }
    if (!arrival.bytes.empty()) seen.received.push_back(std::move(arrival));
  }
  for (const int connection : gone) end(connection, false);
  seen.closed = std::exchange(ended_, {});
  return seen;
}

void Endpoint::send(int connection, Bytes bytes, MonoTime not_before) {
  if (!bytes.empty()) queue_.emplace(not_before, Queued{connection, std::move(bytes)});
}

void Endpoint::reset(int connection, MonoTime not_before) {
  queue_.emplace(not_before, Queued{connection, {}, true});
}

void Endpoint::hang_up() {
  if (!is_tcp()) return;
  for (const int connection : open_connections()) {
    // Says goodbye at once; a close alone waits for whoever polls the descriptor.
    ::shutdown(fds_.at(connection), SHUT_RDWR);
    end(connection, false);
  }
}

void Endpoint::give(MonoTime now) {
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const auto next = std::move(queue_.extract(queue_.begin()).mapped());
    const auto targets = next.connection < 0 ? open_connections() : std::vector<int>{next.connection};
    for (const int connection : targets) {
      if (next.reset) {
        end(connection, true);
      } else {
        give_one(connection, next.bytes);
      }
    }
  }
  push_backlog();
}

void Endpoint::give_one(int connection, const Bytes& bytes) {
  const auto found = fds_.find(connection);
  if (found == fds_.end()) return;  // the client left; a real wire loses the bytes as well
  auto& line = backlog_[connection];
  line.insert(line.end(), bytes.begin(), bytes.end());
}

void Endpoint::push_backlog() {
  for (auto it = backlog_.begin(); it != backlog_.end();) {
    const auto found = fds_.find(it->first);
    const bool gone = found == fds_.end();
    if (!gone) push(it->first, found->second, it->second);  // may end the connection, does not touch backlog_
    it = gone || it->second.empty() ? backlog_.erase(it) : std::next(it);
  }
}

void Endpoint::push(int connection, int fd, Bytes& bytes) {
  std::size_t given = 0;
  while (given < bytes.size()) {
    const auto n = is_tcp() ? ::send(fd, bytes.data() + given, bytes.size() - given, MSG_NOSIGNAL)
                            : ::write(fd, bytes.data() + given, bytes.size() - given);
    if (n > 0) {
      given += static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else if (n < 0 && errno == EAGAIN && is_tcp()) {
      break;  // the reader is slow: the rest waits
    } else {
      if (is_tcp()) end(connection, false);
      given = bytes.size();  // nobody there, or a full terminal: a serial line loses what nobody reads
    }
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(given));
}

void Endpoint::end(int connection, bool with_reset) {
  if (!is_tcp()) return drop_queue();
  const auto found = fds_.find(connection);
  if (found == fds_.end()) return;
  if (with_reset) {
    const linger now{1, 0};
    ::setsockopt(found->second, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  ::close(found->second);
  fds_.erase(found);
  ended_.push_back(connection);
}

void Endpoint::drop_queue() {
  queue_.clear();
  backlog_.clear();
}

void Endpoint::want(std::vector<pollfd>& fds, bool deaf) const {
  if (listener_ >= 0) fds.push_back({listener_, POLLIN, 0});
  for (const auto& [connection, fd] : fds_) {
    const short out = backlog_.contains(connection) ? POLLOUT : 0;
    if (!deaf || out) fds.push_back({fd, static_cast<short>((deaf ? 0 : POLLIN) | out), 0});
  }
}

MonoTime Endpoint::due() const {
  return queue_.empty() ? never : queue_.begin()->first;
}

std::vector<int> Endpoint::open_connections() const {
  std::vector<int> open;
  for (const auto& [connection, fd] : fds_) open.push_back(connection);
  return open;
}

}  // namespace rampa::hil
