// A mass written as decimal text in kilograms, exactly in grams.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rampa::wire {

/// "  -1234.50" -> -1234500. Nothing where it isn't a number, or has more than milligrams' worth of digits that aren't zero.
[[nodiscard]] inline std::optional<std::int64_t> grams_of_kg_text(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  std::int64_t value = 0;
  int decimals = -1;  // -1: no point yet
  bool any = false;
  for (char c : text) {
    if (c == '.') {
      if (decimals >= 0) return std::nullopt;
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    if (decimals >= 3) {
      if (c != '0') return std::nullopt;  // finer than a gram: not a weighbridge
      continue;
    }
    if (value > 9'000'000'000'000) return std::nullopt;
    value = value * 10 + (c - '0');
    if (decimals >= 0) ++decimals;
  }
  if (!any) return std::nullopt;
  for (int i = decimals < 0 ? 0 : decimals; i < 3; ++i) value *= 10;
  return negative ? -value : value;
}

}  // namespace rampa::wire
