#include "hil/bench/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace rampa::hil {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : ",") + word;
  return all;
}

bool has(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// The last crossing of a lane that is not idle when the run ends may still be under way; every other one is over.
bool may_be_open(const RunReport& report, const CrossingSeen& crossing) {
  for (const auto& later : report.crossings)
    if (later.lane == crossing.lane && later.opened_ms > crossing.opened_ms) return false;
  return std::any_of(report.phases.begin(), report.phases.end(),
                     [&](const auto& p) { return p.first == crossing.lane && p.second != "idle"; });
}

std::string seconds_text(MonoTime at) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", static_cast<double>(at.ns) / 1e9);
  return text;
}

}  // namespace

const std::vector<std::string>& always_forbidden() {
  static const std::vector<std::string> all{"boom_hit_vehicle", "lowering_over_vehicle", "both_booms_open"};
  return all;
}

std::uint64_t lorry_of(const std::vector<WorldEvent>& world, const std::string& lane, MonoTime opened) {
  std::uint64_t lorry = 0;
  for (const auto& event : world) {
    if (event.at > opened) break;
    if (event.lane != lane) continue;
    if (event.what == "lorry_on_entry") lorry = event.lorry;
    if ((event.what == "lorry_passed" || event.what == "lorry_left") && event.lorry == lorry) lorry = 0;
  }
  return lorry;
}

void add_record(std::vector<CrossingSeen>& crossings, const Record& record) {
  if (record.crossing.empty()) return;
  auto it = std::find_if(crossings.begin(), crossings.end(), [&](const auto& c) { return c.id == record.crossing.text; });
  if (it == crossings.end()) {
    crossings.push_back({});
    it = std::prev(crossings.end());
    it->id = record.crossing.text;
    it->lane = record.lane.text;
    it->opened_ms = record.at.wall.ms;
  }
  CrossingSeen& c = *it;
  ++c.records;
  if (const auto* capture = std::get_if<CaptureTaken>(&record.body)) {
    if (const auto* plate = std::get_if<device::PlateRead>(&capture->body); plate && !plate->text.empty())
      (capture->role == "plate_rear" ? c.trailer : c.plate) = plate->text;
    if (const auto* weigh = std::get_if<device::WeighReading>(&capture->body); weigh && weigh->usable())
      c.gross_kg = static_cast<double>(weigh->gross_g) / 1000;
  } else if (const auto* made = std::get_if<AssessmentMade>(&record.body)) {
    c.channel = std::string(name_of(made->assessment.channel));
    for (const auto& hit : made->assessment.hits) c.hits.push_back(hit.profile);
    c.reasons = made->assessment.reasons;
    c.evidence_missing = made->evidence_missing;
  } else if (const auto* verdict = std::get_if<VerdictGiven>(&record.body)) {
    c.verdict = std::string(name_of(verdict->verdict));
    c.decided_by = verdict->decided_by;
    c.decision_ms = verdict->decision_ms;  // of the verdict that stands, like who gave it
    if (verdict->verdict == Verdict::release && c.released_ms == 0) c.released_ms = record.at.wall.ms;
  } else if (const auto* passage = std::get_if<PassageSeen>(&record.body)) {
    c.passages.push_back(passage->what);
  } else if (const auto* closed = std::get_if<CrossingClosed>(&record.body)) {
    c.outcome = closed->outcome;
    ++c.terminal_records;
  }
}

std::vector<std::string> judge(const Scenario& scenario, const RunReport& report) {
  std::vector<std::string> wrong;
  auto say = [&](int line, const std::string& text) {
    wrong.push_back(scenario.file + (line ? ":" + std::to_string(line) : "") + ": " + text);
  };
  for (const auto& violation : report.violations)
    say(0, "violation " + violation.name + " at lane " + violation.lane + ": " + violation.detail);
  auto forbidden = always_forbidden();
  forbidden.insert(forbidden.end(), scenario.run.never.begin(), scenario.run.never.end());
  for (const auto& event : report.world)
    if (has(forbidden, event.what))
      say(0, event.what + " at lane " + event.lane + ", " + seconds_text(event.at) + ", lorry " + std::to_string(event.lorry));
  for (const auto& what : scenario.run.happened)
    if (std::none_of(report.world.begin(), report.world.end(), [&](const auto& e) { return e.what == what; }))
      say(0, "expected to happen in the world, did not: " + what);
  for (const auto& condition : scenario.run.conditions)
    if (std::none_of(report.conditions.begin(), report.conditions.end(),
                     [&](const auto& c) { return c.rfind(condition, 0) == 0; }))
      say(0, "no device condition '" + condition + "' was published; seen: " + joined(report.conditions));
  for (const auto& notice : scenario.run.notices)
    if (std::none_of(report.notices.begin(), report.notices.end(),
                     [&](const auto& n) { return n.find(notice) != std::string::npos; }))
      say(0, "nobody was told '" + notice + "'; told: " + joined(report.notices));
  if (scenario.run.crossings && static_cast<int>(report.crossings.size()) != *scenario.run.crossings)
    say(0, std::to_string(report.crossings.size()) + " crossings, expected " + std::to_string(*scenario.run.crossings));
  for (const auto& c : report.crossings)
    if (c.terminal_records != 1 && !(c.terminal_records == 0 && may_be_open(report, c)))
      say(0, "crossing " + c.id + " has " + std::to_string(c.terminal_records) + " terminal records");
  if (scenario.run.lane_ends_idle)
    for (const auto& [lane, phase] : report.phases)
      if (phase != "idle") say(0, "lane " + lane + " ends in '" + phase + "', not idle");
  if (report.hq_checked && scenario.run.hq_has_all && !report.hq_has_all) say(0, "HQ: " + report.hq_detail);

  // The record may say less than the world knows, and never something else.
  for (const auto& c : report.crossings)
    if (c.lorry != 0 && has(c.passages, "left_backwards") && std::any_of(report.world.begin(), report.world.end(), [&](const auto& event) {
          return event.what == "lorry_passed" && event.lorry == c.lorry;
        }))
      say(0, "lorry " + std::to_string(c.lorry) + " drove through and is recorded as turned back");
  for (const auto& e : scenario.expected) {
    // The last crossing of that lorry: after a kill the first one is closed as aborted and a new one is opened.
    const CrossingSeen* seen = nullptr;
    for (const auto& c : report.crossings)
      if (c.lorry == e.lorry) seen = &c;
    const std::string who = "lorry " + std::to_string(e.lorry);
    if (e.passed) {
      const bool passed = std::any_of(report.world.begin(), report.world.end(), [&](const auto& event) {
        return event.what == "lorry_passed" && event.lorry == e.lorry;
      });
      if (passed != *e.passed) say(e.line, who + (passed ? " passed, should not have" : " did not pass"));
    }
    if (e.crossing.has_value() && *e.crossing != (seen != nullptr))
      say(e.line, who + (seen ? " has a crossing, should not have" : " has no crossing"));
    const bool asked = e.channel || e.verdict || e.outcome || e.decided_by || e.plate || e.gross_kg || e.evidence_complete ||
                       !e.hits.empty() || !e.passages.empty() || !e.evidence_missing.empty();
    if (!asked) continue;
    if (!seen) {
      say(e.line, who + " has no crossing");
      continue;
    }
    auto compare = [&](const char* name, const std::optional<std::string>& want, const std::string& got) {
      if (want && *want != got) say(e.line, who + ": " + name + " is '" + got + "', expected '" + *want + "'");
    };
    compare("channel", e.channel, seen->channel);
    compare("verdict", e.verdict, seen->verdict);
    compare("outcome", e.outcome, seen->outcome);
    compare("plate", e.plate, seen->plate);
    compare("decided_by", e.decided_by, seen->decided_by == "policy" ? "policy" : seen->decided_by.empty() ? "nobody" : "officer");
    if (e.gross_kg && std::abs(seen->gross_kg - *e.gross_kg) > 20)
      say(e.line, who + ": weighed " + std::to_string(seen->gross_kg) + " kg, expected " + std::to_string(*e.gross_kg));
    if (e.evidence_complete && *e.evidence_complete != seen->evidence_missing.empty())
      say(e.line, who + ": missing evidence: '" + joined(seen->evidence_missing) + "'");
    for (const auto& [name, want, got] : {std::tuple{"hit", &e.hits, &seen->hits}, {"passage", &e.passages, &seen->passages},
                                          {"missing evidence", &e.evidence_missing, &seen->evidence_missing}})
      for (const auto& word : *want)
        if (!has(*got, word)) say(e.line, who + ": no " + name + " '" + word + "'; seen: " + joined(*got));
  }
  return wrong;
}

std::string one_line(const CrossingSeen& c) {
  std::string text = c.lane + " " + (c.plate.empty() ? "-" : c.plate) + " ";
  text += c.gross_kg < 0 ? "- kg" : std::to_string(static_cast<long long>(std::llround(c.gross_kg))) + " kg";
  text += " " + (c.channel.empty() ? "-" : c.channel) + " [" + joined(c.hits) + "] ";
  text += (c.verdict.empty() ? "no verdict" : c.verdict) + " by " + (c.decided_by.empty() ? "nobody" : c.decided_by);
  text += c.decision_ms < 0 ? "" : " in " + std::to_string(c.decision_ms) + " ms";
  return text + ": " + (c.outcome.empty() ? "not closed" : c.outcome);
}

}  // namespace rampa::hil
