#include "edge/risk/benchmark_format.hpp"

#include <algorithm>

#include "edge/risk/json_internal.hpp"
#include "edge/risk/risk.hpp"

namespace rampa::risk {

namespace {

struct Mapping { std::string_view theirs, ours; };
constexpr std::array<Mapping, 27> mappings{{
    {"office", "declaration.office"}, {"dir", "declaration.kind"}, {"proc", "declaration.procedure"}, {"mode", "declaration.mode"},
    {"hs", "goods.hs_code"}, {"origin", "goods.origin"}, {"disp", "declaration.dispatch_country"}, {"dest", "declaration.destination_country"},
    {"consignor", "declaration.consignor"}, {"consignee", "declaration.consignee"}, {"declarant", "declaration.declarant"},
    {"carrier", "declaration.carrier"}, {"aeo", "declaration.aeo"}, {"plate", "vehicle.plate"}, {"trailer", "vehicle.trailer"},
    {"plate_cc", "vehicle.country"}, {"driver_cc", "declaration.driver_country"}, {"container", "declaration.container"},
    {"route", "declaration.route"}, {"pref", "declaration.preference"}, {"inco", "declaration.incoterm"}, {"gross", "declaration.gross_kg"},
    {"net", "declaration.net_kg"}, {"wdev", "evidence.mass_deviation_percent"}, {"pkgs", "declaration.packages"},
    {"value", "declaration.value_eur"}, {"vpk", "declaration.value_per_kg_cent"}}};
constexpr std::array<Mapping, 3> more_mappings{{{"seals", "declaration.seals"}, {"prev30", "declaration.earlier_30_days"}, {"hour", "time.hour"}}};

std::string_view ours(std::string_view theirs) {
  for (const auto& m : mappings) if (m.theirs == theirs) return m.ours;
  for (const auto& m : more_mappings) if (m.theirs == theirs) return m.ours;
  return {};
}

constexpr std::int64_t day_ms = 86'400'000, day_zero_ms = 18262 * day_ms;  // 2020-01-01

std::string date_of(std::int64_t day) {
  // civil-from-days (Howard Hinnant, "chrono-compatible low-level date algorithms")
  const std::int64_t z = day + 18262 + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const std::int64_t d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9, y = yoe + era * 400 + (m <= 2 ? 1 : 0);
  const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(y) + "-" + two(m) + "-" + two(d);
}

/// One predicate in our words; empty on a field or value that is not of the format.
std::string test_of(simdjson::dom::object p, bool& goods) {
  std::string_view field, op;
  if (p["f"].get(field) || p["op"].get(op)) return {};
  const auto name = ours(field);
  if (name.empty()) return {};
  goods = is_goods(name);
  std::string text = "{\"field\":\"" + std::string(name) + "\",\"op\":\"" + std::string(op) + "\",\"value\":";
  const bool flag = *type_of(name) == FieldType::boolean;
  const auto one = [&](Element v) {
    std::string_view word;
    std::int64_t number = 0;
    if (!v.get(word)) append_json_string(text, word);
    else if (!v.get(number)) text += flag ? (number ? "true" : "false") : std::to_string(number);
  };
  simdjson::dom::array list;
  Element value;
  if (p["v"].get(value)) return {};
  if (value.get(list)) {
    one(value);
  } else {
    text += '[';
    bool first = true;
    for (const auto v : list) {
      if (!first) text += ',';
      first = false;
      one(v);
    }
    text += ']';
  }
  return text + '}';
}

}  // namespace

bool is_benchmark_line(std::string_view line) {
  simdjson::dom::parser parser;
  Element root;
  if (parser.parse(line.data(), line.size()).get(root)) return false;
  return (!root["all"].error() && !root["lane"].error()) || (!root["hs"].error() && !root["dir"].error());
}

Result<std::string> import_benchmark_profiles(std::string_view lines, std::size_t most) {
  simdjson::dom::parser parser;
  std::string set = R"({"format":2,"version":"benchmark","profiles":[)";
  std::size_t number = 0, count = 0;
  while (!lines.empty() && (most == 0 || count < most)) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    ++number;
    if (line.empty()) continue;
    Element root;
    std::int64_t id = 0, from = 0, to = 0, weight = 0, rate = 0;
    std::string_view lane;
    simdjson::dom::array all;
    if (parser.parse(line.data(), line.size()).get(root) || root["id"].get(id) || root["from"].get(from) || root["to"].get(to) || root["w"].get(weight) ||
        root["rate"].get(rate) || root["lane"].get(lane) || root["all"].get(all) || (lane != "R" && lane != "Y" && lane != "B" && lane != "G"))
      return fail(ErrorCode::invalid, "line " + std::to_string(number) + ": is not a profile of the benchmark's format; it has id, from, to, lane (R, Y, B or G), rate, w and all");
    std::string header, goods;
    for (const auto p : all) {
      simdjson::dom::object object;
      bool of_goods = false;
      const auto text = p.get(object) ? std::string{} : test_of(object, of_goods);
      if (text.empty()) return fail(ErrorCode::invalid, "line " + std::to_string(number) + ": a predicate of an unknown field or shape; see README of the workload");
      auto& into = of_goods ? goods : header;
      into += (into.empty() ? "" : ",") + text;
    }
    const char* channel = lane == "R" ? "red" : lane == "Y" ? "yellow" : lane == "B" ? "blue" : "green";
    // A few of the workload end before they begin: they can never hold.
    const std::string validity = to < from ? "\"state\":\"expired\"," : "\"valid_from\":\"" + date_of(from) + "\",\"valid_to\":\"" + date_of(to) + "\",";
    set += (count++ ? ",{\"id\":\"" : "{\"id\":\"") + std::to_string(id) + "\",\"title\":\"benchmark\"," + validity + "\"channel\":\"" + channel + "\",\"instruction\":\"Control.\",\"weight\":" + std::to_string(weight) + ",\"sample_percent\":" + std::to_string(rate) +
           ",\"when\":{\"all\":[" + header + (!header.empty() && !goods.empty() ? "," : "") + (goods.empty() ? "" : "{\"any_item\":[" + goods + "]}") + "]}}";
  }
  return set + "]}";
}

Result<BenchmarkDeclaration> import_benchmark_declaration(std::string_view line) {
  simdjson::dom::parser parser;
  Element root;
  simdjson::dom::object object;
  BenchmarkDeclaration d;
  std::int64_t day = 0;
  if (parser.parse(line.data(), line.size()).get(root) || root.get(object) || object["id"].get(d.id) || object["day"].get(day))
    return fail(ErrorCode::invalid, "is not a declaration of the benchmark's format; it has at least id and day");
  d.at = WallTime{day_zero_ms + day * day_ms};
  for (const auto [key, value] : object) {
    const auto name = ours(key);
    if (name.empty()) continue;
    std::string_view text;
    std::int64_t number = 0;
    const bool is_text = !value.get(text), is_number = !value.get(number);
    const std::string place = is_goods(name) ? "goods.0" + std::string(name.substr(5)) : std::string(name);
    switch (*type_of(name)) {
      case FieldType::boolean: if (is_number) d.facts[place] = number != 0; break;
      case FieldType::integer: if (is_number) d.facts[place] = number; break;
      case FieldType::text: if (is_text) d.facts[place] = std::string(text); break;
      case FieldType::list:  // an empty text there means: known to have none
        if (is_text) d.facts[place] = text.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::string(text)};
        else if (is_number) d.facts[place] = std::vector<std::string>{std::to_string(number)};
        break;
    }
  }
  d.facts["goods.count"] = std::int64_t{1};
  d.facts[std::string(goods_codes_are_beginnings)] = true;  // as lanes ask
  return d;
}

}  // namespace rampa::risk
