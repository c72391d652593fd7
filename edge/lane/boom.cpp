// Moving the boom. A command's outcome says what became of the output; that the boom moved is believed only when its
// feedback contact says so. An unknown outcome is never answered by sending again: the contacts are read back, and only
// where they show, after the time a movement takes, that nothing moved, is it asked once more.
#include "edge/lane/turn.hpp"

namespace rampa::lane {

namespace {
constexpr int asks_max = 2;
constexpr Duration refused_pause = 500ms;

Position wanted(const BoomMotion& motion) {
  return motion.motion == device::Motion::raise ? Position::open : Position::closed;
}
Position start_of(const BoomMotion& motion) {
  return motion.motion == device::Motion::raise ? Position::closed : Position::open;
}

// Asked only where it can be: the module answers, the inputs are known, and of two booms the other one is closed.
bool may_ask(const Turn& t) {
  const auto& s = t.s;
  if (!ready(s, "io") || !inputs_known(s, t.c, t.now.mono)) return false;
  if (t.c.kind != Kind::sally_port || s.motion.motion == device::Motion::lower || s.motion.reversal) return true;
  return position(s, t.c, other(s.boom), t.now.mono) == Position::closed;
}

void send(Turn& t) {
  auto& s = t.s;
  ++s.motion.asks;
  s.motion.asked = t.now.mono;
  if (!s.motion.first_asked) s.motion.first_asked = t.now.mono;
  s.motion.outcome.reset();
  s.boom_command = t.ask("io", device::MoveBoom{s.boom, s.motion.motion});
}

// Nothing can be asked: said after the time a movement takes, and after a passage's time it is an officer's matter.
void cannot_ask(Turn& t) {
  const Duration waits = t.now.mono - *t.s.phase_since;
  if (waits >= t.c.passage_deadline)
    return become_faulted(t, "boom_cannot_move", "the boom cannot be moved: look at the I/O module, its inputs and the other boom");
  if (waits >= t.c.boom_travel_max)
    t.attention(2, "the boom waits: I/O module, inputs or the other boom are not as they have to be");
}

void ask_if_possible(Turn& t) {
  if (may_ask(t)) send(t);
  else cannot_ask(t);
}

// One look at the movement. True where the boom is where it should be.
bool moved(Turn& t) {
  auto& s = t.s;
  auto& m = s.motion;
  const Position is = position(s, t.c, s.boom, t.now.mono);
  if (is == wanted(m)) {
    // A contact that was read before the command was sent says nothing about the command.
    return !m.asked || s.points.find(points_of(s.boom).open)->second.at > *m.asked;
  }
  if (is == Position::implausible) {
    become_faulted(t, "boom_contacts", "both feedback contacts of the boom are made: check the contacts' wiring");
    return false;
  }
  if (m.asks == 0 && !m.asked) {
    ask_if_possible(t);
    return false;
  }
  if (m.outcome == device::Outcome::refused) {  // nothing was sent
    if (t.now.mono - *m.asked < refused_pause) return false;
    if (t.now.mono - *m.first_asked >= t.c.boom_travel_max * 2) {
      become_faulted(t, "boom_refused", "the boom's command is refused: " + m.detail);
      return false;
    }
    ask_if_possible(t);
    return false;
  }
  if (t.now.mono - *m.asked < t.c.boom_travel_max || is == Position::unknown) return false;
  if (m.outcome == device::Outcome::done) {
    become_faulted(t, "boom_no_motion", "the boom acknowledged and did not move in time: look at boom and drive");
  } else if (is == start_of(m) && m.asks < asks_max) {
    ask_if_possible(t);  // read back: it did not move
  } else if (is == start_of(m) || t.now.mono - *m.asked >= t.c.boom_travel_max * 2) {
    become_faulted(t, "boom_outcome_unknown", "the boom did not reach its position and its commands stay unanswered: look at the boom");
  }
  return false;
}

// A boom that was to rise again came down all the same, and its order was not carried out: it stays down, as above.
bool came_down(const Turn& t) {
  const auto& m = t.s.motion;
  if (!m.reversal || position(t.s, t.c, t.s.boom, t.now.mono) != Position::closed) return false;
  return m.outcome == device::Outcome::refused || (m.outcome && m.outcome != device::Outcome::done && t.now.mono - *m.asked >= t.c.boom_travel_max);
}

}  // namespace

void begin_raising(Turn& t, device::Boom boom, bool reversal) {
  auto& s = t.s;
  // It drove under the boom, which failed; somebody who looks lets it rise. Which vehicle that is, is not forgotten.
  const bool out_again = s.in_port && boom == device::Boom::first;
  const bool under_way = s.phase == Phase::faulted && s.passed_under && !s.crossing.empty() && s.boom == boom && !out_again &&
                         (zone(s, t.c, boom, t.now.mono) != Sense::free || passed(t));
  s.boom = boom;
  s.motion = BoomMotion{};
  s.motion.reversal = reversal;
  s.passage.closed_by_hand = false;  // who ordered it down has not seen what made it rise
  if (!reversal) s.clear_since.reset();
  if (under_way) s.passage.expired = s.passage.stalled = false;
  if (!reversal && !under_way) {
    s.passage = Passage{};
    s.passed_under = false;
    if (!s.crossing.empty()) s.let_go = s.boom_order ? LetGo::by_hand : LetGo::by_release;
  }
  t.enter(Phase::opening);
  if (reversal) send(t);  // at once, whatever else is known
}

void begin_lowering(Turn& t) {
  auto& s = t.s;
  for (const auto boom : booms(t.c)) t.light(boom, device::Aspect::red);
  s.motion = BoomMotion{};
  s.motion.motion = device::Motion::lower;
  t.enter(Phase::closing);
}

void take_report(Turn& t, const device::CommandReport& report) {
  auto& s = t.s;
  for (const auto& [at, command] : s.light_commands) {
    if (command != report.command || report.outcome == device::Outcome::done) continue;
    s.lights.erase(at);  // setting a light twice does no harm
    s.lights_refused = t.now.mono;
  }
  if (report.command != 0 && report.command == s.boom_command) {
    s.boom_command = 0;
    s.motion.outcome = report.outcome;
    s.motion.detail = report.detail;
    if (report.outcome == device::Outcome::refused && s.motion.asks > 0) --s.motion.asks;
  } else if (report.command != 0 && report.command == s.scan_command) {
    s.scan_command = 0;
    if (report.outcome != device::Outcome::done) {
      t.notify(2, "the scanner does not take the permission: " + report.detail);
      withhold_scan(t);
    }
  }
}

void settle_opening(Turn& t) {
  auto& s = t.s;
  if (s.motion.asks == 0 && !s.motion.reversal) {  // the boom is down yet
    if (left_unopened(t)) return;
    if ((s.assess_again || s.other_vehicle || s.wrong_way) && !s.in_port && !s.boom_order && !s.crossing.empty()) {
      s.let_go = LetGo::no;
      return t.enter(Phase::deciding);
    }
  }
  if (came_down(t)) {
    s.motion.reversal = false;
    return t.enter(Phase::open);
  }
  if (!moved(t)) return;
  s.motion.reversal = false;
  s.boom_command = 0;
  s.passage.opened = t.now.mono;
  t.enter(Phase::open);
}

void settle_closing(Turn& t) {
  auto& s = t.s;
  if (!closing_zone_free(s, t.c, s.boom, t.now.mono)) {
    const bool moving = s.motion.asked.has_value();
    s.clear_since.reset();
    // Down already: there is nothing to stop any more, and a boom that rose now would let somebody through whom nobody released.
    if (!moving || position(s, t.c, s.boom, t.now.mono) == Position::closed) return t.enter(Phase::open);
    if (zone(s, t.c, s.boom, t.now.mono) == Sense::occupied && s.attention_level < 3) t.attention(2, "boom rises again: something is under it");
    return begin_raising(t, s.boom, true);
  }
  if (!moved(t)) return;
  s.boom_command = 0;
  finish_passage(t);
}

void become_faulted(Turn& t, const std::string& word, const std::string& detail) {
  auto& s = t.s;
  const bool gone = s.phase == Phase::closing;
  s.fault = word;
  s.boom_command = 0;
  for (const auto boom : booms(t.c)) t.light(boom, device::Aspect::red);
  t.record(FaultChanged{DeviceId{t.c.id.text + "-boom"}, "boom",
                        device::DeviceCondition{device::ConditionLevel::faulted, word, detail}});
  if (gone) finish_in_fault(t);
  s.boom_order.reset();
  t.attention(2, detail);
  t.enter(Phase::faulted);
}

void clear_fault(Turn& t) {
  if (t.s.fault.empty()) return;
  t.s.fault.clear();
  t.record(FaultChanged{DeviceId{t.c.id.text + "-boom"}, "boom", device::DeviceCondition{device::ConditionLevel::ready, "", ""}});
}

}  // namespace rampa::lane
