// Inside edge/risk only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rampa::risk {

/// Bytes of the UTF-8 character (RFC 3629: shortest form, no surrogates) at the start of `text`; 0 if there is none.
[[nodiscard]] inline std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  if (byte(0) < 0x80) return 1;
  const std::size_t size = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if ((byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xed && byte(1) > 0x9f)) return 0;
  if ((byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) > 0x8f)) return 0;
  return size;
}

/// `point` must be a character: at most 10FFFF, no surrogate.
inline void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&](std::uint32_t x) { out += static_cast<char>(static_cast<unsigned char>(x)); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      byte(0xe0 | point >> 12);
    } else {
      byte(0xf0 | point >> 18);
      byte(0x80 | (point >> 12 & 0x3f));
    }
    byte(0x80 | (point >> 6 & 0x3f));
  }
  byte(0x80 | (point & 0x3f));
}

[[nodiscard]] inline bool is_character(std::uint32_t point) { return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff); }

/// -1 for what is not a hexadecimal digit.
[[nodiscard]] inline int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace rampa::risk
