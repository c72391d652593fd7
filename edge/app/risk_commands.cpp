#include "edge/app/risk_commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/site.hpp"
#include "config/tree.hpp"
#include "edge/app/assess_command.hpp"
#include "edge/app/kept_sets.hpp"
#include "edge/app/profiles_cases.hpp"
#include "edge/app/profiles_file.hpp"
#include "edge/app/sealing.hpp"
#include "edge/app/tools.hpp"
#include "edge/risk/doubts.hpp"
#include "edge/risk/explain.hpp"
#include "edge/runtime/system_clock.hpp"
#include "edge/store/store.hpp"

namespace rampa::app {

namespace {

using Json = nlohmann::ordered_json;

int complain(const std::string& what, int code = exit_found) {
  std::cerr << "rampa: " << what << "\n";
  return code;
}

// ---- explain

struct ExplainOptions { std::string id, key_file, open_file; bool make_key = false; };

int make_key(bool json) {
  const auto pair = make_seal_keys();
  if (json) std::cout << Json{{"risk_unit_key", pair.open_key}, {"secret_key", pair.secret_key}}.dump() << "\n";
  else std::cout << "for the set's policy (risk_unit_key): " << pair.open_key << "\nfor the risk unit's key file, to be kept there: " << pair.secret_key << "\n";
  return exit_ok;
}

/// What was sealed, with the key in a file.
Result<std::string> opened(const std::string& box, const std::string& key_file) {
  const auto key = whole_file(key_file);
  if (!key) return fail(ErrorCode::not_found, key_file + ": cannot be read");
  auto open = is_sealed_set(box) ? open_sealed_set(box, *key) : open_seal(box, *key);
  if (!open && open.error().code == ErrorCode::invalid) return fail(ErrorCode::invalid, key_file + ": " + open.error().what);
  return open;
}

/// The set's text from the store, or from the site's own file or folder, which has to be compiled for that.
Result<std::string> set_text(const config::Site& site, const std::string& sha256) {
  auto text = kept_set(site.directory, sha256);
  if (text) return text;
  if (auto present = read_profiles(site.profiles_file); present && present->set->sha256() == sha256) return std::string(present->bytes->begin(), present->bytes->end());
  return fail(ErrorCode::not_found, "profile set " + sha256 + " is neither the site's nor in the store: " + text.error().what);
}

int explain(const ToolOptions& options, const ExplainOptions& wanted) {
  if (wanted.make_key) return make_key(options.json);
  if (!wanted.open_file.empty()) {
    const auto text = whole_file(wanted.open_file);
    if (!text) return complain(wanted.open_file + ": cannot be read; name a file that holds a sealed explanation or profile set");
    const auto box = Json::parse(*text, nullptr, false);
    auto out = opened(box.is_object() && box.contains("sealed") && box["sealed"].is_string() ? box["sealed"].get<std::string>() : *text, wanted.key_file);
    if (!out) return complain(out.error().what);
    std::cout << *out << "\n";
    return exit_ok;
  }
  const auto site = site_of(options);
  if (!site) return exit_config;
  auto reader = store::open_picture(site->directory);
  if (!reader) return complain(reader.error().what);
  auto records = (*reader)->records_of(CrossingId{wanted.id});
  if (!records) return complain(records.error().what);
  if (records->empty()) return complain("no crossing '" + wanted.id + "'; `rampa crossings` lists them");
  Json all = Json::array();
  std::optional<risk::Explainer> set;  // a crossing is nearly always assessed with one
  std::string sha256, key;
  for (const auto& record : *records) {
    const auto* made = std::get_if<AssessmentMade>(&record.body);
    if (!made) continue;
    if (record.erased) return complain("the facts of " + wanted.id + " were erased with the key of their day");
    if (!set || sha256 != made->assessment.profile_set_sha256) {
      sha256 = made->assessment.profile_set_sha256;
      const auto text = set_text(*site, sha256);
      if (!text) return complain(text.error().what);
      auto read = risk::Explainer::of(*text);
      if (!read) return complain(read.error().what);
      set = std::move(*read);
      if (!set->risk_unit_key().empty()) key = set->risk_unit_key();
    }
    all.push_back({{"sequence", record.sequence}, {"explanation", Json::parse(set->explain(made->assessment, record.at.wall))}});
  }
  if (all.empty()) return complain("crossing '" + wanted.id + "' has no assessment");
  const std::string text = Json{{"id", wanted.id}, {"assessments", all}}.dump();
  if (key.empty()) {
    std::cerr << "rampa: the set names no risk_unit_key, so this is not sealed\n";
    std::cout << text << "\n";
    return exit_ok;
  }
  const auto box = seal(text, key);
  if (!box) return complain("the profile set's risk_unit_key: " + box.error().what);
  if (wanted.key_file.empty()) {
    std::cout << Json{{"id", wanted.id}, {"sealed", *box}}.dump() << "\n";
    return exit_ok;
  }
  auto open = opened(*box, wanted.key_file);
  if (!open) return complain(open.error().what);
  std::cout << *open << "\n";
  return exit_ok;
}

// ---- profiles check, profiles test

int check(const std::string& file, bool json) {
  auto set = read_profiles(file, risk::Reading::fresh);
  const auto findings = set ? std::vector<config::Finding>{} : profile_findings(file, set.error());
  // What is sound and hardly meant: told, with exit code 1.
  std::vector<config::Finding> doubts;
  if (set) {
    const auto of_set = risk::doubts(std::string(set->bytes->begin(), set->bytes->end()));
    std::error_code ignored;
    const auto tree = of_set.empty() || std::filesystem::is_directory(file, ignored) ? config::Tree{} : config::parse_json_file(file);
    for (const auto& d : of_set) doubts.push_back({file, tree.root.line > 0 ? config::line_at(tree.root, d.path) : 1, d.path, d.cause, d.remedy});
  }
  if (json) {
    const auto listed = [](const std::vector<config::Finding>& all) {
      Json list = Json::array();
      for (const auto& f : all) list.push_back({{"file", f.file}, {"line", f.line}, {"key", f.key}, {"cause", f.cause}, {"remedy", f.remedy}});
      return list;
    };
    std::cout << Json{{"file", file}, {"ok", set.has_value() && doubts.empty()}, {"findings", listed(findings)}, {"doubts", listed(doubts)}, {"profiles", set ? set->set->size() : 0}}.dump() << "\n";
  } else if (set) {
    for (const auto& d : doubts) std::cout << d.file << ":" << d.line << ": " << d.key << ": doubtful: " << d.cause << "; " << d.remedy << "\n";
    std::cout << file << (doubts.empty() ? ": fine: version " : ": sound, but see above: version ") << set->set->version() << ", " << set->set->size() << " profiles active or shadow, sha256 of the file " << set->set->sha256() << "\n";
  } else {
    for (const auto& f : findings) std::cout << f.file << ":" << f.line << ": " << f.key << ": " << f.cause << "; " << f.remedy << "\n";
  }
  return !set ? exit_config : doubts.empty() ? exit_ok : exit_found;
}

int test(const std::string& file, const std::string& cases, bool json) {
  auto set = read_profiles(file, risk::Reading::fresh);
  if (!set) return complain(said_aloud(file, set.error()), exit_config);
  std::ifstream in(cases);
  if (!in) return complain(cases + ": cannot be read; name a file of cases, one JSON object per line (edge/risk/PROFILES.md, Cases)");
  Json failed = Json::array();
  std::size_t number = 0, count = 0, unreadable = 0;
  const WallTime now = runtime::SystemClock().now().wall;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty()) continue;
    const std::string at = cases + ":" + std::to_string(number);
    const auto wanted = read_case(line);
    if (!wanted) {
      std::cerr << "rampa: " << at << ": " << wanted.error().what << "\n";
      ++unreadable;
      continue;
    }
    ++count;
    const auto wrong = differs(*set->set, *wanted, now);
    if (wrong.empty()) continue;
    failed.push_back({{"line", number}, {"name", wanted->name}, {"wrong", wrong}});
    if (!json) std::cout << at << ": " << wanted->name << ": " << wrong << "\n";
  }
  if (json) std::cout << Json{{"cases", count}, {"failed", failed}, {"unreadable", unreadable}}.dump() << "\n";
  else std::cout << count << " cases, " << failed.size() << " failed" << (unreadable > 0 ? ", " + std::to_string(unreadable) + " lines are no cases" : "") << "\n";
  if (unreadable > 0) return exit_config;
  return failed.empty() && count > 0 ? exit_ok : exit_found;
}

}  // namespace

void add_risk_commands(CLI::App& cli, CLI::App& profiles, ToolOptions& options, int& code) {
  auto assess_options = std::make_shared<AssessOptions>();
  auto* assess_cmd = cli.add_subcommand("assess", "assess declarations against a profile set: one JSON line each, in input order. \"m\" are the set's ids, \"hits\" what the post would "
                                              "record. Random draws are the post's (\"draws\":\"post\") only with --direction and a set that has policy.draw_secret, or --draw-secret; "
                                              "otherwise (\"own\") they tell how often, not whether");
  assess_cmd->add_option("--profiles", assess_options->profiles, "profile set (JSON), or the risk benchmark's profiles (JSON lines)")->required();
  assess_cmd->add_option("--declarations", assess_options->declarations, "declarations, one JSON object per line")->required();
  assess_cmd->add_option("--direction", assess_options->direction, "of the lane: entry or exit; the post draws by it")->check(CLI::IsMember({"entry", "exit"}));
  assess_cmd->add_option("--released-before", assess_options->released_before, "how often these plates were released at the post in the last 30 days")->check(CLI::NonNegativeNumber)->capture_default_str();
  assess_cmd->add_option("--released-today", assess_options->released_today, "how often they were released there today (UTC); the post draws by it")->check(CLI::NonNegativeNumber)->capture_default_str();
  assess_cmd->add_option("--draw-secret", assess_options->draw_secret_file, "file with the post's draw_secret (32 hex digits), for a draft that has none");
  assess_cmd->add_flag("--json", options.json, "always so");
  assess_cmd->callback([assess_options, &code] {
    const WallTime now = runtime::SystemClock().now().wall;
    code = assess(*assess_options, {now, runtime::utc_offset_min(now)}, std::cout, std::cerr);
  });

  auto explain_options = std::make_shared<ExplainOptions>();
  auto* explain_cmd = cli.add_subcommand("explain", "why a crossing was assessed as it was; sealed to the risk unit's key");
  explain_cmd->add_option("id", explain_options->id, "crossing id");
  explain_cmd->add_option("--site", options.site_file, "the post's site file (TOML); else RAMPA_SITE");
  explain_cmd->add_option("--key", explain_options->key_file, "the risk unit's key file: opens the seal");
  explain_cmd->add_option("--open", explain_options->open_file, "a sealed explanation from elsewhere, or a sealed profile set (a blob of a post, also at HQ), to be opened with --key");
  explain_cmd->add_flag("--make-key", explain_options->make_key, "make a key pair for the risk unit");
  explain_cmd->add_option("--icd-dir", options.icd_directory, "folder of ICD files");
  explain_cmd->add_flag("--json", options.json, "one JSON object on standard output");
  explain_cmd->callback([explain_options, &options, &code] {
    if (!explain_options->make_key && explain_options->open_file.empty() && (explain_options->id.empty() || options.site_file.empty()))
      throw CLI::ValidationError("explain", "needs a crossing id and --site, or --open with --key, or --make-key");
    if (!explain_options->open_file.empty() && explain_options->key_file.empty()) throw CLI::ValidationError("--open", "needs --key FILE: the risk unit's key file, which opens it");
    code = explain(options, *explain_options);
  });

  auto file = std::make_shared<std::string>(), cases = std::make_shared<std::string>();
  auto* check_cmd = profiles.add_subcommand("check", "check a profile set; reports all errors at once, with their lines");
  check_cmd->add_option("set", *file, "profile set (JSON)")->required();
  check_cmd->add_flag("--json", options.json, "one JSON object on standard output");
  check_cmd->callback([file, &options, &code] { code = check(*file, options.json); });
  auto* test_cmd = profiles.add_subcommand("test", "try a profile set on cases: facts and what must come of them, one JSON object per line");
  test_cmd->add_option("set", *file, "profile set (JSON)")->required();
  test_cmd->add_option("cases", *cases, "cases (JSON lines)")->required();
  test_cmd->add_flag("--json", options.json, "one JSON object on standard output");
  test_cmd->callback([file, cases, &options, &code] { code = test(*file, *cases, options.json); });
}

}  // namespace rampa::app
