// Serves register models as Modbus TCP or as Modbus RTU on a pseudo-terminal, with faults of the wire.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hil/devices/model.hpp"
#include "hil/wire/endpoint.hpp"
#include "hil/wire/modbus_frames.hpp"
#include "hil/wire/wire_server.hpp"

namespace rampa::hil {

/// One listener or one serial line with any number of units.
///
/// Faults (name, what `value` means):
///   deaf            the request is lost: the model does not act, nobody answers
///   silent          the model acts, nobody answers
///   late            answers `value` ms late (later answers are not held back)
///   duplicate       answers twice, the copy `value` ms later (0: in the same write)
///   old_first       the previous answer of this unit again, then the right one, in the same write
///   truncated       leaves out the last `value` bytes (0: two)
///   wrong_unit      answers as unit + 1
///   wrong_length    TCP: MBAP length + 2 without more bytes; RTU: two bytes more, byte count and CRC to match
///   wrong_tid       TCP: transaction + 1
///   wrong_function  answers with function + 1
///   exception       answers with exception `value`; the model does not act
///   bit_flip_header flips header bit `value` (0 = highest bit of the first byte; -1: the next one each time).
///                   TCP: MBAP, function and byte count, 72 bits; RTU: unit, function, byte count, CRC left as it was
///   dribble         one byte every `value` ms (0: two)
///   reset           TCP: RST instead of an answer
class ModbusServer : public WireServer, public Faultable {
 public:
  /// Port 0: the system chooses. The clock outlives the server.
  static Result<std::unique_ptr<ModbusServer>> tcp(const std::string& host, std::uint16_t port, const Clock& clock);
  /// RTU on a pseudo-terminal; `link`: a name for its slave side that stays the same.
  static Result<std::unique_ptr<ModbusServer>> rtu(const Clock& clock, const std::string& link = {});

  /// The model outlives the server. A unit that nobody serves: RTU silence, TCP exception 11.
  void unit(int number, RegisterModel& model) { models_[number] = &model; }
  /// Every answer leaves this long after its request.
  void reply_delay(Duration delay) { reply_delay_ = delay; }

  [[nodiscard]] std::uint16_t port() const { return endpoint_.port(); }
  [[nodiscard]] const std::string& path() const { return endpoint_.path(); }
  /// Where a driver finds it: "modbus+tcp://127.0.0.1:PORT" or "modbus+rtu://PATH".
  [[nodiscard]] std::string address() const;

  /// The next `count` requests (of `unit`, -1: of any) suffer it. False: no such fault on this kind of wire.
  bool fault_next(std::string_view name, double value, int count, int unit = -1);
  /// Until switched off, for every unit.
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override;
  void clear_faults() { faults_.clear(); }
  /// Ends every TCP connection, now.
  void hang_up() { endpoint_.hang_up(); }

  /// Requests that arrived for a unit, suffering or not.
  [[nodiscard]] std::uint64_t requests(int unit) const;
  [[nodiscard]] std::uint64_t connections() const { return connections_; }
  /// The last bytes that arrived, one entry per read: for witnesses that dissect what a client really sent.
  [[nodiscard]] const std::deque<Bytes>& heard() const { return heard_; }

  void want(std::vector<pollfd>& fds) const override { endpoint_.want(fds); }
  [[nodiscard]] MonoTime due() const override { return endpoint_.due(); }
  void serve() override;

 private:
  struct Fault {
    double value = 0;
    int count = -1;  ///< -1: until switched off
    int unit = -1;
  };
  ModbusServer(Endpoint endpoint, const Clock& clock) : endpoint_(std::move(endpoint)), clock_(clock) {}
  void answer(int connection, const ModbusFrame& request);
  [[nodiscard]] const Fault* strikes(const char* name, int unit);
  void send_faulty(int connection, ModbusFrame reply);

  Endpoint endpoint_;
  const Clock& clock_;
  std::map<int, RegisterModel*> models_;
  std::map<std::string, Fault, std::less<>> faults_;
  std::map<int, Bytes> buffers_;  ///< by connection
  std::map<int, std::uint64_t> requests_;
  std::uint64_t connections_ = 0;
  std::deque<Bytes> heard_;
  std::map<int, Bytes> last_frames_;  ///< by unit, for old_first
  Duration reply_delay_{0};
  MonoTime last_byte_;
  unsigned next_flip_ = 0;
  Fault struck_;
};

}  // namespace rampa::hil
