// The implementation of LaneWorld: lorries that drive, booms that swing, a platform that settles, and the oracle that
// sees what really happened.
#pragma once

#include <deque>
#include <utility>

#include "hil/world/boom.hpp"
#include "hil/world/lorry_driver.hpp"
#include "hil/world/substream.hpp"
#include "hil/world/world.hpp"

namespace rampa::hil {

/// Something that really happened, whatever any sensor says.
///   lorry_appeared, lorry_on_entry (over the arrival loop), lorry_at_line, lorry_passed (rear behind the last boom), lorry_left (out of the lane; detail
///   "forward" or "backward"), boom_raising, boom_open, boom_lowering, boom_turned_round (it rises again before it was down),
///   boom_closed (detail "1" or "2")
/// and what must never or hardly ever happen:
///   boom_hit_vehicle       a boom came down on a vehicle that it could have been kept from
///   vehicle_hit_boom       somebody drove against a boom; the driver's fault
///   lowering_over_vehicle  a boom kept lowering for > 500 ms with a vehicle in its loop's reach (I7, S2)
///   both_booms_open        sally port: both booms off their closed position (I3)
struct WorldEvent {
  MonoTime at;
  std::string lane, what;
  std::uint64_t lorry = 0;
  std::string detail;
};

struct LaneOptions {
  bool two_booms = false;
  Duration boom_travel = 2500ms;
  Duration step = 10ms;      ///< of the integration
  /// A world that runs faster than life gives the lane less real time: the oracle's patience is stretched by this factor.
  double speed = 1;
  std::uint64_t seed = 1;
};

/// Thread: one.
class SimulatedLane : public LaneWorld {
 public:
  SimulatedLane(std::string lane, LaneGeometry geometry, LaneOptions options);

  [[nodiscard]] const std::string& lane() const override { return name_; }
  [[nodiscard]] const LaneGeometry& geometry() const override { return geometry_; }
  /// Pointers in it hold until the next advance().
  [[nodiscard]] Observation observe() const override;
  void output(std::string_view point, bool on) override;
  [[nodiscard]] bool output_state(std::string_view point) const override;

  /// Joins the queue in front of the lane; it appears when there is room. Number 0 gets the next free one; the number
  /// is returned. Without axles it weighs nothing.
  std::uint64_t add(Lorry lorry);
  /// Time never runs backwards; the first call sets the start.
  void advance(MonoTime now);
  /// A stalled, abandoned or badly placed lorry drives on.
  bool tell_to_go(std::uint64_t lorry);
  /// An officer waves everybody between the booms through: an open boom is enough for them, whatever the light shows.
  void wave_out_of_port();
  /// A lorry stands between the two booms.
  [[nodiscard]] bool lorry_stands_in_port() const;
  /// Two lorries have driven into a sally port that has room for one: the second, which keeps the first boom up, is sent back.
  void send_back_who_followed();
  /// Whoever stands at the line has to reverse out, whatever lorry the lane takes it for.
  void send_back_who_waits();
  /// Refused: it reverses out. False: no such lorry is in the lane.
  bool tell_to_leave(std::uint64_t lorry);
  void set_emergency_stop(bool pressed) { emergency_stop_ = pressed; }
  void set_manual_mode(bool on) { manual_mode_ = on; }
  /// Faults of the plant itself (not of the module that reads it): "boom_stuck", "boom_2_stuck", "boom_slow" (value:
  /// times), "NAME_stuck_on" / "NAME_stuck_off" for loop_entry, loop_boom, loop_exit, photocell, loop_boom_2,
  /// photocell_2; "presence_ends" (value: seconds after which a loop forgets a standing lorry). False: unknown name.
  bool fault(std::string_view name, double value, bool on);
  [[nodiscard]] static std::vector<std::string> faults();

  [[nodiscard]] std::vector<WorldEvent> take_events() { return std::exchange(events_, {}); }
  [[nodiscard]] const std::vector<std::unique_ptr<Lorry>>& lorries() const { return lorries_; }
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  [[nodiscard]] const SimulatedBoom& boom(int number) const { return booms_[number == 2 ? 1 : 0]; }
  [[nodiscard]] MonoTime now() const { return now_; }

 private:
  void step(Duration by);
  void let_in();
  void move_lorries(Duration by);
  void check_boom(int index, const std::pair<double, bool>& before, Duration by);
  void tell(std::string what, std::uint64_t lorry = 0, std::string detail = {});
  [[nodiscard]] const Lorry* ahead_of(const Lorry& lorry) const;
  [[nodiscard]] const Lorry* over(double from, double to) const;
  [[nodiscard]] bool sensed(std::string_view name, double from, double to) const;
  void weigh();

  std::string name_;
  LaneGeometry geometry_;
  LaneOptions options_;
  MonoTime now_;
  bool started_ = false;
  std::vector<std::unique_ptr<Lorry>> lorries_;
  std::map<std::uint64_t, DriverMemory> memory_;
  struct Told { bool on_entry = false, at_line = false, passed = false; };
  std::map<std::uint64_t, Told> told_;
  std::deque<Lorry> queue_;
  std::uint64_t next_number_ = 1;
  SimulatedBoom booms_[2];
  struct BoomWatch {
    double angle_before = 0;
    Duration vehicle_under{};   ///< how long the boom's line has been occupied
    Duration vehicle_near{};    ///< how long its loop's reach has been occupied while it lowers
    bool hit_told = false, near_told = false, driven_told = false;
  };
  BoomWatch watch_[2];
  bool both_open_told_ = false;
  std::map<std::string, bool, std::less<>> outputs_;
  std::map<std::string, double, std::less<>> faults_;
  std::map<std::string, MonoTime, std::less<>> present_since_;
  bool emergency_stop_ = false, manual_mode_ = false;
  double mass_kg_ = 0, still_mass_kg_ = 0;
  MonoTime moved_at_;
  std::vector<WorldEvent> events_;
};

}  // namespace rampa::hil
