// The little that a driver must know of a JPEG (ITU T.81 annex B): is it whole, and which bytes are its picture.
#pragma once

#include <algorithm>
#include <array>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::drivers::camera {

/// Starts with SOI and has an EOI: 0xFFD9 can't stand inside coded picture bytes. Some cameras append bytes after it.
[[nodiscard]] inline bool is_whole_jpeg(ByteView jpeg) {
  if (jpeg.size() < 4 || jpeg[0] != 0xFF || jpeg[1] != 0xD8 || jpeg[2] != 0xFF) return false;
  constexpr std::array<std::uint8_t, 2> eoi{0xFF, 0xD9};
  return std::find_end(jpeg.begin(), jpeg.end(), eoi.begin(), eoi.end()) != jpeg.end();
}

/// From the first start-of-scan on: the coded picture without the header's segments, in which cameras write clocks and
/// counters (a frozen picture with a live clock in its header is still frozen). Empty where there is no scan.
[[nodiscard]] inline ByteView picture_bytes(ByteView jpeg) {
  std::size_t at = 2;
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xFF) {
    const std::uint8_t marker = jpeg[at + 1];
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0xDA) return jpeg.subspan(at);
    const std::size_t length = static_cast<std::size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3];
    if (length < 2) return {};
    at += 2 + length;
  }
  return {};
}

}  // namespace rampa::drivers::camera
