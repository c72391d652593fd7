#include "hil/world/lorry_driver.hpp"

#include <algorithm>
#include <cmath>

namespace rampa::hil {
namespace {

constexpr double lane_speed_mps = 2.8;   // 10 km/h: what a lane's geometry is made for
constexpr double creep_mps = 0.8;
constexpr double accelerate_mps2 = 0.9;  // loaded 40 t
constexpr double brake_mps2 = 1.6;
constexpr double mouth_m = -1.0;         // where a polite driver waits for the lorry ahead
constexpr double headway_m = 2.0;
constexpr double open_enough = 0.97;
constexpr double closed_for_drivers = 0.6;  // below this nobody drives under it

bool driving_back(const Lorry& lorry) { return lorry.behaviour == "wrong_way"; }

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

double behaviour_s(const Lorry& lorry, double otherwise) { return lorry.behaviour_s > 0 ? lorry.behaviour_s : otherwise; }

// Waits for the lorry ahead to be past the boom, unless the behaviour is to push in.
double keep_behind(const Lorry& lorry, const DriverView& view) {
  if (!view.ahead) return 1e9;
  const double bumper = view.ahead->rear_m() - headway_m;
  if (lorry.behaviour == "tailgates") return bumper;
  if (lorry.behaviour == "second_on_scale") return view.ahead->rear_m() - 1.0;
  const double free_from = view.two_booms ? view.place->loop_boom_2_to : view.place->loop_exit_to;
  // Not yet in the lane: wait at its mouth until the lane is free. In it already: just do not touch the lorry ahead.
  if (lorry.front_m <= mouth_m && view.ahead->rear_m() < free_from) return std::min(mouth_m, bumper);
  return bumper;
}

// The stop in front of a boom: none when the way is open, or when the bumper is already past the point of no return.
double stop_at_boom(const Lorry& lorry, double stop_line, double boom, bool green, double angle, bool pushes_in) {
  if (lorry.front_m > boom - 0.6) return 1e9;
  if (angle < closed_for_drivers && lorry.front_m > stop_line + 0.3) return boom - 0.6;
  if (pushes_in) return angle >= closed_for_drivers ? 1e9 : stop_line;
  if (lorry.front_m > stop_line + 0.3) return angle >= closed_for_drivers ? 1e9 : boom - 0.6;
  return green && angle >= open_enough ? 1e9 : stop_line;
}

DriverWish wrong_way(const Lorry& lorry, DriverMemory& memory, const DriverView& view) {
  // Leading edge is the low end. It stops short of a closed boom, on the exit loop, and drives under an open one. After
  // a while of looking at a closed boom, or at somebody who comes the right way, it gives up and drives out again.
  if (memory.behaviour_done) return {1e9, lane_speed_mps};
  if (std::abs(lorry.speed_mps) < 0.01 && (lorry.rear_m() < view.place->end - 10 || view.ahead)) {
    if (memory.stalled.ns == 0) memory.stalled = view.now;
    if (seconds(view.now - memory.stalled) > behaviour_s(lorry, 20)) memory.behaviour_done = true;
  }
  DriverWish w{-1e9, -lane_speed_mps};
  auto line = [&](double boom, double angle) {
    if (lorry.rear_m() > boom + 0.5 && angle < closed_for_drivers) w.stop_at_m = std::max(w.stop_at_m, boom + 4.5);
  };
  line(view.place->boom, view.boom_angle);
  if (view.two_booms) line(view.place->boom_2, view.boom_2_angle);
  if (view.ahead) w.stop_at_m = std::max(w.stop_at_m, view.ahead->front_m + headway_m);
  return w;
}

}  // namespace

const std::vector<std::string_view>& behaviours() {
  static const std::vector<std::string_view> all{
      "normal",      "stalls_under_boom", "stops_on_loop", "tailgates",    "reverses_out", "leaves_before_decision",
      "wrong_way",   "second_on_scale",   "stops_short",   "abandons"};
  return all;
}

DriverWish wish(const Lorry& lorry, DriverMemory& memory, const DriverView& view) {
  const LaneGeometry& place = *view.place;
  const std::string& how = lorry.behaviour;
  if (driving_back(lorry)) return wrong_way(lorry, memory, view);

  const double line_1 = how == "stops_short" && !memory.told_to_go ? place.stop_line - 8 : place.stop_line;
  const bool waits = std::abs(lorry.speed_mps) < 0.01 && std::abs(lorry.front_m - line_1) < 0.6;
  if (waits && memory.stopped_at_line.ns == 0) memory.stopped_at_line = view.now;
  const double waited_s = memory.stopped_at_line.ns == 0 ? 0 : seconds(view.now - memory.stopped_at_line);

  if (how == "reverses_out" || how == "leaves_before_decision") {
    // Nobody who has driven under the boom turns back, and nobody reverses against a boom that is down behind him.
    if (waited_s >= behaviour_s(lorry, how == "reverses_out" ? 20 : 3) && lorry.front_m < place.boom - 0.6) memory.behaviour_done = true;
    const bool shut_in = lorry.rear_m() > place.boom && view.boom_angle < closed_for_drivers;
    if (memory.behaviour_done && !(shut_in && memory.waved)) return {shut_in ? place.boom + 1 : -1e9, -1.5};
  }
  if (how == "abandons" && memory.stopped_at_line.ns != 0 && !memory.told_to_go) return {lorry.front_m, 0};

  DriverWish w{1e9, lane_speed_mps};
  w.stop_at_m = std::min(w.stop_at_m, keep_behind(lorry, view));
  const bool pushes_in = how == "tailgates";
  w.stop_at_m = std::min(w.stop_at_m, stop_at_boom(lorry, line_1, place.boom, view.green || memory.waved, view.boom_angle, pushes_in));
  if (view.two_booms)
    w.stop_at_m = std::min(w.stop_at_m,
                           stop_at_boom(lorry, place.boom_2 - 3, place.boom_2, view.green_2 || memory.waved, view.boom_2_angle, pushes_in));
  // A stall: once, with the lorry's middle under the boom (or its tail on the loop), for a time or until told to go.
  if ((how == "stalls_under_boom" || how == "stops_on_loop") && !memory.behaviour_done) {
    const double at = how == "stalls_under_boom" ? place.boom + lorry.length_m / 2 : place.loop_boom_to + lorry.length_m - 0.8;
    w.stop_at_m = std::min(w.stop_at_m, at);
    if (std::abs(lorry.speed_mps) < 0.01 && std::abs(lorry.front_m - at) < 0.5) {
      if (memory.stalled.ns == 0) memory.stalled = view.now;
      const double for_s = behaviour_s(lorry, how == "stalls_under_boom" ? 30 : 300);
      if (memory.told_to_go || seconds(view.now - memory.stalled) >= for_s) memory.behaviour_done = true;
    }
  }
  return w;
}

void drive(Lorry& lorry, const DriverWish& w, Duration step) {
  const double dt = seconds(step);
  const int way = w.target_mps < 0 ? -1 : 1;
  const double edge = way > 0 ? lorry.front_m : lorry.rear_m();
  const double room = way * (w.stop_at_m - edge);
  double speed = way * lorry.speed_mps;  // along the wanted way
  double wanted = std::abs(w.target_mps);
  if (room <= 0.05) wanted = 0;
  else wanted = std::min({wanted, std::sqrt(2 * brake_mps2 * 0.8 * room), room < 1.5 ? creep_mps : 1e9});
  // An emergency brake is twice the comfortable one; that is also how a driver stops at a boom that comes down.
  const double brake = speed * speed > 2 * brake_mps2 * std::max(room, 0.0) ? 2 * brake_mps2 : brake_mps2;
  speed = speed < wanted ? std::min(wanted, speed + accelerate_mps2 * dt) : std::max(wanted, speed - brake * dt);
  if (wanted == 0 && std::abs(speed) < 0.02) speed = 0;
  lorry.speed_mps = way * speed;
  lorry.front_m += lorry.speed_mps * dt;
}

}  // namespace rampa::hil
