// Modbus RTU. A reply carries no transaction id, only unit, function and byte count under a CRC. So:
// - after a time-out (and after anything that may have been the beginning of a reply) the unit OWES a reply and is not
//   asked again until that reply was seen and thrown away, or `reply_late_max` has passed. The line is not blocked
//   meanwhile: other units' replies carry other unit numbers, and what the owing unit sends late is recognised by its
//   own;
// - before a request, and for 3.5 characters after a reply, the line must be silent; what is found there makes a reply
//   doubtful unless it is a copy of it.
// What no receiver can see: a copy of an old reply that comes alone, later than that silence and before the answer to
// the next question of the same shape.
#include <map>

#include "drivers/transport/modbus_codec.hpp"
#include "drivers/transport/modbus_line.hpp"
#include "drivers/transport/unit_pause.hpp"

namespace rampa::drivers {
namespace {

constexpr int kForeignFramesMax = 16;     // passed over while waiting for one reply
constexpr Duration kSilenceMin = 1750us;  // "MODBUS over Serial Line V1.02" 2.5.1.1: fixed above 19200 baud
constexpr std::size_t kStrayBytesMax = 4096;

class RtuLine : public ModbusLine {
 public:
  RtuLine(std::string path, const LineFormat& format, const Clock& clock, std::shared_ptr<Trace> trace)
      : path_(std::move(path)),
        format_(format),
        silence_(std::max(format.character() * 7 / 2, kSilenceMin)),
        clock_(clock),
        trace_(std::move(trace)) {}

  Duration pause(int unit) override {
    if (port_.is_open() && units_[unit].left(clock_.mono()) > Duration{0}) take_strays(Duration{0});
    const auto now = clock_.mono();
    return std::max(units_[unit].left(now), port_pause_.left(now));
  }

  /// Odd while the connection stands: a peer that has hung up ends it, also before anybody notices by asking.
  [[nodiscard]] std::uint64_t connections() const override { return 2 * connections_ - (port_.hung_up() ? 0 : 1); }

  Exchange exchange(const ModbusRequest& request, const icd::Timing& timing) override {
    auto& unit = units_[request.unit];
    if (request.unit < 1 || request.unit > 247)
      return {fail(ErrorCode::invalid,
                   place(request) + "serial units are 1 to 247 (0 is the broadcast, which nobody answers)")};
    if (const auto left = pause(request.unit); left > Duration{0})
      return {fail(silence_code(unit), place(request) + "pauses for " + std::to_string(to_ms(left)) + " ms more")};
    if (auto ready = open(timing); !ready) return {tl::unexpected(ready.error())};
    if (auto quiet = await_silence(timing.reply_timeout); !quiet) {
      unit.failed(clock_.mono(), true, timing);
      return {fail(quiet.error().code, place(request) + quiet.error().what)};
    }
    Bytes sent{static_cast<std::uint8_t>(request.unit)};
    sent.insert(sent.end(), request.pdu.begin(), request.pdu.end());
    const auto crc = rtu_crc(sent);
    sent.insert(sent.end(), {static_cast<std::uint8_t>(crc), static_cast<std::uint8_t>(crc >> 8)});
    trace_->record(Direction::sent, request.unit, sent);
    if (auto ok = codec_.send_rtu(request.unit, request.pdu); !ok) {
      port_.close();
      return {fail(ErrorCode::disconnected, place(request) + ok.error().what),
              ok.error().code == ErrorCode::outcome_unknown};
    }
    return {receive(request, timing), true};
  }

 private:
  [[nodiscard]] std::string place(const ModbusRequest& request) const {
    return path_ + " unit " + std::to_string(request.unit) + ": ";
  }
  static ErrorCode silence_code(const UnitPause& unit) {
    return unit.ever_answered() ? ErrorCode::timeout : ErrorCode::no_reply;
  }

  Result<void> open(const icd::Timing& timing) {
    if (port_.is_open() && port_.hung_up()) port_.close();
    if (port_.is_open()) return {};
    auto opened = Port::open_serial(path_, format_);
    if (!opened) {
      port_pause_.failed(clock_.mono(), true, timing);
      return tl::unexpected(opened.error());
    }
    port_pause_.answered();
    port_ = std::move(*opened);
    ++connections_;
    return codec_.use(port_);
  }

  /// Reads what nobody waits for until the line was silent for `silence`; late replies in it pay their units' debts.
  Bytes take_strays(Duration silence) {
    Bytes strays;
    while (strays.size() < kStrayBytesMax) {
      auto some = port_.read_some(256, silence);
      if (!some) break;
      strays.insert(strays.end(), some->begin(), some->end());
    }
    if (!strays.empty()) trace_->record(Direction::received, strays.front(), strays);
    ByteView rest = strays;
    while (rest.size() >= 4) {
      const auto size = rtu_reply_size(rest);
      const bool whole = size > 0 && size <= rest.size() && rtu_frame_ok(rest.first(size));
      if (whole) pay(rest.first(size));
      rest = rest.subspan(whole ? size : 1);
    }
    return strays;
  }

  /// Copies of the reply, or whole frames of other units (late ones, which take_strays() has booked).
  static bool explained(ByteView strays, ByteView frame) {
    while (!strays.empty()) {
      const auto size = rtu_reply_size(strays);
      if (size == 0 || size > strays.size()) return false;
      const auto stray = strays.first(size);
      const bool copy = size == frame.size() && std::equal(frame.begin(), frame.end(), stray.begin());
      if (!copy && (stray[0] == frame[0] || !rtu_frame_ok(stray))) return false;
      strays = strays.subspan(size);
    }
    return true;
  }

  bool pay(ByteView frame) {
    const auto found = units_.find(frame[0]);
    return found != units_.end() && found->second.pays(frame[1], clock_.mono());
  }

  /// A babbling line ends as busy.
  Result<void> await_silence(Duration timeout) {
    const auto deadline = clock_.mono() + timeout;
    // Behind a good reply the silence was already waited for; then one look is enough.
    while (!take_strays(quiet_ ? Duration{0} : silence_).empty()) {
      quiet_ = false;
      if (clock_.mono() >= deadline) return fail(ErrorCode::busy, "the line does not fall silent");
    }
    quiet_ = false;
    if (!port_.is_open()) return fail(ErrorCode::disconnected, "the line is gone");
    return {};
  }

  /// The request failed in a way that leaves its reply outstanding.
  tl::unexpected<Error> give_up(const ModbusRequest& request, const icd::Timing& timing, ErrorCode code,
                                bool cost_a_timeout, const std::string& why) {
    auto& unit = units_[request.unit];
    const auto now = clock_.mono();
    unit.owes(request.function(), now + timing.reply_late_max);
    unit.failed(now, cost_a_timeout, timing);
    return fail(code, place(request) + why);
  }

  Result<Bytes> receive(const ModbusRequest& request, const icd::Timing& timing) {
    auto& unit = units_[request.unit];
    const auto deadline = clock_.mono() + timing.reply_timeout;
    bool rubbish = false;
    for (int passed = 0; passed < kForeignFramesMax; ++passed) {
      const auto left = deadline - clock_.mono();
      if (left <= Duration{0}) break;
      const auto got = codec_.receive(request.unit, left);
      if (!got.frame.empty()) trace_->record(Direction::received, got.frame[0], got.frame);
      using Outcome = ModbusCodec::Outcome;
      if (got.outcome == Outcome::timeout) break;
      if (got.outcome == Outcome::closed) {
        port_.close();
        return give_up(request, timing, ErrorCode::disconnected, false, "the line is gone");
      }
      if (got.outcome == Outcome::frame && got.frame[0] == request.unit) return accept(request, timing, got.frame);
      if (got.outcome == Outcome::stranger && rtu_frame_ok(got.frame)) {
        pay(got.frame);  // late from another unit, or another's business: keep waiting for ours
        continue;
      }
      if (got.outcome == Outcome::bad_crc && looks_like_reply(request, got.frame) && take_strays(silence_).empty()) {
        // Our reply, garbled: it has come, so nothing is owed.
        unit.failed(clock_.mono(), false, timing);
        return fail(ErrorCode::bad_reply, place(request) + "reply with a wrong CRC");
      }
      rubbish = true;  // our reply may still follow, or this was a part of it
      take_strays(silence_);
    }
    if (rubbish) return give_up(request, timing, ErrorCode::bad_reply, true, "bytes that are no reply");
    return give_up(request, timing, silence_code(unit), true,
                   "no reply within " + std::to_string(to_ms(timing.reply_timeout)) + " ms");
  }

  static bool looks_like_reply(const ModbusRequest& request, ByteView frame) {
    return frame.size() == request.reply_size() + 3 && frame[0] == request.unit && frame[1] == request.function() &&
           (request.writes || frame[2] == request.reply_size() - 2);
  }

  /// A frame of the right unit with the right CRC. It counts if silence follows, or only what is explained().
  Result<Bytes> accept(const ModbusRequest& request, const icd::Timing& timing, ByteView frame) {
    auto& unit = units_[request.unit];
    const Bytes strays = take_strays(silence_);
    quiet_ = true;
    if (!explained(strays, frame))
      return give_up(request, timing, ErrorCode::bad_reply, false, "more bytes behind the reply");
    const auto pdu = frame.subspan(1, frame.size() - 3);
    if (auto checked = check_reply(request, pdu); !checked) {
      if (checked.error().code == ErrorCode::bad_reply)
        return give_up(request, timing, ErrorCode::bad_reply, false, checked.error().what);
      if (checked.error().code == ErrorCode::timeout) {
        unit.failed(clock_.mono(), true, timing);  // a gateway's time-out is one for the cable too
      } else {
        unit.answered();
      }
      return fail(checked.error().code, place(request) + checked.error().what);
    }
    unit.answered();
    return Bytes(pdu.begin(), pdu.end());
  }

  const std::string path_;
  const LineFormat format_;
  const Duration silence_;
  const Clock& clock_;
  std::shared_ptr<Trace> trace_;
  ModbusCodec codec_{ModbusCodec::Framing::rtu};
  Port port_;
  std::uint64_t connections_ = 0;
  bool quiet_ = false;    ///< 3.5 characters of silence have passed since the last byte
  UnitPause port_pause_;  ///< of opening
  std::map<int, UnitPause> units_;
};

}  // namespace

std::unique_ptr<ModbusLine> make_rtu_line(const std::string& path, const LineFormat& format, const Clock& clock,
                                          std::shared_ptr<Trace> trace) {
  return std::make_unique<RtuLine>(path, format, clock, std::move(trace));
}

}  // namespace rampa::drivers
