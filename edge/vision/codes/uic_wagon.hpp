// The twelve digits on a railway vehicle (UIC leaflet 438-2, TSI OPE appendix 6). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampa::vision::codes {

struct WagonNumber {
  std::string digits;     ///< all twelve
  std::string kind;       ///< the first two: interchange and type
  std::string country;    ///< the next two: where it is registered ("72" Serbia)
  std::string vehicle;    ///< four: what it is
  std::string serial;     ///< three
  char check = '0';
  bool freight = false;   ///< by its first two digits; else coach, engine or unit
};

enum class WagonFault { none, form, check };

struct WagonReading {
  WagonFault fault = WagonFault::none;
  WagonNumber number;  ///< good where the fault is `none` or `check`
  [[nodiscard]] bool accepted() const { return fault == WagonFault::none; }
};

/// Luhn's check digit of the first eleven digits; nothing where they are not that.
[[nodiscard]] std::optional<std::uint8_t> wagon_check_digit(std::string_view digits);

/// Of a text as read: blanks and hyphens are left out. `accepted()` only with the right check digit.
[[nodiscard]] WagonReading read_wagon(std::string_view text);

/// Other numbers that the camera may have meant, one digit exchanged for what looks alike, with the right check digit. Never accepted: offered.
[[nodiscard]] std::vector<std::string> wagon_candidates(std::string_view text);

/// "72" -> "RS"; ISO 3166-1, empty where the code is not in our list.
[[nodiscard]] std::string_view wagon_country(std::string_view two_digits);

}  // namespace rampa::vision::codes
