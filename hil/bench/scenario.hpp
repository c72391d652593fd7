// A scenario: what drives up, what breaks, what the officer does, and what must have happened in the end. The same value
// is played in virtual time and against real processes. File format: tests/scenarios/SCENARIOS.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/crossing/declaration.hpp"
#include "firmware-interfaces/result.hpp"
#include "hil/world/world.hpp"

namespace rampa::hil {

struct ScenarioLorry {
  int line = 0;                ///< in the file, for reports
  double at_s = 0;             ///< joins the queue this long after the start
  std::string lane = "L1";
  Lorry lorry;                 ///< number = position in the file, from 1
  bool declared = true;
  double declared_kg = -1;  ///< gross mass as declared; -1: as it is
  double value_eur = 40'000;   ///< declared value of the goods
  std::string officer;         ///< how the officer ends a hold: empty as [officer] says
};

struct ScenarioFault {
  int line = 0;
  double at_s = -1;      ///< after the start; -1 where `on` names an event
  std::string on;        ///< world event ("lorry_at_line"), the first one of `lorry`
  std::uint64_t lorry = 0;
  double after_s = 0;    ///< after that event
  std::string target;    ///< device id, "world:LANE", "hq", "broker", "line", "appliance", "disk", "clock"
  std::string name;
  double value = 0;
  double for_s = -1;     ///< -1: stays
};

struct ScenarioOfficer {
  std::string on_hold = "release";  ///< "release", "refuse", "wait"
  double after_s = 2;
  bool recovers = true;  ///< resets emergency stops and faults, returns lanes to service when their cause is gone
};

/// What is expected of one lorry's crossing. Absent: not checked.
struct CrossingExpectation {
  int line = 0;
  std::uint64_t lorry = 0;
  std::optional<std::string> channel, verdict, outcome, decided_by, plate;
  std::optional<bool> crossing, passed, evidence_complete;
  std::optional<double> gross_kg;
  std::vector<std::string> hits, passages, evidence_missing;
};

/// What is expected of the run.
struct RunExpectation {
  std::vector<std::string> never;    ///< oracle events beside the ones that are always forbidden
  std::vector<std::string> happened; ///< oracle events that must be seen (the scenario bites)
  std::vector<std::string> conditions;  ///< "L1-scale:suspect": this condition was published
  std::vector<std::string> notices;  ///< fragments of notices to people
  std::optional<int> crossings;
  bool hq_has_all = true;            ///< real runs only
  bool lane_ends_idle = true;
};

struct Scenario {
  std::string file, name, says, protects;
  std::string site;                  ///< site file, relative to the scenario's; required
  bool virtual_time = true, real_processes = true;
  std::string why_not_both;          ///< where only one is possible
  std::uint64_t seed = 1;
  double speed = 4;                  ///< real runs: the world is this much faster than life
  double seconds = 180;              ///< world time at most
  std::vector<ScenarioLorry> lorries;
  std::vector<ScenarioFault> faults;
  ScenarioOfficer officer;
  std::vector<CrossingExpectation> expected;
  RunExpectation run;
};

/// Errors: invalid; every finding on a line of its own: "FILE:LINE: lorry[2].gross_kg: must be a number from 0 to 100000".
[[nodiscard]] Result<Scenario> read_scenario(const std::string& file);
[[nodiscard]] Result<Scenario> parse_scenario(const std::string& text, const std::string& file);

/// What was declared for this lorry; the same in every kind of run.
[[nodiscard]] Declaration declaration_of(const Scenario& scenario, const ScenarioLorry& lorry);

}  // namespace rampa::hil
