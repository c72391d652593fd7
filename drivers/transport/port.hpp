// An open descriptor of a TCP connection or a serial line; every wait has a time-out. Thread: the cable's host.
#pragma once

#include <cstdint>
#include <string>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/device/address_rules.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::drivers {

using device::LineFormat;

class Port {
 public:
  Port() = default;
  Port(Port&& other) noexcept;
  Port& operator=(Port&& other) noexcept;
  ~Port() { close(); }

  /// A peer that vanishes without a word ends the connection after 10 + 3 x 5 s.
  static constexpr int keepalive_idle_s = 10, keepalive_interval_s = 5, keepalive_probes = 3;
  /// Errors: no_reply (refused, unreachable or silent within `timeout`), io.
  static Result<Port> connect_tcp(const std::string& host, std::uint16_t port, Duration timeout);
  /// Raw, exclusive among Rampas, empty of old input. Errors: no_reply (no such device), busy (another process has it),
  /// io.
  static Result<Port> open_serial(const std::string& path, const LineFormat& format);

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int descriptor() const { return fd_; }
  void close();

  /// Bytes that arrived, at least one. Errors: timeout, disconnected (then it is closed).
  Result<Bytes> read_some(std::size_t max, Duration timeout);
  /// All or an error. Errors: timeout (nothing left), disconnected (nothing left; closed), outcome_unknown (a part
  /// left; closed).
  Result<void> write(ByteView bytes, Duration timeout);
  /// True if the peer has closed; looks without waiting and takes nothing.
  [[nodiscard]] bool hung_up() const;

 private:
  explicit Port(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace rampa::drivers
