// What stands above the phases: device conditions, emergency stop, key switch, and records that can or cannot be written.
#include <utility>

#include "edge/lane/turn.hpp"

namespace rampa::lane {
namespace points = device::points;

namespace {

// For stopping, any report counts, however old or doubtful; for going on only a fresh good one does.
bool said(const State& s, const Config& c, std::string_view point) {
  const auto found = s.points.find(point);
  return wired(s, c, point) && found != s.points.end() && found->second.known && found->second.on;
}

void drop_movement(Turn& t) {
  auto& s = t.s;
  withhold_scan(t);
  s.boom_command = 0;
  s.boom_order.reset();
  s.motion = BoomMotion{};
  s.passage = Passage{};
  s.fault.clear();
  s.passed_under = false;
}

// Stop and key may follow each other: what was before the first of them counts.
void remember_mode(State& s) {
  if (s.mode == "in_service" || s.mode == "out_of_service") s.mode_before = s.mode;
}

void stop_all(Turn& t) {
  drop_movement(t);
  close_beside_vehicle(t, "aborted", "emergency stop");
  remember_mode(t.s);
  change_mode(t, "emergency_stop", "input", "");
  for (const auto boom : booms(t.c)) t.light(boom, device::Aspect::red);
  t.attention(3, "emergency stop");
  t.enter(Phase::emergency_stop);
}

void by_hand(Turn& t) {
  drop_movement(t);
  close_beside_vehicle(t, "by_hand", "key switch turned to manual");
  remember_mode(t.s);
  change_mode(t, "by_hand", "key switch", "");
  t.attention(2, "the lane runs by hand (key switch); Rampa only observes");
  t.enter(Phase::out_of_service);
}

}  // namespace

namespace {

// A picture that cannot be had any more must not keep its capture, and all that comes after it, from being recorded.
// False: there was none.
bool leave_blobs_out(Turn& t, Group& group, const std::string& why) {
  bool any = false;
  for (auto& record : group.records) {
    if (std::erase_if(record.attachments, [](const Attachment& a) { return !a.bytes; }) == 0) continue;
    any = true;
    auto* taken = std::get_if<CaptureTaken>(&record.body);
    if (!taken) continue;
    spoil(t, *taken, why);
    taken->from.quality = device::Quality::bad;
    taken->from.reason = "its picture could not be stored: " + why;
  }
  return any;
}

bool about_store(const std::string& attention) { return attention.starts_with("records cannot be written"); }

}  // namespace

bool held_by(const RecordBody& record) {
  if (const auto* verdict = std::get_if<VerdictGiven>(&record)) return verdict->verdict != Verdict::release;
  if (const auto* acted = std::get_if<OfficerActed>(&record)) return acted->accepted && (acted->action == "hold" || acted->action == "raise_channel");
  if (const auto* control = std::get_if<ControlRecorded>(&record)) return found_something(control->finding);
  if (const auto* taken = std::get_if<CaptureTaken>(&record)) return radiation_alarm(taken->body);
  if (const auto* seen = std::get_if<PassageSeen>(&record))
    return seen->what == "identity_unknown" || seen->what == "stood_before" || seen->what == "second_vehicle_on_scale";
  return false;
}

void change_mode(Turn& t, const std::string& mode, const std::string& by, const std::string& reason) {
  if (t.s.mode == mode) return;
  t.s.mode = mode;
  t.record(LaneModeChanged{mode, by, reason});
}

void settle_safety(Turn& t) {
  auto& s = t.s;
  if (said(s, t.c, points::emergency_stop)) {
    if (s.phase != Phase::emergency_stop) stop_all(t);
    return;
  }
  if (s.phase == Phase::emergency_stop) return;
  if (said(s, t.c, points::manual_mode)) {
    if (s.mode != "by_hand") by_hand(t);
  } else if (s.mode == "by_hand" && sense(s, t.c, points::manual_mode, t.now.mono) == Sense::free) {
    change_mode(t, s.mode_before, "key switch", "key is back");
    s.lights.clear();
    t.enter(Phase::starting);
  }
}

void take_condition(Turn& t, const std::string& role, const device::DeviceEvent& event,
                    const device::DeviceCondition& condition) {
  auto& s = t.s;
  const auto known = s.conditions.find(role);
  const bool first = known == s.conditions.end();
  if (!first && known->second == condition) return;
  s.conditions[role] = condition;
  const bool plain_start = first && condition.level <= device::ConditionLevel::ready && condition.fault.empty();
  if (!plain_start && condition.level != device::ConditionLevel::checking)
    t.record(FaultChanged{event.from.device, role, condition});
  if (condition.level != device::ConditionLevel::ready) return;
  if (role == "scanner" && !s.scan_permitted) t.ask("scanner", device::WithholdScan{true});
  if (role == "io") {  // a module that was away may have lost its outputs
    s.lights.clear();
    s.lights_refused.reset();
  }
}

void take_started(Turn& t, const Started& started) {
  auto& s = t.s;
  if (s.phase != Phase::starting) return;
  for (const auto& crossing : started.unfinished)
    t.record_for(crossing, CrossingClosed{"aborted", std::string(ended_by_restart)});
  // Until the arrival loop is known to be free: whoever stands there was held, or stood there while the lane was not in service.
  if (started.held || started.mode != "in_service") s.stayed = t.now.mono;
  s.seen_reads = started.seen_reads;
  s.mode_before = started.mode_before;
  if (!started.notice.empty()) {
    s.start_notice = started.notice;
    t.notify(2, started.notice);
    change_mode(t, "out_of_service", "start", started.notice);
  } else if (started.mode == "emergency_stop") {
    s.mode = started.mode;
    t.attention(3, "emergency stop from before the restart: an officer has to reset it");
    t.enter(Phase::emergency_stop);
  } else if (started.mode == "out_of_service") {
    s.mode = started.mode;
  } else if (started.mode == "by_hand") {  // where the key still stands there, its input says so again
    s.mode = started.mode;
    change_mode(t, s.mode_before, "start", "Rampa was restarted");
  }
}

void take_committed(Turn& t, std::uint64_t persist) {
  auto& s = t.s;
  const auto found = s.pending.find(persist);
  if (found == s.pending.end()) return;
  const auto groups = std::move(found->second);
  s.pending.erase(found);
  if (persist == s.rewriting) {
    s.rewriting = 0;
    t.notify(1, "records can be written again");
    if (about_store(s.attention)) t.attention(s.attention_covered_level, s.attention_covered);
  }
  for (const auto& group : groups) {
    if (group.purpose == Purpose::verdict && group.crossing == s.crossing && s.proposed) {
      s.verdict = std::exchange(s.proposed, std::nullopt);
    } else if (group.purpose == Purpose::order && s.order && persist == s.order_persist) {
      const auto order = *std::exchange(s.order, std::nullopt);
      const std::string refusal = carry_out(t, order);
      t.effects.emplace_back(Answer{order.request, refusal.empty(), refusal});
    }
  }
}

void take_commit_failed(Turn& t, const CommitFailed& failed) {
  auto& s = t.s;
  const auto found = s.pending.find(failed.persist);
  if (found == s.pending.end()) return;
  auto groups = std::move(found->second);
  s.pending.erase(found);
  if (failed.persist == s.rewriting) s.rewriting = 0;
  bool at_once = false;
  for (auto& group : groups) {
    if (failed.blobs_lost && leave_blobs_out(t, group, failed.why)) at_once = true;
    if (group.purpose == Purpose::order) {  // an order is never carried out later than it was given
      if (failed.persist == s.order_persist) drop_order(t, "the order could not be recorded: " + failed.why);
    } else {
      s.unwritten.push_back(std::move(group));
    }
  }
  s.rewrite_at = at_once ? t.now.mono : t.now.mono + t.c.rewrite_after;
  const std::string text = "records cannot be written (" + failed.why + "): the lane holds";
  if (!about_store(s.attention)) {
    s.attention_covered = s.attention;
    s.attention_covered_level = s.attention_level;
  }
  if (s.attention_level < 3) t.attention(2, text);
  else t.notify(2, text);  // an alarm stays in sight
}

void settle_store(Turn& t) {
  auto& s = t.s;
  if (s.unwritten.empty() || s.rewriting != 0 || !t.past(s.rewrite_at)) return;
  const auto number = s.next_number++;
  s.rewriting = number;
  Persist persist{number, {}};
  for (const auto& group : s.unwritten) {
    persist.records.insert(persist.records.end(), group.records.begin(), group.records.end());
    if (group.purpose == Purpose::verdict && group.crossing == s.crossing) s.verdict_persist = number;
  }
  s.pending[number] = std::exchange(s.unwritten, {});
  t.effects.emplace_back(std::move(persist));
}

}  // namespace rampa::lane
