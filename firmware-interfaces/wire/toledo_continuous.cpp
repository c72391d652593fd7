#include "firmware-interfaces/wire/toledo_continuous.hpp"

namespace rampa::wire {
namespace {

constexpr std::uint8_t stx = 0x02, cr = 0x0d;
constexpr std::size_t buffer_max = 4096;  // a stream that never frames must not grow memory

/// Six characters, leading spaces allowed, in grams by the decimal place of SWA. Nothing where it isn't a whole number of grams.
std::optional<std::int64_t> grams(ByteView digits, int decimal_place, bool expanded) {
  std::int64_t value = 0;
  bool seen = false;
  for (std::uint8_t c : digits) {
    c &= 0x7f;
    if (c == ' ' && !seen) continue;
    if (c < '0' || c > '9') return std::nullopt;
    seen = true;
    value = value * 10 + (c - '0');
  }
  if (!seen) return std::nullopt;
  // Place 2 is whole kilograms; each step up moves the point one digit left. Expanded shows one digit more.
  int exponent = 3 + (2 - decimal_place) - (expanded ? 1 : 0);
  for (; exponent > 0; --exponent) value *= 10;
  for (; exponent < 0; ++exponent) {
    if (value % 10 != 0) return std::nullopt;
    value /= 10;
  }
  return value;
}

}  // namespace

Result<device::WeighReading> decode_toledo(ByteView frame, const ToledoDialect& dialect) {
  const std::size_t size = dialect.checksum ? 18 : 17;
  if (frame.size() != size || (frame[0] & 0x7f) != stx || (frame[16] & 0x7f) != cr)
    return fail(ErrorCode::bad_reply, "toledo: not a frame of " + std::to_string(size) + " bytes from STX to CR");
  if (dialect.checksum) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < 18; ++i) sum += frame[i] & 0x7f;
    if ((sum & 0x7f) != 0) return fail(ErrorCode::bad_reply, "toledo: wrong checksum");
  }
  const std::uint8_t swa = frame[1], swb = frame[2], swc = frame[3];
  if (!(swa & 0x20) || !(swc & 0x20)) return fail(ErrorCode::bad_reply, "toledo: constant bits of SWA or SWC are not set");
  if (dialect.status_b5 && *dialect.status_b5 != ((swb & 0x20) != 0))
    return fail(ErrorCode::bad_reply, "toledo: SWB bit 5 is of another maker's dialect; see the ICD parameter status_b5");
  if (!(swb & 0x10) || (swc & 0x07) != 0) return fail(ErrorCode::refused, "toledo: the indicator does not show kilograms");

  const bool expanded = (swc & 0x10) != 0;
  const auto shown = grams(frame.subspan(4, 6), swa & 0x07, expanded);
  const auto tare = grams(frame.subspan(10, 6), swa & 0x07, expanded);
  if (!shown || !tare) return fail(ErrorCode::bad_reply, "toledo: weight or tare is not a number");

  device::WeighReading reading;
  const bool negative = (swb & 0x02) != 0;
  const std::int64_t value = negative ? -*shown : *shown;
  reading.net_mode = (swb & 0x01) != 0;
  reading.tare_g = *tare;
  // The string shows one weight; the other one is its sum or difference with the tare beside it.
  reading.gross_g = reading.net_mode ? value + *tare : value;
  reading.net_g = reading.net_mode ? value : value - *tare;
  reading.motion = (swb & 0x08) != 0;
  reading.over_range = (swb & 0x04) != 0 && !negative;
  reading.under_range = (swb & 0x04) != 0 && negative;
  return reading;
}

bool toledo_never_zeroed(ByteView frame) { return frame.size() > 2 && (frame[2] & 0x40) != 0; }

void ToledoFramer::put(ByteView bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  while (buffer_.size() > buffer_max) {
    buffer_.pop_front();
    ++skipped_;
  }
}

std::optional<Bytes> ToledoFramer::next() {
  while (buffer_.size() >= size_) {
    if ((buffer_[0] & 0x7f) == stx && (buffer_[16] & 0x7f) == cr) {
      Bytes frame(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
      buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
      return frame;
    }
    buffer_.pop_front();
    ++skipped_;
  }
  return std::nullopt;
}

}  // namespace rampa::wire
