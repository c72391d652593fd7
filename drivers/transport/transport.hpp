// The ways bytes travel. Drivers see only these; real ones block on a port, simulated ones answer at once.
// Every call has a time-out. Thread: the host thread of the cable.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/device/settings.hpp"
#include "firmware-interfaces/icd/product.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::drivers {

/// A serial line or a TCP connection that carries a byte stream.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Connects if it is not. Errors: no_reply (nobody there), disconnected.
  virtual Result<void> connect(Duration timeout) = 0;
  [[nodiscard]] virtual bool connected() const = 0;
  virtual void close() = 0;
  /// Bytes that arrived, at least one. Errors: timeout (nothing arrived), disconnected.
  virtual Result<Bytes> read_some(std::size_t max, Duration timeout) = 0;
  virtual Result<void> write(ByteView bytes, Duration timeout) = 0;
};

/// One Modbus cable (a TCP peer or a serial line) with any number of units. The traps of libmodbus are closed inside:
/// replies are checked for transaction, unit, function and length; after a time-out the unit is barred until its late reply
/// was seen or `reply_late_max` has passed (RTU; other units of the cable go on) or the connection is renewed (TCP), so a
/// late or duplicate reply is never taken for another's.
class ModbusBus {
 public:
  virtual ~ModbusBus() = default;
  /// Errors: timeout, no_reply, bad_reply, busy (exceptions 5, 6), refused (other exceptions), disconnected.
  virtual Result<std::vector<std::uint16_t>> read_registers(int unit, icd::Table table, std::uint16_t address,
                                                            std::uint16_t count, const icd::Timing& timing) = 0;
  virtual Result<std::vector<bool>> read_bits(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                              const icd::Timing& timing) = 0;
  /// Errors as above, and outcome_unknown when the request left but no valid answer came.
  virtual Result<void> write_register(int unit, std::uint16_t address, std::uint16_t value, const icd::Timing& timing) = 0;
  virtual Result<void> write_registers(int unit, std::uint16_t address, const std::vector<std::uint16_t>& values,
                                       const icd::Timing& timing) = 0;
  virtual Result<void> write_coil(int unit, std::uint16_t address, bool on, const icd::Timing& timing) = 0;
  /// How long until this unit may be asked again: its back-off after failures (timing.backoff_min..backoff_max), and the
  /// wait for a reply that it still owes (RTU). A call before that fails at once with timeout or no_reply and touches no
  /// wire, so a silent unit costs its cable at most one time-out per back-off period. Zero: now.
  virtual Duration pause(int unit) { (void)unit; return {}; }
  /// Rises with every connection made (TCP) or line opened (RTU) and with the end of each: what a driver read back under
  /// another number (identity, watchdog, safe values) counts no more. An exchange may renew a lost connection quietly, so
  /// a driver that arms remembers the number then and compares it before and after it writes.
  [[nodiscard]] virtual std::uint64_t connections() const { return 0; }
};

struct HttpReply {
  int status = 0;
  std::string media_type;
  Bytes body;
};

/// A small HTTP client for cameras (GET of a snapshot, MJPEG as a stream of parts). Sizes are limited.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpReply> get(const std::string& path, std::size_t bytes_max, Duration timeout) = 0;
};

/// One decoded picture of a video: luma, width x height bytes, then Cb and Cr with a quarter each (4:2:0, rows without padding).
struct VideoFrame {
  int width_px = 0, height_px = 0;  ///< even
  Bytes planes;
  MonoTime captured;  ///< when it was sent, or taken where the camera is on this machine; what a camera of the network took for it before is not known
};

/// Who asks. Both empty: anybody.
struct VideoAccess {
  std::string user;
  std::string password_file;  ///< its first line is the password
};

/// A video that runs by itself, decoded all the time, so that a picture is there when it is wanted. One frame waits: the newest.
class VideoSource {
 public:
  virtual ~VideoSource() = default;
  /// Begins it where it does not run, within `timeout`, and takes in what came since; wants to be called 20 times a second. Errors (it is
  /// closed then): no_reply, timeout, disconnected, bad_reply (no video that is taken), refused (user and password), not_found (no
  /// such video), busy (this machine decodes too slowly), invalid (decoder missing on this machine).
  virtual Result<void> run(Duration timeout) = 0;
  /// The newest frame, given once; nothing where none came since. Never waits. Errors as above.
  virtual Result<std::optional<VideoFrame>> newest() = 0;
  /// Ends it; run() begins anew.
  virtual void close() = 0;
};

/// What a device posted to us.
struct PushedRequest {
  std::string peer;   ///< address of the sender, from the socket, never from the body
  std::string path;
  std::string content_type;
  Bytes body;
};

/// Listens on the device network for pushes of cameras. Limits: body size, requests per second and peer, connections.
/// `take` runs on a listener thread and returns the HTTP status to answer; it must not return 200 before the event is
/// durable.
class PushListener {
 public:
  virtual ~PushListener() = default;
  virtual void on_path(const std::string& path, std::function<int(const PushedRequest&)> take) = 0;
  virtual void off_path(const std::string& path) = 0;
};

/// Makes the transport of a cable; production and simulation have one each. One per cable: devices on the same cable
/// get the same object.
class Transports {
 public:
  virtual ~Transports() = default;
  virtual Result<std::shared_ptr<ByteStream>> stream(const device::Address& address) = 0;
  virtual Result<std::shared_ptr<ModbusBus>> modbus(const device::Address& address) = 0;
  virtual Result<std::shared_ptr<HttpClient>> http(const device::Address& address) = 0;
  virtual Result<std::shared_ptr<PushListener>> push(const device::Address& address) = 0;
  /// For rtsp, v4l2 and file addresses; one source per call. A simulated post has no video.
  virtual Result<std::shared_ptr<VideoSource>> video(const device::Address& address, const VideoAccess& access) {
    (void)access;
    return fail(ErrorCode::not_found, "no simulated video at " + address.cable() + "; simulate this camera as snapshot-camera");
  }
};

class Traces;  // drivers/transport/trace.hpp: raw frames per cable, switched on at run time

/// Real ports. Clock and traces outlive the transports and what they made. Transports: one thread, at start; what it
/// makes: the cable's host.
[[nodiscard]] std::unique_ptr<Transports> make_real_transports(const Clock& clock);
[[nodiscard]] std::unique_ptr<Transports> make_real_transports(const Clock& clock, Traces& traces);

}  // namespace rampa::drivers
