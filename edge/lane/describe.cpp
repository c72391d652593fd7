// The state as canonical text: what two equal states have in common, and what a trace shows.
#include <sstream>

#include "edge/lane/turn.hpp"

namespace rampa::lane {

namespace {

void put(std::ostream& out, const std::optional<MonoTime>& at) {
  if (at) out << at->ns;
  else out << '-';
}

void put(std::ostream& out, const std::optional<VerdictGiven>& v) {
  if (!v) { out << '-'; return; }
  out << name_of(v->verdict) << '/' << name_of(v->channel) << '/' << v->decided_by << '/' << v->second_officer << '/' << v->decision_ms
      << (v->overrides ? "/overrides" : "") << (v->audit_afterwards ? "/audit" : "");
}

void put_capture(std::ostream& out, const Capture& capture) {
  out << ' ' << capture.role << ':' << device::name_of(capture.from.quality) << '@' << capture.from.received.mono.ns << ':';
  if (const auto* p = std::get_if<device::PlateRead>(&capture.body)) out << p->text << '/' << p->confidence_percent << (p->uncertified ? "?" : "");
  else if (const auto* w = std::get_if<device::WeighReading>(&capture.body)) out << w->gross_g;
  else if (const auto* r = std::get_if<device::RadiationReading>(&capture.body)) out << r->occupancy << (r->gamma_alarm || r->neutron_alarm ? "!" : "");
  else if (const auto* i = std::get_if<device::ScanImage>(&capture.body)) out << i->scan_id << (i->complete ? "" : "?");
  else if (const auto* a = std::get_if<device::ScanAids>(&capture.body))
    for (const auto& aid : a->aids) out << aid.name << '=' << device::name_of(aid.result) << ' ';
}

}  // namespace

std::string describe(const State& s) {
  std::ostringstream out;
  out << "phase=" << name_of(s.phase) << " since=";
  put(out, s.phase_since);
  out << " mode=" << s.mode << " crossing=" << s.crossing.text << " n=" << s.crossings << ',' << s.next_number << " arrived=" << s.arrived.mono.ns;
  out << "\npoints";
  for (const auto& [name, p] : s.points)
    out << ' ' << name << '=' << p.on << '/' << device::name_of(p.quality) << '@' << p.at.ns << '~' << p.changed.ns;
  out << "\nconditions";
  for (const auto& [role, c] : s.conditions) out << ' ' << role << '=' << device::name_of(c.level) << ':' << c.fault;
  out << "\ncaptures";
  for (const auto& capture : s.captures) put_capture(out, capture);
  out << "\nearly";
  for (const auto& capture : s.early) put_capture(out, capture);
  out << "\nmissing";
  for (const auto& what : s.evidence_missing) out << ' ' << what;
  out << "\nproposed=";
  put(out, s.proposed);
  out << " verdict=";
  put(out, s.verdict);
  out << " persist=" << s.verdict_persist << " assessed=" << (s.assessed ? name_of(s.assessed->assessment.channel) : "-");
  for (const auto& control : s.controls) out << ' ' << control.control << ':' << control.finding;
  if (s.raised) {
    out << " raised=" << name_of(s.raised->channel) << '/' << s.raised->officer;
    for (const auto& control : s.raised->controls) out << '+' << control;
  }
  out << "\nboom=" << static_cast<int>(s.boom) << (s.motion.motion == device::Motion::raise ? " raise" : " lower") << " asks=" << s.motion.asks << " asked=";
  put(out, s.motion.asked);
  out << " outcome=" << (s.motion.outcome ? device::name_of(*s.motion.outcome) : "-") << " command=" << s.boom_command
      << (s.motion.reversal ? " reversal" : "") << " order=" << (s.boom_order ? static_cast<int>(*s.boom_order) : 0) << " clear=";
  put(out, s.clear_since);
  const auto& p = s.passage;
  out << "\npassage opened=" << p.opened.ns << " under=" << s.passed_under << " exit=" << p.exit_free << p.exit_seen << " entry=" << p.entry_cleared
      << " gap=";
  put(out, p.gap);
  out << " flags=" << p.cleared_once << p.tailgate << p.stalled << p.expired << p.left << p.halted << p.closed_by_hand << p.unseen << p.contested << p.gone_unseen << " away=";
  put(out, p.away);
  out << " port=" << s.in_port << " wrong=";
  put(out, s.wrong_way);
  out << " free=";
  put(out, s.entry_free);
  out << " notclosed=";
  put(out, s.not_closed);
  out << "\ndue=" << s.evidence_due.ns << ',' << s.assess_due.ns << ',' << s.scan_due.ns << " weigh=" << s.weigh_g << '@';
  put(out, s.weigh_since);
  out << " flags=" << s.standing_at_start << s.assess_again << s.second_on_scale << s.scan_permitted << s.scan_over << s.link_up << s.held << s.stopped << s.other_vehicle
      << static_cast<int>(s.let_go) << s.still_behind << s.seen_ahead << " stayed=";
  put(out, s.stayed);
  out << " known=";
  put(out, s.entry_known);
  out << " scanner=" << static_cast<int>(s.scanner) << ' ' << s.scan_id << ',' << s.scan_ran << " frames=" << s.frames.size() << " before=" << s.mode_before << " fault=" << s.fault;
  out << "\npending";
  for (const auto& [number, groups] : s.pending) out << ' ' << number << 'x' << groups.size();
  out << " unwritten=" << s.unwritten.size() << " rewriting=" << s.rewriting << '@' << s.rewrite_at.ns << " dropped=" << s.records_dropped
      << " officer=" << (s.order ? s.order->officer.text : "-");
  out << "\nlights";
  for (const auto& [at, aspect] : s.lights) out << ' ' << static_cast<int>(at) << ':' << static_cast<int>(aspect);
  out << "\nattention=" << s.attention_level << ' ' << s.attention << " covered=" << s.attention_covered_level << s.attention_covered << " reads=" << s.seen_reads.size() << " last=";
  put(out, s.last_evidence);
  out << " wake=";
  put(out, s.wake);
  out << '\n';
  return out.str();
}

std::string describe(const Effect& effect) {
  std::ostringstream out;
  if (const auto* e = std::get_if<Persist>(&effect)) {
    out << "persist " << e->persist;
    for (const auto& record : e->records) out << ' ' << record.body.index() << '(' << record.crossing.text << ')';
  } else if (const auto* ask = std::get_if<Ask>(&effect)) {
    out << "ask " << ask->role << ' ' << ask->command << ' ';
    if (const auto* move = std::get_if<device::MoveBoom>(&ask->body))
      out << (move->motion == device::Motion::raise ? "raise " : "lower ") << static_cast<int>(move->boom);
    else if (const auto* light = std::get_if<device::SetLight>(&ask->body))
      out << "light " << static_cast<int>(light->at) << (light->aspect == device::Aspect::green ? " green" : " red");
    else if (const auto* scan = std::get_if<device::WithholdScan>(&ask->body))
      out << (scan->withhold ? "withhold scan" : "permit scan");
    else if (const auto* frames = std::get_if<device::TakeFrames>(&ask->body))
      out << "frames " << to_ms(frames->for_time) << " ms";
    else
      out << "abort scan";
  } else if (const auto* assess = std::get_if<Assess>(&effect)) {
    out << "assess " << assess->crossing.text;
  } else if (const auto* start = std::get_if<StartTimer>(&effect)) {
    out << "timer " << start->timer << ' ' << start->at.ns;
  } else if (std::holds_alternative<StopTimer>(effect)) {
    out << "timer off";
  } else if (const auto* answer = std::get_if<Answer>(&effect)) {
    out << "answer " << answer->request << (answer->accepted ? " accepted" : " refused: " + answer->refusal);
  } else if (const auto* notify = std::get_if<Notify>(&effect)) {
    out << "notify " << notify->level << ' ' << notify->text;
  }
  return out.str();
}

}  // namespace rampa::lane
