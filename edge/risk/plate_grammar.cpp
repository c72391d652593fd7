#include "edge/risk/plate_grammar.hpp"

#include <algorithm>
#include <array>

namespace rampa::risk {
namespace {

struct Pattern {
  std::string_view country;
  std::string_view text;  ///< A a letter, 9 a digit, * either
};

// Current ordinary series without separators, as the countries' registration rules publish them (most are collected in the
// Council of Europe's and eReg's overviews). Series for diplomats, dealers and the army are left out on purpose: what is not
// here "does not fit", which alone never shows anything. Countries whose series are too free to tell anything are absent.
constexpr std::array patterns{
    Pattern{"ALB", "AA999AA"},
    Pattern{"BGR", "A9999A"}, Pattern{"BGR", "A9999AA"}, Pattern{"BGR", "AA9999A"}, Pattern{"BGR", "AA9999AA"},
    Pattern{"BIH", "A99A999"}, Pattern{"BIH", "999A999"},
    Pattern{"GRC", "AAA9999"},
    Pattern{"HRV", "AA999A"}, Pattern{"HRV", "AA999AA"}, Pattern{"HRV", "AA9999A"}, Pattern{"HRV", "AA9999AA"},
    Pattern{"HUN", "AAA999"}, Pattern{"HUN", "AAAA999"},
    Pattern{"ITA", "AA999AA"},
    Pattern{"MKD", "AA999AA"}, Pattern{"MKD", "AA9999AA"},
    Pattern{"MNE", "AAAA999"},
    Pattern{"ROU", "A99AAA"}, Pattern{"ROU", "A999AAA"}, Pattern{"ROU", "AA99AAA"},
    Pattern{"SRB", "AA999AA"}, Pattern{"SRB", "AA9999AA"},
    Pattern{"TUR", "99A9999"}, Pattern{"TUR", "99A99999"}, Pattern{"TUR", "99AA999"}, Pattern{"TUR", "99AA9999"},
    Pattern{"TUR", "99AAA99"}, Pattern{"TUR", "99AAA999"},
    Pattern{"UKR", "AA9999AA"},
    Pattern{"XKX", "99999AA"},
};

bool fits(std::string_view pattern, std::string_view text) {
  return pattern.size() == text.size() && std::equal(pattern.begin(), pattern.end(), text.begin(), [](char p, char c) {
    const bool digit = c >= '0' && c <= '9';
    return p == '*' || (p == '9') == digit;
  });
}

}  // namespace

std::optional<bool> fits_grammar(std::string_view country, std::string_view normal) {
  bool known = false;
  for (const auto& pattern : patterns) {
    if (pattern.country != country) continue;
    known = true;
    if (fits(pattern.text, normal)) return true;
  }
  return known ? std::optional(false) : std::nullopt;
}

}  // namespace rampa::risk
