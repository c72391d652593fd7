#include "config/cached.hpp"

#include <cctype>
#include <functional>
#include <sstream>

#include "config/fields.hpp"

namespace rampa::config {
namespace {

/// Calls `take` with every object line; syntax errors become findings.
void each_line(const std::string& file, std::vector<Finding>& findings, const std::function<void(TableReader&)>& take) {
  auto text = read_text_file(file);
  if (!text) {
    findings.push_back({file, 0, "", "can't be read: " + text.error().what, "check the path and the permissions"});
    return;
  }
  std::istringstream in(*text);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Tree tree = parse_json_text(line, file, number);
    findings.insert(findings.end(), tree.findings.begin(), tree.findings.end());
    if (!tree.findings.empty()) continue;
    TableReader t(file, tree.root, "", findings);
    take(t);
  }
}

std::string code_of(TableReader& t, const std::string& key) {
  const std::string text = t.text(key, true).value_or("");
  std::string code = commodity_code(text);
  if (!text.empty() && code.size() < 6) t.finding(key, "\"" + text + "\" is no commodity code", "write 6 to 10 digits");
  return code;
}

std::vector<GoodsItem> goods(const std::string& file, TableReader& t, std::vector<Finding>& findings) {
  std::vector<GoodsItem> out;
  int index = 0;
  for (const Node* node : t.tables("goods")) {
    TableReader g(file, *node, t.path("goods[" + std::to_string(index++) + "]"), findings);
    GoodsItem item;
    item.hs_code = code_of(g, "hs_code");
    item.origin = g.text("origin").value_or("");
    if (!item.origin.empty() && item.origin.size() != 2) g.finding("origin", "is no country code", "write two letters (ISO 3166)");
    item.gross_kg = g.integer("gross_kg", false, 0, 1'000'000);
    item.value_eur = g.integer("value_eur", false, 0, 1'000'000'000'000);
    item.description = g.text("description").value_or("");
    g.finish();
    out.push_back(std::move(item));
  }
  return out;
}

Fields more(const std::string& file, TableReader& t, std::vector<Finding>& findings) {
  Fields fields;
  const Node* node = t.table("more");
  if (!node) return fields;
  TableReader m(file, *node, t.path("more"), findings);
  for (const auto& [name, value] : *node->table()) {
    if (const auto* b = std::get_if<bool>(&value.value)) {
      fields[name] = *b;
    } else if (const auto* n = std::get_if<std::int64_t>(&value.value)) {
      fields[name] = *n;
    } else if (const auto* s = std::get_if<std::string>(&value.value)) {
      fields[name] = *s;
    } else if (value.list()) {
      fields[name] = m.texts(name);
    } else {
      m.finding(name, "is " + value.kind(), "write a boolean, an integer, a string or a list of strings");
    }
  }
  return fields;
}

}  // namespace

std::string normalised_plate(const std::string& plate) {
  std::string out;
  for (const char c : plate)
    if (c != ' ' && c != '-' && c != '.') out.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return out;
}

DeclarationsRead read_declarations(const std::string& file) {
  DeclarationsRead out;
  std::map<std::string, int> seen;
  each_line(file, out.findings, [&](TableReader& t) {
    const std::size_t before = out.findings.size();
    Declaration d;
    d.reference = t.text("reference", true).value_or("");
    d.kind = t.choice("kind", {"import", "export", "transit", "prearrival"}, true).value_or("");
    d.plate = normalised_plate(t.text("plate", true).value_or(""));
    d.trailer = normalised_plate(t.text("trailer").value_or(""));
    d.gross_kg = t.integer("gross_kg", false, 0, 1'000'000).value_or(0);
    d.consignor = t.text("consignor").value_or("");
    d.consignee = t.text("consignee").value_or("");
    d.declarant = t.text("declarant").value_or("");
    d.carrier = t.text("carrier").value_or("");
    d.driver_name = t.text("driver_name").value_or("");
    if (const auto until = t.integer("valid_until_ms", false, 0)) d.valid_until = WallTime{*until};
    d.goods = goods(file, t, out.findings);
    d.more = more(file, t, out.findings);
    const auto [at, fresh] = seen.emplace(d.reference, t.line());
    if (!fresh && !d.reference.empty())
      t.finding("reference", "\"" + d.reference + "\" stands already at line " + std::to_string(at->second), "one line per declaration");
    t.finish();
    if (const auto trouble = too_much(d); !trouble.empty()) t.finding("reference", "\"" + d.reference + "\": " + trouble, "divide it");
    if (out.findings.size() == before) out.declarations.push_back(std::move(d));
  });
  return out;
}

WatchListsRead read_watch_lists(const std::string& file) {
  WatchListsRead out;
  each_line(file, out.findings, [&](TableReader& t) {
    const auto list = t.text("list", true);
    WatchedPlate line;
    line.line = t.line();
    line.plate = t.text("plate", true).value_or("");
    line.country = t.text("country").value_or("");
    line.trailer = t.text("trailer").value_or("");
    line.carrier = t.text("carrier").value_or("");
    line.note = t.text("note").value_or("");
    t.finish();
    const std::string plate = normalised_plate(line.plate);
    if (!list || plate.empty()) return;
    out.plates[*list].insert(plate);
    out.lines[*list].push_back(std::move(line));
  });
  return out;
}

std::vector<std::string> WatchListsRead::lists_with(const std::vector<std::string>& wanted) const {
  std::vector<std::string> names;
  for (const auto& [name, on] : plates)
    for (const auto& plate : wanted)
      if (on.contains(plate)) {
        names.push_back(name);
        break;
      }
  return names;
}

}  // namespace rampa::config
