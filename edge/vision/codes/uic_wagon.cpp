#include "edge/vision/codes/uic_wagon.hpp"

#include <algorithm>
#include <array>

namespace rampa::vision::codes {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

std::string normal(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '-' && c != '.' && c != '\t' && c != '/') out += c;
  return out;
}

/// What a camera takes for this digit, or this letter for a digit.
std::string_view alike(char c) {
  switch (c) {
    case 'O': case 'D': case 'Q': return "0";
    case 'I': case 'L': return "1";
    case 'Z': return "2";
    case 'A': return "4";
    case 'S': return "5";
    case 'G': return "6";
    case 'T': return "7";
    case 'B': return "8";
    case '0': return "8";
    case '1': return "7";
    case '3': return "89";
    case '5': return "6";
    case '6': return "58";
    case '7': return "1";
    case '8': return "0369";
    case '9': return "38";
    default: return {};
  }
}

}  // namespace

std::optional<std::uint8_t> wagon_check_digit(std::string_view digits) {
  if (digits.size() < 11) return std::nullopt;
  int sum = 0;
  for (std::size_t i = 0; i < 11; ++i) {
    if (!digit(digits[i])) return std::nullopt;
    const int product = (digits[i] - '0') * (i % 2 == 0 ? 2 : 1);
    sum += product / 10 + product % 10;
  }
  return static_cast<std::uint8_t>((10 - sum % 10) % 10);
}

WagonReading read_wagon(std::string_view text) {
  WagonReading out;
  const std::string n = normal(text);
  const auto check = wagon_check_digit(n);
  if (n.size() != 12 || !check || !digit(n[11])) {
    out.fault = WagonFault::form;
    return out;
  }
  // Freight wagons: 01-09, 11-19 (odd tens are reserved), 21-29, 31-39, 40-49, 80-89.
  out.number = {n, n.substr(0, 2), n.substr(2, 2), n.substr(4, 4), n.substr(8, 3), n[11], n[0] <= '4' || n[0] == '8'};
  if (n[11] - '0' != *check) out.fault = WagonFault::check;
  return out;
}

std::vector<std::string> wagon_candidates(std::string_view text) {
  const std::string n = normal(text);
  std::vector<std::string> out;
  if (n.size() != 12 || read_wagon(n).accepted()) return out;
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < n.size(); ++i)
    if (!digit(n[i])) wrong.push_back(i);
  if (wrong.size() > 2) return out;
  std::string mended = n;
  for (const std::size_t i : wrong) {
    const auto instead = alike(n[i]);
    if (instead.empty()) return out;
    mended[i] = instead.front();
  }
  if (read_wagon(mended).accepted()) out.push_back(mended);
  if (!wrong.empty()) return out;
  for (std::size_t i = 0; i < mended.size(); ++i)
    for (const char c : alike(mended[i])) {
      std::string other = mended;
      other[i] = c;
      if (read_wagon(other).accepted()) out.push_back(other);
    }
  return out;
}

std::string_view wagon_country(std::string_view two_digits) {
  struct Code {
    std::string_view digits, country;
  };
  static constexpr std::array codes{
      Code{"10", "FI"}, Code{"20", "RU"}, Code{"21", "BY"}, Code{"22", "UA"}, Code{"23", "MD"}, Code{"24", "LT"}, Code{"25", "LV"}, Code{"26", "EE"},
      Code{"27", "KZ"}, Code{"28", "GE"}, Code{"29", "UZ"}, Code{"40", "CU"}, Code{"41", "AL"}, Code{"44", "BA"}, Code{"49", "BA"}, Code{"50", "BA"},
      Code{"51", "PL"}, Code{"52", "BG"}, Code{"53", "RO"}, Code{"54", "CZ"}, Code{"55", "HU"}, Code{"56", "SK"}, Code{"57", "AZ"}, Code{"58", "AM"},
      Code{"60", "IE"}, Code{"62", "ME"}, Code{"65", "MK"}, Code{"70", "GB"}, Code{"71", "ES"}, Code{"72", "RS"}, Code{"73", "GR"}, Code{"74", "SE"},
      Code{"75", "TR"}, Code{"76", "NO"}, Code{"78", "HR"}, Code{"79", "SI"}, Code{"80", "DE"}, Code{"81", "AT"}, Code{"82", "LU"}, Code{"83", "IT"},
      Code{"84", "NL"}, Code{"85", "CH"}, Code{"86", "DK"}, Code{"87", "FR"}, Code{"88", "BE"}, Code{"94", "PT"}};
  const auto found = std::find_if(codes.begin(), codes.end(), [&](const Code& c) { return c.digits == two_digits; });
  return found == codes.end() ? std::string_view{} : found->country;
}

}  // namespace rampa::vision::codes
