#include "edge/app/assess_command.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "config/cached.hpp"
#include "edge/app/tools.hpp"
#include "edge/risk/benchmark_format.hpp"
#include "edge/risk/compiled_set.hpp"

namespace rampa::app {

namespace {

using Json = nlohmann::ordered_json;

bool all_digits(const std::string& text) { return !text.empty() && text.size() < 18 && text.find_first_not_of("0123456789") == std::string::npos; }

Json ids_of(std::vector<std::string> ids) {
  const bool numbers = std::all_of(ids.begin(), ids.end(), all_digits);
  Json list = Json::array();
  if (numbers) {
    std::vector<std::int64_t> sorted;
    for (const auto& id : ids) sorted.push_back(std::stoll(id));
    std::sort(sorted.begin(), sorted.end());
    for (const auto id : sorted) list.push_back(id);
  } else {
    for (auto& id : ids) list.push_back(std::move(id));
  }
  return list;
}

Json line_of(const Json& id, const risk::CompiledSet& set, const risk::Decision& d, const risk::FactSheet& sheet) {
  std::vector<std::string> matched;
  Json declined = Json::array(), undetermined = Json::array(), shadow = Json::array();
  for (const auto& o : d.outcomes) {
    const std::string name(set.id(o.profile));
    if (o.shadow) {
      if (!o.undetermined) shadow.push_back(name);
      continue;
    }
    if (o.undetermined) undetermined.push_back({{"profile", name}, {"missing", set.program.missing(set.heads[o.profile].root, sheet)}});
    else matched.push_back(name);
    if (o.declined != risk::Declined::no && !o.undetermined) declined.push_back(name);
  }
  Json line{{"id", id}, {"m", ids_of(std::move(matched))}, {"channel", name_of(d.channel)}, {"score", d.score}};
  if (!declined.empty()) line["declined"] = std::move(declined);
  if (!shadow.empty()) line["shadow"] = std::move(shadow);
  if (!undetermined.empty()) line["undetermined"] = std::move(undetermined);
  return line;
}

}  // namespace

int assess(const AssessOptions& options, AssessedAt at, std::ostream& out, std::ostream& complaints) {
  const auto complain = [&](const std::string& what, int code = exit_found) {
    complaints << "rampa: " << what << "\n";
    return code;
  };
  const auto profiles_text = whole_file(options.profiles);
  if (!profiles_text) return complain(options.profiles + ": cannot be read");
  std::string set_text = *profiles_text;
  if (risk::is_benchmark_line(set_text.substr(0, set_text.find('\n')))) {
    auto imported = risk::import_benchmark_profiles(set_text);
    if (!imported) return complain(options.profiles + ": " + imported.error().what, exit_config);
    set_text = std::move(*imported);
  }
  auto compiled = risk::compile(set_text, "");
  if (!compiled) return complain(options.profiles + ": refused:\n" + compiled.error().what, exit_config);
  const auto& set = dynamic_cast<const risk::CompiledSet&>(**compiled);

  const auto declarations = whole_file(options.declarations);
  if (!declarations) return complain(options.declarations + ": cannot be read");
  risk::Decision decision;
  const auto one = [&](const Json& id, risk::Circumstances c, const Fields& facts) {
    c.draw_key = risk::draw_name(id.dump());
    const auto sheet = risk::fact_sheet(facts);
    risk::decide(set, sheet, c, decision);
    out << line_of(id, set, decision, sheet).dump() << "\n";
  };
  if (risk::is_benchmark_line(declarations->substr(0, declarations->find('\n')))) {
    std::istringstream lines(*declarations);
    std::size_t number = 0;
    for (std::string text; std::getline(lines, text);) {
      ++number;
      if (text.empty()) continue;
      auto d = risk::import_benchmark_declaration(text);
      if (!d) return complain(options.declarations + ":" + std::to_string(number) + ": " + d.error().what);
      risk::Circumstances c;
      c.now = d->at;
      one(d->id, c, d->facts);
    }
    return exit_ok;
  }
  auto read = config::read_declarations(options.declarations);
  for (const auto& f : read.findings) complaints << f.file << ":" << f.line << ": " << f.key << ": " << f.cause << "; " << f.remedy << "\n";
  if (!read.findings.empty()) return exit_config;
  for (auto& declaration : read.declarations) {
    risk::Question question;
    question.now = at.now;
    question.utc_offset_min = at.utc_offset_min;
    const Json id = declaration.reference;
    question.draw_key = risk::draw_name(id.dump());
    question.declarations = {std::move(declaration)};
    const auto a = risk::assess(set, question);
    // Once more in numbers: a list of ids as the set writes them, which a post would not show.
    const auto sheet = risk::fact_sheet(a.facts);
    risk::Circumstances c{at.now, at.utc_offset_min};
    c.draw_key = question.draw_key;
    risk::decide(set, sheet, c, decision);
    decision.channel = a.channel;
    Json line = line_of(id, set, decision, sheet);
    line["reasons"] = a.reasons;
    line["controls"] = a.controls;
    out << line.dump() << "\n";
  }
  return exit_ok;
}

}  // namespace rampa::app
