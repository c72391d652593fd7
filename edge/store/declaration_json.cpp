#include "edge/store/declaration_json.hpp"

#include <nlohmann/json.hpp>

#include "edge/crossing/field_value_json.hpp"

namespace rampa::store {

namespace {

using Json = nlohmann::json;

std::string line(const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string encode(const Declaration& d) {
  Json goods = Json::array();
  for (const GoodsItem& g : d.goods) {
    Json& one = goods.emplace_back(Json{{"hs_code", g.hs_code}, {"origin", g.origin}, {"description", g.description}});
    if (g.gross_kg) one["gross_kg"] = *g.gross_kg;
    if (g.value_eur) one["value_eur"] = *g.value_eur;
  }
  Json more = Json::object();
  for (const auto& [name, value] : d.more) std::visit([&, &n = name](const auto& v) { more[n] = v; }, value);
  Json object = {{"reference", d.reference}, {"kind", d.kind}, {"plate", d.plate}, {"trailer", d.trailer}, {"gross_kg", d.gross_kg},
               {"consignor", d.consignor}, {"consignee", d.consignee}, {"declarant", d.declarant}, {"carrier", d.carrier},
               {"driver_name", d.driver_name}, {"goods", std::move(goods)}, {"more", std::move(more)}};
  if (d.valid_until) object["valid_until_ms"] = d.valid_until->ms;
  return line(object);
}

Result<Declaration> decode_declaration(const std::string& text) {
  const Json j = Json::parse(text, nullptr, false);
  if (!j.is_object()) return fail(ErrorCode::invalid, "declaration: not a JSON object");
  try {
    Declaration d;
    const auto number = [](const Json& of, const char* key) -> std::optional<std::int64_t> {
      const auto found = of.find(key);
      if (found == of.end()) return std::nullopt;
      const auto whole = whole_number(*found);
      if (!whole) throw std::out_of_range(std::string(key) + " is not a whole number (of 64 bits)");
      return whole;
    };
    d.reference = j.value("reference", "");
    d.kind = j.value("kind", "");
    d.plate = j.value("plate", "");
    d.trailer = j.value("trailer", "");
    d.gross_kg = number(j, "gross_kg").value_or(0);
    d.consignor = j.value("consignor", "");
    d.consignee = j.value("consignee", "");
    d.declarant = j.value("declarant", "");
    d.carrier = j.value("carrier", "");
    d.driver_name = j.value("driver_name", "");
    if (const auto until = number(j, "valid_until_ms")) d.valid_until = WallTime{*until};
    for (const Json& g : j.value("goods", Json::array()))
      d.goods.push_back({g.value("hs_code", ""), g.value("origin", ""), number(g, "gross_kg"), number(g, "value_eur"), g.value("description", "")});
    const Json more = j.value("more", Json::object());
    for (const auto& [name, v] : more.items()) {
      auto value = field_value(v);
      if (!value) return fail(ErrorCode::invalid, "declaration: more." + name + no_field_value);
      d.more[name] = std::move(*value);
    }
    if (d.reference.empty()) return fail(ErrorCode::invalid, "declaration: reference is missing");
    return d;
  } catch (const std::exception& e) {  // nlohmann's, or a number's
    return fail(ErrorCode::invalid, std::string("declaration: ") + e.what());
  }
}

std::string encode(const WatchList& list) { return line({{"name", list.name}, {"plates", list.plates}}); }

Result<WatchList> decode_watch_list(const std::string& text) {
  const Json j = Json::parse(text, nullptr, false);
  if (!j.is_object()) return fail(ErrorCode::invalid, "watch list: not a JSON object");
  try {
    return WatchList{j.value("name", ""), j.value("plates", std::vector<std::string>{})};
  } catch (const Json::exception& e) {
    return fail(ErrorCode::invalid, std::string("watch list: ") + e.what());
  }
}

}  // namespace rampa::store
