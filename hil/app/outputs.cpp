#include "hil/app/outputs.hpp"

#include <nlohmann/json.hpp>

namespace rampa::hil::app {

using nlohmann::json;

std::string scenario_json(const Scenario& scenario, const RunReport& report, const std::vector<std::string>& wrong,
                          const std::string& trace_hash) {
  json crossings = json::array();
  for (const auto& c : report.crossings)
    crossings.push_back({{"id", c.id}, {"lane", c.lane}, {"lorry", c.lorry}, {"plate", c.plate}, {"gross_kg", c.gross_kg < 0 ? json(nullptr) : json(c.gross_kg)},
                         {"channel", c.channel}, {"hits", c.hits}, {"evidence_missing", c.evidence_missing}, {"passages", c.passages},
                         {"verdict", c.verdict}, {"decided_by", c.decided_by}, {"decision_ms", c.decision_ms < 0 ? json(nullptr) : json(c.decision_ms)},
                         {"outcome", c.outcome}});
  return json{{"name", scenario.name}, {"file", scenario.file}, {"passed", wrong.empty()}, {"wrong", wrong}, {"crossings", crossings},
              {"world_s", report.world_s}, {"trace_hash", trace_hash.empty() ? json(nullptr) : json(trace_hash)}}
      .dump();
}

std::string not_played_json(const std::string& name, const std::string& file, const std::string& key, const std::string& why) {
  return json{{"name", name}, {"file", file}, {"passed", key == "skipped" ? json(nullptr) : json(false)}, {key, why}}.dump();
}

}  // namespace rampa::hil::app
