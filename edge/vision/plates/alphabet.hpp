// The characters that the reader knows, by number, so that sets of them are bits and readings are tables. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampa::vision::plates {

/// A character's place in `alphabet`. The digits are 0..9, A-Z 10..35.
using Sign = std::uint8_t;
using SignSet = std::uint64_t;
using Signs = std::vector<Sign>;

inline constexpr std::size_t signs_count = 44;
inline constexpr std::array<std::string_view, signs_count> alphabet{
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L",
    "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z", "Č", "Ć", "Š", "Ž", "Đ", "Ä", "Ö", "Ü"};

[[nodiscard]] constexpr SignSet only(Sign s) { return SignSet{1} << s; }
inline constexpr SignSet digits = (SignSet{1} << 10) - 1;

/// Of one character in UTF-8.
[[nodiscard]] std::optional<Sign> sign_of(std::string_view utf8);

/// A text as printed, without what separates (blank, hyphen, dot, middle dot). Nothing where another character is in it.
[[nodiscard]] std::optional<Signs> signs_of(std::string_view printed);

[[nodiscard]] std::string printed(const Signs& signs);

/// The Latin letter or digit that people type and cameras send for it: Č C, Đ D, Ü U (as risk::normal_plate() has it).
[[nodiscard]] Sign plain(Sign sign);
[[nodiscard]] std::string normal(const Signs& signs);

}  // namespace rampa::vision::plates
