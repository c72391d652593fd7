// The lane's machine: who looks after which phase, and the one place where an event is shared out.
//
//   starting --inputs known, booms closed--> idle --arrival loop steady--> gathering
//      |  \--a boom stands open--> open            ^                          | all evidence, or deadline
//      |                                           |            (NII lane) scanning --image and finding, loss, deadline--+
//      |                                           |                          |                                          |
//      |                                           |                          v                                          |
//      |                                           |                      assessing <------------------------------------+
//      |                                           |                          | Assessed
//      |                                           |                          v
//      |                                           |     +--hold, refer-- deciding --Committed(release)--> opening
//      |                                           |     v                  ^                                 | boom_open
//      |                                           +- waiting_officer ------+ confirm, override               v
//      |                                           |  left: refused                                         open
//      |                                           |                        (sally port: second boom          | passed, zone clear
//      |                                           |                         opening <-----------+            v
//      |                                           +---------boom_closed---------------------- closing ------+
//      |                                                                                        | zone not free: opening (I7)
//      |
//   from any phase: E-stop input -> emergency_stop (latched; officer's reset) -> starting
//                   key switch   -> out_of_service "by_hand" (software only observes) -> starting when the key is back
//                   boom does not do what was asked -> faulted (officer: return_to_service, open, close)
//   Vehicle leaves in gathering .. waiting_officer: crossing closed, idle. An officer who finds it gone says so (vehicle_gone).
//   Something grave (radiation alarm, second vehicle on the scale) in assessing .. waiting_officer: assessing again; an order that
//   is not durable yet drops. Whoever an officer holds before the verdict (hold), or who waited for an officer once, is never
//   released by policy, nor after a restart. Inputs away between arrival and release: whoever stands there is not known to be the
//   same vehicle, and an officer decides. An operator's "recheck" in scanning or waiting_officer: scanning again.
//   In faulted, out_of_service and emergency_stop the place under the boom is watched on: who drives through is on record.
//
// Time and inputs are looked at on every event alike ("settle"), so no decision hangs on one particular event arriving;
// timers only make sure that some event comes.
#include "edge/lane/lane.hpp"

#include <algorithm>

#include "edge/lane/turn.hpp"

namespace rampa::lane {

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::starting: return "starting";
    case Phase::idle: return "idle";
    case Phase::gathering: return "gathering";
    case Phase::scanning: return "scanning";
    case Phase::assessing: return "assessing";
    case Phase::deciding: return "deciding";
    case Phase::waiting_officer: return "waiting_officer";
    case Phase::opening: return "opening";
    case Phase::open: return "open";
    case Phase::closing: return "closing";
    case Phase::faulted: return "faulted";
    case Phase::out_of_service: return "out_of_service";
    case Phase::emergency_stop: return "emergency_stop";
  }
  return "?";
}

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

void take_device(Turn& t, const FromDevice& from) {
  const auto& [role, event] = from;
  std::visit(Overloaded{
                 [&](const device::PointImage& image) { take_points(t, image, event.from); },
                 [&](const device::WeighReading& v) { take_capture(t, role, event.from, v, event.attachments); },
                 [&](const device::PlateRead& v) { take_capture(t, role, event.from, v, event.attachments); },
                 [&](const device::RadiationReading& v) { take_capture(t, role, event.from, v, event.attachments); },
                 [&](const device::ScanImage& v) { take_capture(t, role, event.from, v, event.attachments); },
                 [&](const device::ScanAids& v) { take_scan_aids(t, event.from, v); },
                 [&](const device::ScannerReport& report) { take_scanner(t, report); },
                 [&](const device::DeviceCondition& v) { take_condition(t, role, event, v); },
                 [&](const device::CommandReport& report) { take_report(t, report); },
                 [&](const device::CameraFrame& v) { take_frame(t, role, event.from, v, event.attachments); },
                 [](const device::PortalOccupied&) {},  // the reading follows
                 [](const device::ScanStrip&) {},       // stored by the reactor as it grows
             },
             event.body);
}

void take(Turn& t, const Event& event) {
  std::visit(Overloaded{
                 [&](const FromDevice& v) { take_device(t, v); },
                 [&](const OfficerAction& v) { take_action(t, v); },
                 [&](const Assessed& v) { take_assessment(t, v); },
                 [&](const Committed& v) { take_committed(t, v.persist); },
                 [&](const CommitFailed& v) { take_commit_failed(t, v); },
                 [&](const TimerFired&) { t.s.wake.reset(); },
                 [](const Tick&) {},
                 [&](const Started& v) { take_started(t, v); },
                 [&](const LinkChanged& v) { t.s.link_up = v.up; },
             },
             event);
}

void settle_phase(Turn& t) {
  switch (t.s.phase) {
    case Phase::starting: return settle_starting(t);
    case Phase::idle: return settle_idle(t);
    case Phase::gathering: if (!settle_left(t)) settle_gathering(t); return;
    case Phase::scanning: if (!settle_left(t)) settle_scanning(t); return;
    case Phase::assessing: if (!settle_left(t)) settle_assessing(t); return;
    case Phase::deciding: if (!settle_left(t)) settle_deciding(t); return;
    case Phase::waiting_officer: if (!settle_left(t)) settle_waiting(t); return;
    case Phase::faulted: return settle_faulted(t);
    case Phase::opening: return settle_opening(t);
    case Phase::open: return settle_open(t);
    case Phase::closing: return settle_closing(t);
    case Phase::out_of_service:
    case Phase::emergency_stop: return;
  }
}

// The next moment at which something changes by time alone.
std::optional<MonoTime> next_moment(const State& s, const Config& c, MonoTime now) {
  std::optional<MonoTime> next;
  const auto at = [&](MonoTime moment) {
    if (moment > now && (!next || moment < *next)) next = moment;
  };
  const auto since = [&](const std::optional<MonoTime>& start, Duration wait) { if (start) at(*start + wait); };
  switch (s.phase) {
    case Phase::idle:
      if (auto p = s.points.find(device::points::loop_entry); p != s.points.end()) at(p->second.changed + c.presence_debounce);
      since(s.not_closed, c.leave_debounce);
      break;
    case Phase::gathering: at(s.evidence_due); since(s.weigh_since, c.weigh_settle); break;
    case Phase::scanning: at(s.scan_due); break;
    case Phase::assessing: at(s.assess_due); break;
    case Phase::opening:
    case Phase::closing:
      since(s.phase_since, c.boom_travel_max);
      since(s.phase_since, c.passage_deadline);
      since(s.motion.asked, c.boom_travel_max);
      since(s.motion.asked, c.boom_travel_max * 2);
      since(s.motion.first_asked, c.boom_travel_max);
      since(s.clear_since, c.clear_before_lower);
      break;
    case Phase::open: at(s.passage.opened + c.passage_deadline); since(s.clear_since, c.clear_before_lower); break;
    case Phase::faulted: since(s.clear_since, c.clear_before_lower); break;
    case Phase::starting: since(s.phase_since, c.boom_travel_max); break;
    default: break;
  }
  if (s.phase >= Phase::gathering) since(s.entry_free, c.leave_debounce);
  if (!s.unwritten.empty()) at(s.rewrite_at);
  return next;
}

}  // namespace

Step step(State state, const Event& event, const Context& context) {
  Step result{std::move(state), {}};
  Turn t(result.state, context);
  if (!t.s.phase_since) t.s.phase_since = t.now.mono;
  take(t, event);
  settle_store(t);
  settle_safety(t);  // first: once the key is turned nothing more is asked
  watch_zone(t);
  // A change of phase may make the next one due at once; the bound only guards against a bug that would go in circles.
  for (int turns = 0; turns < 8; ++turns) {
    const Phase before = t.s.phase;
    settle_phase(t);
    if (t.s.phase == before) break;
  }
  t.settle_lights();
  (void)t.commit(Purpose::history);
  if (const auto next = next_moment(t.s, t.c, t.now.mono); next != t.s.wake) {
    t.s.wake = next;
    if (next) t.effects.emplace_back(StartTimer{"wake", *next});
    else t.effects.emplace_back(StopTimer{"wake"});
  }
  result.effects = std::move(t.effects);
  return result;
}

}  // namespace rampa::lane
