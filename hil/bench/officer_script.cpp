#include "hil/bench/officer_script.hpp"

#include <algorithm>

namespace rampa::hil {
namespace {

// What a control finds on this bench: nothing, because a lorry to be refused is refused at once. Without a whole scan no
// operator can say so of its image.
std::string finding_of(const std::string& control, bool scan_complete) {
  if (control != "nii") return "nothing_found";
  return scan_complete ? "clear" : "unable";
}

}  // namespace

std::optional<OfficerWish> OfficerScript::look(const LaneSight& sight, const std::string& ends_hold_as, bool safe, MonoTime now) {
  Seen& seen = seen_[sight.lane];
  const std::string situation = sight.phase + "/" + sight.crossing + "/" + std::to_string(sight.recorded.size()) + "/" + sight.verdict +
                                (sight.stranded ? "/stranded" : "") + (sight.gone ? "/gone" : "") + (sight.scan_complete ? "/scan" : "");
  if (seen.situation != situation) seen = {situation, now, 0};
  // After twenty tries more rarely, but never given up: what keeps the lane from doing it may be mended hours later.
  const int waits = 1 + seen.tries + 15 * std::max(0, seen.tries - 19);
  const auto patience = std::chrono::milliseconds(static_cast<std::int64_t>(habits_.after_s * 1000)) * waits;
  if (now - seen.since < patience) return std::nullopt;

  OfficerWish wish;
  wish.crossing = sight.crossing;
  const std::string& end = ends_hold_as.empty() ? habits_.on_hold : ends_hold_as;
  if (sight.phase == "waiting_officer") {
    if (sight.gone) {
      wish.action = "vehicle_gone";
      wish.reason = "looked, nobody of this crossing is here";
    } else if (end == "wait") {
      return std::nullopt;
    } else if (sight.stranded && safe) {
      wish.action = "open_boom";
      wish.boom = 2;
      wish.reason = "nobody saw it drive into the port; let out by hand";
      wish.with_second = sight.second_needed;
    } else if (end == "refuse" && !sight.in_port) {  // out of a port there is one way only
      if (sight.verdict == "refer") return std::nullopt;  // refused already: the lorry has to leave
      wish.action = "refer";
      wish.reason = "refused entry, vehicle sent back";
      wish.then_send_away = true;
    } else {
      for (const auto& control : sight.ordered) {
        if (std::find(sight.recorded.begin(), sight.recorded.end(), control) != sight.recorded.end()) continue;
        wish.action = "record_control";
        wish.control = control;
        wish.finding = finding_of(control, sight.scan_complete);
        break;
      }
      if (wish.action.empty()) {
        wish.action = "override";
        wish.verdict = "release";
        wish.reason = "controls done, nothing found";
        wish.with_second = sight.second_needed;
        wish.let_out = sight.in_port;
      }
    }
  } else if (sight.phase == "scanning") {
    // The operator looks at a whole image. An incomplete one is nobody's "clear": the lane asks for a control then.
    const bool found = std::find(sight.recorded.begin(), sight.recorded.end(), "nii") != sight.recorded.end();
    if (!sight.scan_complete || found || end != "release") return std::nullopt;
    wish.action = "record_control";
    wish.control = "nii";
    wish.finding = finding_of("nii", true);
  } else if (!habits_.recovers || !safe) {
    return std::nullopt;
  } else if (sight.phase == "open" && sight.zone_free && !sight.boom_closed && now - seen.since > 90s) {
    wish.action = "close_boom";  // two that stand close look like one long vehicle to the loops
    wish.reason = "looked at it, nobody under the boom";
  } else if (sight.phase == "idle" && sight.stranded) {
    wish.action = "open_boom";
    wish.boom = 2;
    wish.reason = "its crossing was aborted; let out by hand";
    wish.with_second = sight.second_needed;
  } else if (sight.phase == "emergency_stop") {
    wish.action = "reset_emergency_stop";
    wish.reason = "cause removed";
  } else if (sight.phase == "faulted") {
    if (!sight.zone_free) return std::nullopt;
    // First the boom down by hand if it stands open, then back to service; every other try, because the first may be refused.
    wish.action = !sight.boom_closed && seen.tries % 2 == 0 ? "close_boom" : "return_to_service";
    wish.reason = "looked at it, nobody under the boom";
  } else if (sight.phase == "out_of_service") {
    wish.action = "return_to_service";
    wish.reason = "cause removed";
  } else {
    return std::nullopt;
  }
  ++seen.tries;
  return wish;
}

}  // namespace rampa::hil
