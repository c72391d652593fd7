#include "hil/bench/scenario.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <toml++/toml.h>

#include "hil/world/lorry_driver.hpp"
#include "hil/world/traffic.hpp"

namespace rampa::hil {
namespace {

// Reads keys of one table, notes what is wrong, and in the end complains about keys that nobody asked for.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string path, std::vector<std::string>& findings, const std::string& file)
      : table_(table), path_(std::move(path)), findings_(findings), file_(file) {}
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  ~TableReader() {
    for (const auto& [key, node] : table_)
      if (!asked_.contains(std::string(key.str())))
        complain(node, std::string(key.str()), "unknown key; known here: " + known());
  }

  void text(const char* key, std::string& out, const std::vector<std::string_view>& one_of = {}) {
    const auto* node = ask(key);
    if (!node) return;
    const auto value = node->value<std::string>();
    if (!node->is_string() || !value) return complain(*node, key, "must be a string");
    if (!one_of.empty() && std::find(one_of.begin(), one_of.end(), *value) == one_of.end()) {
      std::string words;
      for (const auto word : one_of) words += (words.empty() ? "" : ", ") + std::string(word);
      return complain(*node, key, "must be one of: " + words);
    }
    out = *value;
  }
  void text(const char* key, std::optional<std::string>& out, const std::vector<std::string_view>& one_of = {}) {
    std::string value;
    if (!table_.contains(key)) return (void)ask(key);
    text(key, value, one_of);
    out = value;
  }
  void number(const char* key, double& out, double least, double most) {
    const auto* node = ask(key);
    if (!node) return;
    const auto value = node->value<double>();
    if (!node->is_number() || !value || *value < least || *value > most) {
      std::ostringstream words;
      words << "must be a number from " << least << " to " << most;
      return complain(*node, key, words.str());
    }
    out = *value;
  }
  template <class Integer>
  void whole(const char* key, Integer& out, std::int64_t least, std::int64_t most) {
    const auto* node = ask(key);
    if (!node) return;
    const auto value = node->value<std::int64_t>();
    if (!node->is_integer() || !value || *value < least || *value > most)
      return complain(*node, key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    out = static_cast<Integer>(*value);
  }
  void truth(const char* key, bool& out) {
    const auto* node = ask(key);
    if (!node) return;
    if (!node->is_boolean()) return complain(*node, key, "must be true or false");
    out = *node->value<bool>();
  }
  void truth(const char* key, std::optional<bool>& out) {
    bool value = false;
    if (!table_.contains(key)) return (void)ask(key);
    truth(key, value);
    out = value;
  }
  void texts(const char* key, std::vector<std::string>& out) {
    const auto* node = ask(key);
    if (!node) return;
    const auto* list = node->as_array();
    if (!list) return complain(*node, key, "must be a list of strings");
    for (const auto& item : *list) {
      if (!item.is_string()) return complain(item, key, "must be a list of strings");
      out.push_back(*item.value<std::string>());
    }
  }
  void required(const char* key) {
    if (!table_.contains(key))
      findings_.push_back(where(table_) + path_ + key + ": missing");
  }
  void complain_here(const std::string& key, const std::string& cause) {
    findings_.push_back(where(table_) + path_ + key + ": " + cause);
  }
  const toml::node* ask(const char* key) {
    asked_.insert(key);
    return table_.get(key);
  }

 private:
  std::string where(const toml::node& node) const { return file_ + ":" + std::to_string(node.source().begin.line) + ": "; }
  void complain(const toml::node& node, const std::string& key, const std::string& cause) {
    findings_.push_back(where(node) + path_ + key + ": " + cause);
  }
  std::string known() const {
    std::string words;
    for (const auto& key : asked_) words += (words.empty() ? "" : ", ") + key;
    return words;
  }

  const toml::table& table_;
  std::string path_;
  std::vector<std::string>& findings_;
  const std::string& file_;
  std::set<std::string> asked_;
};

int line_of(const toml::table& table) { return static_cast<int>(table.source().begin.line); }

struct Reading {
  std::vector<std::string> findings;
  std::string file;
  Scenario scenario;

  template <class F>
  void each(TableReader& root, const char* key, F&& read) {
    const auto* node = root.ask(key);
    if (!node) return;
    const auto* list = node->as_array();
    if (!list) return findings.push_back(file + ": " + key + ": must be written as [[" + key + "]]");
    std::size_t i = 0;
    for (const auto& item : *list) {
      const std::string path = std::string(key) + "[" + std::to_string(i++) + "].";
      if (const auto* table = item.as_table()) {
        TableReader reader(*table, path, findings, file);
        read(reader, *table);
      }
    }
  }

  void lorry(TableReader& reader, const toml::table& table) {
    ScenarioLorry l;
    l.line = line_of(table);
    l.lorry.number = scenario.lorries.size() + 1;
    // Whatever the file does not say is drawn from the seed.
    const Arrival drawn = make_ordinary_arrival(scenario.seed, l.lorry.number);
    const auto number = l.lorry.number;
    l.lorry = drawn.lorry;
    l.lorry.number = number;
    double gross_kg = l.lorry.gross_kg();
    reader.number("at_s", l.at_s, 0, 1e6);
    reader.text("lane", l.lane);
    reader.text("plate", l.lorry.plate_front);
    reader.text("trailer", l.lorry.plate_rear);
    reader.text("country", l.lorry.country);
    reader.number("gross_kg", gross_kg, 0, 200'000);
    reader.text("behaviour", l.lorry.behaviour, behaviours());
    reader.number("behaviour_s", l.lorry.behaviour_s, 0, 36'000);
    reader.number("gamma_cps", l.lorry.gamma_cps, 0, 1e7);
    reader.number("neutron_cps", l.lorry.neutron_cps, 0, 1e6);
    reader.texts("marked_by", l.lorry.marked_by);
    reader.truth("unreadable", l.lorry.plate_unreadable);
    reader.text("misread_as", l.lorry.misread_as);
    reader.truth("declared", l.declared);
    reader.number("declared_kg", l.declared_kg, 0, 200'000);
    reader.number("value_eur", l.value_eur, 0, 1e9);
    reader.text("officer", l.officer, {"release", "refuse", "wait"});
    l.lorry.axles = articulated_axles(gross_kg);
    scenario.lorries.push_back(std::move(l));
  }

  void fault(TableReader& reader, const toml::table& table) {
    ScenarioFault f;
    f.line = line_of(table);
    reader.required("target");
    reader.required("name");
    reader.number("at_s", f.at_s, 0, 1e6);
    reader.text("on", f.on);
    reader.whole("lorry", f.lorry, 1, 100'000);
    reader.number("after_s", f.after_s, 0, 1e6);
    reader.text("target", f.target);
    reader.text("name", f.name);
    reader.number("value", f.value, -1e12, 1e12);
    reader.number("for_s", f.for_s, 0, 1e6);
    if (f.on.empty() == (f.at_s < 0)) reader.complain_here("at_s", "say either at_s or on, one of the two");
    scenario.faults.push_back(std::move(f));
  }

  void expect(TableReader& reader, const toml::table& table) {
    CrossingExpectation e;
    e.line = line_of(table);
    reader.required("lorry");
    reader.whole("lorry", e.lorry, 1, 100'000);
    reader.text("channel", e.channel, {"green", "blue", "yellow", "red"});
    reader.text("verdict", e.verdict, {"release", "hold", "refer"});
    reader.text("outcome", e.outcome, {"released", "refused", "left", "aborted", "by_hand"});
    reader.text("decided_by", e.decided_by, {"policy", "officer"});
    reader.text("plate", e.plate);
    reader.truth("crossing", e.crossing);
    reader.truth("passed", e.passed);
    reader.truth("evidence_complete", e.evidence_complete);
    double gross = -1;
    reader.number("gross_kg", gross, 0, 200'000);
    if (gross >= 0) e.gross_kg = gross;
    reader.texts("hits", e.hits);
    reader.texts("passages", e.passages);
    reader.texts("evidence_missing", e.evidence_missing);
    scenario.expected.push_back(std::move(e));
  }

  void root(const toml::table& table) {
    TableReader reader(table, "", findings, file);
    reader.required("name");
    reader.required("says");
    reader.required("site");
    reader.text("name", scenario.name);
    reader.text("says", scenario.says);
    reader.text("protects", scenario.protects);
    reader.text("site", scenario.site);
    std::string played = "both";
    reader.text("played", played, {"both", "virtual", "real"});
    scenario.virtual_time = played != "real";
    scenario.real_processes = played != "virtual";
    reader.text("why_not_both", scenario.why_not_both);
    if (played != "both" && scenario.why_not_both.empty()) reader.complain_here("why_not_both", "missing: say why");
    if (const auto* node = reader.ask("world")) {
      if (const auto* world = node->as_table()) {
        TableReader r(*world, "world.", findings, file);
        r.whole("seed", scenario.seed, 0, INT64_MAX);
        r.number("speed", scenario.speed, 0.1, 100);
        r.number("seconds", scenario.seconds, 1, 1e6);
      }
    }
    if (const auto* node = reader.ask("officer")) {
      if (const auto* officer = node->as_table()) {
        TableReader r(*officer, "officer.", findings, file);
        r.text("on_hold", scenario.officer.on_hold, {"release", "refuse", "wait"});
        r.number("after_s", scenario.officer.after_s, 0, 3600);
        r.truth("recovers", scenario.officer.recovers);
      }
    }
    if (const auto* node = reader.ask("run")) {
      if (const auto* run = node->as_table()) {
        TableReader r(*run, "run.", findings, file);
        r.texts("never", scenario.run.never);
        r.texts("happened", scenario.run.happened);
        r.texts("conditions", scenario.run.conditions);
        r.texts("notices", scenario.run.notices);
        int crossings = -1;
        r.whole("crossings", crossings, 0, 100'000);
        if (crossings >= 0) scenario.run.crossings = crossings;
        r.truth("hq_has_all", scenario.run.hq_has_all);
        r.truth("lane_ends_idle", scenario.run.lane_ends_idle);
      }
    }
    each(reader, "lorry", [&](TableReader& r, const toml::table& t) { lorry(r, t); });
    each(reader, "fault", [&](TableReader& r, const toml::table& t) { fault(r, t); });
    each(reader, "expect", [&](TableReader& r, const toml::table& t) { expect(r, t); });
    for (const auto& e : scenario.expected)
      if (e.lorry > scenario.lorries.size())
        findings.push_back(file + ":" + std::to_string(e.line) + ": expect.lorry: there are only " +
                           std::to_string(scenario.lorries.size()) + " lorries");
  }
};

}  // namespace

Result<Scenario> parse_scenario(const std::string& text, const std::string& file) {
  Reading reading;
  reading.file = file;
  reading.scenario.file = file;
  try {
    const toml::table table = toml::parse(text, file);
    reading.root(table);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid, file + ":" + std::to_string(error.source().begin.line) + ": not TOML: " +
                                        std::string(error.description()));
  }
  if (reading.findings.empty()) return std::move(reading.scenario);
  std::string all;
  for (const auto& finding : reading.findings) all += (all.empty() ? "" : "\n") + finding;
  return fail(ErrorCode::invalid, all);
}

Declaration declaration_of(const Scenario& scenario, const ScenarioLorry& lorry) {
  Declaration declaration = make_declaration(scenario.seed, lorry.lorry, lorry.lorry.gross_kg() - tare_kg);
  if (lorry.declared_kg >= 0) declaration.gross_kg = static_cast<std::int64_t>(lorry.declared_kg);
  for (auto& goods : declaration.goods) goods.value_eur = static_cast<std::int64_t>(lorry.value_eur);
  return declaration;
}

Result<Scenario> read_scenario(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::not_found, file + ": cannot be read; name a scenario file (tests/scenarios/*.toml)");
  std::stringstream text;
  text << in.rdbuf();
  return parse_scenario(text.str(), file);
}

}  // namespace rampa::hil
