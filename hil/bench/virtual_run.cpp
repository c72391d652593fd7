#include "hil/bench/virtual_run.hpp"

#include <algorithm>

#include "edge/crossing/record_json.hpp"

namespace rampa::hil {
namespace {

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

std::string body_of(const device::CommandBody& body) {
  if (const auto* move = std::get_if<device::MoveBoom>(&body))
    return std::string(move->motion == device::Motion::raise ? "raise " : "lower ") + std::to_string(static_cast<int>(move->boom));
  if (const auto* light = std::get_if<device::SetLight>(&body)) return "light " + std::to_string(static_cast<int>(light->aspect));
  if (const auto* scan = std::get_if<device::WithholdScan>(&body)) return scan->withhold ? "withhold" : "permit scan";
  return std::holds_alternative<device::AbortScan>(body) ? "abort scan" : "take frames";
}

LaneSight sight_of(const runtime::LaneView& view, const SimulatedLane& world) {
  LaneSight sight;
  const auto& s = view.state;
  sight.lane = view.config.id.text;
  sight.phase = std::string(lane::name_of(s.phase));
  sight.crossing = s.crossing.text;
  sight.second_needed = view.config.override_needs_second;
  if (s.assessed) {
    sight.channel = std::string(name_of(s.assessed->assessment.channel));
    sight.ordered = s.assessed->assessment.controls;
  }
  if (s.verdict) sight.verdict = std::string(name_of(s.verdict->verdict));
  for (const auto& control : s.controls) sight.recorded.push_back(control.control);
  for (const auto& capture : s.captures)
    if (const auto* scan = std::get_if<device::ScanImage>(&capture.body)) sight.scan_complete = sight.scan_complete || scan->complete;
  // The officer looks out of the window.
  const Observation o = world.observe();
  sight.boom_closed = o.boom_angle <= 0.02 && o.boom_2_angle <= 0.02;
  sight.zone_free = !o.loop_boom && !o.photocell && !o.loop_boom_2 && !o.photocell_2;
  sight.in_port = s.in_port;
  sight.stranded = !s.in_port && world.lorry_stands_in_port();
  return sight;
}

lane::OfficerAction action_of(const OfficerWish& wish) {
  static const std::map<std::string, lane::ActionKind> kinds{
      {"override", lane::ActionKind::override_verdict}, {"refer", lane::ActionKind::refer},
      {"confirm", lane::ActionKind::confirm},           {"record_control", lane::ActionKind::record_control},
      {"hold", lane::ActionKind::hold},                 {"raise_channel", lane::ActionKind::raise_channel},
      {"vehicle_gone", lane::ActionKind::vehicle_gone},
      {"open_boom", lane::ActionKind::open_boom},       {"close_boom", lane::ActionKind::close_boom},
      {"out_of_service", lane::ActionKind::out_of_service}, {"return_to_service", lane::ActionKind::return_to_service},
      {"reset_emergency_stop", lane::ActionKind::reset_emergency_stop}};
  lane::OfficerAction action;
  action.kind = kinds.at(wish.action);
  action.officer = OfficerId{"1001"};
  if (wish.with_second) action.second = OfficerId{"1002"};
  action.terminal = "bench";
  action.reason = wish.reason;
  action.crossing = CrossingId{wish.crossing};
  action.verdict = wish.verdict == "refer" ? Verdict::refer : wish.verdict == "hold" ? Verdict::hold : Verdict::release;
  action.boom = wish.boom == 2 ? device::Boom::second : device::Boom::first;
  action.control = wish.control;
  action.finding = wish.finding;
  return action;
}

}  // namespace

void RunWatcher::mix(MonoTime now, std::string_view kind, std::string_view text) {
  auto bytes = [this](std::string_view part) {
    for (const char c : part) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  };
  const std::string at = std::to_string(now.ns);
  bytes(at);
  bytes(kind);
  bytes(text);
  if (trace) std::fprintf(trace, "%10.3f %-8.*s %.*s\n", static_cast<double>(now.ns) / 1e9, static_cast<int>(kind.size()), kind.data(),
                          static_cast<int>(text.size()), text.data());
}

void RunWatcher::world_event(const WorldEvent& event) {
  mix(event.at, "world", event.lane + " " + event.what + " " + std::to_string(event.lorry) + " " + event.detail);
  invariants.world_event(event, post->world(event.lane));
  if (on_world) on_world(event);
}

void RunWatcher::device_event(const device::DeviceEvent& event, MonoTime now) {
  invariants.device_event(event, patience(event.from.device));
  if (const auto* condition = std::get_if<device::DeviceCondition>(&event.body)) {
    const std::string text = event.from.device.text + ":" + std::string(name_of(condition->level)) + ":" + condition->fault;
    mix(now, "device", text);
    if (keep_crossings) report.conditions.push_back(text);
  }
}

void RunWatcher::sent(const device::Command& command, MonoTime now) {
  mix(now, "command", command.device.text + " " + body_of(command.body));
  invariants.sent(command, now);
}

void RunWatcher::committed(const Record& record, MonoTime now) {
  ++records_;
  const RecordText text = encode(record.body);
  mix(now, "record", record.lane.text + " " + record.crossing.text + " " + text.open + " " + text.personal);
  invariants.committed(record, now);
  if (keep_crossings) add_record(report.crossings, record);
}

void RunWatcher::notice(const LaneId& lane, int level, const std::string& text, MonoTime now) {
  mix(now, "notice", lane.text + " " + std::to_string(level) + " " + text);
  if (keep_crossings) report.notices.push_back(lane.text + ": " + text);
}

void RunWatcher::killed(MonoTime now) {
  mix(now, "killed", "");
  invariants.killed();
}

void RunWatcher::queue_over_bound(const std::string& which, std::size_t depth, MonoTime now) { invariants.over_bound(which, depth, now); }

void RunWatcher::moment(MonoTime now) {
  for (const auto& name : post->lane_names()) invariants.sample(post->world(name), now);
}

void officer_round(VirtualPost& post, OfficerScript& script, const Invariants& invariants,
                   const std::function<std::string(std::uint64_t lorry)>& ends) {
  for (const auto& name : post.lane_names()) {
    const auto view = post.view(name);
    if (!view) continue;
    const Observation o = post.world(name).observe();
    const std::uint64_t lorry = invariants.lorry_of_crossing(view->state.crossing.text);
    auto sight = sight_of(*view, post.world(name));
    const auto& there = post.world(name).lorries();
    sight.gone = lorry != 0 && std::none_of(there.begin(), there.end(), [&](const auto& l) { return l->number == lorry; });
    const auto wish = script.look(sight, ends(lorry), !o.emergency_stop && !o.manual_mode, post.now());
    if (!wish) continue;
    auto& world = post.world(name);
    post.act(LaneId{name}, action_of(*wish), [&world, wish, lorry](bool accepted, const std::string&) {
      if (accepted && wish->then_send_away && !world.tell_to_leave(lorry)) world.send_back_who_waits();
      if (accepted && (wish->let_out || (wish->action == "open_boom" && wish->boom == 2))) world.wave_out_of_port();
    });
  }
}

Result<VirtualRun> play_virtually(const Scenario& scenario, config::Site site, std::shared_ptr<const risk::ProfileSet> profiles,
                                  std::FILE* trace, RealPictures pictures) {
  if (!scenario.virtual_time)
    return fail(ErrorCode::invalid, scenario.file + ": only against real processes: " + scenario.why_not_both);
  RunWatcher watcher(site, profiles);
  watcher.trace = trace;
  auto made = VirtualPost::make({std::move(site), std::move(profiles), scenario.seed, std::move(pictures)}, watcher);
  if (!made) return tl::unexpected(made.error());
  VirtualPost& post = **made;
  watcher.post = &post;

  FaultSchedule faults(scenario.faults);
  std::set<std::string> lying;  ///< devices with a fault of their own: their values are not judged
  watcher.patience = [&](const DeviceId& id) { return lying.contains(id.text) ? Duration{1h} : Duration{0}; };
  auto now_s = [&] { return seconds(post.now() - post.started()); };
  watcher.on_world = [&](const WorldEvent& event) { faults.happened(event, now_s()); };
  OfficerScript officer(scenario.officer);
  const auto ends = [&](std::uint64_t lorry) {
    return lorry == 0 || lorry > scenario.lorries.size() ? std::string{} : scenario.lorries[lorry - 1].officer;
  };

  std::vector<const ScenarioLorry*> coming;
  for (const auto& lorry : scenario.lorries) {
    coming.push_back(&lorry);
    if (lorry.declared) post.declare(declaration_of(scenario, lorry));
  }
  std::stable_sort(coming.begin(), coming.end(), [](const auto* a, const auto* b) { return a->at_s < b->at_s; });
  std::size_t next = 0;
  double quiet_since = -1;
  while (now_s() < scenario.seconds) {
    for (; next < coming.size() && coming[next]->at_s <= now_s(); ++next) {
      const auto& names = post.lane_names();
      if (std::find(names.begin(), names.end(), coming[next]->lane) == names.end())
        return fail(ErrorCode::invalid, scenario.file + ":" + std::to_string(coming[next]->line) + ": no lane '" + coming[next]->lane + "'");
      post.world(coming[next]->lane).add(coming[next]->lorry);
    }
    for (const auto& change : faults.due(now_s())) {
      if (!post.fault(change.fault->target, change.fault->name, change.fault->value, change.on))
        return fail(ErrorCode::invalid, scenario.file + ":" + std::to_string(change.fault->line) + ": nobody at '" + change.fault->target +
                                            "' knows the fault '" + change.fault->name + "'");
      if (change.on) lying.insert(change.fault->target);
      if (change.fault->target.rfind("world:", 0) == 0)
        for (const auto& device : post.site().devices)
          if (device.lane.text == change.fault->target.substr(6)) lying.insert(device.id.text);
    }
    officer_round(post, officer, watcher.invariants, ends);
    post.run_until(post.now() + 100ms);

    // Over when everybody has come and gone, every fault has had its time, and the lanes have been at rest for a while.
    bool quiet = next == coming.size() && faults.settled();
    for (const auto& name : post.lane_names()) {
      const auto view = post.view(name);
      quiet = quiet && view && post.world(name).lorries().empty() && post.world(name).waiting() == 0 &&
              (view->state.phase == lane::Phase::idle || !scenario.run.lane_ends_idle);
    }
    if (!quiet) quiet_since = -1;
    else if (quiet_since < 0) quiet_since = now_s();
    if (quiet && now_s() - quiet_since > 5) break;
  }
  VirtualRun run;
  run.report = std::move(watcher.report);
  run.report.world = watcher.invariants.world();
  run.report.violations = watcher.invariants.violations();
  run.report.world_s = now_s();
  // A fault that never struck shows nothing, however well all went.
  for (const auto& fault : faults.never_begun()) run.report.violations.push_back({"fault_never_struck", "", now_s(), fault});
  for (auto& crossing : run.report.crossings) crossing.lorry = watcher.invariants.lorry_of_crossing(crossing.id);
  for (const auto& name : post.lane_names()) {
    const auto view = post.view(name);
    run.report.phases.emplace_back(name, view ? std::string(lane::name_of(view->state.phase)) : "dead");
  }
  run.trace_hash = watcher.trace_hash();
  return run;
}

}  // namespace rampa::hil
