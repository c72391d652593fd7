// Officers' actions. Every one leaves an OfficerActed record, accepted or not; an accepted one takes effect only when its
// record is durable, and only if what the officer saw is still so. (To hold and to raise the channel are the exceptions: they count from the
// moment they are accepted.)
#include <algorithm>
#include <array>
#include <initializer_list>

#include "edge/lane/turn.hpp"
#include "firmware-interfaces/same_person.hpp"

namespace rampa::lane {
namespace points = device::points;

namespace {

std::string_view word_of(ActionKind kind) {
  switch (kind) {
    case ActionKind::confirm: return "confirm";
    case ActionKind::override_verdict: return "override_verdict";
    case ActionKind::refer: return "refer";
    case ActionKind::record_control: return "record_control";
    case ActionKind::hold: return "hold";
    case ActionKind::raise_channel: return "raise_channel";
    case ActionKind::vehicle_gone: return "vehicle_gone";
    case ActionKind::open_boom: return "open_boom";
    case ActionKind::close_boom: return "close_boom";
    case ActionKind::out_of_service: return "out_of_service";
    case ActionKind::return_to_service: return "return_to_service";
    case ActionKind::reset_emergency_stop: return "reset_emergency_stop";
  }
  return "?";
}

template <class Word>
bool in(Word word, std::initializer_list<Word> allowed) {
  return std::find(allowed.begin(), allowed.end(), word) != allowed.end();
}

bool favourable(const std::string& finding) { return finding == "clear" || finding == "nothing_found"; }

// Ordered controls must have been done and found nothing, and what was done unordered as well; otherwise releasing is an override.
std::string controls_open(const State& s) {
  if (!s.assessed) return "there is no assessment to confirm: override with a reason";
  for (const auto& ordered : ordered_controls(s)) {
    const auto last = std::find_if(s.controls.rbegin(), s.controls.rend(), [&](const auto& c) { return c.control == ordered; });
    if (last == s.controls.rend()) return "control without outcome: " + ordered;
    if (!favourable(last->finding)) return "control " + ordered + " found " + last->finding + ": override or refer";
  }
  for (auto last = s.controls.rbegin(); last != s.controls.rend(); ++last) {
    const bool newest = std::none_of(s.controls.rbegin(), last, [&](const auto& c) { return c.control == last->control; });
    if (newest && found_something(last->finding)) return "control " + last->control + " found " + last->finding + ": override or refer";
  }
  return {};
}

// What an operator says of a scan counts only once there is one. What an incomplete one shows may be suspect, and it may be
// taken again; it never shows that nothing is there. That a scan is not possible can always be said.
std::string wrong_scan_finding(const Turn& t, const OfficerAction& a) {
  if (a.control != "nii" || a.finding == "unable" || !has_role(t.c, "scanner")) return {};
  const auto& captures = t.s.captures;
  if (std::none_of(captures.begin(), captures.end(), [](const Capture& c) { return c.role == "scanner"; }))
    return "there is no scan of this vehicle yet: look at the image first, or record \"unable\"";
  if (a.finding == "clear" && !best(t.s, t.c, "scanner"))
    return "the scan is not complete: it cannot show that nothing is there";
  return {};
}

constexpr std::array controls{"documents", "weighing", "nii", "radiation", "physical", "other"};

std::string wrong_control(const Turn& t, const OfficerAction& a) {
  constexpr std::array findings{"nothing_found", "irregularity"};
  constexpr std::array scan_findings{"clear", "suspect", "recheck", "unable"};
  if (std::find(controls.begin(), controls.end(), a.control) == controls.end()) return "unknown control: " + a.control;
  const bool known = a.control == "nii" ? std::find(scan_findings.begin(), scan_findings.end(), a.finding) != scan_findings.end()
                                        : std::find(findings.begin(), findings.end(), a.finding) != findings.end();
  return known ? wrong_scan_finding(t, a) : "unknown finding for " + a.control + ": " + a.finding;
}

/// Yellow is a matter of documents, red one of the goods (physical or NII), where the officer names no other control.
std::string control_of_raise(const OfficerAction& a) {
  if (!a.control.empty()) return a.control;
  return a.channel == SelectivityChannel::red ? "physical" : "documents";
}

std::string wrong_raise(const State& s, const OfficerAction& a) {
  const auto control = control_of_raise(a);
  if (a.channel < SelectivityChannel::yellow) return "a channel is raised to yellow or red";
  if (std::find(controls.begin(), controls.end(), control) == controls.end()) return "unknown control: " + control;
  // An outcome of before would do for it: the channel would be raised and nothing more be looked at.
  if (std::any_of(s.controls.begin(), s.controls.end(), [&](const auto& done) { return done.control == control; })) return "this control has an outcome already: order another one";
  const auto ordered = ordered_controls(s);
  const bool known = std::find(ordered.begin(), ordered.end(), control) != ordered.end();
  return known && channel_of(s) >= a.channel ? "this control is ordered already, and the channel is no lower" : "";
}

/// To stop something is safe before it is durable; a verdict that is just being written must not overtake it.
void hold_for_officer(Turn& t, const std::string& why) {
  auto& s = t.s;
  s.held = s.stopped = true;
  if (s.attention_level == 0) t.attention(1, why);
}

void raise_channel(Turn& t, const OfficerAction& a) {
  auto& s = t.s;
  if (!s.raised) s.raised.emplace();
  s.raised->channel = std::max(s.raised->channel, a.channel);
  const auto control = control_of_raise(a);
  if (std::find(s.raised->controls.begin(), s.raised->controls.end(), control) == s.raised->controls.end()) s.raised->controls.push_back(control);
  s.raised->officer = a.officer.text;
  hold_for_officer(t, "raised by an officer: whatever the assessment says, an officer decides");
}

std::string wrong_boom(const Turn& t, const OfficerAction& a) {
  if (a.boom == device::Boom::second && t.c.kind != Kind::sally_port) return "this lane has no second boom";
  if (a.kind == ActionKind::open_boom) {
    if (t.c.kind == Kind::sally_port && position(t.s, t.c, other(a.boom), t.now.mono) != Position::closed)
      return "the other boom is not closed";
    return {};
  }
  if (t.s.phase == Phase::open && a.boom != t.s.boom) return "the other boom is the one that is open";
  if (position(t.s, t.c, a.boom, t.now.mono) == Position::closed) return "the boom is closed";
  if (!closing_zone_free(t.s, t.c, a.boom, t.now.mono)) return "the place under the boom is not known to be free";
  return {};
}

bool needs_second(const Turn& t, const OfficerAction& a) {
  if (a.kind == ActionKind::open_boom) return manual_boom_needs_second(t.s, t.c, t.now.mono);
  return a.kind == ActionKind::override_verdict && a.verdict == Verdict::release && t.c.override_needs_second;
}

/// These propose a verdict. Any other order that drops or comes too late leaves alone what policy has proposed meanwhile.
bool decides(ActionKind kind) { return kind <= ActionKind::refer; }

bool concerns_crossing(ActionKind kind) { return kind <= ActionKind::open_boom; }

std::string back_to_service_refusal(const Turn& t) {
  if (t.s.phase != Phase::faulted || t.s.crossing.empty()) return {};
  for (const auto boom : booms(t.c)) {
    const auto is = position(t.s, t.c, boom, t.now.mono);
    if (is != Position::closed && is != Position::open) return "the boom is neither open nor closed";
  }
  return {};
}

// Why not; empty where the action is accepted.
std::string refusal_of(const Turn& t, const OfficerAction& a) {
  const auto& s = t.s;
  if (a.officer.empty()) return "no officer is named";
  if (records_held(s)) return "records cannot be written now: nothing can be ordered";
  if (s.order) return "another order is just being recorded";
  if (s.mode == "by_hand") return "the key switch stands on manual: the lane runs by hand";
  if (!offered(a.kind, s)) return "not possible while the lane is " + std::string(name_of(s.phase));
  if (concerns_crossing(a.kind) && a.crossing != s.crossing)
    return s.crossing.empty() ? "that crossing has ended" : "the lane has another crossing now: " + s.crossing.text;
  if (needs_reason(a.kind, s) && a.reason.empty())
    return a.kind == ActionKind::confirm ? "not known to be the same vehicle: look at it, and say so as the reason"
                                         : "a reason is needed";
  if (needs_second(t, a) && a.second.empty()) return "a second person is needed";
  if (!a.second.empty() && same_person(a.second.text, a.officer.text)) return "the second person must be somebody else";
  switch (a.kind) {
    case ActionKind::confirm: return controls_open(s);
    case ActionKind::record_control: return wrong_control(t, a);
    case ActionKind::raise_channel: return wrong_raise(s, a);
    case ActionKind::open_boom:
    case ActionKind::close_boom: return wrong_boom(t, a);
    case ActionKind::return_to_service: return back_to_service_refusal(t);
    case ActionKind::reset_emergency_stop:
      return sense(s, t.c, points::emergency_stop, t.now.mono) == Sense::free ? "" : "the emergency stop chain is not known to be closed";
    default: return {};
  }
}

VerdictGiven verdict_of(const Turn& t, const OfficerAction& a) {
  VerdictGiven v;
  v.verdict = a.kind == ActionKind::confirm ? Verdict::release : a.kind == ActionKind::refer ? Verdict::refer : a.verdict;
  v.channel = channel_of(t.s).value_or(v.channel);
  v.decided_by = a.officer.text;
  v.second_officer = a.second.text;
  v.reason = a.reason.empty() ? "ordered controls found nothing" : a.reason;
  v.overrides = a.kind == ActionKind::override_verdict;
  v.audit_afterwards = v.verdict == Verdict::release && v.channel == SelectivityChannel::blue;
  v.decision_ms = to_ms(t.now.mono - t.s.arrived.mono);
  return v;
}

void resume_from_fault(Turn& t) {
  auto& s = t.s;
  clear_fault(t);
  s.motion = BoomMotion{};
  finish_in_fault(t);
  if (s.crossing.empty()) return t.enter(Phase::starting);
  const bool unwatched = s.passage.unseen || s.passage.away || s.passage.contested;
  if (s.let_go != LetGo::no && unwatched && !s.in_port && !s.other_vehicle)
    doubt_identity(t, 2, s.passage.contested ? Doubt::came_from_behind : Doubt::inputs_away);
  if (all_booms_closed(s, t.c, t.now.mono)) {
    s.passage = Passage{};
    if (!may_be_gone(s)) s.let_go = LetGo::no;
    if (s.verdict && s.verdict->verdict == Verdict::release) s.verdict.reset();
    t.attention(2, s.other_vehicle ? "after the fault: not known to be the same vehicle; look before you decide" : "after the fault: confirm or override to open again");
    return t.enter(Phase::waiting_officer);
  }
  s.clear_since.reset();  // it counts from here
  for (const auto boom : booms(t.c)) {
    if (boom == s.boom || position(s, t.c, boom, t.now.mono) == Position::closed) continue;
    s.boom = boom;
    s.passage = Passage{};
    s.passed_under = false;
  }
  s.passage.opened = t.now.mono;
  if (s.other_vehicle || s.assess_again) s.passage.halted = s.passage.expired = true;
  t.enter(Phase::open);
}

// Whoever stands there now is a vehicle of its own: it gets its own crossing, and nothing of this one opens for it.
void leave_unseen(Turn& t, const OfficerAction& a) {
  auto& s = t.s;
  t.record(PassageSeen{"unseen", "found gone by officer " + a.officer.text});
  close_beside_vehicle(t, outcome_unseen(s, s.verdict ? "refused" : "left"), "nobody saw it leave; an officer found it gone");
  t.attention(0, "");
  t.enter(Phase::idle);
}

}  // namespace

std::optional<SelectivityChannel> channel_of(const State& s) {
  std::optional<SelectivityChannel> channel;
  if (s.assessed) channel = s.assessed->assessment.channel;
  if (s.raised) channel = std::max(channel.value_or(s.raised->channel), s.raised->channel);
  return channel;
}

std::vector<std::string> ordered_controls(const State& s) {
  std::vector<std::string> ordered;
  if (s.assessed) ordered = s.assessed->assessment.controls;
  if (!s.raised) return ordered;
  for (const auto& control : s.raised->controls)
    if (std::find(ordered.begin(), ordered.end(), control) == ordered.end()) ordered.push_back(control);
  return ordered;
}

bool found_something(const std::string& finding) { return finding == "irregularity" || finding == "suspect"; }

bool offered(ActionKind kind, const State& state) {
  const Phase phase = state.phase;
  switch (kind) {
    case ActionKind::confirm:
    case ActionKind::override_verdict:
    case ActionKind::refer:
    case ActionKind::vehicle_gone: return phase == Phase::waiting_officer;
    case ActionKind::record_control: return in(phase, {Phase::gathering, Phase::scanning, Phase::waiting_officer});
    case ActionKind::hold: return in(phase, {Phase::gathering, Phase::scanning, Phase::assessing, Phase::deciding});
    case ActionKind::raise_channel:
      return in(phase, {Phase::gathering, Phase::scanning, Phase::assessing, Phase::deciding, Phase::waiting_officer});
    case ActionKind::open_boom: return in(phase, {Phase::idle, Phase::waiting_officer, Phase::faulted, Phase::out_of_service});
    case ActionKind::close_boom: return in(phase, {Phase::open, Phase::faulted, Phase::out_of_service});
    case ActionKind::out_of_service:
      return in(phase, {Phase::starting, Phase::idle, Phase::gathering, Phase::scanning, Phase::deciding, Phase::waiting_officer, Phase::open,
                        Phase::faulted});
    case ActionKind::return_to_service: return in(phase, {Phase::faulted, Phase::out_of_service});
    case ActionKind::reset_emergency_stop: return phase == Phase::emergency_stop;
  }
  return false;
}

bool needs_reason(ActionKind kind, const State& state) {
  if (kind == ActionKind::confirm) return state.other_vehicle;  // that somebody has looked
  return in(kind, {ActionKind::override_verdict, ActionKind::refer, ActionKind::raise_channel, ActionKind::vehicle_gone, ActionKind::open_boom, ActionKind::close_boom,
                   ActionKind::out_of_service});
}

bool manual_boom_needs_second(const State& state, const Config& config, MonoTime now) {
  const auto taken = [&](std::string_view point) { return sense(state, config, point, now) != Sense::free; };
  const bool somebody = taken(points::loop_entry) || (config.kind == Kind::sally_port && taken(points::loop_exit));
  const bool may_be_next = state.passage.exit_seen || state.passage.entry_cleared;  // the released one has passed a boom that failed
  const bool unreleased = state.phase == Phase::waiting_officer || (somebody && (state.let_go == LetGo::no || may_be_next));
  return config.manual_boom_needs_second || (unreleased && config.override_needs_second);
}

void take_action(Turn& t, const OfficerAction& a) {
  auto& s = t.s;
  const std::string refusal = refusal_of(t, a);
  OfficerActed acted{a.officer.text, a.terminal, std::string(word_of(a.kind)), a.reason, refusal.empty(), refusal, {}, {}};
  if (a.kind == ActionKind::raise_channel) {
    acted.channel = name_of(a.channel);
    acted.control = control_of_raise(a);
  }
  if (!a.second.empty()) acted.reason += " (second person: " + a.second.text + ")";
  (void)t.commit(Purpose::history);
  t.record(std::move(acted));
  if (!refusal.empty()) {
    t.effects.emplace_back(Answer{a.request, false, refusal});
    return;
  }
  switch (a.kind) {
    case ActionKind::confirm:
    case ActionKind::override_verdict:
    case ActionKind::refer:
      s.proposed = verdict_of(t, a);
      t.record(*s.proposed);
      break;
    case ActionKind::record_control: t.record(ControlRecorded{a.control, a.finding, a.officer.text, a.reason}); break;
    default: break;
  }
  if (a.kind == ActionKind::hold) hold_for_officer(t, "held by an officer: whatever the assessment says, an officer decides");
  if (a.kind == ActionKind::raise_channel) raise_channel(t, a);
  if (a.kind == ActionKind::record_control && found_something(a.finding)) s.held = true;  // the same
  s.order = a;
  s.order_persist = t.commit(Purpose::order);
  if (decides(a.kind)) s.verdict_persist = s.order_persist;
}

void drop_order(Turn& t, const std::string& why) {
  auto& s = t.s;
  if (!s.order) return;
  t.effects.emplace_back(Answer{s.order->request, false, why});
  if (decides(s.order->kind)) s.proposed.reset();
  s.order.reset();
}

void drop_order_for_vehicle(Turn& t, const std::string& why) {
  if (t.s.order && (decides(t.s.order->kind) || t.s.order->kind == ActionKind::open_boom)) drop_order(t, why);
}

std::string carry_out(Turn& t, const OfficerAction& a) {
  auto& s = t.s;
  const bool held_anyway = a.kind == ActionKind::hold && s.phase == Phase::waiting_officer;
  const bool stale = (concerns_crossing(a.kind) && a.crossing != s.crossing) || !(offered(a.kind, s) || held_anyway) || s.mode == "by_hand";
  if (stale) {
    if (decides(a.kind)) s.proposed.reset();
    const std::string refusal = "order " + std::string(word_of(a.kind)) + " came too late: the lane has changed meanwhile";
    t.notify(2, refusal);
    return refusal;
  }
  if (in(a.kind, {ActionKind::confirm, ActionKind::override_verdict, ActionKind::open_boom})) {
    s.other_vehicle = s.stopped = false;  // an officer has looked; from now on anew
    s.entry_known = t.now.mono;
  }
  switch (a.kind) {
    case ActionKind::confirm:
    case ActionKind::override_verdict:
    case ActionKind::refer:
      s.verdict = s.proposed;
      s.proposed.reset();
      s.assess_again = false;
      t.enter(Phase::deciding);
      return {};
    case ActionKind::record_control:
      s.controls.push_back(ControlRecorded{a.control, a.finding, a.officer.text, a.reason});
      s.held = s.held || found_something(a.finding);
      if (a.control == "nii" && a.finding == "recheck" && t.c.kind == Kind::nii && (s.phase == Phase::scanning || s.phase == Phase::waiting_officer)) {
        std::erase_if(s.captures, [](const Capture& c) { return c.role == "scanner" || c.role == scan_aids_role; });
        std::erase_if(s.controls, [](const ControlRecorded& c) { return c.control == "nii"; });  // they were said of that image
        s.scan_over = false;
        s.scan_due = t.now.mono + t.c.scan_deadline;
        t.enter(Phase::scanning);  // it is scanned again; who was held stays held
      }
      return {};
    case ActionKind::hold: return {};  // holds since it was accepted
    case ActionKind::raise_channel:
      if (s.phase == Phase::waiting_officer && s.attention_level <= 2) t.attention(2, call_text(s));
      return {};
    case ActionKind::vehicle_gone:
      leave_unseen(t, a);
      return {};
    case ActionKind::open_boom:
      // Let out of the port without a crossing: what the second boom sees is not said of the one who waits before the first.
      if (a.boom == device::Boom::second && !s.in_port && !s.crossing.empty())
        close_beside_vehicle(t, "aborted", "the second boom was opened by hand for somebody else");
      s.boom_order = a.boom;
      clear_fault(t);
      t.attention(0, "");
      begin_raising(t, a.boom);
      return {};
    case ActionKind::close_boom:
      if (s.phase != Phase::open) {
        if (s.crossing.empty() || s.boom != a.boom) {
          s.passage = Passage{};
          s.passed_under = false;
        }
        s.boom = a.boom;
        s.clear_since.reset();
        s.passage.opened = t.now.mono;
        clear_fault(t);
      }
      s.passage.expired = s.passage.closed_by_hand = true;
      t.enter(Phase::open);
      return {};
    case ActionKind::out_of_service:
      withhold_scan(t);
      close_beside_vehicle(t, outcome_unseen(s, "aborted"), "lane taken out of service");
      s.boom_order.reset();
      s.passed_under = false;  // whoever is under it now, and not through yet, passes without a crossing
      clear_fault(t);
      change_mode(t, "out_of_service", a.officer.text, a.reason);
      for (const auto boom : booms(t.c)) t.light(boom, device::Aspect::red);
      if (all_booms_closed(s, t.c, t.now.mono)) t.attention(1, "out of service: " + a.reason);
      else t.attention(2, "out of service, and the boom is not closed: " + a.reason);
      t.enter(Phase::out_of_service);
      return {};
    case ActionKind::return_to_service:
      s.start_notice.clear();
      change_mode(t, "in_service", a.officer.text, a.reason);
      t.attention(0, "");
      if (s.phase == Phase::faulted) resume_from_fault(t);
      else t.enter(Phase::starting);
      return {};
    case ActionKind::reset_emergency_stop:
      change_mode(t, s.mode_before, a.officer.text, a.reason);
      t.attention(0, "");
      t.enter(Phase::starting);
      return {};
  }
  return {};
}

}  // namespace rampa::lane
