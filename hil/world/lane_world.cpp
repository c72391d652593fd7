#include "hil/world/lane_world.hpp"

#include <algorithm>
#include <cmath>

#include "firmware-interfaces/device/lane_points.hpp"

namespace rampa::hil {
namespace points = device::points;
namespace {

constexpr double spawn_m = -22;       // front bumper of a lorry that appears
constexpr Duration reaction = 300ms;  // what a boom in motion may need to be turned round (S2: 200 ms, and the loop)
constexpr double hits_below = 0.85;   // a 4 m lorry touches the arm below this angle

constexpr std::string_view sensors[] = {points::loop_entry,  points::loop_boom,   points::loop_exit,
                                        points::photocell,   points::loop_boom_2, points::photocell_2};

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

SimulatedLane::SimulatedLane(std::string lane, LaneGeometry geometry, LaneOptions options)
    : name_(std::move(lane)), geometry_(geometry), options_(options),
      booms_{SimulatedBoom(options.boom_travel), SimulatedBoom(options.boom_travel)} {}

std::uint64_t SimulatedLane::add(Lorry lorry) {
  if (lorry.number == 0) lorry.number = next_number_;
  next_number_ = std::max(next_number_, lorry.number + 1);
  if (lorry.behaviour.empty()) lorry.behaviour = "normal";
  queue_.push_back(std::move(lorry));
  return queue_.back().number;
}

bool SimulatedLane::tell_to_go(std::uint64_t lorry) {
  auto it = memory_.find(lorry);
  if (it == memory_.end()) return false;
  it->second.told_to_go = true;
  return true;
}

void SimulatedLane::wave_out_of_port() {
  for (const auto& lorry : lorries_)
    if (lorry->rear_m() > geometry_.boom && lorry->front_m < geometry_.boom_2) memory_[lorry->number].waved = true;
}

bool SimulatedLane::lorry_stands_in_port() const {
  return options_.two_booms && std::any_of(lorries_.begin(), lorries_.end(), [&](const auto& lorry) {
           return lorry->speed_mps == 0 && lorry->rear_m() > geometry_.boom && lorry->front_m < geometry_.boom_2;
         });
}

void SimulatedLane::send_back_who_followed() {
  const bool full = lorry_stands_in_port();
  for (const auto& lorry : lorries_)
    if (full && lorry->speed_mps == 0 && lorry->front_m > geometry_.boom && lorry->rear_m() <= geometry_.boom) tell_to_leave(lorry->number);
}

void SimulatedLane::send_back_who_waits() {
  for (const auto& lorry : lorries_)
    if (lorry->speed_mps == 0 && lorry->front_m > geometry_.loop_entry_from && lorry->front_m < geometry_.boom) return (void)tell_to_leave(lorry->number);
}

bool SimulatedLane::tell_to_leave(std::uint64_t lorry) {
  for (auto& one : lorries_) {
    if (one->number != lorry) continue;
    one->behaviour = "reverses_out";
    memory_[lorry].behaviour_done = true;
    return true;
  }
  return false;
}

void SimulatedLane::tell(std::string what, std::uint64_t lorry, std::string detail) {
  events_.push_back({now_, name_, std::move(what), lorry, std::move(detail)});
}

void SimulatedLane::output(std::string_view point, bool on) {
  outputs_[std::string(point)] = on;
  auto move = [&](int index, bool up) {
    const bool was_up = booms_[index].raising(), was_down = booms_[index].lowering();
    up ? booms_[index].raise(on) : booms_[index].lower(on);
    if (!was_up && booms_[index].raising()) tell("boom_raising", 0, index ? "2" : "1");
    if (was_down && booms_[index].raising()) tell("boom_turned_round", 0, index ? "2" : "1");
    if (!was_down && booms_[index].lowering()) tell("boom_lowering", 0, index ? "2" : "1");
  };
  if (point == points::boom_raise) move(0, true);
  if (point == points::boom_lower) move(0, false);
  if (point == points::boom_raise_2) move(1, true);
  if (point == points::boom_lower_2) move(1, false);
}

bool SimulatedLane::output_state(std::string_view point) const {
  const auto it = outputs_.find(point);
  return it != outputs_.end() && it->second;
}

void SimulatedLane::advance(MonoTime now) {
  if (!started_) {
    now_ = moved_at_ = now;
    started_ = true;
  }
  while (now_ < now) step(std::min<Duration>(options_.step, now - now_));
}

void SimulatedLane::step(Duration by) {
  now_ = now_ + by;
  let_in();
  move_lorries(by);
  for (int i = 0; i < (options_.two_booms ? 2 : 1); ++i) {
    const std::pair<double, bool> before{booms_[i].angle(), booms_[i].lowering()};
    booms_[i].advance(by);
    check_boom(i, before, by);
  }
  if (options_.two_booms) {
    const bool both = booms_[0].angle() > 0.02 && booms_[1].angle() > 0.02;
    if (both && !both_open_told_) tell("both_booms_open");
    both_open_told_ = both;
  }
  weigh();
  // Loops remember since when they see something: some forget a lorry that stands too long.
  for (const auto& name : sensors) {
    double from = 0, to = 0;
    if (name == points::loop_entry) from = geometry_.loop_entry_from, to = geometry_.loop_entry_to;
    else if (name == points::loop_boom) from = geometry_.loop_boom_from, to = geometry_.loop_boom_to;
    else if (name == points::loop_exit) from = geometry_.loop_exit_from, to = geometry_.loop_exit_to;
    else if (name == points::loop_boom_2) from = geometry_.loop_boom_2_from, to = geometry_.loop_boom_2_to;
    else continue;
    if (!over(from, to)) present_since_.erase(std::string(name));
    else present_since_.try_emplace(std::string(name), now_);
  }
}

void SimulatedLane::let_in() {
  if (queue_.empty()) return;
  Lorry& next = queue_.front();
  const bool from_behind = next.behaviour == "wrong_way";
  for (const auto& other : lorries_)
    if (from_behind ? other->front_m > geometry_.end - 12 : other->rear_m() < spawn_m + 2) return;
  next.front_m = from_behind ? geometry_.end - 8 + next.length_m : spawn_m;
  next.speed_mps = from_behind ? -2 : 2;
  memory_[next.number].appeared = now_;
  tell("lorry_appeared", next.number, next.behaviour);
  lorries_.push_back(std::make_unique<Lorry>(std::move(next)));
  queue_.pop_front();
}

const Lorry* SimulatedLane::ahead_of(const Lorry& lorry) const {
  const Lorry* best = nullptr;
  const bool back = lorry.behaviour == "wrong_way";
  for (const auto& other : lorries_) {
    if (other.get() == &lorry) continue;
    if (back ? other->front_m < lorry.front_m && (!best || other->front_m > best->front_m)
             : other->front_m > lorry.front_m && (!best || other->front_m < best->front_m))
      best = other.get();
  }
  return best;
}

void SimulatedLane::move_lorries(Duration by) {
  DriverView view;
  view.place = &geometry_;
  view.now = now_;
  view.two_booms = options_.two_booms;
  view.green = output_state(points::light_green) && !output_state(points::light_red);
  view.green_2 = output_state(points::light_green_2) && !output_state(points::light_red_2);
  view.boom_angle = booms_[0].angle();
  view.boom_2_angle = booms_[1].angle();
  const double last_boom = options_.two_booms ? geometry_.boom_2 : geometry_.boom;
  for (auto& lorry : lorries_) {
    view.ahead = ahead_of(*lorry);
    auto& memory = memory_[lorry->number];
    drive(*lorry, wish(*lorry, memory, view), by);
    Told& told = told_[lorry->number];
    if (lorry->behaviour != "wrong_way" && lorry->front_m > geometry_.loop_entry_from && !std::exchange(told.on_entry, true))
      tell("lorry_on_entry", lorry->number);
    if (memory.stopped_at_line.ns != 0 && !std::exchange(told.at_line, true)) tell("lorry_at_line", lorry->number);
    if (lorry->behaviour != "wrong_way" && lorry->rear_m() > last_boom && !std::exchange(told.passed, true))
      tell("lorry_passed", lorry->number);
  }
  std::erase_if(lorries_, [&](const std::unique_ptr<Lorry>& lorry) {
    const bool forward = lorry->rear_m() > geometry_.end;
    const bool backward = lorry->front_m < 0 && lorry->speed_mps < 0;
    if (!forward && !backward) return false;
    tell("lorry_left", lorry->number, forward ? "forward" : "backward");
    memory_.erase(lorry->number);
    told_.erase(lorry->number);
    return true;
  });
}

void SimulatedLane::check_boom(int index, const std::pair<double, bool>& before, Duration by) {
  SimulatedBoom& boom = booms_[index];
  BoomWatch& watch = watch_[index];
  const double line = index ? geometry_.boom_2 : geometry_.boom;
  const double from = index ? geometry_.loop_boom_2_from : geometry_.loop_boom_from;
  const double to = index ? geometry_.loop_boom_2_to : geometry_.loop_boom_to;
  const char* number = index ? "2" : "1";
  const double angle = boom.angle();
  if (before.first < 1 && angle >= 1) tell("boom_open", 0, number);
  if (before.first > 0 && angle <= 0) tell("boom_closed", 0, number);

  const Lorry* under = over(line - 0.05, line + 0.05);
  const Lorry* near = over(from, to);
  watch.vehicle_under = under ? watch.vehicle_under + by : Duration{0};
  if (!under) watch.hit_told = watch.driven_told = false;
  if (under && angle < hits_below) {
    const bool came_down = before.second && angle < before.first;
    if (came_down && watch.vehicle_under > reaction * options_.speed && !watch.hit_told) {
      tell("boom_hit_vehicle", under->number, number);
      watch.hit_told = true;
      boom.stop();
    } else if (!came_down && !watch.driven_told && watch.vehicle_under <= reaction * options_.speed && !boom.raising()) {
      tell("vehicle_hit_boom", under->number, number);
      watch.driven_told = true;
    }
  }
  const bool lowering = before.second && angle < before.first;
  watch.vehicle_near = near && lowering ? watch.vehicle_near + by : Duration{0};
  if (!lowering) watch.near_told = false;
  if (watch.vehicle_near > 500ms * options_.speed && !watch.near_told) {
    tell("lowering_over_vehicle", near->number, number);
    watch.near_told = true;
  }
}

void SimulatedLane::weigh() {
  double mass = 0;
  bool moving = false;
  for (const auto& lorry : lorries_)
    for (const auto& axle : lorry->axles) {
      const double at = lorry->front_m - axle.offset_m;
      if (at < geometry_.scale_from || at > geometry_.scale_to) continue;
      mass += axle.load_kg;
      moving = moving || std::abs(lorry->speed_mps) > 0.001;
    }
  if (moving || mass != still_mass_kg_) moved_at_ = now_;
  still_mass_kg_ = mass;
  // A loaded platform swings at about 3 Hz and dies out with 0.4 s.
  const double t = seconds(now_ - moved_at_);
  const double swing = mass > 0 ? mass * 0.015 * std::exp(-t / 0.4) * std::cos(2 * 3.14159265358979 * 3 * t) : 0;
  mass_kg_ = t > 3 ? mass : mass + swing;
}

const Lorry* SimulatedLane::over(double from, double to) const {
  for (const auto& lorry : lorries_)
    if (lorry->front_m > from && lorry->rear_m() < to) return lorry.get();
  return nullptr;
}

bool SimulatedLane::sensed(std::string_view name, double from, double to) const {
  if (!faults_.empty()) {
    if (faults_.contains(std::string(name) + "_stuck_on")) return true;
    if (faults_.contains(std::string(name) + "_stuck_off")) return false;
  }
  if (!over(from, to)) return false;
  const auto forgets = faults_.find("presence_ends");
  const auto since = present_since_.find(name);
  return forgets == faults_.end() || since == present_since_.end() || seconds(now_ - since->second) < forgets->second;
}

Observation SimulatedLane::observe() const {
  const LaneGeometry& g = geometry_;
  Observation o;
  o.now = now_;
  o.loop_entry = sensed(points::loop_entry, g.loop_entry_from, g.loop_entry_to);
  o.loop_boom = sensed(points::loop_boom, g.loop_boom_from, g.loop_boom_to);
  o.loop_exit = sensed(points::loop_exit, g.loop_exit_from, g.loop_exit_to);
  o.photocell = sensed(points::photocell, g.boom - 0.05, g.boom + 0.05);
  if (options_.two_booms) {
    o.loop_boom_2 = sensed(points::loop_boom_2, g.loop_boom_2_from, g.loop_boom_2_to);
    o.photocell_2 = sensed(points::photocell_2, g.boom_2 - 0.05, g.boom_2 + 0.05);
  }
  o.boom_angle = booms_[0].angle();
  o.boom_2_angle = booms_[1].angle();
  o.emergency_stop = emergency_stop_;
  o.manual_mode = manual_mode_;
  o.mass_on_scale_kg = mass_kg_;
  o.scale_moving = now_ - moved_at_ < 1s;
  for (const auto& lorry : lorries_) {
    if (lorry->behaviour != "wrong_way") {
      if (lorry->front_m > g.front_view_from && lorry->front_m < g.front_view_to) o.front_plate = lorry.get();
      if (lorry->rear_m() > g.rear_view_from && lorry->rear_m() < g.rear_view_to) o.rear_plate = lorry.get();
    }
  }
  o.in_portal = over(g.portal_from, g.portal_to);
  o.in_scanner = over(g.scanner_from, g.scanner_to);
  return o;
}

bool SimulatedLane::fault(std::string_view name, double value, bool on) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  if (on) faults_[std::string(name)] = value;
  else faults_.erase(std::string(name));
  if (name == "boom_stuck") booms_[0].stuck = on;
  if (name == "boom_2_stuck") booms_[1].stuck = on;
  if (name == "boom_slow") booms_[0].slow_by = booms_[1].slow_by = on && value >= 1 ? value : 1;
  return true;
}

std::vector<std::string> SimulatedLane::faults() {
  std::vector<std::string> all{"boom_stuck", "boom_2_stuck", "boom_slow", "presence_ends"};
  for (const auto& sensor : sensors)
    for (const char* how : {"_stuck_on", "_stuck_off"}) all.push_back(std::string(sensor) + how);
  return all;
}

}  // namespace rampa::hil
