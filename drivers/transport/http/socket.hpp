// The few socket calls that listener and client share. Descriptors are owned; every socket is non-blocking and closed
// on exec.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "firmware-interfaces/result.hpp"

namespace rampa::drivers::http {

/// Owns one file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

/// A listening TCP socket. `port` 0 takes a free one. Errors: invalid (not an IPv4 or IPv6 address of this machine), io.
[[nodiscard]] Result<Descriptor> listen_tcp(const std::string& host, std::uint16_t port);

/// The port a listening socket is bound to.
[[nodiscard]] std::uint16_t bound_port(const Descriptor& socket);

/// Begins to connect; the socket becomes writable when that is decided (ask `connect_outcome` then).
/// Errors: invalid (host name unknown), io.
[[nodiscard]] Result<Descriptor> begin_connect(const std::string& host, std::uint16_t port);
/// Errors: no_reply (refused, unreachable).
[[nodiscard]] Result<void> connect_outcome(const Descriptor& socket);

struct Accepted {
  Descriptor socket;
  std::string peer;  ///< numeric address without port
};
/// Errors: busy (nobody is waiting), io (with the system's words; out of descriptors among them).
[[nodiscard]] Result<Accepted> accept_one(const Descriptor& listening);

}  // namespace rampa::drivers::http
