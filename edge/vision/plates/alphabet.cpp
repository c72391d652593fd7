#include "edge/vision/plates/alphabet.hpp"

#include <algorithm>

#include "edge/risk/plate_text.hpp"

namespace rampa::vision::plates {
namespace {

std::size_t length_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

std::optional<Sign> sign_of(std::string_view utf8) {
  const auto found = std::find(alphabet.begin(), alphabet.end(), utf8);
  return found == alphabet.end() ? std::nullopt : std::optional(static_cast<Sign>(found - alphabet.begin()));
}

std::optional<Signs> signs_of(std::string_view text) {
  Signs out;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, length_of(text.front()));
    text.remove_prefix(one.size());
    if (one == " " || one == "-" || one == "." || one == "·" || one == "|") continue;
    const auto sign = sign_of(one);
    if (!sign) return std::nullopt;
    out.push_back(*sign);
  }
  return out;
}

std::string printed(const Signs& signs) {
  std::string out;
  for (const Sign s : signs) out += alphabet[s];
  return out;
}

Sign plain(Sign sign) {
  static const auto table = [] {
    std::array<Sign, signs_count> out{};
    for (Sign s = 0; s < signs_count; ++s) {
      const auto text = risk::normal_plate(alphabet[s]);
      out[s] = text ? sign_of(*text).value_or(s) : s;
    }
    return out;
  }();
  return table[sign];
}

std::string normal(const Signs& signs) {
  std::string out;
  for (const Sign s : signs) out += alphabet[plain(s)];
  return out;
}

}  // namespace rampa::vision::plates
