// Plays in virtual time: a scenario, or a seed of the simulation. Same input, same trace hash.
#pragma once

#include <memory>

#include "hil/bench/fault_schedule.hpp"
#include "hil/bench/invariants.hpp"
#include "hil/bench/officer_script.hpp"
#include "hil/bench/report.hpp"
#include "hil/bench/virtual_post.hpp"

namespace rampa::hil {

/// Watches a post: collects the report, checks the invariants, hashes everything that happened.
class RunWatcher : public PostWatcher {
 public:
  RunWatcher(const config::Site& site, std::shared_ptr<const risk::ProfileSet> profiles) : invariants(site, std::move(profiles)) {}
  /// Must be set before the first event; the post outlives the run.
  VirtualPost* post = nullptr;
  /// How much longer than its age a device's value may be old; see Invariants::device_event.
  std::function<Duration(const DeviceId&)> patience = [](const DeviceId&) { return Duration{0}; };
  std::function<void(const WorldEvent&)> on_world;

  void world_event(const WorldEvent& event) override;
  void device_event(const device::DeviceEvent& event, MonoTime now) override;
  void sent(const device::Command& command, MonoTime now) override;
  void committed(const Record& record, MonoTime now) override;
  void notice(const LaneId& lane, int level, const std::string& text, MonoTime now) override;
  void killed(MonoTime now) override;
  void queue_over_bound(const std::string& which, std::size_t depth, MonoTime now) override;
  void moment(MonoTime now) override;

  [[nodiscard]] std::uint64_t trace_hash() const { return hash_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }

  Invariants invariants;
  RunReport report;
  bool keep_crossings = true;  ///< false for long runs: only what the invariants need
  std::FILE* trace = nullptr;  ///< every hashed line, for a person

 private:
  void mix(MonoTime now, std::string_view kind, std::string_view text);
  std::uint64_t hash_ = 0xcbf29ce484222325ull;
  std::uint64_t records_ = 0;
};

/// Lets the automatic officer look at every lane once and act. `ends`: how a lorry's hold is to end (empty: habit).
void officer_round(VirtualPost& post, OfficerScript& script, const Invariants& invariants,
                   const std::function<std::string(std::uint64_t lorry)>& ends);

struct VirtualRun {
  RunReport report;
  std::uint64_t trace_hash = 0;
};
/// Errors: as VirtualPost::make; invalid where the scenario can't be played in virtual time (says why), or names a fault
/// that nobody knows.
[[nodiscard]] Result<VirtualRun> play_virtually(const Scenario& scenario, config::Site site,
                                                std::shared_ptr<const risk::ProfileSet> profiles, std::FILE* trace = nullptr,
                                                RealPictures pictures = {});

}  // namespace rampa::hil
