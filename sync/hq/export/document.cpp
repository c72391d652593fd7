#include "sync/hq/export/document.hpp"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>

namespace rampa::sync::hq {
namespace {

using json = nlohmann::ordered_json;

/// "2026-07-14T06:02:11.250Z"
std::string time_text(WallTime at) {
  if (at.ms == 0) return {};
  const std::time_t seconds = static_cast<std::time_t>(at.ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[96];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                parts.tm_min, parts.tm_sec, static_cast<int>(at.ms % 1000));
  return text;
}

/// Kilograms with three places, exactly as many grams as there are.
std::string kilograms(std::int64_t grams) {
  const bool negative = grams < 0;
  const std::uint64_t whole = static_cast<std::uint64_t>(negative ? -grams : grams);
  char text[40];
  std::snprintf(text, sizeof text, "%s%llu.%03llu", negative ? "-" : "", static_cast<unsigned long long>(whole / 1000),
                static_cast<unsigned long long>(whole % 1000));
  return text;
}

json tree_of(const CrossingResult& r) {
  json plates = json::array(), controls = json::array(), verdicts = json::array(), images = json::array();
  for (const ResultPlate& p : r.plates)
    plates.push_back({{"position", p.position}, {"text", p.text}, {"country", p.country}, {"confidence_percent", p.confidence_percent}});
  for (const ResultControl& c : r.controls)
    controls.push_back({{"control", c.control}, {"finding", c.finding}, {"officer", c.officer}, {"note", c.note}, {"at", time_text(c.at)}});
  for (const ResultVerdict& v : r.verdicts)
    verdicts.push_back({{"verdict", v.verdict}, {"channel", v.channel}, {"decided_by", v.decided_by}, {"second_officer", v.second_officer},
                        {"reason", v.reason}, {"overrides", v.overrides}, {"audit_afterwards", v.audit_afterwards}, {"at", time_text(v.at)}});
  for (const BlobRef& i : r.images)
    images.push_back({{"name", i.name}, {"media_type", i.media_type}, {"sha256", i.sha256}, {"size_bytes", i.size_bytes}});
  json mass = nullptr;
  if (r.mass)
    mass = {{"gross_kg", kilograms(r.mass->gross_g)}, {"net_kg", kilograms(r.mass->net_g)}, {"tare_kg", kilograms(r.mass->tare_g)},
            {"alibi_number", r.mass->alibi_number}};
  return {{"version", 1}, {"id", r.id}, {"amends", r.amends}, {"post", r.post}, {"lane", r.lane}, {"crossing", r.crossing}, {"lane_kind", r.lane_kind},
          {"direction", r.direction}, {"opened", time_text(r.opened)}, {"closed", time_text(r.closed)}, {"outcome", r.outcome},
          {"on_paper", r.on_paper}, {"entered_by", r.entered_by}, {"plates", std::move(plates)}, {"mass", std::move(mass)},
          {"declarations", r.declarations}, {"channel", r.channel}, {"profile_set", r.profile_set}, {"profiles", r.profiles},
          {"evidence_missing", r.evidence_missing}, {"controls", std::move(controls)}, {"verdicts", std::move(verdicts)},
          {"gamma_alarm", r.gamma_alarm}, {"neutron_alarm", r.neutron_alarm}, {"images", std::move(images)}, {"last_hash", r.last_hash},
          {"not_readable", r.not_readable}};
}

std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// XML 1.0 takes no control characters, not even escaped.
std::string printable(std::string text) {
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r'; });
  return text;
}

/// Names of the elements in a list, by the name of the list.
const char* item_of(const std::string& list) {
  static constexpr std::pair<const char*, const char*> names[] = {{"plates", "plate"}, {"declarations", "declaration"}, {"profiles", "profile"},
                                                                  {"evidence_missing", "evidence"}, {"controls", "control_made"},
                                                                  {"verdicts", "verdict_given"}, {"images", "image"}};
  const auto found = std::find_if(std::begin(names), std::end(names), [&](const auto& pair) { return list == pair.first; });
  return found == std::end(names) ? "item" : found->second;
}

void put(pugi::xml_node parent, const std::string& name, const json& value) {
  pugi::xml_node node = parent.append_child(name.c_str());
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) put(node, key, inner);
  } else if (value.is_array()) {
    for (const json& inner : value) put(node, item_of(name), inner);
  } else if (!value.is_null()) {
    node.text().set(printable(text_of(value)).c_str());
  }
}

}  // namespace

Document document_of(const CrossingResult& result, ExportFormat format) {
  const json tree = tree_of(result);
  std::string name = result.id;
  std::replace(name.begin(), name.end(), '/', '_');
  // Texts come from devices and people: broken UTF-8 is replaced.
  const std::string text = tree.dump(2, ' ', false, json::error_handler_t::replace);
  if (format == ExportFormat::json) return {name + ".json", result.id, "application/json", text + "\n"};
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node root = document.append_child("crossing_result");
  root.append_attribute("xmlns") = "urn:rampa:crossing-result:1";
  const json clean = json::parse(text);
  for (const auto& [key, value] : clean.items()) put(root, key, value);
  std::ostringstream out;
  document.save(out, "  ");
  return {name + ".xml", result.id, "application/xml", out.str()};
}

}  // namespace rampa::sync::hq
