// One shared world per lane: lorries as axle trains that move, a boom that swings, people and sources. Every simulated
// device OBSERVES this world, so two devices never disagree about the same lorry. Pure: moved by advance(), no clock, no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

/// Geometry, metres along the lane from its mouth. Loops and platform of a typical cargo lane.
struct LaneGeometry {
  double loop_entry_from = 10, loop_entry_to = 26;  ///< arrival loop lies under the whole waiting lorry
  double scale_from = 8, scale_to = 28;             ///< weighbridge platform
  double stop_line = 27;                            ///< front bumper of a waiting lorry
  double boom = 30;                                 ///< boom's line (photocell too)
  double loop_boom_from = 28.5, loop_boom_to = 32;
  double loop_exit_from = 33, loop_exit_to = 37;
  double boom_2 = 52;                               ///< sally port's second boom
  double loop_boom_2_from = 50.5, loop_boom_2_to = 54;
  double end = 75;                                  ///< a lorry whose rear is past this has left
  double portal_from = 1, portal_to = 3;            ///< between the radiation pillars, at the mouth
  double scanner_from = 12, scanner_to = 26;        ///< the scanner's gantry moves along the waiting lorry
  double front_view_from = 20, front_view_to = 29.5;///< a front plate is legible while the bumper is in here
  double rear_view_from = 5, rear_view_to = 20;     ///< a rear plate, while the lorry's rear is in here
};

struct Axle {
  double offset_m = 0;  ///< behind the front bumper
  double load_kg = 0;
};

struct Lorry {
  std::uint64_t number = 0;
  std::string plate_front, plate_rear;  ///< tractor's and trailer's
  std::string country;                  ///< alpha-3
  double length_m = 16.5;
  std::vector<Axle> axles;              ///< masses: sum is the gross mass
  double front_m = 0;                   ///< position of the front bumper
  double speed_mps = 0;                 ///< negative: backwards
  double gamma_cps = 0, neutron_cps = 0;///< source strength at the portal
  std::vector<std::string> marked_by;   ///< aids of the scanner that mark something in its scan
  std::string declaration;              ///< reference, for the scenario's own book-keeping
  std::string behaviour;                ///< "normal", "stalls_under_boom", "tailgates", "reverses_out", "wrong_way", ...
  double behaviour_s = 0;               ///< how long it stalls or waits; 0: the behaviour's own
  bool plate_unreadable = false;        ///< dirt or a tarpaulin: cameras see a plate and read nothing
  std::string misread_as;               ///< cameras read this instead of plate_front (empty: they read right)
  [[nodiscard]] double gross_kg() const {
    double sum = 0;
    for (const auto& a : axles) sum += a.load_kg;
    return sum;
  }
  [[nodiscard]] double rear_m() const { return front_m - length_m; }
};

/// What sensors could sense at this moment.
struct Observation {
  MonoTime now;
  bool loop_entry = false, loop_boom = false, loop_exit = false, photocell = false;
  bool loop_boom_2 = false, photocell_2 = false;
  double boom_angle = 0, boom_2_angle = 0;  ///< 0 closed .. 1 open
  bool emergency_stop = false, manual_mode = false;
  double mass_on_scale_kg = 0;
  bool scale_moving = false;  ///< something on the platform moved within the last second
  /// The lorry whose front (rear) plate is in the camera's field, if any.
  const Lorry* front_plate = nullptr;
  const Lorry* rear_plate = nullptr;
  const Lorry* in_portal = nullptr;   ///< between the pillars (at the lane's mouth)
  const Lorry* in_scanner = nullptr;
};

/// One lane's world as the simulated devices see and move it.
class LaneWorld {
 public:
  virtual ~LaneWorld() = default;
  [[nodiscard]] virtual const std::string& lane() const = 0;
  [[nodiscard]] virtual const LaneGeometry& geometry() const = 0;
  [[nodiscard]] virtual Observation observe() const = 0;
  /// An output of an I/O module changed, under the lane's point name ("boom_raise", "light_green"): the plant reacts.
  virtual void output(std::string_view point, bool on) = 0;
  [[nodiscard]] virtual bool output_state(std::string_view point) const = 0;
};

}  // namespace rampa::hil
