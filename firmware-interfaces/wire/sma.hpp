// SMA SCP-0499 levels 1 and 2 (Scale Manufacturers Association). Source: Sartorius PR5211, Fairbanks, Cardinal, B-Tek
// manuals [D].
//
//   host  <LF> c <CR>        W weight, M tare
//   scale <LF> s r n m f xxxxxx.xxx uuu <CR>
//         s  Z centre of zero, O over, U under, E zero error, I initial-zero error, T tare error, space fine
//         r  range; n  G gross, N net, T tare (g, n: high resolution); m  M motion; f  reserved
//         weight 10 characters, unit 3 characters;  E, I and T put dashes into the weight
//   <LF> ? <CR> unknown command, <LF> ! <CR> communication error
#pragma once

#include <string>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::wire {

struct SmaWeight {
  char status = ' ';
  char kind = 'G';  ///< 'G', 'N' or 'T'
  bool motion = false;
  bool valid = false;  ///< false: dashes, no number
  std::int64_t mass_g = 0;
};

[[nodiscard]] inline Bytes encode_sma(char command) { return {0x0a, static_cast<std::uint8_t>(command), 0x0d}; }

/// The characters between LF and CR. Errors: bad_reply, refused (`?`, or not kilograms).
[[nodiscard]] Result<SmaWeight> decode_sma(ByteView body);

}  // namespace rampa::wire
