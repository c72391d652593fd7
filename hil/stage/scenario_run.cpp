// One scenario file against real processes.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hil/bench/fault_schedule.hpp"
#include "hil/stage/declarations_file.hpp"
#include "hil/stage/ground_truth.hpp"
#include "hil/stage/live_run.hpp"

namespace rampa::hil {
namespace {
constexpr double hq_comes_late_s = 8;  // after the broker, real time; the post tries the broker again every few seconds
}

Result<RunReport> play_on_processes(const Scenario& scenario, StageSettings settings, const std::function<void(const std::string&)>& progress) {
  if (!scenario.real_processes) return fail(ErrorCode::invalid, scenario.file + ": only in virtual time: " + scenario.why_not_both);
  settings.speed = scenario.speed;
  settings.seed = scenario.seed;
  settings.own_clock = std::any_of(scenario.faults.begin(), scenario.faults.end(), [](const auto& fault) { return fault.target == "clock"; });
  std::vector<Declaration> declarations;
  for (const auto& lorry : scenario.lorries) {
    if (lorry.declared) declarations.push_back(declaration_of(scenario, lorry));
  }
  auto stage = Stage::make(settings);
  if (!stage) return tl::unexpected(stage.error());
  if (auto written = stage->set_declarations(declarations_text(declarations)); !written) return tl::unexpected(written.error());

  FaultSchedule faults(scenario.faults);
  LiveRun run(*stage, scenario.officer);
  std::set<std::string> without;
  for (const auto& fault : scenario.faults)
    if (fault.at_s == 0 && (fault.target == "hq" || fault.target == "broker")) without.insert(fault.target);
  if (auto up = run.begin(without); !up) return tl::unexpected(up.error());
  run.on_world() = [&](const WorldEvent& event) { faults.happened(event, run.world_seconds()); };
  const auto ends = [&](std::uint64_t lorry) {
    return lorry == 0 || lorry > scenario.lorries.size() ? std::string{} : scenario.lorries[lorry - 1].officer;
  };
  std::vector<const ScenarioLorry*> coming;
  for (const auto& lorry : scenario.lorries) coming.push_back(&lorry);
  std::stable_sort(coming.begin(), coming.end(), [](const auto* a, const auto* b) { return a->at_s < b->at_s; });

  std::size_t next = 0;
  double quiet_since = -1, told = 0;
  std::set<std::string> down = without;
  while (run.world_seconds() < scenario.seconds) {
    const double now = run.world_seconds();
    for (; next < coming.size() && coming[next]->at_s <= now; ++next)
      if (auto added = run.add(coming[next]->lane, coming[next]->lorry); !added) return tl::unexpected(added.error());
    for (const auto& change : faults.due(now)) {
      if (change.on && change.fault->at_s == 0 && without.contains(change.fault->target)) continue;
      if (auto done = run.fault(change.fault->target, change.fault->name, change.fault->value, change.on); !done)
        return fail(done.error().code, scenario.file + ":" + std::to_string(change.fault->line) + ": " + done.error().what);
      if (change.on) down.insert(change.fault->target);
      else down.erase(change.fault->target);
    }
    if (auto stepped = run.step(ends); !stepped) {  // the appliance or the world died by itself: that is a result
      RunReport broken;
      broken.world = run.world();
      broken.world_s = now;
      broken.violations.push_back({"broke_off", "", now, stepped.error().what});
      return broken;
    }
    const bool quiet = next == coming.size() && faults.settled() && run.lorries_inside() == 0 && (run.lanes_idle() || !scenario.run.lane_ends_idle);
    if (!quiet) quiet_since = -1;
    else if (quiet_since < 0) quiet_since = now;
    if (quiet && now - quiet_since > 5) break;
    if (now - told > 60) {
      told = now;
      progress(std::to_string(static_cast<int>(now)) + " s of world time, " + std::to_string(run.lorries_inside()) + " lorries inside");
    }
  }
  // Whatever was down for the whole run comes back now: nothing may be lost by it. The broker first, and HQ only when the
  // post has long been talking to the broker: what the post then takes for received, HQ has never seen.
  for (const char* target : {"broker", "hq"})
    if (down.contains(target)) {
      if (auto up = run.fault(target, "down", 0, false); !up) return tl::unexpected(up.error());
      const double until = run.world_seconds() + hq_comes_late_s * scenario.speed;
      while (target == std::string_view("broker") && run.world_seconds() < until)
        if (auto stepped = run.step(ends); !stepped) return tl::unexpected(stepped.error());
    }

  RunReport report;
  report.world = run.world();
  report.world_s = run.world_seconds();
  for (const auto& sight : run.lanes()) report.phases.emplace_back(sight.lane, sight.phase);
  const HqCheck hq = compare_with_hq(*stage, 30s);
  report.hq_checked = true;
  report.hq_has_all = hq.all;
  report.hq_detail = hq.detail;
  auto crossings = crossings_of(*stage);
  if (!crossings) return tl::unexpected(crossings.error());
  report.crossings = std::move(*crossings);
  for (auto& crossing : report.crossings) crossing.lorry = run.lorry_of_crossing(crossing.lane, crossing.opened_ms);
  report.conditions = run.conditions();
  report.notices = run.notices();
  for (const auto& event : report.world)
    for (const auto& forbidden : always_forbidden())
      if (event.what == forbidden)
        report.violations.push_back({event.what, event.lane, static_cast<double>(event.at.ns) / 1e9, event.detail});
  for (const auto& fault : faults.never_begun()) report.violations.push_back({"fault_never_struck", "", report.world_s, fault});
  stage->appliance()->end(10s);
  if (auto whole = stage->post_tool({"verify"}); !whole) report.violations.push_back({"verify", "", 0, whole.error().what});
  return report;
}

}  // namespace rampa::hil
