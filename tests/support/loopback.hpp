// A plain blocking TCP peer for tests, loopback only. Blocks with a time-out; fails by returning what it has.
#pragma once

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace rampa::tests {

class LoopbackPeer {
 public:
  explicit LoopbackPeer(int fd) : fd_(fd) {}
  LoopbackPeer(LoopbackPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  LoopbackPeer(const LoopbackPeer&) = delete;
  ~LoopbackPeer() { close(); }

  static LoopbackPeer connect(std::uint16_t port) {
    LoopbackPeer peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(peer.fd_, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) peer.close();
    return peer;
  }

  [[nodiscard]] bool open() const { return fd_ >= 0; }
  bool send(std::string_view text) {
    while (!text.empty()) {
      const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  /// Everything until the other side closes, or until `wait_ms` pass without a byte.
  std::string receive_all(int wait_ms = 5000) {
    std::string all;
    for (std::string more; !(more = receive_some(wait_ms)).empty();) all += more;
    return all;
  }
  /// Some bytes; empty at the end or after `wait_ms`.
  std::string receive_some(int wait_ms = 5000) {
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, wait_ms) <= 0) return {};
    char block[4096];
    const auto n = ::recv(fd_, block, sizeof block, 0);
    return n > 0 ? std::string(block, static_cast<std::size_t>(n)) : std::string{};
  }
  /// True once everything that was sent lies in the other side's kernel; false after `wait_ms`.
  [[nodiscard]] bool arrived(int wait_ms = 5000) const {
    for (int left = wait_ms; left >= 0; --left) {
      int unacknowledged = 0;
      if (::ioctl(fd_, SIOCOUTQ, &unacknowledged) != 0) return false;
      if (unacknowledged == 0) return true;
      ::poll(nullptr, 0, 1);
    }
    return false;
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

/// A listening socket on a free loopback port.
class LoopbackServer {
 public:
  LoopbackServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&where), size) == 0 && ::listen(fd_, 8) == 0 &&
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size) == 0)
      port_ = ntohs(where.sin_port);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  ~LoopbackServer() { ::close(fd_); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  LoopbackPeer accept() { return LoopbackPeer(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC)); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace rampa::tests
