// `rampa profiles convert`: between the forms that conditions are written in (edge/risk/AUTHORING.md).
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "edge/app/risk_commands.hpp"
#include "edge/risk/cel.hpp"
#include "edge/risk/dmn.hpp"
#include "edge/risk/profile.hpp"

namespace rampa::app {

namespace {

using Json = nlohmann::ordered_json;

bool ends(const std::string& text, const std::string& with) { return text.size() >= with.size() && text.compare(text.size() - with.size(), with.size(), with) == 0; }

int tell(const std::string& file, const std::vector<risk::Finding>& findings) {
  for (const auto& f : findings) std::cerr << file << ":" << f.path << ": " << f.cause << "; " << f.remedy << "\n";
  return exit_config;
}

/// A table's rules as profiles of a set; what a table cannot say is left for the author to fill in.
int from_table(const std::string& file, const std::string& xml, const std::string& to) {
  std::vector<risk::Finding> findings;
  const auto table = risk::from_dmn(xml, findings);
  if (!findings.empty()) return tell(file, findings);
  Json profiles = Json::array();
  for (const auto& rule : table.rules) {
    if (to == "cel") {
      std::cout << "// " << rule.id << "\n" << risk::to_cel(rule.when) << "\n\n";
      continue;
    }
    Json p{{"id", rule.id}, {"title", rule.note.empty() ? rule.id : rule.note}};
    for (std::size_t i = 0; i < rule.outputs.size(); ++i) {
      const auto& output = table.outputs[i];
      if (rule.outputs[i].empty()) continue;
      if (output.name == "controls") {
        Json list = Json::array();
        std::istringstream words(rule.outputs[i]);
        for (std::string word; std::getline(words, word, ',');) {
          const auto first = word.find_first_not_of(' ');
          if (first != std::string::npos) list.push_back(word.substr(first, word.find_last_not_of(' ') - first + 1));
        }
        p["controls"] = list;
      } else {
        const Json number = output.number ? Json::parse(rule.outputs[i], nullptr, false) : Json();
        p[output.name] = number.is_number() ? number : Json(rule.outputs[i]);
      }
    }
    p["when"] = Json::parse(risk::to_json(rule.when));
    profiles.push_back(std::move(p));
  }
  if (to != "cel") std::cout << Json{{"format", 2}, {"version", "draft"}, {"profiles", profiles}}.dump(2) << "\n";
  return exit_ok;
}

int from_set(const std::string& file, const std::string& json, const std::string& to) {
  risk::SetHead head;
  std::vector<risk::RiskProfile> profiles;
  const auto findings = risk::read_set(json, head, [&](risk::RiskProfile&& p) { profiles.push_back(std::move(p)); });
  if (!findings.empty()) return tell(file, findings);
  if (to == "cel") {
    for (const auto& p : profiles) std::cout << "// " << p.id << ": " << p.title << "\n" << risk::to_cel(p.when) << "\n\n";
    return exit_ok;
  }
  risk::DecisionTable table{head.version, {{"channel", false}, {"weight", true}, {"instruction", false}, {"controls", false}}, {}};
  for (const auto& p : profiles) {
    std::string controls;
    for (const auto& c : p.controls) controls += (controls.empty() ? "" : ",") + c.control;
    const auto words = p.instruction.find(head.default_language);
    table.rules.push_back({p.id, p.when, {std::string(name_of(p.channel)), std::to_string(p.weight), words == p.instruction.end() ? "" : words->second, controls}, p.title});
  }
  std::vector<risk::Finding> left_out;
  std::cout << risk::to_dmn(table, left_out);
  for (const auto& f : left_out) std::cerr << file << ": not in the table: " << f.path << ": " << f.cause << "; " << f.remedy << "\n";
  return left_out.empty() ? exit_ok : exit_found;
}

int convert(const std::string& file, const std::string& to) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::cerr << "rampa: " << file << ": cannot be read\n";
    return exit_found;
  }
  std::stringstream text;
  text << in.rdbuf();
  if (ends(file, ".dmn")) return from_table(file, text.str(), to);
  if (ends(file, ".json")) return from_set(file, text.str(), to);
  std::vector<risk::Finding> findings;
  const auto condition = risk::from_cel(text.str(), findings);
  if (!findings.empty()) return tell(file, findings);
  std::cout << (to == "cel" ? risk::to_cel(condition) : risk::to_json(condition)) << "\n";
  return exit_ok;
}

}  // namespace

void add_profiles_convert(CLI::App& profiles, int& code) {
  auto file = std::make_shared<std::string>(), to = std::make_shared<std::string>("json");
  auto* cmd = profiles.add_subcommand("convert", "between a set (.json), a decision table (.dmn) and a condition as CEL text (.cel)");
  cmd->add_option("file", *file, "what to convert")->required();
  cmd->add_option("--to", *to, "json (a set, or one condition), cel or dmn")->check(CLI::IsMember({"json", "cel", "dmn"}))->capture_default_str();
  cmd->callback([file, to, &code] { code = convert(*file, *to); });
}

}  // namespace rampa::app
