// All simulated devices of a site on real wires, observing one world per lane that runs `speed` times faster than life.
// Devices live in real time (their rates and pulses are real); only lorries and booms are faster. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "hil/bench/device_models.hpp"
#include "hil/wire/wire_server.hpp"
#include "hil/world/lane_world.hpp"
#include "hil/world/traffic.hpp"

namespace rampa::hil {

/// A world event with the real wall time at which it happened, to be matched with the appliance's records.
struct TimedWorldEvent {
  WorldEvent event;      ///< `at` counts world time from the start
  std::int64_t wall_ms = 0;
};

class ServedPost {
 public:
  struct Made {
    std::unique_ptr<ServedPost> post;
    std::vector<std::string> missing;  ///< devices without a model, one line each: the bench serves the others
  };
  /// Errors: io (an address cannot be bound). The clock outlives the post.
  static Result<Made> make(config::Site site, double speed, std::uint64_t seed, const Clock& clock);
  ~ServedPost();

  /// Moves worlds and devices to now and serves the wires once; waits at most `timeout`.
  void step(Duration timeout);
  /// A further server in the same poll loop (the control port, proxies).
  void also(WireServer& server) { servers_.push_back(&server); }

  [[nodiscard]] std::vector<std::string> lane_names() const;
  [[nodiscard]] SimulatedLane* lane(const std::string& name);
  [[nodiscard]] std::uint64_t add(const std::string& lane, Lorry lorry);
  /// Targets: device id, "world:LANE". False: unknown target or fault.
  bool fault(const std::string& target, const std::string& name, double value, bool on);
  [[nodiscard]] std::vector<std::string> faults_of(const std::string& target) const;
  [[nodiscard]] std::vector<std::string> targets() const;
  /// "L1-io moxa-iologik-e1214 modbus+tcp 127.0.0.1:15110", one per served device.
  [[nodiscard]] std::vector<std::string> served() const { return served_; }
  [[nodiscard]] const std::vector<TimedWorldEvent>& history() const { return history_; }
  [[nodiscard]] double world_seconds() const;
  [[nodiscard]] double speed() const { return speed_; }

 private:
  ServedPost(config::Site site, double speed, const Clock& clock);
  Result<void> serve(const device::Settings& settings, const icd::Product& product, DeviceModel& model);
  void move_worlds();

  struct Device {
    DeviceModel model;
    Faultable* wire = nullptr;        ///< faults of its wire
  };
  config::Site site_;
  const double speed_;
  const Clock& clock_;
  const MonoTime start_;
  std::map<std::string, std::unique_ptr<SimulatedLane>> lanes_;
  std::map<std::string, Device> devices_;
  std::vector<std::unique_ptr<WireServer>> owned_;
  std::map<std::string, WireServer*> modbus_;  ///< by cable: several units may share one
  std::vector<WireServer*> servers_;
  std::vector<std::string> served_;
  std::vector<TimedWorldEvent> history_;
  std::uint64_t next_lorry_ = 1;
};

}  // namespace rampa::hil
