// Modbus TCP. Every reply is checked for transaction, protocol, length, unit, function and byte count. A connection on
// which anything else was seen is thrown away, so nothing that was late can meet a later question. A copy of a reply
// that was already taken carries an old transaction id and is passed over.
#include <map>

#include "drivers/transport/modbus_codec.hpp"
#include "drivers/transport/modbus_line.hpp"
#include "drivers/transport/unit_pause.hpp"

namespace rampa::drivers {
namespace {

constexpr int kStaleRepliesMax = 8;  // passed over in one exchange; a peer that sends more is broken
constexpr std::uint16_t kStaleAgeMax = 64;
constexpr std::size_t kMbapSize = 7;

std::uint16_t word(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

class TcpLine : public ModbusLine {
 public:
  TcpLine(const device::Address& address, const Clock& clock, std::shared_ptr<Trace> trace)
      : host_(address.host), port_number_(address.port), clock_(clock), trace_(std::move(trace)) {}

  Duration pause(int unit) override { return std::max(units_[unit].left(clock_.mono()), peer_.left(clock_.mono())); }

  /// Odd while the connection stands: a peer that has hung up ends it, also before anybody notices by asking.
  [[nodiscard]] std::uint64_t connections() const override { return 2 * connections_ - (port_.hung_up() ? 0 : 1); }

  Exchange exchange(const ModbusRequest& request, const icd::Timing& timing) override {
    auto& unit = units_[request.unit];
    if (const auto left = pause(request.unit); left > Duration{0})
      return {fail(silence(unit), place(request) + "pauses for " + std::to_string(to_ms(left)) + " ms more")};
    if (auto ready = connect(timing); !ready) return {tl::unexpected(ready.error())};
    auto sent = send(request, timing);
    if (!sent) {
      port_.close();
      const bool left = sent.error().code == ErrorCode::outcome_unknown;
      return {fail(ErrorCode::disconnected, place(request) + sent.error().what), left};
    }
    Exchange result{receive(request, timing), true};
    const auto code = result.pdu ? ErrorCode::refused : result.pdu.error().code;
    if (!result.pdu && !answered_) port_.close();
    if (result.pdu || (answered_ && code != ErrorCode::timeout)) {
      unit.answered();
    } else {
      unit.failed(clock_.mono(), code == ErrorCode::timeout || code == ErrorCode::no_reply, timing);
    }
    return result;
  }

 private:
  [[nodiscard]] std::string place(const ModbusRequest& request) const {
    return host_ + ":" + std::to_string(port_number_) + " unit " + std::to_string(request.unit) + ": ";
  }
  static ErrorCode silence(const UnitPause& unit) {
    return unit.ever_answered() ? ErrorCode::timeout : ErrorCode::no_reply;
  }

  Result<void> connect(const icd::Timing& timing) {
    if (port_.is_open() && port_.hung_up()) port_.close();  // the peer left while we were quiet
    if (port_.is_open()) return {};
    auto opened = Port::connect_tcp(host_, port_number_, timing.reply_timeout);
    if (!opened) {
      peer_.failed(clock_.mono(), true, timing);
      return tl::unexpected(opened.error());
    }
    peer_.answered();
    port_ = std::move(*opened);
    ++connections_;
    sent_on_connection_ = 0;
    return codec_.use(port_);
  }

  Result<void> send(const ModbusRequest& request, const icd::Timing& timing) {
    ++transaction_;
    ++sent_on_connection_;
    const auto length = request.pdu.size() + 1;
    Bytes frame{static_cast<std::uint8_t>(transaction_ >> 8),
                static_cast<std::uint8_t>(transaction_),
                0,
                0,
                static_cast<std::uint8_t>(length >> 8),
                static_cast<std::uint8_t>(length),
                static_cast<std::uint8_t>(request.unit)};
    frame.insert(frame.end(), request.pdu.begin(), request.pdu.end());
    trace_->record(Direction::sent, request.unit, frame);
    return port_.write(frame, timing.reply_timeout);
  }

  /// True if the reply's id belongs to one of the last requests of this connection.
  [[nodiscard]] bool is_stale(std::uint16_t transaction) const {
    const std::uint16_t age = static_cast<std::uint16_t>(transaction_ - transaction);
    return age > 0 && age < sent_on_connection_ && age <= kStaleAgeMax;
  }

  Result<Bytes> receive(const ModbusRequest& request, const icd::Timing& timing) {
    answered_ = false;
    const auto deadline = clock_.mono() + timing.reply_timeout;
    for (int stale = 0; stale <= kStaleRepliesMax; ++stale) {
      const auto got = codec_.receive(request.unit, deadline - clock_.mono());
      if (got.outcome == ModbusCodec::Outcome::timeout)
        return fail(silence(units_[request.unit]),
                    place(request) + "no reply within " + std::to_string(to_ms(timing.reply_timeout)) + " ms");
      if (got.outcome == ModbusCodec::Outcome::closed)
        return fail(ErrorCode::disconnected, place(request) + "the connection ended");
      const ByteView frame = got.frame;
      if (got.outcome != ModbusCodec::Outcome::frame || frame.size() < kMbapSize + 2)
        return fail(ErrorCode::bad_reply, place(request) + "bytes that are no reply");
      trace_->record(Direction::received, frame[6], frame);
      if (word(frame, 2) != 0)
        return fail(ErrorCode::bad_reply, place(request) + "protocol id " + std::to_string(word(frame, 2)));
      if (word(frame, 4) != frame.size() - 6)
        return fail(ErrorCode::bad_reply, place(request) + "length field " + std::to_string(word(frame, 4)) + " on " +
                                              std::to_string(frame.size() - 6) + " bytes");
      if (is_stale(word(frame, 0))) continue;
      if (word(frame, 0) != transaction_)
        return fail(ErrorCode::bad_reply, place(request) + "a transaction id that was not asked");
      if (frame[6] != request.unit)
        return fail(ErrorCode::bad_reply, place(request) + "answered by unit " + std::to_string(frame[6]));
      const auto pdu = frame.subspan(kMbapSize);
      if (auto checked = check_reply(request, pdu); !checked) {
        answered_ = checked.error().code != ErrorCode::bad_reply;
        return fail(checked.error().code, place(request) + checked.error().what);
      }
      return Bytes(pdu.begin(), pdu.end());
    }
    return fail(ErrorCode::bad_reply, place(request) + "a flood of old replies");
  }

  const std::string host_;
  const std::uint16_t port_number_;
  const Clock& clock_;
  std::shared_ptr<Trace> trace_;
  ModbusCodec codec_{ModbusCodec::Framing::tcp};
  Port port_;
  std::uint64_t connections_ = 0;
  std::uint16_t transaction_ = 0;
  std::uint32_t sent_on_connection_ = 0;
  bool answered_ = false;  ///< the last reply was a valid one, an exception perhaps
  UnitPause peer_;         ///< of connecting
  std::map<int, UnitPause> units_;
};

}  // namespace

std::unique_ptr<ModbusLine> make_tcp_line(const device::Address& address, const Clock& clock,
                                          std::shared_ptr<Trace> trace) {
  return std::make_unique<TcpLine>(address, clock, std::move(trace));
}

}  // namespace rampa::drivers
