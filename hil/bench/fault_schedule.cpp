#include "hil/bench/fault_schedule.hpp"

#include <algorithm>

namespace rampa::hil {

FaultSchedule::FaultSchedule(std::vector<ScenarioFault> faults) {
  for (auto& fault : faults) {
    Entry entry{std::move(fault)};
    if (entry.fault.on.empty()) entry.begins_s = entry.fault.at_s;
    entries_.push_back(std::move(entry));
  }
}

void FaultSchedule::happened(const WorldEvent& event, double now_s) {
  for (auto& entry : entries_)
    if (!entry.fault.on.empty() && entry.begins_s < 0 && entry.fault.on == event.what &&
        (entry.fault.lorry == 0 || entry.fault.lorry == event.lorry))
      entry.begins_s = now_s + entry.fault.after_s;
}

std::vector<FaultSchedule::Switch> FaultSchedule::due(double now_s) {
  std::vector<Switch> list;
  for (auto& entry : entries_) {
    if (!entry.begun && entry.begins_s >= 0 && now_s >= entry.begins_s) {
      entry.begun = true;
      entry.ends_s = entry.fault.for_s < 0 ? -1 : now_s + entry.fault.for_s;
      list.push_back({&entry.fault, true});
    }
    if (entry.begun && !entry.ended && entry.ends_s >= 0 && now_s >= entry.ends_s) {
      entry.ended = true;
      list.push_back({&entry.fault, false});
    }
  }
  return list;
}

std::vector<std::string> FaultSchedule::never_begun() const {
  std::vector<std::string> names;
  for (const auto& entry : entries_)
    if (!entry.begun) names.push_back(entry.fault.target + " " + entry.fault.name);
  return names;
}

bool FaultSchedule::settled() const {
  return std::all_of(entries_.begin(), entries_.end(), [](const Entry& e) { return e.begun && (e.fault.for_s < 0 || e.ended); });
}

}  // namespace rampa::hil
