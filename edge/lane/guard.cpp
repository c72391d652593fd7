// Permits. Withholding and stopping are always permitted; a raise needs somebody who is answerable for it; a lower needs a
// place that is known to be free.
#include "edge/lane/guard.hpp"

#include <algorithm>

#include "edge/lane/turn.hpp"

namespace rampa::lane {
namespace points = device::points;

namespace {
bool last_said(const State& s, std::string_view point) {
  const auto found = s.points.find(point);
  return found != s.points.end() && found->second.known && found->second.on;
}
}  // namespace

Guard::Request Guard::request_of(const device::CommandBody& body) {
  if (const auto* move = std::get_if<device::MoveBoom>(&body))
    return move->motion == device::Motion::raise ? Request::raise : Request::lower;
  if (const auto* light = std::get_if<device::SetLight>(&body))
    return light->aspect == device::Aspect::green ? Request::light_green : Request::light_other;
  if (const auto* scan = std::get_if<device::WithholdScan>(&body))
    return scan->withhold ? Request::scan_withheld : Request::scan_permitted;
  if (std::holds_alternative<device::AbortScan>(body)) return Request::scan_abort;
  return Request::frames;
}

Guard::Inputs Guard::inputs(const device::Command& command, const State& s, const Config& c, MonoTime now) {
  device::Boom boom = device::Boom::first;
  bool raise = false, lower = false;
  if (const auto* move = std::get_if<device::MoveBoom>(&command.body)) {
    boom = move->boom;
    raise = move->motion == device::Motion::raise;
    lower = !raise;
  } else if (const auto* light = std::get_if<device::SetLight>(&command.body)) {
    boom = light->at;
  }
  Inputs in;
  in.in_time = now <= command.not_after;
  in.stop_clear = sense(s, c, points::emergency_stop, now) == Sense::free && s.phase != Phase::emergency_stop;
  in.stop_pressed = s.phase == Phase::emergency_stop || last_said(s, points::emergency_stop);
  in.hand_off = sense(s, c, points::manual_mode, now) == Sense::free && s.mode != "by_hand";
  in.hand_on = s.mode == "by_hand" || last_said(s, points::manual_mode);
  in.asked_now = s.boom == boom && ((raise && s.phase == Phase::opening) || (lower && s.phase == Phase::closing));
  in.released = !s.crossing.empty() && s.verdict && s.verdict->verdict == Verdict::release;
  in.ordered = s.boom_order == boom;
  in.reversing = s.motion.reversal && s.boom == boom;
  in.zone_free = closing_zone_free(s, c, boom, now);
  in.clear_long = s.boom == boom && s.clear_since && now - *s.clear_since >= c.clear_before_lower;
  in.other_closed = c.kind != Kind::sally_port || position(s, c, other(boom), now) == Position::closed;
  in.seen_open = position(s, c, boom, now) == Position::open;
  in.interlock = scan_interlock(s, c, now);
  return in;
}

std::string_view Guard::refusal(Request request, const Inputs& in) {
  switch (request) {
    case Request::scan_withheld:
    case Request::scan_abort:
    case Request::frames: return {};
    default: break;
  }
  if (!in.in_time) return "the command is too old";
  if (in.hand_on) return "the key switch stands on manual";
  if (request == Request::light_other) return {};  // red and dark also under an emergency stop
  if (in.stop_pressed) return "emergency stop";
  if (request == Request::raise && in.reversing) return in.asked_now ? "" : "the lane is not raising this boom";
  if (!in.stop_clear) return "the emergency stop chain is not known to be closed";
  if (!in.hand_off) return "the key switch is not known to be off";
  switch (request) {
    case Request::raise:
      if (!in.asked_now) return "the lane is not raising this boom";
      if (!in.released && !in.ordered) return "no durable release and no durable order";
      if (!in.other_closed) return "the other boom is not confirmed closed";
      return {};
    case Request::lower:
      if (!in.asked_now) return "the lane is not lowering this boom";
      if (!in.zone_free) return "the closing zone is not known to be free";
      if (!in.clear_long) return "the closing zone has not been free for long enough";
      return {};
    case Request::light_green:
      if (!in.released && !in.ordered) return "no durable release and no durable order";
      if (!in.seen_open) return "the boom is not confirmed open";
      return {};
    case Request::scan_permitted: return in.interlock ? "" : "Rampa's part of the scan interlock does not hold";
    default: return "unknown request";
  }
}

Result<device::Permit> Guard::permit(const device::Command& command, const State& state, const Config& config, MonoTime now) {
  const auto why = refusal(request_of(command.body), inputs(command, state, config, now));
  if (!why.empty()) return fail(ErrorCode::refused, std::string(why));
  return device::Permit(command.id, std::min(command.not_after, now + config.permit_life));
}

}  // namespace rampa::lane
