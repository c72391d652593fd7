// Plates, container codes and numbers as people and cameras write them, made comparable. Pure.
//
// One text, whoever wrote it: upper case, no separators, Latin letters and digits only. A letter of another script becomes
// the Latin one that a camera reads off the plate. The table and its sources: plate_text.cpp and WATCHLISTS.md.
#pragma once

#include <string>
#include <string_view>

#include "firmware-interfaces/result.hpp"

namespace rampa::risk {

/// A-Z and 0-9 only. Errors: invalid, for what is no UTF-8 (with the byte's place), for a character that no plate shows
/// (with its code point), and for a text of which nothing remains.
[[nodiscard]] Result<std::string> normal_plate(std::string_view utf8);

/// Numbers of documents and operators, which have more signs than plates: as normal_plate(), but whatever is neither letter nor digit goes
/// ("RIF/2026/114" is "RIF2026114"), and a letter that no plate shows stays, in upper case. Errors: invalid, for what is no UTF-8 and for a
/// text of which nothing remains. Whatever normal_plate() takes has the same normal form here.
[[nodiscard]] Result<std::string> normal_number(std::string_view utf8);

/// The one that stands for all that a camera confuses with it: {0ODQ} 0, {1I} 1, {2Z} 2, {5S} 5, {8B} 8, {6G} 6.
/// (the set that Genetec documents for Security Center's hotlists). Any other character is itself.
[[nodiscard]] constexpr char folded(char c) {
  switch (c) {
    case 'O': case 'D': case 'Q': return '0';
    case 'I': return '1';
    case 'Z': return '2';
    case 'S': return '5';
    case 'B': return '8';
    case 'G': return '6';
    default: return c;
  }
}

/// Of a normal text.
[[nodiscard]] std::string folded(std::string_view normal);

/// The same for all readings of one plate that differ only in what cameras confuse; what is no plate is itself.
[[nodiscard]] std::string alike_plate(std::string_view read);

}  // namespace rampa::risk
