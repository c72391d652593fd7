// Somebody comes from the wrong side: behind the boom or between the booms, and nobody was let through. Who drives under the
// boom while he is there may be he or the crossing's vehicle: nothing is concluded of it, and an officer looks.
#include "edge/lane/turn.hpp"

namespace rampa::lane {
namespace points = device::points;

namespace {

constexpr std::string_view from_wrong_side = "vehicle from the wrong side";
constexpr std::string_view in_the_port = "vehicle between the booms or from the wrong side, without a crossing";

}  // namespace

// Behind or under a closed boom, and nobody came through from the front.
void watch_wrong_way(Turn& t) {
  auto& s = t.s;
  const auto at = [&](std::string_view point) { return sense(s, t.c, point, t.now.mono); };
  const auto stands = [&](std::string_view point) {
    return at(point) == Sense::occupied && steady(s, point, t.c.presence_debounce, t.now.mono);
  };
  if (s.wrong_way || s.in_port) return;
  const bool port = t.c.kind == Kind::sally_port, waits = !s.crossing.empty();
  const bool at_second = port && (stands(points::loop_boom_2) || stands(points::photocell_2));
  // Through a boom that was down all the time nobody came from the front.
  const bool down = !s.seen_ahead && position(s, t.c, device::Boom::first, t.now.mono) == Position::closed;
  const bool behind = stands(points::loop_exit) && !s.still_behind && (waits || port ? down : at(points::loop_entry) == Sense::free);
  const bool under = !waits && stands(points::loop_boom) && at(points::loop_entry) == Sense::free;
  if (!at_second && !behind && !under) return;
  s.wrong_way = t.now.mono;
  t.record(PassageSeen{"wrong_way", at_second ? "place under the second boom occupied without a crossing"
                                    : waits || port ? "loop behind the closed boom occupied without a crossing"
                                                    : "loop behind or under the closed boom occupied, nobody at the arrival loop"});
  const std::string text(port ? in_the_port : from_wrong_side);
  if (waits) t.notify(3, text);  // what the officer has to do with the one who waits stays in sight
  else t.attention(3, text);
}

// Behind a boom that is to open, is open, or has failed, before the crossing's vehicle was under it.
void watch_from_behind(Turn& t) {
  auto& s = t.s;
  const auto& p = s.passage;
  if (s.wrong_way || s.passed_under || s.in_port || p.unseen || p.contested || s.crossing.empty() || !p.exit_free || s.boom != device::Boom::first) return;
  if (zone(s, t.c, s.boom, t.now.mono) != Sense::free) return;
  if (sense(s, t.c, points::loop_exit, t.now.mono) != Sense::occupied) return;
  s.wrong_way = t.now.mono;
  t.light(s.boom, device::Aspect::red);
  t.record(PassageSeen{"wrong_way", "loop behind the boom occupied first"});
  if (s.attention_level >= 2) t.notify(3, std::string(from_wrong_side));  // what an officer has to do stays in sight
  else t.attention(3, std::string(from_wrong_side));
}

void watch_wrong_way_end(Turn& t) {
  auto& s = t.s;
  if (!s.wrong_way || sense(s, t.c, points::loop_exit, t.now.mono) != Sense::free) return;
  for (const auto boom : booms(t.c))
    if (zone(s, t.c, boom, t.now.mono) != Sense::free) return;
  s.wrong_way.reset();
  if (s.attention == from_wrong_side || s.attention == in_the_port) t.attention(0, "");
}

}  // namespace rampa::lane
