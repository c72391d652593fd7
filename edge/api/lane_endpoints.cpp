#include <map>

#include "edge/api/json_input.hpp"
#include "edge/api/parts.hpp"
#include "edge/api/views.hpp"
#include "firmware-interfaces/same_person.hpp"

namespace rampa::api {
namespace {

using lane::ActionKind;

struct Wanted {
  lane::OfficerAction action;
  std::string second_badge, second_password;
};

/// The body of an action, or what is wrong with it.
Result<Wanted> read_action(const std::string& body) {
  auto in = JsonInput::parse(body);
  if (!in) return tl::unexpected(in.error());
  std::vector<std::string_view> words;
  for (const auto& a : action_words) words.push_back(a.second);
  const std::string word = in->word("action", words);
  ActionKind kind = ActionKind::confirm;
  for (const auto& a : action_words)
    if (a.second == word) kind = a.first;

  Wanted wanted;
  lane::OfficerAction& action = wanted.action;
  action.kind = kind;
  const bool of_crossing = kind < ActionKind::open_boom;  // the boom can also be opened where there is none
  action.crossing.text = of_crossing ? in->text("crossing", 1, 64) : in->text_or("crossing", "", 64);
  action.reason = lane::needs_reason(kind, {}) ? in->text("reason", 3, 500) : in->text_or("reason", "", 500);
  if (kind == ActionKind::override_verdict) {
    const std::string verdict = in->word("verdict", {"release", "hold", "refer"});
    action.verdict = verdict == "release" ? Verdict::release : verdict == "refer" ? Verdict::refer : Verdict::hold;
  }
  if (kind == ActionKind::open_boom || kind == ActionKind::close_boom)
    action.boom = in->integer_if("boom", 1, 2).value_or(1) == 2 ? device::Boom::second : device::Boom::first;
  if (kind == ActionKind::record_control) {
    action.control = in->word("control", {"documents", "weighing", "nii", "radiation", "physical", "other"});
    if (action.control == "nii") action.finding = in->word("finding", {"clear", "suspect", "recheck", "unable"});
    else action.finding = in->word("finding", {"nothing_found", "irregularity"});
  }
  if (kind == ActionKind::raise_channel) {
    action.channel = in->word("channel", {"yellow", "red"}) == "red" ? SelectivityChannel::red : SelectivityChannel::yellow;
    if (in->has("control")) action.control = in->word("control", {"documents", "weighing", "nii", "radiation", "physical", "other"});
  }
  if (auto second = in->object_if("second")) {
    wanted.second_badge = second->text("badge", 1, 32);
    wanted.second_password = second->text("password", 1, 128);
    if (auto ok = second->finish(); !ok) return tl::unexpected(ok.error());
  }
  if (auto ok = in->finish(); !ok) return tl::unexpected(ok.error());
  return wanted;
}

Outcome carry_out(Parts& parts, Call& call) {
  const Request& request = call.request;
  const LaneId lane{call.arguments.at(0)};
  auto wanted = read_action(request.body);
  if (!wanted) return {problem(400, "invalid", wanted.error().what, request)};
  lane::OfficerAction& action = wanted->action;
  action.officer = call.session->badge;
  action.terminal = call.session->terminal;
  if (action.kind == ActionKind::reset_emergency_stop && call.session->role != Role::shift_leader)
    return {problem(403, "role", "only a shift leader may reset an emergency stop", request)};
  if (!parts.port.lane(lane)) return {problem(404, "not-found", "no lane " + lane.text, request)};
  if (!wanted->second_badge.empty()) {
    if (same_person(wanted->second_badge, action.officer.text))
      return {problem(422, "second-is-first", "the second person must be somebody else", request)};
    auto second = check_password(parts, request, wanted->second_badge, wanted->second_password, 403, "second-person");
    if (!second) return {second.error()};
    if (!decides(second->role)) return {problem(403, "second-person", "an administrator cannot be the second person", request)};
    action.second = second->badge;
  }
  const auto answer = parts.port.act(lane, std::move(action), parts.settings.action_timeout);
  if (!answer) {
    const bool unknown = answer.error().code == ErrorCode::outcome_unknown || answer.error().code == ErrorCode::timeout;
    if (unknown) ++parts.counters.actions_unknown;
    return {failed(answer.error(), request), unknown};
  }
  if (!answer->accepted) {
    ++parts.counters.actions_refused;
    return {problem(409, "refused", answer->refusal, request), true};
  }
  ++parts.counters.actions_accepted;
  JsonWriter w;
  w.object().field("accepted", true).field("lane", lane.text).end();
  return {json(w.take()), true};
}

}  // namespace

Response list_lanes(Parts& parts, Call&) {
  const Stamp now = parts.clock.now();
  JsonWriter w;
  w.object().field("now_ms", now.wall.ms).key("lanes").array();
  for (const auto& id : parts.port.lanes())
    if (const auto lane = parts.port.lane(id)) write_lane(w, *lane, now, true);
  w.end().end();
  return json(w.take());
}

Response get_lane(Parts& parts, Call& call) {
  const auto lane = parts.port.lane({call.arguments.at(0)});
  if (!lane) return problem(404, "not-found", "no lane " + call.arguments.at(0), call.request);
  JsonWriter w;
  write_lane(w, *lane, parts.clock.now(), true);
  return json(w.take());
}

Response act_at_lane(Parts& parts, Call& call) {
  return once(parts, call, [&] { return carry_out(parts, call); });
}

}  // namespace rampa::api
