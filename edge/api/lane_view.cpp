#include <algorithm>
#include <array>
#include <map>

#include "edge/api/views.hpp"

namespace rampa::api {
namespace {

namespace points = device::points;

constexpr std::array scanner_words = {"off",   "init",     "idle",     "warmup", "ready", "interlock",
                                      "armed", "scanning", "complete", "fault",  "estop", "maintenance"};

/// What a screen may show of an input: its value, or nothing where it is unknown, doubtful or older than the lane allows.
std::optional<bool> seen(const LaneSnapshot& lane, std::string_view point) {
  const auto found = lane.view.state.points.find(point);
  if (found == lane.view.state.points.end()) return std::nullopt;
  const lane::Point& p = found->second;
  if (!p.known || p.quality != device::Quality::good) return std::nullopt;
  if (lane.taken - p.at > lane.view.config.input_age_max) return std::nullopt;
  return p.on;
}

std::string_view boom_position(const LaneSnapshot& lane, std::string_view open_point, std::string_view closed_point) {
  const auto open = seen(lane, open_point), closed = seen(lane, closed_point);
  if (!open || !closed || (*open && *closed)) return "unknown";
  return *open ? "open" : *closed ? "closed" : "between";
}

/// Age of the oldest input at `now`; nothing where none is known.
std::optional<std::int64_t> inputs_age_ms(const LaneSnapshot& lane, Stamp now) {
  std::optional<std::int64_t> oldest;
  for (const auto& [name, p] : lane.view.state.points) {
    if (!p.known) continue;
    const auto age = to_ms(now.mono - p.at);
    if (!oldest || age > *oldest) oldest = age;
  }
  return oldest;
}

/// As officers are to take it: a plate that its reader does not certify is compared with its picture.
device::Quality quality_of(const lane::Capture& capture) {
  const auto* plate = std::get_if<device::PlateRead>(&capture.body);
  return plate && plate->uncertified && capture.from.quality == device::Quality::good ? device::Quality::suspect : capture.from.quality;
}

const lane::Capture* last_of(const lane::State& state, std::string_view role) {
  const lane::Capture* last = nullptr;
  for (const auto& c : state.captures)
    if (c.role == role) last = &c;
  return last;
}

template <class T>
const lane::Capture* last_with(const lane::State& state) {
  const lane::Capture* last = nullptr;
  for (const auto& c : state.captures)
    if (std::holds_alternative<T>(c.body)) last = &c;
  return last;
}

void write_captures(JsonWriter& w, const lane::State& state) {
  w.key("plates").array();
  std::map<std::string, const lane::Capture*> plates;  // the last of each role
  for (const auto& c : state.captures)
    if (std::holds_alternative<device::PlateRead>(c.body)) plates[c.role] = &c;
  for (const auto& [role, capture] : plates) {
    const auto& p = std::get<device::PlateRead>(capture->body);
    w.object().field("role", role).field_or_null("text", p.text).field_or_null("country", p.country);
    w.field("confidence", p.confidence_percent);
    w.field("position", p.position == device::PlatePosition::front ? "front" : p.position == device::PlatePosition::rear ? "rear" : "unknown");
    w.field("heading", p.heading == device::Heading::forward ? "forward" : p.heading == device::Heading::reverse ? "reverse" : "unknown");
    w.field("quality", name_of(quality_of(*capture))).end();
  }
  w.end();

  w.key("weigh");
  if (const auto* c = last_with<device::WeighReading>(state)) {
    const auto& x = std::get<device::WeighReading>(c->body);
    w.object().field("gross_kg", x.gross_g / 1000).field("tare_kg", x.tare_g / 1000).field("net_kg", x.net_g / 1000);
    w.field("motion", x.motion).field("usable", x.usable()).field("quality", name_of(c->from.quality)).end();
  } else {
    w.value(nullptr);
  }
  w.key("radiation");
  if (const auto* c = last_with<device::RadiationReading>(state)) {
    const auto& x = std::get<device::RadiationReading>(c->body);
    w.object().field("gamma_alarm", x.gamma_alarm).field("neutron_alarm", x.neutron_alarm);
    w.field("portal_fault", x.portal_fault).field("quality", name_of(c->from.quality)).end();
  } else {
    w.value(nullptr);
  }
  w.key("scan");
  if (const auto* c = last_with<device::ScanImage>(state)) {
    const auto& x = std::get<device::ScanImage>(c->body);
    w.object().field("id", x.scan_id).field("complete", x.complete).field("width_px", x.width_px);
    w.field("height_px", x.height_px).key("aids").array();
    if (const auto* said = last_with<device::ScanAids>(state); said && std::get<device::ScanAids>(said->body).scan_id == x.scan_id)
      for (const auto& aid : std::get<device::ScanAids>(said->body).aids) w.object().field("name", aid.name).field("result", device::name_of(aid.result)).end();
    w.end().end();
  } else {
    w.value(nullptr);
  }
}

void write_evidence(JsonWriter& w, const lane::Config& config, const lane::State& state) {
  const auto holds = [](const std::vector<std::string>& list, const std::string& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
  };
  w.key("evidence").array();
  for (const auto& role : config.roles) {
    if (!lane::gives_evidence(role)) continue;
    std::string_view what = "none";
    if (const auto* c = last_of(state, role)) what = name_of(quality_of(*c));
    else if (holds(state.evidence_missing, role)) what = "missing";
    else if (!state.crossing.empty()) what = state.assessed ? "missing" : "waiting";
    w.object().field("role", role).field("required", holds(config.required_evidence, role)).field("state", what).end();
  }
  w.end();
}

void write_assessment(JsonWriter& w, const lane::State& state) {
  static const AssessmentMade none;
  const AssessmentMade& made = state.assessed ? *state.assessed : none;
  const auto channel = lane::channel_of(state);
  w.key("channel");
  channel ? w.value(name_of(*channel)) : w.value(nullptr);
  if (state.raised) {
    AssessmentMade with_orders = made;
    with_orders.assessment.controls = lane::ordered_controls(state);
    write_officers_assessment(w, with_orders, "ordered");
  } else {
    write_officers_assessment(w, made, "ordered");
  }
  w.key("raised");
  if (state.raised) w.object().field("channel", name_of(state.raised->channel)).field("controls", state.raised->controls).field("by", state.raised->officer).end();
  else w.value(nullptr);
  w.field("declarations", made.declarations);
}

/// Which buttons make sense, or which of them take a reason. What is allowed the lane decides alone, every time.
std::vector<std::string> words_where(const lane::State& state, bool reason) {
  std::vector<std::string> words;
  for (const auto& [kind, word] : action_words)
    if (lane::offered(kind, state) && (!reason || lane::needs_reason(kind, state))) words.emplace_back(word);
  return words;
}

}  // namespace

std::int64_t wall_ms(MonoTime at, Stamp now) { return now.wall.ms - to_ms(now.mono - at); }

void write_verdict(JsonWriter& w, const VerdictGiven& v) {
  w.object().field("verdict", name_of(v.verdict)).field("channel", name_of(v.channel)).field("decided_by", v.decided_by);
  w.field_or_null("second_officer", v.second_officer).field("reason", v.reason).field("overrides", v.overrides);
  w.field("audit_afterwards", v.audit_afterwards).field("decision_ms", v.decision_ms).end();
}

void write_lane_age(JsonWriter& w, const LaneSnapshot& lane, Stamp now) {
  w.object().field("id", lane.view.config.id.text).field("age_ms", to_ms(now.mono - lane.taken));
  w.field("inputs_age_ms", inputs_age_ms(lane, now)).end();
}

void write_lane(JsonWriter& w, const LaneSnapshot& lane, Stamp now, bool ages) {
  const lane::Config& config = lane.view.config;
  const lane::State& state = lane.view.state;
  const bool sally = config.kind == lane::Kind::sally_port;
  w.object().field("id", config.id.text);
  w.field("kind", sally ? "sally_port" : config.kind == lane::Kind::nii ? "nii" : "cargo");
  w.field("direction", config.direction).field("phase", lane::name_of(state.phase));
  w.field("mode", state.mode).field_or_null("fault", state.fault);
  if (ages) {
    w.field("age_ms", to_ms(now.mono - lane.taken));
    w.field("inputs_age_ms", inputs_age_ms(lane, now));
  }
  w.field_or_null("crossing", state.crossing.text);
  w.key("arrived_ms");
  state.crossing.empty() ? w.value(nullptr) : w.value(state.arrived.wall.ms);
  write_captures(w, state);
  w.key("scanner");
  const auto scanner = static_cast<std::size_t>(state.scanner);
  const bool has_scanner = std::find(config.roles.begin(), config.roles.end(), "scanner") != config.roles.end();
  has_scanner && scanner < scanner_words.size() ? w.value(scanner_words[scanner]) : w.value(nullptr);
  write_evidence(w, config, state);
  write_assessment(w, state);
  w.key("verdict");
  state.verdict ? write_verdict(w, *state.verdict) : static_cast<void>(w.value(nullptr));
  w.key("proposed");
  state.proposed ? write_verdict(w, *state.proposed) : static_cast<void>(w.value(nullptr));
  w.key("controls").array();
  for (const auto& c : state.controls)
    w.object().field("control", c.control).field("finding", c.finding).field("officer", c.officer).field("note", c.note).end();
  w.end();
  w.key("booms").array();
  w.object().field("boom", 1).field("position", boom_position(lane, points::boom_open, points::boom_closed)).end();
  if (sally) w.object().field("boom", 2).field("position", boom_position(lane, points::boom_open_2, points::boom_closed_2)).end();
  w.end();
  w.key("presence").object();
  for (const auto point : {points::loop_entry, points::loop_boom, points::loop_exit, points::photocell})
    w.field(point, seen(lane, point));
  if (sally)
    for (const auto point : {points::loop_boom_2, points::photocell_2}) w.field(point, seen(lane, point));
  w.end();
  w.key("devices").array();
  for (const auto& [role, c] : state.conditions)
    w.object().field("role", role).field("level", name_of(c.level)).field("fault", c.fault).field("detail", c.detail).end();
  w.end();
  w.key("hq_answer");
  if (const auto& answer = lane.hq_answer) w.object().field("answer", answer->answer).field("text", answer->text).field("who", answer->who).field("at_ms", answer->at.ms).end();
  else w.value(nullptr);
  w.key("attention").object().field("level", state.attention_level).field("text", state.attention).end();
  w.key("policy").object().field("override_needs_second", config.override_needs_second);
  w.field("manual_boom_needs_second", manual_boom_needs_second(state, config, now.mono)).end();
  w.field("offers", words_where(state, false)).field("need_reason", words_where(state, true)).end();
}

}  // namespace rampa::api
