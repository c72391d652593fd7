// Rinstrum rinCMD (R300, R320, R400, C500...). Source: Rinstrum R320 manual p.76, C530 p.78, R427 p.125 [D].
//
//   ADDR CMD REG [: DATA] in hex, ended by CRLF or ';'.  Example: "20160026:" reads gross as decimal.
//   ADDR 0x80 response, 0x40 error, 0x20 reply required, 0x1F address.  CMD 11 reads final as hex, 12 writes hex, 10 executes.
//   Checksummed: SOH message CRC16 (4 hex, CCITT poly 0x1021, initial 0xFFFF) EOT.
#pragma once

#include <optional>
#include <string>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::wire {

struct RinMessage {
  int address = 0;  ///< 0..31
  bool response = false, error = false, reply_required = false;
  int command = 0;
  int reg = 0;
  std::string data;
};

inline constexpr int rin_read_hex = 0x11;

/// With CRLF, or checksummed between SOH and EOT.
[[nodiscard]] std::string encode_rin(const RinMessage& message, bool checksummed);

/// One message without its terminator, or with SOH and EOT. Errors: bad_reply.
[[nodiscard]] Result<RinMessage> decode_rin(std::string_view text);

/// Checks that `reply` answers `request` and gives its data as a signed 32-bit number.
/// Errors: bad_reply (another register's, not a number), busy (menu in use), refused (other error codes, named).
[[nodiscard]] Result<std::int64_t> rin_number(const RinMessage& request, const RinMessage& reply);

/// CRC-CCITT, poly 0x1021, initial 0xFFFF.
[[nodiscard]] std::uint16_t crc_ccitt(std::string_view text);

}  // namespace rampa::wire
