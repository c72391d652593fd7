// What the inputs say, and when they say nothing: unknown, stale and suspect inputs are neither free nor occupied.
#include <algorithm>
#include <array>

#include "edge/lane/turn.hpp"

namespace rampa::lane {
namespace points = device::points;

namespace {
bool always_demanded(const Config& c, std::string_view point) {
  constexpr std::array basic{points::loop_entry, points::loop_boom, points::boom_open, points::boom_closed};
  constexpr std::array second{points::loop_boom_2, points::boom_open_2, points::boom_closed_2};
  if (std::find(basic.begin(), basic.end(), point) != basic.end()) return true;
  return c.kind == Kind::sally_port && std::find(second.begin(), second.end(), point) != second.end();
}

Sense worse(Sense a, Sense b) {
  if (a == Sense::occupied || b == Sense::occupied) return Sense::occupied;
  return a == Sense::unknown || b == Sense::unknown ? Sense::unknown : Sense::free;
}
}  // namespace

bool steady(const State& s, std::string_view point, Duration time, MonoTime now) {
  const auto found = s.points.find(point);
  return found != s.points.end() && now - found->second.changed >= time;
}

bool wired(const State& s, const Config& c, std::string_view point) {
  if (always_demanded(c, point)) return true;
  if (c.inputs.empty()) return s.points.find(point) != s.points.end();
  return std::find(c.inputs.begin(), c.inputs.end(), point) != c.inputs.end();
}

Sense sense(const State& s, const Config& c, std::string_view point, MonoTime now) {
  if (!wired(s, c, point)) return Sense::free;
  const auto found = s.points.find(point);
  if (found == s.points.end() || !found->second.known) return Sense::unknown;
  const Point& p = found->second;
  if (p.quality != device::Quality::good || now - p.at > c.input_age_max) return Sense::unknown;
  return p.on ? Sense::occupied : Sense::free;
}

BoomPoints points_of(device::Boom boom) {
  if (boom == device::Boom::first) return {points::loop_boom, points::photocell, points::boom_open, points::boom_closed};
  return {points::loop_boom_2, points::photocell_2, points::boom_open_2, points::boom_closed_2};
}

device::Boom other(device::Boom boom) {
  return boom == device::Boom::first ? device::Boom::second : device::Boom::first;
}

std::vector<device::Boom> booms(const Config& c) {
  if (c.kind == Kind::sally_port) return {device::Boom::first, device::Boom::second};
  return {device::Boom::first};
}

Position position(const State& s, const Config& c, device::Boom boom, MonoTime now) {
  const auto p = points_of(boom);
  const Sense open = sense(s, c, p.open, now), closed = sense(s, c, p.closed, now);
  if (open == Sense::unknown || closed == Sense::unknown) return Position::unknown;
  if (open == Sense::occupied && closed == Sense::occupied) return Position::implausible;
  if (open == Sense::occupied) return Position::open;
  return closed == Sense::occupied ? Position::closed : Position::between;
}

Sense zone(const State& s, const Config& c, device::Boom boom, MonoTime now) {
  const auto p = points_of(boom);
  return worse(sense(s, c, p.loop, now), sense(s, c, p.photocell, now));
}

bool closing_zone_free(const State& state, const Config& config, device::Boom boom, MonoTime now) {
  return zone(state, config, boom, now) == Sense::free;
}

bool inputs_known(const State& s, const Config& c, MonoTime now) {
  const auto known = [&](std::string_view point) { return sense(s, c, point, now) != Sense::unknown; };
  if (!known(points::loop_entry)) return false;
  for (const auto boom : booms(c)) {
    if (zone(s, c, boom, now) == Sense::unknown || position(s, c, boom, now) == Position::unknown) return false;
  }
  return known(points::emergency_stop) && known(points::manual_mode) && known(points::loop_exit);
}

bool all_booms_closed(const State& s, const Config& c, MonoTime now) {
  const auto all = booms(c);
  return std::all_of(all.begin(), all.end(), [&](auto boom) { return position(s, c, boom, now) == Position::closed; });
}

bool has_role(const Config& c, std::string_view role) {
  return std::find(c.roles.begin(), c.roles.end(), role) != c.roles.end();
}

bool ready(const State& s, std::string_view role) {
  const auto found = s.conditions.find(role);
  return found == s.conditions.end() || found->second.level == device::ConditionLevel::ready;
}

void take_points(Turn& t, const device::PointImage& image, const device::Provenance& from) {
  for (const auto& value : image.points) {
    Point& p = t.s.points[value.point];
    if (p.known && from.received.mono < p.at) continue;  // an older image never replaces a newer one
    if (!p.known || p.on != value.on) p.changed = from.received.mono;
    p.on = value.on;
    p.quality = from.quality;
    p.at = from.received.mono;
    p.known = true;
  }
}

}  // namespace rampa::lane
