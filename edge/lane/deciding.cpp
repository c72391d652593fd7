// From the assessment to the verdict, and from the durable verdict to the boom.
#include <string>

#include "edge/lane/turn.hpp"

namespace rampa::lane {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Green opens by itself; blue opens and is audited afterwards; everything else waits for an officer. That missing
// evidence never opens is said here once more, whatever the assessment says.
VerdictGiven by_policy(const Turn& t, const AssessmentMade& made) {
  VerdictGiven verdict;
  verdict.channel = channel_of(t.s).value_or(made.assessment.channel);
  verdict.decided_by = "policy";
  const bool opens = made.assessment.channel <= SelectivityChannel::blue;
  if (opens && !t.s.held && t.s.evidence_missing.empty()) {
    verdict.verdict = Verdict::release;
    verdict.audit_afterwards = made.assessment.channel == SelectivityChannel::blue;
    verdict.reason = made.assessment.channel == SelectivityChannel::green ? "no profile selected it" : "released, audit afterwards";
  } else {
    verdict.verdict = Verdict::hold;
    verdict.reason = t.s.evidence_missing.empty() ? joined(made.assessment.reasons) : "missing: " + joined(t.s.evidence_missing);
    if (verdict.reason.empty()) verdict.reason = t.s.held ? "held before: an officer decides" : "selected by profile";
  }
  return verdict;
}

constexpr std::string_view let_out_first = "somebody stands between the booms without a crossing: let him out first";

constexpr std::string_view in_the_way = "released, but somebody stands in the way behind the boom";

}  // namespace

std::string call_text(const State& s) {
  if (s.verdict && s.verdict->reason == let_out_first) return std::string(let_out_first);
  std::string text = "held for an officer";
  if (s.other_vehicle) return "not known to be the same vehicle: look at it before you decide";
  if (const auto channel = channel_of(s); channel && *channel != SelectivityChannel::green) text = std::string(name_of(*channel));
  if (s.assessed) {
    for (const auto& hit : s.assessed->assessment.hits) {
      if (!hit.instruction.empty()) text += ": " + hit.instruction;
    }
  }
  if (const auto ordered = ordered_controls(s); !ordered.empty()) text += " (controls: " + joined(ordered) + ")";
  if (s.raised) text += "; raised by officer " + s.raised->officer;
  if (!s.evidence_missing.empty()) text += "; missing: " + joined(s.evidence_missing);
  return text;
}

void propose(Turn& t, VerdictGiven verdict) {
  auto& s = t.s;
  verdict.decision_ms = to_ms(t.now.mono - s.arrived.mono);
  s.proposed = verdict;
  s.verdict.reset();  // from here until Committed nothing releases
  t.record(std::move(verdict));
}

void take_assessment(Turn& t, const Assessed& answer) {
  auto& s = t.s;
  if (s.phase != Phase::assessing || (!answer.crossing.empty() && answer.crossing != s.crossing)) return;
  if (s.assess_again) return ask_assessment(t);
  s.assessed = answer.made;
  s.assessed->evidence_missing = s.evidence_missing;
  t.record(*s.assessed);
  propose(t, by_policy(t, answer.made));
  s.verdict_persist = t.commit(Purpose::verdict);
  t.enter(Phase::deciding);
}

void settle_assessing(Turn& t) {
  auto& s = t.s;
  if (!t.past(s.assess_due)) return;
  VerdictGiven verdict;
  verdict.decided_by = "policy";
  verdict.reason = "the assessment did not answer";
  propose(t, verdict);
  s.verdict_persist = t.commit(Purpose::verdict);
  t.enter(Phase::deciding);
}

void settle_deciding(Turn& t) {
  auto& s = t.s;
  if (!s.verdict) {  // not durable yet
    if (records_held(s)) t.attention(2, "the verdict cannot be written: the lane holds until it can");
    return;
  }
  if (s.assess_again) return ask_assessment(t);
  if (s.verdict->verdict != Verdict::release) {
    t.attention(2, call_text(s));
    return t.enter(Phase::waiting_officer);
  }
  // An officer said hold after the verdict was given, by policy or by a colleague.
  const bool stopped = s.stopped || (s.held && s.verdict->decided_by == "policy");
  // Whoever stands in the port without a crossing has to be let out by an officer first.
  const Sense behind = sense(s, t.c, device::points::loop_exit, t.now.mono);
  const bool port_taken = s.wrong_way && t.c.kind == Kind::sally_port && !s.in_port && behind != Sense::free;
  if (stopped || port_taken || (s.other_vehicle && !s.in_port)) {  // the verdict was given to the one that stood here
    VerdictGiven verdict;
    verdict.decided_by = "policy";
    verdict.channel = channel_of(s).value_or(s.verdict->channel);
    verdict.reason = stopped      ? "held before: an officer decides"
                     : port_taken ? std::string(let_out_first)
                                  : "not known to be the same vehicle before it was let go";
    propose(t, std::move(verdict));
    s.verdict_persist = t.commit(Purpose::verdict);
    return;
  }
  if (records_held(s)) return t.attention(2, "records cannot be written: the lane holds until they can");
  if (s.wrong_way) return t.attention(3, std::string(in_the_way));
  if (!s.in_port && sense(s, t.c, device::points::loop_entry, t.now.mono) != Sense::occupied) return;  // gone, or not known to be there
  if (!s.in_port && behind == Sense::occupied && !s.still_behind) {  // come from behind, or nobody knows whence
    if (steady(s, device::points::loop_exit, t.c.presence_debounce, t.now.mono)) t.attention(3, std::string(in_the_way));
    return;
  }
  t.attention(0, "");
  begin_raising(t, s.in_port ? device::Boom::second : device::Boom::first);
}

}  // namespace rampa::lane
