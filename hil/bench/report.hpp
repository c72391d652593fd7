// What a run showed, the same for virtual time and real processes, and the judgement on it.
#pragma once

#include <string>
#include <vector>

#include "edge/crossing/records.hpp"
#include "hil/bench/scenario.hpp"
#include "hil/world/lane_world.hpp"

namespace rampa::hil {

/// One crossing as its records tell it.
struct CrossingSeen {
  std::string id, lane;
  std::int64_t opened_ms = 0;        ///< wall time of the record
  std::uint64_t lorry = 0;           ///< whose it really was; 0: nobody's
  std::string plate, trailer;
  double gross_kg = -1;
  std::string channel;               ///< of the assessment
  std::vector<std::string> hits, reasons, passages, evidence_missing;
  std::string verdict, decided_by;   ///< the last verdict
  std::int64_t decision_ms = -1;
  std::int64_t released_ms = 0;      ///< wall time of the first verdict "release"; 0: none
  std::string outcome;
  int terminal_records = 0;
  int records = 0;
};

struct Violation {
  std::string name;    ///< stable word: "boom_hit_vehicle", "open_without_release" ...
  std::string lane;
  double at_s = 0;
  std::string detail;
};

struct RunReport {
  std::vector<CrossingSeen> crossings;    ///< in the order of their opening
  std::vector<WorldEvent> world;
  std::vector<std::string> conditions;    ///< "DEVICE:LEVEL:FAULT" as published
  std::vector<std::string> notices;
  std::vector<std::pair<std::string, std::string>> phases;  ///< lane -> phase at the end
  std::vector<Violation> violations;
  double world_s = 0;
  bool hq_checked = false, hq_has_all = false;
  std::string hq_detail;
};

/// Oracle events that no run may ever show.
[[nodiscard]] const std::vector<std::string>& always_forbidden();

/// Whose lorry this crossing is: the last to drive onto the arrival loop of that lane before it was opened, unless it was through
/// by then. 0: nobody's (a loop that lied).
[[nodiscard]] std::uint64_t lorry_of(const std::vector<WorldEvent>& world, const std::string& lane, MonoTime opened);

/// Takes in one record of a crossing (they come in the order of the journal).
void add_record(std::vector<CrossingSeen>& crossings, const Record& record);

/// Everything that is not as the scenario expects, one line each; empty: passed.
[[nodiscard]] std::vector<std::string> judge(const Scenario& scenario, const RunReport& report);

/// "L1 BG123AB 38640 kg yellow [overweight] hold->release by 1001 in 812 ms: released"
[[nodiscard]] std::string one_line(const CrossingSeen& crossing);

}  // namespace rampa::hil
