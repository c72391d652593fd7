// Simulated devices without I/O: byte machines that observe a LaneWorld. hil/ serves them on TCP and pseudo-terminals;
// the deterministic simulation connects drivers to them directly under virtual time. They never use a driver's codec:
// each speaks its protocol from the manual on its own, so that the two can disagree.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/icd/product.hpp"
#include "firmware-interfaces/time.hpp"
#include "hil/world/world.hpp"

namespace rampa::hil {

/// A fault that can be switched on and off: "silent", "frozen", "late", "power_cycle", "replay", "ack_no_motion", ...
/// `value` where it needs a number. Unknown names return false.
class Faultable {
 public:
  virtual ~Faultable() = default;
  virtual bool fault(std::string_view name, double value, bool on) = 0;
  [[nodiscard]] virtual std::vector<std::string> faults() const = 0;
};

/// A device on a byte stream (serial line or TCP server). Connections are numbered by whoever serves it.
class StreamModel : public Faultable {
 public:
  virtual void opened(int connection) { (void)connection; }
  virtual void closed(int connection) { (void)connection; }
  virtual void received(int connection, ByteView bytes) = 0;
  /// Moves the device to `now`; spontaneous output is made here.
  virtual void advance(MonoTime now) = 0;
  struct Out {
    int connection = -1;  ///< -1: every open one
    Bytes bytes;
    MonoTime not_before;  ///< the wire gives it out then
  };
  [[nodiscard]] virtual std::vector<Out> take_output() = 0;
};

/// A device behind Modbus: a register map with behaviour. Framing (TCP, RTU, transaction ids, CRC) and wire faults are
/// hil/wire/modbus_server's.
class RegisterModel : public Faultable {
 public:
  /// Modbus exception code, or 0. `out` gets `count` values (bits as 0/1).
  virtual int read(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                   std::vector<std::uint16_t>& out) = 0;
  virtual int write(int unit, icd::Table table, std::uint16_t address, const std::vector<std::uint16_t>& values) = 0;
  virtual void advance(MonoTime now) = 0;
};

/// A camera that posts to us. `take_posts` gives complete HTTP requests (without connection handling); `answered` tells
/// it the status (0: no answer), so that re-posting devices can re-post.
class PushModel : public Faultable {
 public:
  struct Post {
    std::uint64_t id = 0;
    std::string path, content_type;
    Bytes body;
  };
  virtual void advance(MonoTime now) = 0;
  [[nodiscard]] virtual std::vector<Post> take_posts() = 0;
  virtual void answered(std::uint64_t id, int status) = 0;
};

/// A camera that answers GETs.
class PictureModel : public Faultable {
 public:
  virtual void advance(MonoTime now) = 0;
  /// Status and body of a GET.
  virtual int get(const std::string& path, std::string& media_type, Bytes& body) = 0;
};

}  // namespace rampa::hil
