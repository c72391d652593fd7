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

/// Into the set's policy. Errors: invalid.
Result<std::string> with_draw_secret(const std::string& set_text, const std::string& file) {
  auto secret = whole_file(file);
  if (!secret) return fail(ErrorCode::not_found, file + ": cannot be read; name a file of 32 digits 0-9a-f with --draw-secret");
  while (!secret->empty() && (secret->back() == '\n' || secret->back() == '\r')) secret->pop_back();
  if (secret->size() != 32 || secret->find_first_not_of("0123456789abcdef") != std::string::npos)
    return fail(ErrorCode::invalid, file + ": 32 digits 0-9a-f are expected, as in a set's policy.draw_secret");
  auto set = Json::parse(set_text, nullptr, false);
  if (!set.is_object() || (set.contains("policy") && !set["policy"].is_object())) return set_text;  // the compiler says what is wrong with it
  Json& own = set["policy"]["draw_secret"];
  if (!own.is_null() && own != *secret) return fail(ErrorCode::invalid, "the set has a draw_secret of its own, by which a post would draw; leave --draw-secret out");
  own = *secret;
  return set.dump();
}

/// What the post would draw by, as far as a declaration tells it.
std::optional<std::uint64_t> post_draw_key(const AssessOptions& options, const risk::ProfileSet& set, const Declaration& d, WallTime now) {
  if (!options.direction || d.plate.empty()) return std::nullopt;
  return risk::movement_draw_key(set, {*options.direction, d.plate, now, options.released_today});
}

}  // namespace

int assess(const AssessOptions& options, AssessedAt at, std::ostream& out, std::ostream& complaints) {
  const auto complain = [&](const std::string& what, int code = exit_found) {
    complaints << "rampa: " << what << "\n";
    return code;
  };
  const auto profiles_text = whole_file(options.profiles);
  if (!profiles_text) return complain(options.profiles + ": cannot be read; name a profile set (JSON) with --profiles");
  std::string set_text = *profiles_text;
  if (risk::is_benchmark_line(set_text.substr(0, set_text.find('\n')))) {
    auto imported = risk::import_benchmark_profiles(set_text);
    if (!imported) return complain(options.profiles + ": " + imported.error().what, exit_config);
    set_text = std::move(*imported);
  }
  if (!options.draw_secret_file.empty()) {
    auto keyed = with_draw_secret(set_text, options.draw_secret_file);
    if (!keyed) return complain(keyed.error().what, exit_config);
    set_text = std::move(*keyed);
  }
  auto compiled = risk::compile(set_text, "");
  if (!compiled) return complain(options.profiles + ": refused:\n" + compiled.error().what, exit_config);
  const auto& set = dynamic_cast<const risk::CompiledSet&>(**compiled);

  const auto declarations = whole_file(options.declarations);
  if (!declarations) return complain(options.declarations + ": cannot be read; name a file of declarations, one JSON object per line, with --declarations");
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
  bool own_draws = false;
  for (auto& declaration : read.declarations) {
    risk::Question question;
    question.now = at.now;
    question.utc_offset_min = at.utc_offset_min;
    const Json id = declaration.reference;
    const auto post_draws_by = post_draw_key(options, set, declaration, at.now);
    question.draw_key = post_draws_by.value_or(risk::draw_name(id.dump()));
    if (options.direction) {
      question.facts["vehicle.direction"] = *options.direction;
      question.facts["vehicle.earlier_crossings_30_days"] = options.released_before;
    }
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
    // As the post's records and screens call them: "S-..." for a secret profile.
    line["hits"] = Json::array();
    for (const auto& hit : a.hits) line["hits"].push_back(hit.profile);
    if (!a.draws.empty()) line["draws"] = post_draws_by ? "post" : "own";
    own_draws = own_draws || (!a.draws.empty() && !post_draws_by);
    out << line.dump() << "\n";
  }
  if (own_draws)
    complaints << "rampa: lines with \"draws\":\"own\" were not drawn as the post will: that takes --direction, a plate, and a set with policy.draw_secret (of a draft "
                  "the one that it will have, with --draw-secret FILE)\n";
  return exit_ok;
}

}  // namespace rampa::app
