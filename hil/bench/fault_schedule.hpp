// When a scenario's faults begin and end. Pure: told the time and what happened in the world, it says what to switch.
#pragma once

#include <string>
#include <vector>

#include "hil/bench/scenario.hpp"
#include "hil/world/lane_world.hpp"

namespace rampa::hil {

class FaultSchedule {
 public:
  explicit FaultSchedule(std::vector<ScenarioFault> faults);

  void happened(const WorldEvent& event, double now_s);
  struct Switch {
    const ScenarioFault* fault = nullptr;
    bool on = false;
  };
  /// What is to be switched by now, in order; each once.
  [[nodiscard]] std::vector<Switch> due(double now_s);
  /// Nothing is to come any more (faults that stay count as settled).
  [[nodiscard]] bool settled() const;
  /// Faults whose time or event never came, as "TARGET NAME".
  [[nodiscard]] std::vector<std::string> never_begun() const;

 private:
  struct Entry {
    ScenarioFault fault;
    double begins_s = -1, ends_s = -1;  ///< -1: not known yet, or never
    bool begun = false, ended = false;
  };
  std::vector<Entry> entries_;
};

}  // namespace rampa::hil
