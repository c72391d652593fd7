// The vehicle passes under the open boom: seen by loops and photocell, told apart from one that stalls, turns back, or is
// followed by another. One release is one vehicle; nothing is dropped on the second.
#include <algorithm>
#include <utility>

#include "edge/lane/turn.hpp"

namespace rampa::lane {
namespace points = device::points;

namespace {
constexpr Duration beam_gap_min = 150ms;

bool following(const Turn& t) { return sense(t.s, t.c, points::loop_entry, t.now.mono) == Sense::occupied; }

void tailgate(Turn& t, const char* detail) {
  auto& p = t.s.passage;
  forget_early(t);  // read before it went under the boom: its own, never the next one's
  if (p.tailgate) return;
  p.tailgate = true;
  t.light(t.s.boom, device::Aspect::red);
  t.record(PassageSeen{"tailgate", detail});
  t.attention(3, "a second vehicle follows under the boom");
}

// A gap in the beam while the loop under the boom stays occupied, and another vehicle (or the rest of this one) behind.
void watch_beam(Turn& t, Sense beam) {
  auto& p = t.s.passage;
  if (!t.c.gap_means_second || !t.s.passed_under || !p.exit_seen) return;
  if (beam == Sense::free) {
    if (!p.gap) p.gap = t.now.mono;
    return;
  }
  if (beam == Sense::occupied && p.gap && t.now.mono - *p.gap >= beam_gap_min && following(t))
    tailgate(t, "the beam was free and broken again with a vehicle close behind");
  p.gap.reset();
}

void watch_vehicle(Turn& t) {
  auto& s = t.s;
  auto& p = s.passage;
  const MonoTime now = t.now.mono;
  if (s.phase == Phase::faulted && position(s, t.c, s.boom, now) == Position::closed) return;  // nobody passes under it
  const Sense under = zone(s, t.c, s.boom, now);
  const Sense entry = sense(s, t.c, points::loop_entry, now);
  const Sense exit = sense(s, t.c, points::loop_exit, now);
  const bool back_out = s.in_port && s.boom == device::Boom::first;  // the same one, the other way
  // Whoever is under the boom may as well be the one who came from behind: nothing is concluded of it.
  if ((s.wrong_way || (p.contested && !p.left && !p.gone_unseen)) && !s.passed_under && s.boom == device::Boom::first && !s.crossing.empty()) {
    p.contested = p.contested || under == Sense::occupied;
    return;
  }
  if (under == Sense::occupied) {
    if (!back_out && p.cleared_once && (p.exit_seen || p.entry_cleared)) {
      tailgate(t, "the place under the boom was free and is occupied again");
      p.cleared_once = false;
    } else if (!s.passed_under && (p.left || p.gone_unseen)) {
      tailgate(t, "the released vehicle had gone, and somebody drove under the boom");
    }
    s.passed_under = true;
    t.light(s.boom, device::Aspect::red);
    if (entry == Sense::free) p.entry_cleared = true;
  }
  if (under == Sense::free && s.passed_under) p.cleared_once = true;
  if (exit == Sense::free) p.exit_free = true;
  if (s.passed_under && exit == Sense::occupied) p.exit_seen = true;
  if (p.exit_seen && t.c.kind != Kind::sally_port) s.still_behind = true;
  if (s.boom == device::Boom::first && !back_out) watch_beam(t, sense(s, t.c, points_of(s.boom).photocell, now));
}

// The vehicle lies over arrival loop and exit loop at once with its drawbar over the place: the same one, since the
// arrival loop was never free.
bool straddles(const Turn& t) {
  return t.s.boom == device::Boom::first && position(t.s, t.c, t.s.boom, t.now.mono) != Position::closed && !t.s.passage.entry_cleared && wired(t.s, t.c, points::loop_exit) &&
         sense(t.s, t.c, points::loop_entry, t.now.mono) != Sense::free &&
         sense(t.s, t.c, points::loop_exit, t.now.mono) != Sense::free;
}

void show_green(Turn& t) {
  auto& s = t.s;
  const bool next_free = sense(s, t.c, points::loop_exit, t.now.mono) == Sense::free || s.boom == device::Boom::second;
  const bool released = s.boom_order || (s.verdict && s.verdict->verdict == Verdict::release);
  const bool doubted = s.other_vehicle || s.assess_again || s.passage.left || s.passage.gone_unseen || s.passage.contested ||
                       (s.in_port && s.boom == device::Boom::first && s.passage.unseen);
  const bool against = s.wrong_way && s.boom == device::Boom::first;  // before the second boom he stands to be let out
  if (released && !doubted && !s.passed_under && !s.passage.expired && !s.passage.halted && !against && next_free &&
      position(s, t.c, s.boom, t.now.mono) == Position::open)
    t.light(s.boom, device::Aspect::green);
}

// While the inputs are away a vehicle may drive on, or back. What comes to light afterwards is not taken for a movement that was seen.
void watch_absence(Turn& t) {
  auto& p = t.s.passage;
  const MonoTime now = t.now.mono;
  const Sense before = sense(t.s, t.c, t.s.boom == device::Boom::first ? points::loop_entry : points::loop_exit, now);
  if (before == Sense::unknown || zone(t.s, t.c, t.s.boom, now) == Sense::unknown) {
    if (!p.away) p.away = now;
    return;
  }
  if (!p.away) return;
  // Whoever still stands there after so short a time is the same vehicle.
  if (before != Sense::occupied || now - *p.away >= swap_takes) p.unseen = true;
  p.away.reset();
}

// What happened under the boom was not seen, or not understood, and somebody stands before it: the released vehicle, or one that
// nobody released.
void watch_swap(Turn& t) {
  auto& s = t.s;
  auto& p = s.passage;
  const bool mixed_up = p.contested && !s.wrong_way;  // before he is gone nobody can drive on
  if (!p.unseen && !mixed_up) return;
  if (p.left || p.gone_unseen || s.passed_under || s.crossing.empty() || s.in_port || s.other_vehicle || s.boom != device::Boom::first) return;
  if (sense(s, t.c, points::loop_entry, t.now.mono) != Sense::occupied) return;
  p.halted = p.expired = true;  // no green; down once the place is free, and an officer looks
  t.light(s.boom, device::Aspect::red);
  doubt_identity(t, 3, p.unseen ? Doubt::inputs_away : Doubt::came_from_behind);
}

// Between arrival and release the arrival loop has to say all the time that somebody stands there.
void watch_identity(Turn& t) {
  auto& s = t.s;
  const MonoTime now = t.now.mono;
  const bool known = sense(s, t.c, points::loop_entry, now) != Sense::unknown;
  const bool waits = !s.crossing.empty() && !s.in_port &&
                     ((s.phase >= Phase::gathering && s.phase <= Phase::waiting_officer) || s.phase == Phase::faulted);
  if (!waits) s.entry_known.reset();
  else if (s.entry_known && !s.other_vehicle && now - *s.entry_known >= t.c.input_age_max + std::max(t.c.leave_debounce, swap_takes))
    doubt_identity(t, 2, Doubt::inputs_away);
  if (waits && (known || !s.entry_known)) s.entry_known = now;
}

// Somebody came from behind, and the released vehicle is not there any more.
void gone_in_the_crowd(Turn& t) {
  t.s.passage.gone_unseen = true;
  t.record(PassageSeen{"unseen", "somebody came from behind while the boom was open: it drove on or turned back"});
  t.attention(2, "the released vehicle is gone; somebody came from behind, so nobody knows where it went");
}

// Released, the boom is up, and nobody stands before it any more without having been seen to drive on.
void end_of_stay(Turn& t) {
  auto& s = t.s;
  auto& p = s.passage;
  const bool somebody_behind = sense(s, t.c, points::loop_exit, t.now.mono) == Sense::occupied;
  if (p.unseen && p.exit_free && !s.wrong_way && !s.other_vehicle && somebody_behind) {  // nobody stood there before
    s.passed_under = p.exit_seen = p.entry_cleared = true;
  } else if (p.contested || (p.unseen && s.wrong_way)) {
    gone_in_the_crowd(t);
  } else if (p.unseen && (t.c.kind != Kind::sally_port || somebody_behind)) {  // a port that is empty tells: it did not drive in
    p.gone_unseen = true;
    t.record(PassageSeen{"unseen", "the lane's inputs were away while the boom was open: it drove on or turned back"});
    t.attention(2, "the released vehicle is gone and nobody saw where: the lane's inputs were away");
  } else {
    p.left = true;  // released, and turned back all the same
    t.record(PassageSeen{"left_backwards", "after release"});
  }
  p.expired = true;
}

// It was let go, backed off before it was under the boom, and now somebody stands there: the release was not given to him.
void watch_successor(Turn& t) {
  auto& s = t.s;
  auto& p = s.passage;
  if (s.phase == Phase::closing || s.crossing.empty() || s.in_port || s.boom != device::Boom::first || s.passed_under || p.left || p.gone_unseen || p.unseen) return;
  if (!s.entry_free || t.now.mono - *s.entry_free < t.c.leave_debounce) return;
  if (sense(s, t.c, points::loop_entry, t.now.mono) != Sense::occupied || sense(s, t.c, points::loop_exit, t.now.mono) == Sense::occupied) return;
  p.expired = true;
  t.light(s.boom, device::Aspect::red);
  if (p.contested) return gone_in_the_crowd(t);
  p.left = true;
  t.record(PassageSeen{"left_backwards", "after release; somebody else stands there now"});
  t.attention(2, "the released vehicle has left, and somebody else stands there: no green for him");
}

// The boom stands open and the lane has no crossing to hold against it: whoever drives under it is on record all the same.
void watch_unowned(Turn& t) {
  auto& s = t.s;
  const auto all = booms(t.c);
  const auto under = [&](device::Boom boom) {
    return zone(s, t.c, boom, t.now.mono) == Sense::occupied && position(s, t.c, boom, t.now.mono) != Position::closed;
  };
  const auto clear = [&](device::Boom boom) { return closing_zone_free(s, t.c, boom, t.now.mono); };
  if (!std::all_of(all.begin(), all.end(), clear)) s.clear_since.reset();
  else if (!s.clear_since) s.clear_since = t.now.mono;
  if (s.clear_since && t.now.mono - *s.clear_since >= t.c.leave_debounce) s.passed_under = false;
  if (std::none_of(all.begin(), all.end(), under) || std::exchange(s.passed_under, true)) return;
  t.record_for({}, PassageSeen{"passed", s.phase == Phase::faulted      ? "the boom had failed, no crossing"
                                         : s.mode == "by_hand"          ? "the lane ran by hand, no crossing"
                                         : s.phase == Phase::emergency_stop ? "during an emergency stop, no crossing"
                                                                        : "the lane was out of service, no crossing"});
  if (s.phase == Phase::faulted) t.notify(3, "somebody drives under the boom, which has failed");
}

// How the crossing ends whose vehicle is not before the boom any more. True where it goes on: of two booms the second comes.
bool end_crossing(Turn& t, bool boom_failed) {
  auto& s = t.s;
  const Passage& p = s.passage;
  const bool by_hand = s.let_go == LetGo::by_hand;
  const bool through = passed(t) && !p.left && !p.gone_unseen;
  if (through && s.in_port && s.boom == device::Boom::first && by_hand) {  // whoever comes in again is held
    t.record(PassageSeen{"left_backwards", "let back out of the port by an officer"});
    close_beside_vehicle(t, "by_hand", "let back out through the first boom");
    return false;
  }
  if (t.c.kind == Kind::sally_port && s.boom == device::Boom::first && through && !by_hand) {
    s.in_port = true;
    return true;
  }
  if (through)
    t.record(PassageSeen{"passed", p.unseen ? "the lane's inputs were away meanwhile"
                                   : p.exit_seen || s.boom == device::Boom::second ? "" : "the exit loop did not see it"});
  std::string summary = p.tailgate ? "a second vehicle followed" : p.gone_unseen ? "nobody saw it pass" : "";
  if (boom_failed && s.phase == Phase::closing) summary += summary.empty() ? "the boom failed to close" : "; the boom failed to close";
  else if (boom_failed) summary += summary.empty() ? "the boom failed" : "; the boom failed";
  close_crossing(t, p.left ? "left" : by_hand ? "by_hand" : "released", summary);
  return false;
}

// Released and did not drive: still before the boom.
bool still_here(const Turn& t) { return !passed(t) && !t.s.passage.left && !t.s.passage.gone_unseen; }

bool found_something(const Turn& t) { return t.s.passage.halted || t.s.passage.tailgate || t.s.assess_again; }

// Something was learnt while it drove into the port: the second boom opens for nobody before somebody has looked.
void hold_in_port(Turn& t) {
  auto& s = t.s;
  t.attention(3, s.passage.tailgate ? "somebody followed into the port: look before the second boom opens"
                                    : "something was found as it drove into the port: look before the second boom opens");
  s.passage = Passage{};
  s.passed_under = false;
  s.let_go = LetGo::no;
  s.verdict.reset();
  s.held = true;
  t.enter(Phase::waiting_officer);
}

}  // namespace

bool passed(const Turn& t) {
  const auto& s = t.s;
  const bool port_taken = sense(s, t.c, points::loop_exit, t.now.mono) != Sense::free;
  if (s.in_port && s.boom == device::Boom::first) {
    if (s.let_go != LetGo::by_hand) return true;  // it stands behind it
    return s.passed_under && !port_taken;         // let back out
  }
  if (!s.passed_under) return false;
  // No loop lies behind the second boom: whoever was under it came from the port only if nobody stands there any more.
  if (s.boom == device::Boom::second) return !port_taken;
  return s.passage.entry_cleared || s.passage.exit_seen || !wired(s, t.c, points::loop_exit);
}

void doubt_identity(Turn& t, int level, Doubt why) {
  const bool away = why == Doubt::inputs_away;
  t.s.other_vehicle = true;
  drop_order_for_vehicle(t, "dropped: it may be another vehicle");
  t.record(PassageSeen{"identity_unknown", away ? "the lane's inputs were away: whoever stands here may be another vehicle"
                                                : "somebody came from behind: whoever stands here may be another vehicle"});
  t.attention(level, away ? "the lane's inputs were away: whoever stands here is not known to be the same vehicle"
                          : "somebody came from behind: whoever stands here is not known to be the same vehicle");
}

void finish_in_fault(Turn& t) {
  auto& s = t.s;
  if (s.crossing.empty() || still_here(t) || (straddles(t) && !s.passage.closed_by_hand)) return;
  if (end_crossing(t, true) && found_something(t)) s.verdict.reset();
}

// The boom may stand up, and whoever was let go drives on all the same.
void settle_faulted(Turn& t) {
  auto& s = t.s;
  if (s.crossing.empty() || s.in_port != (s.boom == device::Boom::second)) return;
  if (!passed(t)) return (void)settle_left(t);
  if (!s.clear_since || t.now.mono - *s.clear_since < t.c.clear_before_lower) return;
  finish_in_fault(t);
  if (s.crossing.empty()) t.attention(2, "the released vehicle has passed; look at the boom");
}

void watch_zone(Turn& t) {
  auto& s = t.s;
  const MonoTime now = t.now.mono;
  const bool crosses = s.phase == Phase::opening || s.phase == Phase::open || s.phase == Phase::closing;
  if (crosses || (s.phase == Phase::faulted && !s.crossing.empty())) {
    if (crosses) watch_successor(t);
    watch_vehicle(t);
    watch_absence(t);
    watch_from_behind(t);
    watch_swap(t);
    if (closing_zone_free(s, t.c, s.boom, now)) {
      if (!s.clear_since) s.clear_since = now;
    } else {
      s.clear_since.reset();
    }
  } else if (s.phase == Phase::faulted || s.phase == Phase::out_of_service || s.phase == Phase::emergency_stop) {
    watch_unowned(t);
  } else {
    s.clear_since.reset();
    s.passed_under = false;
  }
  if (sense(s, t.c, points::loop_entry, now) != Sense::free) s.entry_free.reset();
  else if (!s.entry_free) s.entry_free = now;
  if (s.entry_free && now - *s.entry_free >= t.c.leave_debounce) s.stayed.reset();
  if (sense(s, t.c, points::loop_exit, now) == Sense::free) {
    if (s.still_behind && s.attention == behind_at_start) t.attention(0, "");
    s.still_behind = false;
  }
  watch_identity(t);
  const Position first = position(s, t.c, device::Boom::first, now);
  if (!s.crossing.empty() && (zone(s, t.c, device::Boom::first, now) == Sense::occupied || (first != Position::closed && first != Position::unknown)))
    s.seen_ahead = true;
  else if (first == Position::closed && sense(s, t.c, points::loop_entry, now) == Sense::occupied && sense(s, t.c, points::loop_exit, now) == Sense::free)
    s.seen_ahead = false;  // it stands before the boom, and nobody is ahead
  const bool waits = !s.crossing.empty() && ((s.phase == Phase::gathering && t.c.kind != Kind::nii) ||
                                             (s.phase >= Phase::assessing && s.phase <= Phase::waiting_officer));  // a scan has interlocks of its own
  if (waits) watch_wrong_way(t);
  watch_wrong_way_end(t);
}

void settle_open(Turn& t) {
  auto& s = t.s;
  auto& p = s.passage;
  const MonoTime now = t.now.mono;
  const Position is = position(s, t.c, s.boom, now);
  if (is == Position::closed) {  // its own drive or somebody closed it
    const Sense under = zone(s, t.c, s.boom, now);
    if (under == Sense::free) return finish_passage(t);
    if (under == Sense::unknown) return;  // what its inputs say decides, once they are back
    return t.attention(3, "the boom says it is closed and something is under it: look at once");
  }
  show_green(t);
  const bool overdue = now - p.opened >= t.c.passage_deadline;
  if (!s.clear_since) {
    if (overdue && !p.stalled && zone(s, t.c, s.boom, now) == Sense::occupied) {
      p.stalled = true;
      t.record(PassageSeen{"stalled_under_boom", "the place under the boom is still occupied"});
      t.attention(2, "vehicle stands under the boom; the boom stays up");
    }
    return;
  }
  if (now - *s.clear_since < t.c.clear_before_lower) return;
  if (straddles(t) && !p.closed_by_hand) {  // only somebody who looks can tell one long vehicle from two close ones
    if (overdue) t.attention(2, "the boom stays up: one vehicle may lie before and behind it; close it by hand if they are two");
    return;
  }
  // Out of a port that was shut behind it there is one way only.
  if (p.unseen && s.boom == device::Boom::second && sense(s, t.c, points::loop_exit, now) == Sense::free) s.passed_under = true;
  if (passed(t)) return begin_lowering(t);
  const bool gone = p.left || p.gone_unseen;  // known already
  if (!gone && !s.in_port && !s.crossing.empty() && s.boom == device::Boom::first && s.entry_free && now - *s.entry_free >= t.c.leave_debounce) {
    end_of_stay(t);
    return begin_lowering(t);
  }
  if (p.expired || overdue) {
    p.expired = true;
    return begin_lowering(t);
  }
}

void finish_passage(Turn& t) {
  auto& s = t.s;
  const bool by_hand = s.boom_order.has_value();
  s.motion = BoomMotion{};
  for (const auto boom : booms(t.c)) t.light(boom, device::Aspect::red);
  if (!s.crossing.empty() && still_here(t)) {  // or the boom closed by itself
    if (s.passage.contested && !s.other_vehicle) doubt_identity(t, 2, Doubt::came_from_behind);
    s.boom_order.reset();
    s.passage = Passage{};
    if (!may_be_gone(s)) s.let_go = LetGo::no;
    if (s.verdict && s.verdict->verdict == Verdict::release) s.verdict.reset();
    t.attention(2, s.other_vehicle ? "whoever stands here may be another vehicle than the released one: look before you decide"
                                   : "released, but the vehicle did not drive: confirm to open again");
    return t.enter(Phase::waiting_officer);
  }
  if (!s.crossing.empty()) {
    if (end_crossing(t, false)) {
      s.boom_order.reset();  // it was for the first boom
      return found_something(t) || !s.verdict ? hold_in_port(t) : begin_raising(t, device::Boom::second);
    }
  } else if (s.passed_under) {
    t.record(PassageSeen{"passed", by_hand ? "opened by hand, no crossing" : "the boom stood open, no crossing"});
  }
  s.boom_order.reset();
  s.passage = Passage{};
  s.passed_under = false;
  if (!s.wrong_way || s.attention_level < 3) t.attention(0, "");
  t.enter(s.mode == "out_of_service" ? Phase::out_of_service : Phase::idle);
}

}  // namespace rampa::lane
