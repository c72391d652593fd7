"""For the scenarios of tests/scenarios: what each is named for, taken out; played in virtual time it must then fail.
Where the house protects twice (lane and guard, camera and lane) the plant takes out both."""
from plants import FROZEN_IGNORED, NO_FEEDBACK, OPEN_BEFORE_COMMIT, REPLAY_UNSEEN, REPOST_UNSEEN

INPUTS, EVIDENCE, PASSAGE = "edge/lane/inputs.cpp", "edge/lane/evidence.cpp", "edge/lane/passage.cpp"
BOOM, GUARD, ASSESS, GATE = "edge/lane/boom.cpp", "edge/lane/guard.cpp", "edge/risk/assess.cpp", "drivers/plate_camera/read_gate.hpp"


def scenario(name, removes, *edits):
    return {"name": "scenario:" + name, "removes": removes, "edits": list(edits), "targets": ["rampa-hil"],
            "test": ["rampa-hil", "run", "--virtual", f"tests/scenarios/{name}.toml"]}


def on_processes(name, removes, *edits):
    return {"name": "processes:" + name, "removes": removes, "edits": list(edits), "targets": ["rampa", "rampa-hq", "rampa-hil"],
            "test": ["rampa-hil", "run", f"tests/scenarios/{name}.toml"]}


MISSING_IGNORED = [(EVIDENCE, "if (!settled(s, t.c, role)) miss(role);", "if (role.empty()) miss(role);"),
                   (EVIDENCE, "if (plates.empty()) miss(\"plate_front\");", "if (plates.size() > 99) miss(\"plate_front\");")]
NO_DECLARATION_FLOOR = (ASSESS, "if (!declarations || *declarations == 0) {", "if (!declarations) {")
PROFILES_RAISE_NOTHING = ("edge/risk/decide.cpp", "    raise(head.channel);\n", "")
LOOP_IGNORED = (INPUTS, "return worse(sense(s, c, p.loop, now), sense(s, c, p.photocell, now));",
                "return worse(sense(s, c, p.photocell, now), sense(s, c, p.photocell, now));")
ZONE_IGNORED = (INPUTS, "  return zone(state, config, boom, now) == Sense::free;", "  return zone(state, config, boom, now) != Sense::unknown;")

SCENARIO_PLANTS = [
    scenario("normal", "green opens by itself", ("edge/lane/deciding.cpp", "made.assessment.channel <= SelectivityChannel::blue;",
                                                 "made.assessment.channel < SelectivityChannel::green;")),
    scenario("three-in-a-row", "a crossing's captures end with it", ("edge/lane/arrival.cpp", "  s.captures.clear();\n", "")),
    scenario("overweight", "a profile that matches raises the channel", PROFILES_RAISE_NOTHING),
    scenario("high-value", "a profile that matches raises the channel", PROFILES_RAISE_NOTHING),
    scenario("declared-too-light", "a profile that matches raises the channel", PROFILES_RAISE_NOTHING),
    scenario("no-declaration", "no declaration is never green", NO_DECLARATION_FLOOR),
    scenario("plate-misread", "a read that fits no declaration never opens the boom", NO_DECLARATION_FLOOR),
    scenario("no-plate", "missing evidence is never green", *MISSING_IGNORED),
    scenario("dead-scale", "missing evidence is never green", *MISSING_IGNORED),
    scenario("stalled-lorry", "an occupied closing zone keeps the boom up", ZONE_IGNORED),
    scenario("stops-on-loop", "the loop under the boom counts", LOOP_IGNORED),
    scenario("frozen-loop", "an occupied closing zone keeps the boom up", ZONE_IGNORED),
    scenario("tail-gate", "the zone has to be free for a while, and nobody stand before and behind the boom, before it falls",
             (GUARD, "if (!in.clear_long) return", "if (!in.clear_long && in.reversing) return"),
             (PASSAGE, "if (now - *s.clear_since < t.c.clear_before_lower) return;", "if (now < *s.clear_since) return;"),
             (PASSAGE, "if (straddles(t) && !p.closed_by_hand) {", "if (straddles(t) && now < *s.clear_since) {")),
    scenario("wrong-way", "a vehicle behind the closed boom is noticed",
             ("edge/lane/from_behind.cpp", "if (!at_second && !behind && !under) return;",
              "if ((!at_second && !behind && !under) || s.next_number > 0) return;")),
    scenario("reverses-out", "a vehicle that leaves ends its crossing",
             ("edge/lane/arrival.cpp", "  const MonoTime now = t.now.mono;\n  if (s.crossing.empty() || s.in_port) return false;",
              "  const MonoTime now = t.now.mono;\n  if (s.crossing.empty() || s.in_port || t.c.kind == Kind::cargo) return false;")),
    scenario("second-on-scale", "a mass that rises after the ticket does not become the ticket",
             (EVIDENCE, "if (reading.gross_g - before <= t.c.weigh_change_max_kg * 1000) return;",
              "if (reading.gross_g - before <= t.c.weigh_change_max_kg * 1000) return;\n"
              "  return keep(t, std::move(capture), std::move(attachments));\n")),
    scenario("camera-replay", "a read that was sent before is not this lorry's", REPLAY_UNSEEN, REPOST_UNSEEN,
             (GATE, "return seen.durable ? Standing::replayed : Standing::fresh;", "return Standing::fresh;"),
             (GATE, "if (behind_ms > limit_ms || -behind_ms > limit_ms)", "if (behind_ms > limit_ms * 100 || -behind_ms > limit_ms)")),
    scenario("clock-step", "the wall clock expires nothing",
             (GATE, "const bool known = camera_minus_mono_ms_.has_value();", "const bool known = camera_minus_mono_ms_.has_value() && limits_.memory == 0;")),
    scenario("unseen-swap", "whoever stands there after the inputs were away is looked at",
             (PASSAGE, "  if (sense(s, t.c, points::loop_entry, t.now.mono) != Sense::occupied) return;\n  p.halted",
              "  if (sense(s, t.c, points::loop_entry, t.now.mono) == Sense::occupied) return;\n  p.halted")),
    scenario("under-a-failed-boom", "a release is for one vehicle, also while the boom has failed",
             (PASSAGE, "if (crosses || (s.phase == Phase::faulted && !s.crossing.empty())) {", "if (crosses) {"),
             (PASSAGE, "} else if (s.phase == Phase::faulted || s.phase == Phase::out_of_service", "} else if (s.phase == Phase::out_of_service")),
    scenario("frozen-module", "a frozen heartbeat makes a device suspect", FROZEN_IGNORED),
    scenario("io-power-cycle", "a restart of the module voids what was believed",
             ("drivers/digital_io/register_io.cpp", "if (map_.take_restarted())\n", "if (map_.take_restarted() && !armed_)\n"),
             ("drivers/digital_io/register_io.cpp", "answer.passed && !point.empty())", "answer.passed && !point.empty() && !armed_)"),
             ("drivers/digital_io/register_io.cpp", "      disarm(\"the connection was lost\");\n      identified_ = false;\n", "")),
    scenario("disk-full", "no open without a durable verdict", OPEN_BEFORE_COMMIT,
             ("edge/lane/turn.hpp", "{ return !s.unwritten.empty() || s.rewriting != 0; }", "{ return !s.unwritten.empty() && s.phase == Phase::starting; }")),
    scenario("appliance-killed", "what a restart finds unfinished gets its one terminal record",
             ("edge/lane/conditions.cpp", "t.record_for(crossing, CrossingClosed{\"aborted\", std::string(ended_by_restart)});", "(void)crossing;")),
    scenario("boom-does-not-move", "an acknowledgement is not motion", NO_FEEDBACK),
    scenario("boom-stuck-half-open", "motion is confirmed by feedback contacts only", NO_FEEDBACK),
    scenario("emergency-stop", "an emergency stop is obeyed",
             ("edge/lane/conditions.cpp", "  if (said(s, t.c, points::emergency_stop)) {",
              "  if (said(s, t.c, points::emergency_stop) && s.phase == Phase::starting) {")),
    scenario("emergency-stop-stays", "an emergency stop latches",
             ("edge/lane/conditions.cpp", "if (s.phase == Phase::emergency_stop) return;\n  if (said",
              "if (s.phase == Phase::emergency_stop) {\n    change_mode(t, \"in_service\", \"input\", \"\");\n    return t.enter(Phase::starting);\n  }\n  if (said")),
    scenario("sally-port", "never both booms open",
             (PASSAGE, "if (passed(t)) return begin_lowering(t);",
              "if (passed(t) && t.c.kind == Kind::sally_port && s.boom == device::Boom::first && !s.crossing.empty()) {\n"
              "    s.in_port = true;\n    return begin_raising(t, device::Boom::second);\n  }\n  if (passed(t)) return begin_lowering(t);"),
             (BOOM, "return position(s, t.c, other(s.boom), t.now.mono) == Position::closed;", "return t.c.kind == Kind::sally_port;"),
             (GUARD, "if (!in.other_closed) return", "if (!in.other_closed && in.reversing) return")),
    scenario("radiation-alarm", "a radiation alarm is red whatever the profiles say",
             (ASSESS, "alarm->second == FieldValue{true}) {", "alarm->second == FieldValue{false} && alarm->first.empty()) {")),
    scenario("scan", "the operator's finding counts", (EVIDENCE, "if (!found) miss(\"scan_finding\");", "if (!found || !s.crossing.empty()) miss(\"scan_finding\");")),
    scenario("scan-marked", "what the scanner's own aids mark is a fact that profiles can ask for",
             ("edge/lane/facts.cpp", 'if (said && ((complete && failed.empty()) || !marked.empty())) facts["evidence.scan_aids"] = std::move(marked);', "if (said && marked.empty()) facts.clear();")),
    scenario("scan-waits", "the operator's finding is waited for",
             ("edge/lane/scan.cpp", "if (image && found) return ask_assessment(t);", "if (image && (found || !found)) return ask_assessment(t);"),
             (EVIDENCE, "if (!found) miss(\"scan_finding\");", "if (!found && s.crossing.empty()) miss(\"scan_finding\");")),
    scenario("scan-aborted", "an incomplete scan is never evidence",
             (EVIDENCE, "return i->complete && i->lines_missing == 0;", "return i->lines_missing < 4'000'000'000u;"),
             ("drivers/nii_scanner/nii_scanner.cpp", "const auto quality = scan.image->complete ?",
              "const auto quality = scan.image->lines_missing < 4'000'000'000u ?")),
]

# A cursor that moves too early does no harm in a run of the whole: HQ says with every hello what it has, and the post goes back to
# it. That plant stands in plants.py, against the drain alone.
BROKEN_FOR_GOOD = ("sync/drain.cpp", "  deadline_ = now + backoff_.next();\n  nothing_under_way();",
                   "  deadline_ = now + backoff_.next() * 10'000;\n  nothing_under_way();")
for name in ("hq-down", "line-cut", "broker-restarts"):
    SCENARIO_PLANTS.append(on_processes(name, "a connection that broke, or could not be made, is made anew", BROKEN_FOR_GOOD))
SCENARIO_PLANTS.append(on_processes("clock-step-at-line", "what belongs to a crossing is told by this machine's own time, not by the wall clock", (
    EVIDENCE, "s.second_on_scale || at < s.arrived.mono) return;", "s.second_on_scale || from.received.wall.ms < s.arrived.wall.ms) return;")))

# Nothing without a plant today. A scenario that cannot have one stands here with the reason.
NOT_PLANTED = {}
