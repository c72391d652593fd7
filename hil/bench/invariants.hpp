// ARCHITECTURE.md's invariants, checked after every event of a virtual run and judged on the world's truth, not on what
// the lane believes. Each violation is told once per occasion.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "edge/risk/risk.hpp"
#include "hil/bench/report.hpp"
#include "hil/bench/virtual_post.hpp"

namespace rampa::hil {

/// Names of violations:
///   boom_hit_vehicle, lowering_over_vehicle, both_booms_open   (the world's oracle)
///   open_without_release   a boom began to rise without a durable release of that lane's crossing, an officer's durable
///                          order, or a vehicle under a boom that was on its way down
///   two_terminal_records, crossing_overlap, closed_unopened
///   capture_of_another     a crossing holds a plate, read as good, of another lorry than the one it was opened for, and nothing said that it may
///   reassess_differs       stored facts, profile version and draws do not give the stored channel and hits
///   stale_as_good          an input or a mass was published as good that the plant did not have within its age
///   closed_on_input        a boom was told to lower although the last thing that its loop or photocell said was "occupied",
///                          was not good, or was older than the lane's input_age_max
///   queue_over_bound
///   held_then_policy       a lorry was held (lane::held_by), its crossing was aborted by a restart, and policy released it after that
///   passed_untold          a lorry passed, no crossing of its own was released, and within two minutes nothing on record tells of it
///   no_terminal_record     the lanes are at rest and a durable crossing has no end
/// And from the simulation: liveness, no lane may stay stuck once everything is repaired.
class Invariants {
 public:
  Invariants(const config::Site& site, std::shared_ptr<const risk::ProfileSet> profiles);

  void world_event(const WorldEvent& event, const SimulatedLane& lane);
  /// Remembers what could have been sensed at this moment.
  void sample(const SimulatedLane& lane, MonoTime now);
  /// Judges a published value against what the plant showed within its age and `patience` more. A device that lies and
  /// cannot be caught at it (no heartbeat, a stuck contact) is not judged: patience of an hour.
  void device_event(const device::DeviceEvent& event, Duration patience);
  void committed(const Record& record, MonoTime now);
  /// A command leaves for its driver.
  void sent(const device::Command& command, MonoTime now);
  /// The appliance died: what it had been told by its inputs is gone.
  void killed();
  /// Every lane is idle and empty.
  void at_rest(MonoTime now);
  void over_bound(const std::string& which, std::size_t depth, MonoTime now);
  void add(Violation violation) { violations_.push_back(std::move(violation)); }

  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
  /// Durable and without terminal record.
  [[nodiscard]] std::set<std::string> open_crossings() const;
  /// Whose it really is; 0: nobody's.
  [[nodiscard]] std::uint64_t lorry_of_crossing(const std::string& crossing) const;
  [[nodiscard]] const std::vector<WorldEvent>& world() const { return world_; }

 private:
  struct Sensed {
    MonoTime from;  ///< true from here to the next sample
    Observation seen;
  };
  struct Lane {
    std::string crossing;                 ///< durable, open
    /// Booms that a durable release of it lets rise and that have not come down again since.
    std::set<int> released;
    struct Input {
      bool on = false, good = false;
      MonoTime received;
    };
    std::map<std::string, Input, std::less<>> inputs;  ///< as delivered last
    std::optional<MonoTime> officer_open; ///< durable accepted order to open
    std::deque<Sensed> sensed;
    std::vector<MonoTime> told;           ///< something on record says that whoever passed about then may not be the released one
  };
  void tell(const std::string& name, const std::string& lane, MonoTime at, std::string detail);
  void remember_inputs(const device::Settings& device, const device::DeviceEvent& event, const device::PointImage& image);
  void check_points(const device::Settings& device, const device::DeviceEvent& event, const device::PointImage& image, Duration patience);
  void check_mass(const device::Settings& device, const device::DeviceEvent& event, const device::WeighReading& reading, Duration patience);
  void check_capture(const Record& record, const CaptureTaken& capture, MonoTime now);

  std::map<std::string, device::Settings> devices_;
  std::map<std::string, Duration> input_age_max_;        ///< by lane
  std::map<std::string, std::set<std::string>> wired_;   ///< by lane: its points
  std::map<std::string, Duration> point_age_;  ///< by device: the largest age_max of its product
  std::shared_ptr<const risk::ProfileSet> profiles_;
  std::map<std::string, Lane> lanes_;
  struct Crossing {
    std::string lane;
    std::uint64_t lorry = 0;
    int terminals = 0;
    bool in_doubt = false;  ///< recorded: it is not known whether the same vehicle still stands there
  };
  std::map<std::string, Crossing> crossings_;
  std::set<std::uint64_t> released_;      ///< lorries whose crossing it was, or that stood there where that is not known, when a release became durable
  std::map<std::uint64_t, std::string> held_;  ///< lorry: the crossing in which it was held; until that ended otherwise than by a restart
  std::map<std::uint64_t, std::set<std::string>> plates_;  ///< lorry -> everything a camera may read on it
  std::vector<WorldEvent> world_;
  std::vector<Violation> violations_;
};

}  // namespace rampa::hil
