// Mettler-Toledo continuous output ("Toledo format": IND series, 8142, Wildcat, and Fairbanks, Rice Lake and others).
// Source: MT Wildcat Technical Manual 12/00 tables 6-8..6-11; Fairbanks FB3000 manual p.55; Liden LUW2001 p.16 [D].
//
//   1 STX  2 SWA  3 SWB  4 SWC  5-10 weight  11-16 tare  17 CR  [18 CHK]
//   SWA  b0-2 decimal place (0 XXXX00 ... 2 XXXXXX ... 7 X.XXXXX), b3-4 increment, b5 = 1
//   SWB  b0 net, b1 negative, b2 out of range, b3 motion, b4 kg, b5 = 1 (MT; Fairbanks: 0), b6 not zeroed since power-up
//   SWC  b0-2 unit, b3 print request, b4 x10 expanded, b5 = 1
//   CHK  two's complement of the low 7 bits of the sum of bytes 1..17
#pragma once

#include <deque>
#include <optional>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/device/captures.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::wire {

struct ToledoDialect {
  bool checksum = false;             ///< an 18th byte follows the CR
  std::optional<bool> status_b5;     ///< SWB b5 as this maker sends it; unset: not looked at
};

/// One frame of exactly 17 (18) bytes. Errors: bad_reply (checksum, digits, constant bits), refused (not kilograms: Rampa
/// never converts a legal weight).
[[nodiscard]] Result<device::WeighReading> decode_toledo(ByteView frame, const ToledoDialect& dialect);

/// SWB b6 of a frame that decode_toledo took: the indicator was not zeroed since it was switched on; its weight proves nothing.
[[nodiscard]] bool toledo_never_zeroed(ByteView frame);

/// Cuts a byte stream into frames: STX, then a CR exactly where it belongs. Anything else is skipped and counted.
class ToledoFramer {
 public:
  explicit ToledoFramer(ToledoDialect dialect) : size_(dialect.checksum ? 18 : 17) {}
  void put(ByteView bytes);
  [[nodiscard]] std::optional<Bytes> next();
  [[nodiscard]] std::uint64_t skipped_bytes() const { return skipped_; }
  void reset() { buffer_.clear(); }

 private:
  std::size_t size_;
  std::deque<std::uint8_t> buffer_;
  std::uint64_t skipped_ = 0;
};

}  // namespace rampa::wire
