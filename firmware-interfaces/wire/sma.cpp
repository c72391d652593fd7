#include "firmware-interfaces/wire/sma.hpp"

#include <cctype>
#include <string_view>

#include "firmware-interfaces/wire/decimal_mass.hpp"

namespace rampa::wire {

Result<SmaWeight> decode_sma(ByteView body) {
  const std::string_view text = as_text(body);
  if (text == "?") return fail(ErrorCode::refused, "sma: the scale does not know this command");
  if (text == "!") return fail(ErrorCode::bad_reply, "sma: the scale reports a communication error");
  if (text.size() != 18) return fail(ErrorCode::bad_reply, "sma: expected 18 characters between LF and CR, got " + std::to_string(text.size()));
  SmaWeight weight;
  weight.status = text[0];
  if (std::string_view("ZOUEIT ").find(weight.status) == std::string_view::npos)
    return fail(ErrorCode::bad_reply, "sma: unknown status character");
  weight.kind = static_cast<char>(std::toupper(static_cast<unsigned char>(text[2])));
  if (std::string_view("GNT").find(weight.kind) == std::string_view::npos)
    return fail(ErrorCode::bad_reply, "sma: neither gross, net nor tare");
  if (text[3] != 'M' && text[3] != ' ') return fail(ErrorCode::bad_reply, "sma: unknown motion character");
  weight.motion = text[3] == 'M';
  const std::string_view number = text.substr(5, 10);
  std::string unit;
  for (char c : text.substr(15, 3))
    if (c != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (unit != "kg") return fail(ErrorCode::refused, "sma: the scale weighs in '" + unit + "', not kg: Rampa never converts a legal weight");
  if (number.find('-') != std::string_view::npos && number.find_first_of("0123456789") == std::string_view::npos) return weight;
  const auto mass = grams_of_kg_text(number);
  if (!mass) return fail(ErrorCode::bad_reply, "sma: the weight is not a number");
  weight.mass_g = *mass;
  weight.valid = weight.status == ' ' || weight.status == 'Z' || weight.status == 'O' || weight.status == 'U';
  return weight;
}

}  // namespace rampa::wire
