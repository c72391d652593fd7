#include "hil/stage/declarations_file.hpp"

#include <nlohmann/json.hpp>

namespace rampa::hil {

std::string declarations_text(const std::vector<Declaration>& declarations) {
  std::string text;
  for (const auto& d : declarations) {
    nlohmann::json line{{"reference", d.reference}, {"kind", d.kind}, {"plate", d.plate}, {"gross_kg", d.gross_kg}};
    auto add = [&](const char* key, const std::string& value) {
      if (!value.empty()) line[key] = value;
    };
    add("trailer", d.trailer);
    add("consignor", d.consignor);
    add("consignee", d.consignee);
    add("declarant", d.declarant);
    add("carrier", d.carrier);
    add("driver_name", d.driver_name);
    for (const auto& item : d.goods) {
      auto& one = line["goods"].emplace_back(nlohmann::json{{"hs_code", item.hs_code}, {"origin", item.origin}, {"description", item.description}});
      if (item.gross_kg) one["gross_kg"] = *item.gross_kg;
      if (item.value_eur) one["value_eur"] = *item.value_eur;
    }
    for (const auto& [name, value] : d.more) std::visit([&, &key = name](const auto& v) { line["more"][key] = v; }, value);
    text += line.dump() + "\n";
  }
  return text;
}

}  // namespace rampa::hil
