// Urgent profiles: who may do what, by role and password. That two persons are two is judged by the desk as well.
#include <algorithm>

#include "edge/api/json_input.hpp"
#include "edge/api/parts.hpp"
#include "edge/api/views.hpp"
#include "firmware-interfaces/same_person.hpp"

namespace rampa::api {
namespace {

constexpr std::size_t values_max = risk::urgent_values_max, value_bytes_max = 64;

Response none_here(const Request& request) { return problem(404, "not-found", "this post keeps no urgent profiles", request); }

void write_urgent(JsonWriter& w, const UrgentProfile& p) {
  const auto time_or_null = [&](const char* name, WallTime at) { at.ms == 0 ? w.field(name, nullptr) : w.field(name, at.ms); };
  w.object().field("id", p.id).field("state", name_of(p.state)).field("channel", name_of(p.proposal.channel));
  for (const auto& field : risk::urgent_fields()) w.field(field.name, p.proposal.tip.*field.values);
  w.field("instruction", p.proposal.instruction).field("reason", p.proposal.reason).field("hours", p.proposal.hours).field("left_ms", to_ms(p.left));
  w.field("proposed_by", p.proposed_by.text).field_or_null("confirmed_by", p.confirmed_by.text).field_or_null("ended_by", p.ended_by.text);
  w.field_or_null("ended_second", p.ended_second.text).field_or_null("end_reason", p.end_reason);
  time_or_null("proposed_ms", p.proposed);
  time_or_null("confirmed_ms", p.confirmed);
  time_or_null("ended_ms", p.ended);
  w.end();
}

/// What these fields are compared with, and which lanes read it: a shift leader has to know what a tip can find at this post.
void write_matching(JsonWriter& w, AppliancePort& port, const risk::UrgentTip* tip) {
  const auto devices = port.devices();
  w.key("matching").array();
  for (const auto& field : risk::urgent_fields()) {
    if (tip && (tip->*field.values).empty()) continue;
    w.object().field("field", field.name).key("read").array();
    for (const auto role : field.read) {
      std::vector<std::string> lanes;
      for (const auto& id : port.lanes())
        if (std::any_of(devices.begin(), devices.end(), [&](const auto& d) { return d.role == role && d.lane == id; })) lanes.push_back(id.text);
      w.object().field("what", role).field("lanes", lanes).end();
    }
    w.end().key("declared").array();
    for (const auto what : field.declared) w.value(what);
    w.end().end();
  }
  w.end();
}

/// Nothing is kept under the request's key: asked again, the desk says what has become of it.
Outcome answered(const Error& error, const Request& request) { return {failed(error, request), false}; }

Outcome propose(Parts& parts, Call& call, UrgentDesk& desk) {
  const Request& request = call.request;
  auto in = JsonInput::parse(request.body);
  if (!in) return {problem(400, "malformed", in.error().what, request)};
  UrgentProposal proposal;
  for (const auto& field : risk::urgent_fields()) proposal.tip.*field.values = in->texts_or_none(field.name, values_max, value_bytes_max);
  proposal.channel = in->word("channel", {"yellow", "red"}) == "red" ? SelectivityChannel::red : SelectivityChannel::yellow;
  proposal.instruction = in->text("instruction", 3, 300);
  proposal.reason = in->text("reason", 3, 500);
  proposal.hours = in->integer_if("hours", 1, desk.hours_max()).value_or(std::min(urgent_hours_default, desk.hours_max()));
  if (auto ok = in->finish(); !ok) return {problem(400, "invalid", ok.error().what, request)};
  const auto id = desk.propose(proposal, call.session->badge);
  if (!id) return answered(id.error(), request);
  JsonWriter w;
  w.object().field("id", *id);
  write_matching(w, parts.port, &proposal.tip);
  w.end();
  return {json(w.take(), 201), true};
}

/// The second person of the body (whose other keys were asked for), judged: a shift leader with his own password. Its badge, or the problem.
tl::expected<OfficerId, Response> second_of(Parts& parts, JsonInput& in, const Request& request) {
  auto second = in.object_if("second");
  if (!second) return tl::unexpected(problem(403, "second-person", "a second shift leader signs with badge and password: `second`", request));
  const std::string badge = second->text("badge", 1, 32), password = second->text("password", 1, 128);
  if (auto ok = second->finish(); !ok) return tl::unexpected(problem(400, "invalid", ok.error().what, request));
  if (auto ok = in.finish(); !ok) return tl::unexpected(problem(400, "invalid", ok.error().what, request));
  auto officer = check_password(parts, request, badge, password, 403, "second-person");
  if (!officer) return tl::unexpected(officer.error());
  if (officer->role != Role::shift_leader) return tl::unexpected(problem(403, "second-person", "the second person must be a shift leader", request));
  return officer->badge;
}

const UrgentProfile* found(const std::vector<UrgentProfile>& all, const std::string& id) {
  for (const auto& p : all)
    if (p.id == id) return &p;
  return nullptr;
}

Outcome confirm(Parts& parts, Call& call, UrgentDesk& desk) {
  const Request& request = call.request;
  const std::string& id = call.arguments.at(0);
  auto in = JsonInput::parse(request.body);
  if (!in) return {problem(400, "malformed", in.error().what, request)};
  const auto all = desk.list();
  const auto* profile = found(all, id);
  if (!profile) return {problem(404, "not-found", "no urgent profile " + id, request)};
  auto second = second_of(parts, *in, request);
  if (!second) return {second.error()};
  if (same_person(second->text, profile->proposed_by.text)) return {problem(422, "second-is-first", "whoever proposed it cannot confirm it; another shift leader has to", request)};
  if (auto done = desk.confirm(id, *second); !done) return answered(done.error(), request);
  return {no_content(), true};
}

Outcome withdraw(Parts& parts, Call& call, UrgentDesk& desk) {
  const Request& request = call.request;
  const std::string& id = call.arguments.at(0);
  auto in = JsonInput::parse(request.body);
  if (!in) return {problem(400, "malformed", in.error().what, request)};
  const auto all = desk.list();
  const auto* profile = found(all, id);
  if (!profile) return {problem(404, "not-found", "no urgent profile " + id, request)};
  const std::string reason = in->text("reason", 3, 500);
  OfficerId second;  // none for a proposal: taking it back lowers nothing
  if (profile->state == UrgentState::active || in->has("second")) {
    auto judged = second_of(parts, *in, request);
    if (!judged) return {judged.error()};
    second = *judged;
    if (same_person(second.text, call.session->badge.text)) return {problem(422, "second-is-first", "the second person must be somebody else", request)};
  }
  if (auto ok = in->finish(); !ok) return {problem(400, "invalid", ok.error().what, request)};
  if (auto done = desk.withdraw(id, call.session->badge, second, reason); !done) return answered(done.error(), request);
  return {no_content(), true};
}

}  // namespace

Response list_urgent_profiles(Parts& parts, Call& call) {
  UrgentDesk* desk = parts.port.urgent();
  if (!desk) return none_here(call.request);
  JsonWriter w;
  w.object().field("now_ms", parts.clock.now().wall.ms).field("hours_max", desk->hours_max()).field("hours_default", std::min(urgent_hours_default, desk->hours_max()));
  w.field_or_null("trouble", desk->trouble());
  write_matching(w, parts.port, nullptr);
  w.key("profiles").array();
  for (const auto& p : desk->list()) write_urgent(w, p);
  w.end().end();
  return json(w.take());
}

Response propose_urgent_profile(Parts& parts, Call& call) {
  UrgentDesk* desk = parts.port.urgent();
  if (!desk) return none_here(call.request);
  return once(parts, call, [&] { return propose(parts, call, *desk); });
}

Response confirm_urgent_profile(Parts& parts, Call& call) {
  UrgentDesk* desk = parts.port.urgent();
  if (!desk) return none_here(call.request);
  return once(parts, call, [&] { return confirm(parts, call, *desk); });
}

Response withdraw_urgent_profile(Parts& parts, Call& call) {
  UrgentDesk* desk = parts.port.urgent();
  if (!desk) return none_here(call.request);
  return once(parts, call, [&] { return withdraw(parts, call, *desk); });
}

}  // namespace rampa::api
