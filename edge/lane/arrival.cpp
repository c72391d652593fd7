// A vehicle comes, or goes before it was released; the first look after a start.
#include "edge/lane/turn.hpp"

namespace rampa::lane {
namespace points = device::points;

namespace {

std::string_view kind_word(Kind kind) {
  return kind == Kind::cargo ? "cargo" : kind == Kind::sally_port ? "sally_port" : "nii";
}

void open_crossing(Turn& t) {
  auto& s = t.s;
  const Point& loop = s.points.find(points::loop_entry)->second;
  const MonoTime trigger = std::max(loop.changed, s.stayed.value_or(MonoTime{}));
  s.crossing = CrossingId{t.c.id.text + "-" + t.boot + "-" + std::to_string(++s.crossings)};
  s.arrived = Stamp{trigger, WallTime{t.now.wall.ms - to_ms(t.now.mono - trigger)}};
  // From now: a lorry that stood on the loop while the one before it passed gets its full time as well.
  s.evidence_due = t.now.mono + t.c.evidence_deadline;
  t.record(CrossingOpened{std::string(kind_word(t.c.kind)), t.c.direction});
  t.enter(Phase::gathering);
  s.held = s.stayed.has_value();
  if (s.held) {  // on record, so that it outlives a restart
    t.record(PassageSeen{"stood_before", "a vehicle stood here when the crossing before was ended"});
    t.attention(2, "a vehicle stood here when the crossing before was ended: an officer decides");
  } else if (s.standing_at_start) {
    t.attention(1, "vehicle stood here when Rampa started");
  } else {
    t.attention(0, "");
  }
  adopt_early(t);
  for (const char* camera : {"plate_front", "plate_rear"}) {
    // Until the deadline, or until a plate is read: the vehicle may still be rolling up. A camera that pushes its reads
    // refuses; no matter.
    if (has_role(t.c, camera)) t.ask(camera, device::TakeFrames{t.c.evidence_deadline});
  }
}

}  // namespace

void settle_starting(Turn& t) {
  auto& s = t.s;
  for (const auto boom : booms(t.c)) t.light(boom, device::Aspect::red);
  if (!inputs_known(s, t.c, t.now.mono)) return t.attention(1, "waiting for the lane's inputs");
  if (s.mode == "out_of_service") {
    t.attention(s.start_notice.empty() ? 0 : 2, s.start_notice);
    return t.enter(Phase::out_of_service);
  }
  std::optional<device::Boom> standing_open;
  for (const auto boom : booms(t.c)) {
    switch (position(s, t.c, boom, t.now.mono)) {
      case Position::implausible:
        return become_faulted(t, "boom_contacts", "both feedback contacts of the boom are made: check the contacts' wiring");
      case Position::between:
        if (t.now.mono - *s.phase_since < t.c.boom_travel_max) return;
        return become_faulted(t, "boom_position", "boom is neither open nor closed: look at the boom");
      case Position::open:
        if (standing_open) return become_faulted(t, "both_booms_open", "both booms stand open: close them by hand");
        standing_open = boom;
        break;
      default: break;
    }
  }
  s.standing_at_start = sense(s, t.c, points::loop_entry, t.now.mono) == Sense::occupied;
  // Most likely the one that passed last, before the start. Between two booms nobody may stand without a crossing.
  s.still_behind = t.c.kind != Kind::sally_port && sense(s, t.c, points::loop_exit, t.now.mono) == Sense::occupied;
  if (!standing_open) {
    t.attention(s.still_behind ? 1 : 0, s.still_behind ? std::string(behind_at_start) : "");
    return t.enter(Phase::idle);
  }
  // Nothing is moved because of what was before the start; the boom is closed once nobody is there.
  s.boom = *standing_open;
  s.passage = Passage{};
  s.passage.opened = t.now.mono;
  s.passage.expired = true;
  s.clear_since.reset();
  t.attention(2, "boom stood open when the lane came up; it closes when the place is clear");
  t.enter(Phase::open);
}

void settle_idle(Turn& t) {
  auto& s = t.s;
  const MonoTime now = t.now.mono;
  if (!inputs_known(s, t.c, now)) {
    s.not_closed.reset();
    return;  // nothing is concluded from inputs that are not there
  }
  if (!all_booms_closed(s, t.c, now)) {
    if (!s.not_closed) s.not_closed = now;
    if (now - *s.not_closed >= t.c.leave_debounce)
      become_faulted(t, "boom_not_closed", "boom left its closed position without an order: look at the boom");
    return;
  }
  s.not_closed.reset();
  watch_wrong_way(t);
  const bool present = sense(s, t.c, points::loop_entry, now) == Sense::occupied;
  if (!present) s.standing_at_start = false;
  if (!present || !steady(s, points::loop_entry, t.c.presence_debounce, now)) return;
  if (records_held(s)) return t.attention(2, "records cannot be written: the lane takes no vehicle until they can");
  open_crossing(t);
}

std::string outcome_unseen(const State& s, const std::string& otherwise) {
  if (s.in_port && s.boom == device::Boom::first) return otherwise;  // let in, not out
  return s.let_go == LetGo::by_release ? "released" : s.let_go == LetGo::by_hand ? "by_hand" : otherwise;
}

bool left_unopened(Turn& t) {
  auto& s = t.s;
  if (s.crossing.empty() || s.in_port || s.boom_order || zone(s, t.c, s.boom, t.now.mono) != Sense::free) return false;
  if (!s.passage.left) return settle_left(t);
  close_crossing(t, "left", "drove away");  // somebody else stands there by now
  t.enter(Phase::idle);
  return true;
}

bool settle_left(Turn& t) {
  auto& s = t.s;
  const MonoTime now = t.now.mono;
  if (s.crossing.empty() || s.in_port) return false;
  if (!s.entry_free || now - *s.entry_free < t.c.leave_debounce) return false;  // kept by watch_zone
  // Free for a while: forwards or backwards?
  // Whoever stood on the exit loop before, or came there from behind a boom that was down all the time, is somebody else.
  const bool others_exit = s.still_behind || s.wrong_way || !s.seen_ahead || (s.let_go != LetGo::no && !s.passage.exit_free);
  const bool ahead = (zone(s, t.c, device::Boom::first, now) == Sense::occupied && !s.wrong_way) ||
                     (sense(s, t.c, points::loop_exit, now) == Sense::occupied && !others_exit);
  const bool decided = s.verdict.has_value();
  const bool released = (decided && s.verdict->verdict == Verdict::release) || s.let_go == LetGo::by_hand;
  const bool was_faulted = s.phase == Phase::faulted;
  const bool crowded = s.let_go != LetGo::no && s.passage.contested;  // it drove on or turned back, as he did
  const bool unwatched = s.phase != Phase::opening && s.let_go != LetGo::no && (s.passage.unseen || s.other_vehicle);  // there it did not rise
  const std::string outcome = outcome_unseen(s, "released");
  if (crowded) {
    t.record(PassageSeen{"unseen", "somebody came from behind and the boom had failed: it drove on or turned back"});
    t.attention(2, "the released vehicle is gone; somebody came from behind, so nobody knows where it went");
  } else if (ahead && released) {  // the boom failed to say so, but it was up
    t.record(PassageSeen{"passed", "while the boom's position was in doubt"});
    t.attention(2, "the released vehicle has passed; look at the boom");
  } else if (unwatched) {
    t.record(PassageSeen{"unseen", "the lane's inputs were away, or it was not known to be the same vehicle: it drove on or turned back"});
    t.attention(2, "the released vehicle is gone and nobody saw where");
  } else if (ahead) {
    t.record(PassageSeen{"passed", "went past the boom without release"});
    t.attention(3, "vehicle went past the boom without release");
  } else {
    t.record(PassageSeen{"left_backwards", s.let_go != LetGo::no ? "after release" : decided ? "after the verdict" : "before a verdict"});
    t.attention(2, "vehicle left the lane");
  }
  withhold_scan(t);
  if (ahead && released && !crowded) close_crossing(t, outcome, "passed; the boom's position was in doubt");
  else if (crowded || unwatched) close_crossing(t, outcome, "nobody saw it pass");
  else close_crossing(t, decided && !released && !ahead ? "refused" : "left", ahead ? "went past without release" : "drove away");
  if (!was_faulted) t.enter(Phase::idle);
  return true;
}

void close_beside_vehicle(Turn& t, const std::string& outcome, const std::string& summary) {
  if (!t.s.crossing.empty() && sense(t.s, t.c, points::loop_entry, t.now.mono) != Sense::free) t.s.stayed = t.now.mono;
  close_crossing(t, outcome, summary);
}

void close_crossing(Turn& t, const std::string& outcome, const std::string& summary) {
  auto& s = t.s;
  if (s.crossing.empty()) return;
  t.record(CrossingClosed{outcome, summary});
  (void)t.commit(Purpose::history);
  s.crossing = {};
  s.arrived = {};
  s.captures.clear();
  s.evidence_missing.clear();
  s.assessed.reset();
  s.proposed.reset();
  s.verdict.reset();
  s.verdict_persist = 0;
  s.controls.clear();
  s.raised.reset();
  s.assess_again = false;
  s.held = false;
  s.stopped = false;
  s.other_vehicle = false;
  s.let_go = LetGo::no;
  s.frames.clear();
  s.scan_ran.clear();
  s.in_port = false;
  s.seen_ahead = false;
  s.standing_at_start = false;
  s.weigh_since.reset();
  s.second_on_scale = false;
  s.scan_over = false;
}

}  // namespace rampa::lane
