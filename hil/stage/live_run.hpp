// A run against real processes that is under way: lorries drive up, the officers act, faults come and go. Scenarios, the
// demonstration and the kill runs are made of it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "hil/bench/fault_schedule.hpp"
#include "hil/bench/report.hpp"
#include "hil/proxy/wan_relay.hpp"
#include "hil/stage/http_officer.hpp"
#include "hil/stage/sockets.hpp"

namespace rampa::hil {

class LiveRun {
 public:
  LiveRun(Stage& stage, ScenarioOfficer habits);

  /// Broker, HQ, world and appliance up, officers signed in. `without`: "broker", "hq" left out.
  Result<void> begin(const std::set<std::string>& without = {});
  /// Looks at the world and lets the officers act; call it often. `ends`: how the hold of this lorry ends.
  Result<void> step(const std::function<std::string(std::uint64_t lorry)>& ends);

  Result<std::uint64_t> add(const std::string& lane, const Lorry& lorry);
  /// Targets: a device, "world:LANE", "hq", "broker", "line" (between post and HQ: faults of WanRelay), "appliance" (kill),
  /// "disk" (full), "clock" (step by `value` ms, of a stage with its own clock). Errors: not_found (unknown), refused (this run can't).
  Result<void> fault(const std::string& target, const std::string& name, double value, bool on);

  [[nodiscard]] double world_seconds() const;
  [[nodiscard]] const std::vector<WorldEvent>& world() const { return world_; }
  [[nodiscard]] std::function<void(const WorldEvent&)>& on_world() { return on_world_; }
  /// Lorries that have not left yet.
  [[nodiscard]] std::size_t lorries_inside() const { return added_ - left_; }
  [[nodiscard]] const std::vector<LaneSight>& lanes() const { return sights_; }
  /// Of that lane, driving in it or queueing.
  [[nodiscard]] std::size_t lorries_at(const std::string& lane) const;
  [[nodiscard]] bool lanes_idle() const;
  /// Whose lorry a crossing is, by wall time.
  [[nodiscard]] std::uint64_t lorry_of_crossing(const std::string& lane, std::int64_t opened_ms) const;
  [[nodiscard]] std::vector<std::string> conditions() const;  ///< "DEVICE:LEVEL:FAULT", from the appliance's log
  [[nodiscard]] std::vector<std::string> notices() const;

 private:
  Result<std::string> control(const std::string& line);
  Result<void> start_appliance();
  Result<void> fill_disk(bool full);
  Result<void> step_clock(std::chrono::milliseconds by);
  Result<void> look_at_world();
  Result<void> officers(const std::function<std::string(std::uint64_t)>& ends);
  /// Fills in what an officer sees through the window and no terminal shows.
  Result<void> look_out_of_window();

  Stage& stage_;
  HttpOfficer officer_;
  OfficerScript script_;
  LoopbackClient control_;
  std::unique_ptr<WanRelay> line_;
  std::unique_ptr<WireThread> line_thread_;  ///< ended before the line
  std::vector<std::chrono::milliseconds> clock_offsets_{0ms};  ///< of the appliance's wall clock, the present one last
  MonoTime started_, looked_;
  std::vector<WorldEvent> world_;
  std::vector<std::int64_t> world_wall_ms_;
  std::function<void(const WorldEvent&)> on_world_;
  std::vector<LaneSight> sights_;
  std::size_t added_ = 0, left_ = 0, events_ = 0;
  std::map<std::string, std::size_t> inside_;  ///< by lane, queue included
  bool appliance_wanted_ = true;
};

/// Plays a scenario. `progress` gets a line now and then.
[[nodiscard]] Result<RunReport> play_on_processes(const Scenario& scenario, StageSettings settings,
                                                  const std::function<void(const std::string&)>& progress);

}  // namespace rampa::hil
