#include "edge/app/profiles_convert.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "edge/app/tools.hpp"
#include "edge/risk/cel.hpp"
#include "edge/risk/dmn.hpp"
#include "edge/risk/profile.hpp"

namespace rampa::app {

namespace {

using Json = nlohmann::ordered_json;
using Findings = std::vector<risk::Finding>;

/// What came of it: the text, and lines about what is wrong or stays behind.
struct Converted {
  int code = exit_ok;
  std::string text;
  std::vector<std::string> told;
};

Converted wrong(const Findings& findings) {
  Converted c{exit_config, {}, {}};
  for (const auto& f : findings) c.told.push_back(f.path + ": " + f.cause + "; " + f.remedy);
  return c;
}
Converted usage(std::string why) { return {exit_usage, {}, {std::move(why)}}; }

bool ends(const std::string& text, const std::string& with) { return text.size() >= with.size() && text.compare(text.size() - with.size(), with.size(), with) == 0; }

// ---- a profile's keys as cells

/// What a cell holds of a key: FEEL knows texts and numbers; the rest stands there as JSON.
enum class Held { text, number, json };
constexpr std::array<std::pair<std::string_view, Held>, 16> columns{{{"channel", Held::text}, {"weight", Held::number}, {"controls", Held::json}, {"instruction", Held::text}, {"state", Held::text},
    {"version", Held::number}, {"owner", Held::text}, {"reason", Held::json}, {"valid_from", Held::text}, {"valid_to", Held::text}, {"weekly", Held::json}, {"scope", Held::json},
    {"sample_percent", Held::number}, {"aeo_percent", Held::number}, {"security", Held::json}, {"secret", Held::json}}};
constexpr std::string_view language_column = "instruction.";

Held held(std::string_view name) {
  for (const auto& [column, how] : columns)
    if (column == name) return how;
  return Held::text;
}

/// ["documents","nii"] is "documents, nii" for people; a checklist with more in it is JSON.
std::string controls_cell(const Json& controls) {
  std::string words;
  for (const auto& control : controls) {
    if (!control.is_string()) return controls.dump();
    words += (words.empty() ? "" : ", ") + control.get<std::string>();
  }
  return words;
}

Json controls_of(const std::string& cell) {
  if (cell.starts_with("[")) return Json::parse(cell, nullptr, false);
  Json list = Json::array();
  std::istringstream words(cell);
  for (std::string word; std::getline(words, word, ',');) {
    const auto first = word.find_first_not_of(' ');
    if (first != std::string::npos) list.push_back(word.substr(first, word.find_last_not_of(' ') - first + 1));
  }
  return list;
}

std::string cell_of(const Json& profile, const std::string& column, const std::string& default_language) {
  if (column.starts_with(language_column)) {
    const auto instruction = profile.find("instruction");
    const auto language = column.substr(language_column.size());
    return instruction != profile.end() && instruction->is_object() && instruction->contains(language) ? (*instruction)[language].get<std::string>() : "";
  }
  const auto value = profile.find(column);
  if (value == profile.end()) return {};
  if (column == "instruction") return value->is_object() ? value->value(default_language, "") : value->get<std::string>();
  if (column == "controls") return controls_cell(*value);
  return value->is_string() ? value->get<std::string>() : value->dump();
}

/// A rule of a table as a profile; where the table does not say its state it is a draft: nothing becomes active by being converted.
Json profile_of(const risk::DecisionRule& rule, const std::vector<risk::DecisionOutput>& outputs, const std::string& default_language) {
  Json p{{"id", rule.id}, {"title", rule.note.empty() ? rule.id : rule.note}};
  Json languages = Json::object();
  for (std::size_t i = 0; i < rule.outputs.size() && i < outputs.size(); ++i) {
    const auto& name = outputs[i].name;
    const auto& cell = rule.outputs[i];
    if (cell.empty()) continue;
    if (name.starts_with(language_column)) languages[name.substr(language_column.size())] = cell;
    else if (name == "controls") p[name] = controls_of(cell);
    else if (held(name) == Held::text && !outputs[i].number) p[name] = cell;
    else if (const Json value = Json::parse(cell, nullptr, false); !value.is_discarded()) p[name] = value;
    else p[name] = cell;
  }
  if (!languages.empty()) {
    if (p.contains("instruction")) languages[default_language] = p["instruction"];
    p["instruction"] = languages;
  }
  if (!p.contains("state")) p["state"] = "draft";
  p["when"] = Json::parse(risk::to_json(rule.when));
  return p;
}

void lists_named(const risk::Condition& c, std::set<std::string>& names) {
  if (!c.list.empty()) names.insert(c.list);
  for (const auto& part : c.parts) lists_named(part, names);
}

/// The set that a table says; `told` what it leaves open.
Json set_of(const risk::DecisionTable& table, std::vector<std::string>& told) {
  Json set = table.set.empty() ? Json() : Json::parse(table.set, nullptr, false);
  const bool whole = set.is_object();
  if (!whole) set = {{"format", 2}, {"version", "draft"}};
  const auto default_language = set.value("default_language", "en");
  Json profiles = Json::array();
  std::set<std::string> lists;
  for (const auto& rule : table.rules) {
    profiles.push_back(profile_of(rule, table.outputs, default_language));
    lists_named(rule.when, lists);
  }
  for (const auto& list : lists)
    if (!set.contains("lists") || !set["lists"].contains(list)) told.push_back("the table names the list \"" + list + "\" and does not hold it: give its values under lists");
  set["profiles"] = std::move(profiles);
  return set;
}

// ---- comparing what came back

/// The same set, however its author wrote it: conditions canonical, their parts in order, what is absent filled in where a table must say it.
Json in_one_form(Json value) {
  if (value.is_object()) {
    Json sorted = Json::object();
    std::map<std::string, Json> members;
    for (auto& [key, member] : value.items()) members[key] = in_one_form(member);
    for (auto& [key, member] : members) {
      if ((key == "all" || key == "any" || key == "any_item" || key == "all_item") && member.is_array()) std::sort(member.begin(), member.end(), [](const Json& a, const Json& b) { return a.dump() < b.dump(); });
      sorted[key] = std::move(member);
    }
    return sorted;
  }
  if (value.is_array())
    for (auto& element : value) element = in_one_form(element);
  return value;
}

/// One of the ways in which a profile may write the same.
Json plain(Json profile, const std::string& default_language) {
  if (profile.contains("instruction") && profile["instruction"].is_string()) profile["instruction"] = Json{{default_language, profile["instruction"]}};
  if (profile.contains("controls"))
    for (auto& control : profile["controls"])
      if (control.is_string()) control = Json{{"control", control}};
  return profile;
}

void name_differences(const Json& went, const Json& came, const std::string& at, std::vector<std::string>& told) {
  for (const auto& [key, value] : went.items())
    if (!came.contains(key)) told.push_back("stays behind: " + at + key);
    else if (in_one_form(value) != in_one_form(came[key])) told.push_back("would come back otherwise: " + at + key);
}

// ---- from and to

Converted table_out(const Json& set, const std::vector<risk::RiskProfile>& profiles) {
  Converted c;
  const auto default_language = set.value("default_language", "en");
  std::set<std::string> present, languages;
  for (const auto& p : set["profiles"]) {
    for (const auto& [key, value] : p.items()) present.insert(key);
    if (p.contains("instruction") && p["instruction"].is_object())
      for (const auto& [language, words] : p["instruction"].items())
        if (language != default_language) languages.insert(language);
  }
  risk::DecisionTable table;
  table.name = set.value("version", "");
  for (const auto& [column, how] : columns)
    if (present.contains(std::string(column)) || column == "channel" || column == "state") table.outputs.push_back({std::string(column), how == Held::number});
  if (present.contains("note")) table.outputs.push_back({"note", false});
  for (const auto& language : languages) table.outputs.push_back({std::string(language_column) + language, false});
  Json head = set;
  head.erase("profiles");
  table.set = head.dump();
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    risk::DecisionRule rule{profiles[i].id, profiles[i].when, {}, profiles[i].title};
    for (const auto& output : table.outputs) rule.outputs.push_back(cell_of(set["profiles"][i], output.name, default_language));
    table.rules.push_back(std::move(rule));
  }
  Findings left_out;
  c.text = risk::to_dmn(table, left_out);
  for (const auto& f : left_out) c.told.push_back("not in the table: " + f.path + ": " + f.cause + "; " + f.remedy);
  // Read back: what a table does not hold as it was is named, whatever the reason.
  if (table.rules.size() > left_out.size()) {
    Findings findings;
    const auto again = risk::from_dmn(c.text, findings);
    for (const auto& f : findings) c.told.push_back("cannot be read back: " + f.path + ": " + f.cause + "; " + f.remedy);
    std::vector<std::string> open;
    const Json back = findings.empty() ? set_of(again, open) : Json{{"profiles", Json::array()}};
    std::map<std::string, const Json*> by_id;
    for (const auto& p : back["profiles"]) by_id[p["id"].get<std::string>()] = &p;
    for (const auto& p : set["profiles"])
      if (const auto found = by_id.find(p["id"].get<std::string>()); found != by_id.end()) name_differences(plain(p, default_language), plain(*found->second, default_language), "profile " + found->first + ": ", c.told);
  } else if (!table.rules.empty()) {
    c.text.clear();
  }
  c.code = c.told.empty() ? exit_ok : exit_found;
  return c;
}

Converted from_table(const std::string& xml, const std::string& to) {
  if (to == "dmn") return usage("is a decision table already; choose --to json or cel");
  Findings findings;
  const auto table = risk::from_dmn(xml, findings);
  if (!findings.empty()) return wrong(findings);
  Converted c;
  if (to == "cel") {
    for (const auto& rule : table.rules) c.text += "// " + rule.id + "\n" + risk::to_cel(rule.when) + "\n\n";
    return c;
  }
  c.text = set_of(table, c.told).dump(2) + "\n";
  c.code = c.told.empty() ? exit_ok : exit_found;
  return c;
}

/// {"cel": "TEXT"} in place of a condition: what authors may write in a set that they convert; a set for signing has the tree.
void cel_to_tree(Json& owner, const std::string& path, Findings& findings) {
  if (!owner.is_object() || !owner.contains("when") || !owner["when"].is_object() || owner["when"].size() != 1 || !owner["when"].contains("cel") || !owner["when"]["cel"].is_string()) return;
  Findings found;
  const auto condition = risk::from_cel(owner["when"]["cel"].get<std::string>(), found);
  for (auto& f : found) findings.push_back({path + ".when.cel, line " + f.path, f.cause, f.remedy});
  if (found.empty()) owner["when"] = Json::parse(risk::to_json(condition));
}

Converted from_set(Json set, const std::string& to) {
  Findings findings;
  for (const char* part : {"profiles", "green_lists"})
    if (set.contains(part) && set[part].is_array())
      for (std::size_t i = 0; i < set[part].size(); ++i) cel_to_tree(set[part][i], std::string(part) + "[" + std::to_string(i) + "]", findings);
  if (!findings.empty()) return wrong(findings);
  risk::SetHead head;
  std::vector<risk::RiskProfile> profiles;
  findings = risk::read_set(set.dump(), head, [&](risk::RiskProfile&& p) { profiles.push_back(std::move(p)); });
  if (!findings.empty()) return wrong(findings);
  Converted c;
  if (to == "cel") {
    for (const auto& p : profiles) c.text += "// " + p.id + ": " + p.title + "\n" + risk::to_cel(p.when) + "\n\n";
    return c;
  }
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    set["profiles"][i]["when"] = Json::parse(risk::to_json(profiles[i].when));
    if (to == "dmn" && !set["profiles"][i].contains("state")) set["profiles"][i]["state"] = "active";
  }
  if (to == "dmn") return table_out(set, profiles);
  c.text = set.dump(2) + "\n";
  return c;
}

Converted one_condition(const risk::Condition& condition, const Findings& findings, const std::string& to) {
  if (!findings.empty()) return wrong(findings);
  if (to == "dmn") return usage("is one condition, and a decision table holds profiles; put it into a set, as \"when\": {\"cel\": \"...\"} or as JSON");
  return {exit_ok, (to == "cel" ? risk::to_cel(condition) : risk::to_json(condition)) + "\n", {}};
}

std::optional<std::string> whole_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Converted converted(const ConvertOptions& options) {
  const auto text = whole_text(options.file);
  if (!text) return {exit_found, {}, {"cannot be read"}};
  Findings findings;
  if (ends(options.file, ".dmn")) return from_table(*text, options.to);
  if (!ends(options.file, ".json")) {
    const auto condition = risk::from_cel(*text, findings);
    return one_condition(condition, findings, options.to);
  }
  Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded()) return wrong({{"$", "is not JSON", "correct the file; `rampa profiles check` names the line"}});
  if (json.is_object() && (json.contains("profiles") || json.contains("format"))) return from_set(std::move(json), options.to);
  const auto condition = risk::condition_from_json(*text, "when", findings);
  return one_condition(condition, findings, options.to);
}

}  // namespace

int convert_profiles(const ConvertOptions& options, std::ostream& out, std::ostream& err) {
  const auto c = converted(options);
  if (options.json) {
    out << Json{{"ok", c.code == exit_ok}, {"to", options.to}, {"text", c.text}, {"told", c.told}}.dump() << "\n";
    return c.code;
  }
  out << c.text;
  for (const auto& line : c.told) err << options.file << ": " << line << "\n";
  return c.code;
}

}  // namespace rampa::app
