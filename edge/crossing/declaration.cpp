#include "edge/crossing/declaration.hpp"

#include <utility>

namespace rampa {

std::string too_much(const Declaration& d) {
  std::string trouble;
  const auto at_most = [&](const std::string& place, std::size_t count, const char* of, std::size_t most) {
    if (trouble.empty() && count > most) trouble = place + " has " + std::to_string(count) + " " + of + "; at most " + std::to_string(most) + " are taken";
  };
  std::size_t bytes = 0, values = 0;
  const auto text = [&](const std::string& place, const std::string& t) {
    at_most(place, t.size(), "bytes", declaration_text_bytes_max);
    bytes += t.size();
  };
  at_most("goods", d.goods.size(), "items", declaration_goods_max);
  const std::pair<const char*, const std::string&> single[] = {{"reference", d.reference}, {"kind", d.kind}, {"plate", d.plate}, {"trailer", d.trailer}, {"consignor", d.consignor},
                                                               {"consignee", d.consignee}, {"declarant", d.declarant}, {"carrier", d.carrier}, {"driver_name", d.driver_name}};
  for (const auto& [place, t] : single) text(place, t);
  for (std::size_t i = 0; i < d.goods.size(); ++i) {
    const std::string place = "goods[" + std::to_string(i) + "].";
    text(place + "hs_code", d.goods[i].hs_code);
    text(place + "origin", d.goods[i].origin);
    text(place + "description", d.goods[i].description);
  }
  for (const auto& [name, value] : d.more) {
    text("a name in more", name);
    const auto* list = std::get_if<std::vector<std::string>>(&value);
    values += list ? list->size() + 1 : 1;
    if (const auto* one = std::get_if<std::string>(&value)) text("more." + name, *one);
    if (list) for (const auto& one : *list) text("more." + name, one);
  }
  at_most("more", values, "fields and values", declaration_values_max);
  at_most("it", bytes, "bytes of text in all", declaration_bytes_max);
  return trouble;
}

std::string commodity_code(std::string_view text) {
  constexpr std::size_t chapter = 2, taric = 10;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::string code;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (letter(c) || code.size() == taric) break;
    if (c >= '0' && c <= '9') code += c;
    if (static_cast<unsigned char>(c) < 0x80) continue;
    // Blanks and dashes of UTF-8 (no-break space, U+2000 to U+203F); whatever else it is may be a letter.
    const auto rest = text.substr(i);
    if (rest.starts_with("\xc2\xa0")) i += 1;
    else if (rest.starts_with("\xe2\x80")) i += 2;
    else break;
  }
  return code.size() >= chapter ? code : std::string{};
}

}  // namespace rampa
