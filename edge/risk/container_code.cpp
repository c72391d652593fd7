#include "edge/risk/container_code.hpp"

namespace rampa::risk {
namespace {

bool letter(char c) { return c >= 'A' && c <= 'Z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

// ISO 6346, annex A: A = 10 and on, leaving out the multiples of 11; so 11, 22 and 33 are nobody's.
unsigned weight(char c) {
  if (digit(c)) return static_cast<unsigned>(c - '0');
  const auto place = static_cast<unsigned>(c - 'A');
  return 10 + place + (place + 9) / 10;
}

}  // namespace

std::string normalise_container_code(std::string_view text) {
  constexpr std::string_view filling = " \t-./_";
  std::string code;
  for (const char c : text) {
    if (filling.find(c) != std::string_view::npos) continue;
    code += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return code;
}

std::optional<std::uint8_t> container_remainder(std::string_view code) {
  if (code.size() < 10) return std::nullopt;
  unsigned sum = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    if (i < 4 ? !letter(code[i]) : !digit(code[i])) return std::nullopt;
    sum += weight(code[i]) << i;
  }
  return static_cast<std::uint8_t>(sum % 11);
}

std::optional<std::uint8_t> container_check_digit(std::string_view code) {
  const auto remainder = container_remainder(code);
  return remainder ? std::optional(static_cast<std::uint8_t>(*remainder % 10)) : std::nullopt;
}

bool is_container_code(std::string_view code) {
  if (code.size() != 11 || bic_prefix(code).empty()) return false;
  const auto check = container_check_digit(code);
  return check && code[10] == static_cast<char>('0' + *check);
}

std::string_view bic_prefix(std::string_view code) {
  if (code.size() < 4) return {};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!letter(code[i])) return {};
  }
  return code[3] == 'U' || code[3] == 'J' || code[3] == 'Z' ? code.substr(0, 4) : std::string_view{};
}

}  // namespace rampa::risk
