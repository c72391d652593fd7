// Who has to be two persons is compared as a reader would: "P dragan" and "p  Dragan" are one. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rampa {

/// A name or badge without blanks and without the difference between large and small letters (Latin with its usual marks, Greek, Cyrillic).
/// For comparing only. Bytes that are no UTF-8 stay as they are.
[[nodiscard]] inline std::string folded_person(std::string_view name) {
  const auto small = [](std::uint32_t c) -> std::uint32_t {
    const auto in = [c](std::uint32_t from, std::uint32_t to) { return c >= from && c <= to; };
    if (in('A', 'Z') || (in(0xC0, 0xDE) && c != 0xD7) || (in(0x391, 0x3A9) && c != 0x3A2) || in(0x410, 0x42F)) return c + 0x20;
    if (in(0x400, 0x40F)) return c + 0x50;
    if (c == 0x130 || c == 0x131) return 'i';
    if (c == 0x178) return 0xFF;
    if (in(0x139, 0x148) || in(0x179, 0x17E)) return c + (c & 1);                            // large ones are odd
    if (in(0x100, 0x177) || in(0x460, 0x481) || in(0x48A, 0x4BF) || in(0x4D0, 0x52F)) return c | 1;  // large ones are even
    return c;
  };
  const auto blank = [](std::uint32_t c) { return c <= ' ' || c == 0x7F || c == 0xA0 || c == 0xAD || (c >= 0x2000 && c <= 0x200F) || c == 0x202F || c == 0x205F || c == 0x2060 || c == 0x3000 || c == 0xFEFF; };
  std::string out;
  for (std::size_t i = 0; i < name.size();) {
    const auto first = static_cast<unsigned char>(name[i]);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : 0;
    std::uint32_t c = length == 1 ? first : length == 2 ? first & 0x1Fu : first & 0x0Fu;
    bool whole = length > 0 && i + length <= name.size();
    for (std::size_t k = 1; whole && k < length; ++k) {
      const auto next = static_cast<unsigned char>(name[i + k]);
      whole = (next & 0xC0) == 0x80;
      c = c << 6 | (next & 0x3Fu);
    }
    if (!whole) {  // outside what has large and small letters, or no UTF-8
      out += name[i++];
      continue;
    }
    i += length;
    if (blank(c)) continue;
    c = small(c);
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xC0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
      out += static_cast<char>(0xE0 | c >> 12);
      out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return out;
}

[[nodiscard]] inline bool same_person(std::string_view a, std::string_view b) { return folded_person(a) == folded_person(b); }

}  // namespace rampa
