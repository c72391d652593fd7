#include "hil/bench/invariants.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "firmware-interfaces/device/lane_points.hpp"

namespace rampa::hil {
namespace points = device::points;
namespace {

constexpr Duration history = 10s;
constexpr Duration told_within = 120s;
constexpr Duration slack = 150ms;      // input filter, poll period, the sampling of the truth
constexpr double mass_slack_kg = 45;   // rounding to 20 kg and the last of the platform's swing

double seconds(MonoTime at) { return static_cast<double>(at.ns) / 1e9; }

bool same(const Observation& a, const Observation& b) {
  return a.loop_entry == b.loop_entry && a.loop_boom == b.loop_boom && a.loop_exit == b.loop_exit && a.photocell == b.photocell &&
         a.loop_boom_2 == b.loop_boom_2 && a.photocell_2 == b.photocell_2 && a.boom_angle == b.boom_angle &&
         a.boom_2_angle == b.boom_2_angle && a.emergency_stop == b.emergency_stop && a.manual_mode == b.manual_mode &&
         std::abs(a.mass_on_scale_kg - b.mass_on_scale_kg) < 5;
}

// Could a module truthfully have said `on` for this point at this moment? Limit contacts have a tolerance of their own.
bool could_say(const Observation& o, std::string_view point, bool on) {
  if (point == points::loop_entry) return o.loop_entry == on;
  if (point == points::loop_boom) return o.loop_boom == on;
  if (point == points::loop_exit) return o.loop_exit == on;
  if (point == points::photocell) return o.photocell == on;
  if (point == points::loop_boom_2) return o.loop_boom_2 == on;
  if (point == points::photocell_2) return o.photocell_2 == on;
  if (point == points::emergency_stop) return o.emergency_stop == on;
  if (point == points::manual_mode) return o.manual_mode == on;
  if (point == points::boom_open) return on ? o.boom_angle >= 0.9 : o.boom_angle < 1;
  if (point == points::boom_closed) return on ? o.boom_angle <= 0.1 : o.boom_angle > 0;
  if (point == points::boom_open_2) return on ? o.boom_2_angle >= 0.9 : o.boom_2_angle < 1;
  if (point == points::boom_closed_2) return on ? o.boom_2_angle <= 0.1 : o.boom_2_angle > 0;
  return true;  // outputs
}

}  // namespace

Invariants::Invariants(const config::Site& site, std::shared_ptr<const risk::ProfileSet> profiles) : profiles_(std::move(profiles)) {
  for (const auto& device : site.devices) {
    devices_[device.id.text] = device;
    for (const auto& wiring : device.wiring) wired_[device.lane.text].insert(wiring.point);
    Duration age = 250ms;
    if (auto product = site.products.find(device.icd); product != site.products.end())
      for (const auto& point : product->second.points) age = std::max(age, point.age_max);
    point_age_[device.id.text] = age;
  }
  for (const auto& lane : site.lanes) input_age_max_[lane.id.text] = lane.input_age_max;
}

void Invariants::tell(const std::string& name, const std::string& lane, MonoTime at, std::string detail) {
  // The first ones tell what is wrong; a thousand of a kind tell no more.
  const auto same = std::count_if(violations_.begin(), violations_.end(), [&](const Violation& v) { return v.name == name && v.lane == lane; });
  if (same < 5) violations_.push_back({name, lane, seconds(at), std::move(detail)});
}

void Invariants::world_event(const WorldEvent& event, const SimulatedLane& lane) {
  world_.push_back(event);
  Lane& known = lanes_[event.lane];
  if (event.what == "lorry_appeared")
    for (const auto& lorry : lane.lorries())
      if (lorry->number == event.lorry)
        for (const auto& plate : {lorry->plate_front, lorry->plate_rear, lorry->misread_as})
          if (!plate.empty()) plates_[event.lorry].insert(plate);
  for (const auto& forbidden : always_forbidden())
    if (event.what == forbidden) tell(forbidden, event.lane, event.at, "lorry " + std::to_string(event.lorry) + ", boom " + event.detail);
  const int boom = event.detail == "2" ? 2 : 1;
  if (event.what == "boom_closed") {  // what let it rise is used up
    known.officer_open.reset();
    known.released.erase(boom);
  }
  if (event.what == "boom_raising" && !known.released.contains(boom) && !known.officer_open && lane.boom(boom).angle() <= 0.001)
    tell("open_without_release", event.lane, event.at, "crossing " + (known.crossing.empty() ? "none" : known.crossing));
}

void Invariants::sample(const SimulatedLane& lane, MonoTime now) {
  auto& sensed = lanes_[lane.lane()].sensed;
  Observation seen = lane.observe();
  seen.front_plate = seen.rear_plate = seen.in_portal = seen.in_scanner = nullptr;
  if (!sensed.empty() && same(sensed.back().seen, seen)) return;
  sensed.push_back({now, seen});
  while (sensed.size() > 2 && sensed[1].from < now - history) sensed.pop_front();
}

void Invariants::device_event(const device::DeviceEvent& event, Duration patience) {
  const auto device = devices_.find(event.from.device.text);
  if (device == devices_.end()) return;
  const auto* image = std::get_if<device::PointImage>(&event.body);
  if (image) remember_inputs(device->second, event, *image);
  if (event.from.quality != device::Quality::good || patience > history) return;
  if (image) check_points(device->second, event, *image, patience);
  if (const auto* reading = std::get_if<device::WeighReading>(&event.body)) check_mass(device->second, event, *reading, patience);
}

void Invariants::remember_inputs(const device::Settings& device, const device::DeviceEvent& event, const device::PointImage& image) {
  for (const auto& value : image.points) {
    auto& input = lanes_[device.lane.text].inputs[value.point];
    if (event.from.received.mono < input.received) continue;
    input = {value.on, event.from.quality == device::Quality::good, event.from.received.mono};
  }
}

void Invariants::sent(const device::Command& command, MonoTime now) {
  const auto* move = std::get_if<device::MoveBoom>(&command.body);
  const auto device = devices_.find(command.device.text);
  if (!move || move->motion != device::Motion::lower || device == devices_.end()) return;
  const std::string& lane = device->second.lane.text;
  const bool first = move->boom == device::Boom::first;
  for (const auto point : first ? std::array{points::loop_boom, points::photocell} : std::array{points::loop_boom_2, points::photocell_2}) {
    if (!wired_[lane].contains(std::string(point))) continue;
    const auto& inputs = lanes_[lane].inputs;
    const auto said = inputs.find(point);
    std::string why;
    if (said == inputs.end()) why = "has said nothing yet";
    else if (said->second.on) why = "says occupied";
    else if (!said->second.good) why = "is not good";
    else if (now - said->second.received > input_age_max_[lane]) why = "is too old";
    if (!why.empty()) tell("closed_on_input", lane, now, std::string(point) + " " + why);
  }
}

void Invariants::killed() {
  for (auto& [name, lane] : lanes_) lane.inputs.clear();
}

void Invariants::at_rest(MonoTime now) {
  const auto open = open_crossings();
  if (!open.empty()) tell("no_terminal_record", "", now, *open.begin() + " and " + std::to_string(open.size() - 1) + " more");
  for (const auto& event : world_) {
    if (event.what != "lorry_passed" || released_.contains(event.lorry)) continue;
    const auto& told = lanes_[event.lane].told;
    const auto near = [&](MonoTime at) { return at >= event.at - told_within && at <= event.at + told_within; };
    if (std::none_of(told.begin(), told.end(), near)) tell("passed_untold", event.lane, event.at, "lorry " + std::to_string(event.lorry));
  }
}

void Invariants::check_points(const device::Settings& device, const device::DeviceEvent& event, const device::PointImage& image,
                              Duration patience) {
  const auto& sensed = lanes_[device.lane.text].sensed;
  if (sensed.empty()) return;
  const MonoTime from = event.from.received.mono - point_age_[device.id.text] - slack - patience;
  for (const auto& value : image.points) {
    bool possible = false;
    for (std::size_t i = sensed.size(); i-- > 0 && !possible;) {
      possible = could_say(sensed[i].seen, value.point, value.on);
      if (sensed[i].from <= from) break;  // this one was true when the window began
    }
    if (!possible)
      tell("stale_as_good", device.lane.text, event.from.received.mono,
           device.id.text + ": " + value.point + (value.on ? " on" : " off") + " was not so within its age");
  }
}

void Invariants::check_mass(const device::Settings& device, const device::DeviceEvent& event, const device::WeighReading& reading,
                            Duration patience) {
  if (!reading.usable()) return;
  const auto& sensed = lanes_[device.lane.text].sensed;
  if (sensed.empty()) return;
  const MonoTime from = event.from.received.mono - point_age_[device.id.text] - slack - patience;
  const double kg = static_cast<double>(reading.gross_g) / 1000;
  double nearest = 1e9;
  for (std::size_t i = sensed.size(); i-- > 0;) {
    nearest = std::min(nearest, std::abs(sensed[i].seen.mass_on_scale_kg - kg));
    if (sensed[i].from <= from) break;
  }
  if (nearest > mass_slack_kg)
    tell("stale_as_good", device.lane.text, event.from.received.mono,
         device.id.text + ": " + std::to_string(static_cast<long long>(kg)) + " kg is " + std::to_string(static_cast<long long>(nearest)) +
             " kg away from anything that lay on the platform within its age");
}

void Invariants::check_capture(const Record& record, const CaptureTaken& capture, MonoTime now) {
  const auto* read = std::get_if<device::PlateRead>(&capture.body);
  const auto crossing = crossings_.find(record.crossing.text);
  if (!read || read->text.empty() || capture.from.quality != device::Quality::good || crossing == crossings_.end() || crossing->second.lorry == 0 || crossing->second.in_doubt) return;
  if (plates_[crossing->second.lorry].contains(read->text)) return;
  for (const auto& [lorry, plates] : plates_)
    if (plates.contains(read->text))
      return tell("capture_of_another", record.lane.text, now,
                  "crossing " + record.crossing.text + " of lorry " + std::to_string(crossing->second.lorry) + " holds plate of lorry " +
                      std::to_string(lorry));
}

void Invariants::committed(const Record& record, MonoTime now) {
  Lane& lane = lanes_[record.lane.text];
  const std::string& id = record.crossing.text;
  if (const auto of = crossings_.find(id); of != crossings_.end() && of->second.lorry != 0 && !of->second.in_doubt && lane::held_by(record.body))
    held_.emplace(of->second.lorry, id);
  if (std::holds_alternative<CrossingOpened>(record.body)) {
    if (!lane.crossing.empty()) tell("crossing_overlap", record.lane.text, now, id + " opened while " + lane.crossing + " is open");
    lane.crossing = id;
    lane.released.clear();
    crossings_[id] = {record.lane.text, lorry_of(world_, record.lane.text, record.at.mono), 0, false};
  } else if (std::holds_alternative<CrossingClosed>(record.body)) {
    const auto it = crossings_.find(id);
    if (it == crossings_.end()) tell("closed_unopened", record.lane.text, now, id);
    else if (++it->second.terminals > 1) tell("two_terminal_records", record.lane.text, now, id);
    if (it != crossings_.end() && std::get<CrossingClosed>(record.body).summary != lane::ended_by_restart) held_.erase(it->second.lorry);
    if (lane.crossing == id) {
      lane.crossing.clear();
      lane.released.clear();
    }
  } else if (const auto* verdict = std::get_if<VerdictGiven>(&record.body)) {
    if (id == lane.crossing) lane.released = verdict->verdict == Verdict::release ? std::set<int>{1, 2} : std::set<int>{};
    if (const auto of = crossings_.find(id); of != crossings_.end() && verdict->verdict == Verdict::release) {
      // Whose crossing it is. A loop that lied may have opened it before anybody came: then whoever stands there now; and where
      // the lane itself doubts it an officer has looked.
      const auto stands = lorry_of(world_, record.lane.text, now);
      const auto lorry = of->second.lorry == 0 || of->second.in_doubt ? stands : of->second.lorry;
      released_.insert(lorry);
      if (verdict->decided_by == "policy" && held_.contains(lorry))
        tell("held_then_policy", record.lane.text, now, id + " of lorry " + std::to_string(lorry) + ", held before in " + held_[lorry]);
    }
  } else if (const auto* seen = std::get_if<PassageSeen>(&record.body)) {
    if (seen->what == "identity_unknown") crossings_[id].in_doubt = true;
    if (seen->what != "passed" || seen->detail == "went past the boom without release" || record.crossing.empty()) lane.told.push_back(now);
  } else if (const auto* acted = std::get_if<OfficerActed>(&record.body)) {
    if (acted->accepted && acted->action == "open_boom") {
      lane.officer_open = now;
      lane.told.push_back(now);
    }
  } else if (std::holds_alternative<LaneModeChanged>(record.body) || std::holds_alternative<FaultChanged>(record.body)) {
    lane.told.push_back(now);
  } else if (const auto* capture = std::get_if<CaptureTaken>(&record.body)) {
    check_capture(record, *capture, now);
  } else if (const auto* made = std::get_if<AssessmentMade>(&record.body)) {
    const auto again = risk::reassess(*profiles_, made->assessment, record.at.wall, made->evidence_missing);
    if (again.channel != made->assessment.channel || again.hits != made->assessment.hits)
      tell("reassess_differs", record.lane.text, now, id);
  }
}

void Invariants::over_bound(const std::string& which, std::size_t depth, MonoTime now) {
  tell("queue_over_bound", "", now, which + " holds " + std::to_string(depth));
}

std::set<std::string> Invariants::open_crossings() const {
  std::set<std::string> open;
  for (const auto& [id, crossing] : crossings_)
    if (crossing.terminals == 0) open.insert(id);
  return open;
}

std::uint64_t Invariants::lorry_of_crossing(const std::string& crossing) const {
  const auto it = crossings_.find(crossing);
  return it == crossings_.end() ? 0 : it->second.lorry;
}

}  // namespace rampa::hil
