// Which fields each kind of record has, once, for both directions. `a(name, member)` is an open field,
// `a.personal(name, member)` one that the journal encrypts. Adding a field here is all it takes; readers treat an absent
// field as its default, and look for a personal one in the open part too, so old journals stay readable.
#pragma once

#include "edge/crossing/records.hpp"

namespace rampa::record_fields {

template <class A> void fields(A& a, device::WeighReading& x) {
  a("gross_g", x.gross_g); a("net_g", x.net_g); a("tare_g", x.tare_g);
  a("motion", x.motion); a("over_range", x.over_range); a("under_range", x.under_range);
  a("centre_of_zero", x.centre_of_zero); a("net_mode", x.net_mode); a("tare_preset", x.tare_preset);
  a("alibi_number", x.alibi_number); a("calibrated_until", x.calibrated_until); a("seal_number", x.seal_number);
}
template <class A> void fields(A& a, device::PlateRead& x) {
  a.personal("text", x.text);
  a("country", x.country); a("confidence_percent", x.confidence_percent);
  a("char_confidence_percent", x.char_confidence_percent);
  a("position", x.position); a("heading", x.heading); a("read_id", x.read_id); a("captured", x.captured);
  a("reader", x.reader); a("uncertified", x.uncertified);
}
template <class A> void fields(A& a, device::RadiationReading& x) {
  a("occupancy", x.occupancy); a("gamma_alarm", x.gamma_alarm); a("neutron_alarm", x.neutron_alarm);
  a("portal_fault", x.portal_fault); a("gamma_background_cps", x.gamma_background_cps);
  a("gamma_peak_cps", x.gamma_peak_cps); a("neutron_peak_cps", x.neutron_peak_cps); a("gamma_sigma", x.gamma_sigma);
}
template <class A> void fields(A& a, device::ScanImage& x) {
  a("scan_id", x.scan_id); a("width_px", x.width_px); a("height_px", x.height_px); a("bits", x.bits);
  a("complete", x.complete); a("lines_missing", x.lines_missing); a("lines_repeated", x.lines_repeated);
}
template <class A> void fields(A& a, device::ScanAid& x) { a("name", x.name); a("result", x.result); }
template <class A> void fields(A& a, device::ScanAids& x) { a("scan_id", x.scan_id); a("aids", x.aids); }
template <class A> void fields(A& a, device::CameraFrame& x) { a("position", x.position); a("number", x.number); }
template <class A> void fields(A& a, device::Provenance& x) {
  a("device", x.device); a("received", x.received); a("device_time", x.device_time); a("quality", x.quality);
  a("reason", x.reason);
}
template <class A> void fields(A& a, device::DeviceCondition& x) {
  a("level", x.level); a("fault", x.fault); a("detail", x.detail);
}
template <class A> void fields(A& a, Stamp& x) { a("mono_ns", x.mono.ns); a("wall_ms", x.wall.ms); }
template <class A> void fields(A& a, ControlOrder& x) {
  a("control", x.control); a("what", x.what); a("where", x.where); a("with", x.with); a("evidence", x.evidence);
}
template <class A> void fields(A& a, Hit& x) {
  a("profile", x.profile); a("version", x.version); a("channel", x.channel); a("instruction", x.instruction);
  a("instructions", x.instructions); a("controls", x.controls);
}
template <class A> void fields(A& a, Assessment& x) {
  a("form", x.form); a("channel", x.channel); a("hits", x.hits); a("score", x.score); a("shadow", x.shadow);
  a("reasons", x.reasons);
  a("controls", x.controls); a("profile_set", x.profile_set); a("profile_set_sha256", x.profile_set_sha256);
  a("draw_key", x.draw_key); a("draws", x.draws);
  a.personal("facts", x.facts);
  // Parts of criteria: which fact a profile asks for, which green list there is. Open in journals of before.
  a.personal("declined", x.declined); a.personal("undetermined", x.undetermined);
}

template <class A> void fields(A& a, Booted& x) {
  a("version", x.version); a("profile_set", x.profile_set); a("clean_before", x.clean_before);
}
template <class A> void fields(A& a, CrossingOpened& x) { a("lane_kind", x.lane_kind); a("direction", x.direction); }
template <class A> void fields(A& a, CaptureTaken& x) { a("role", x.role); a("from", x.from); a("body", x.body); }
template <class A> void fields(A& a, AssessmentMade& x) {
  a("assessment", x.assessment); a.personal("declarations", x.declarations); a("evidence_missing", x.evidence_missing);
}
template <class A> void fields(A& a, VerdictGiven& x) {
  a("verdict", x.verdict); a("channel", x.channel); a("decided_by", x.decided_by);
  a("second_officer", x.second_officer); a("reason", x.reason); a("overrides", x.overrides);
  a("audit_afterwards", x.audit_afterwards); a("decision_ms", x.decision_ms);
}
template <class A> void fields(A& a, ControlRecorded& x) {
  a("control", x.control); a("finding", x.finding); a("officer", x.officer); a.personal("note", x.note);
}
template <class A> void fields(A& a, PassageSeen& x) { a("what", x.what); a("detail", x.detail); }
template <class A> void fields(A& a, CrossingClosed& x) { a("outcome", x.outcome); a("summary", x.summary); }
template <class A> void fields(A& a, OfficerActed& x) {
  a("officer", x.officer); a("terminal", x.terminal); a("action", x.action); a("reason", x.reason);
  a("accepted", x.accepted); a("refusal", x.refusal); a("channel", x.channel); a("control", x.control);
}
template <class A> void fields(A& a, LaneModeChanged& x) { a("mode", x.mode); a("by", x.by); a("reason", x.reason); }
template <class A> void fields(A& a, FaultChanged& x) {
  a("device", x.device); a("role", x.role); a("condition", x.condition);
}
template <class A> void fields(A& a, PaperCrossing& x) {
  a("happened_ms", x.happened.ms); a.personal("plate", x.plate); a.personal("trailer", x.trailer);
  a("gross_kg", x.gross_kg); a.personal("declaration", x.declaration); a("verdict", x.verdict);
  a("decided_by", x.decided_by); a("entered_by", x.entered_by); a.personal("note", x.note);
}
template <class A> void fields(A& a, AuditNote& x) { a("what", x.what); a("who", x.who); a("detail", x.detail); }

template <class A> void fields(A& a, BlobEvicted& x) {
  a("sha256", x.sha256); a("size_bytes", x.size_bytes); a("class", x.blob_class); a("reason", x.reason); a("held_at_hq", x.held_at_hq);
}

/// The word for each kind; the order is RecordBody's. Words are never reused or renamed: journals live for years.
inline constexpr std::string_view kinds[] = {"booted",           "crossing_opened", "capture",     "assessment",
                                             "verdict",          "control",         "passage",     "crossing_closed",
                                             "officer_action",   "lane_mode",       "fault",       "paper_crossing",
                                             "audit",            "blob_evicted"};
static_assert(std::size(kinds) == std::variant_size_v<RecordBody>);

inline constexpr std::string_view capture_kinds[] = {"weighing", "plate", "radiation", "scan", "frame", "scan_aids"};
static_assert(std::size(capture_kinds) == std::variant_size_v<CaptureBody>);

template <class E> struct EnumWords;  // the words of an enum, in its order
#define RAMPA_ENUM_WORDS(type, ...)                                        \
  template <> struct EnumWords<type> {                                     \
    static constexpr std::string_view words[] = {__VA_ARGS__};             \
  }
RAMPA_ENUM_WORDS(Verdict, "release", "hold", "refer");
RAMPA_ENUM_WORDS(SelectivityChannel, "green", "blue", "yellow", "red");
RAMPA_ENUM_WORDS(device::Quality, "good", "suspect", "bad");
RAMPA_ENUM_WORDS(device::PlatePosition, "front", "rear", "unknown");
RAMPA_ENUM_WORDS(device::Heading, "forward", "reverse", "unknown");
RAMPA_ENUM_WORDS(device::ScanAidResult, "nothing", "marked", "failed");
RAMPA_ENUM_WORDS(device::ConditionLevel, "connecting", "checking", "ready", "suspect", "faulted");
#undef RAMPA_ENUM_WORDS

}  // namespace rampa::record_fields
