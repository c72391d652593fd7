// Bytes as hexadecimal digits: lower case is written, lower case alone is read, so that each value has one text. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-interfaces/bytes.hpp"

namespace rampa {

[[nodiscard]] inline std::string hex_of(ByteView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

/// Nothing where the length is odd or a character is none of 0-9a-f.
[[nodiscard]] inline std::optional<Bytes> bytes_of_hex(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (text.size() % 2) return std::nullopt;
  Bytes out(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int value = digit(text[i]);
    if (value < 0) return std::nullopt;
    out[i / 2] = static_cast<std::uint8_t>(out[i / 2] << 4 | value);
  }
  return out;
}

/// Nothing unless it is exactly that many digits.
template <std::size_t N>
[[nodiscard]] std::optional<std::array<std::uint8_t, N>> array_of_hex(std::string_view text) {
  const auto bytes = text.size() == 2 * N ? bytes_of_hex(text) : std::nullopt;
  if (!bytes) return std::nullopt;
  std::array<std::uint8_t, N> out{};
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

}  // namespace rampa
