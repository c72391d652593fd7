// What was captured for the crossing, as the facts that risk profiles see. A fact that is not there is missing; only
// good captures give facts, with one exception: an alarm counts whatever its quality.
#include <algorithm>

#include "edge/lane/turn.hpp"

namespace rampa::lane {

namespace {

void plate_facts(const State& s, const Config& c, Fields& facts) {
  std::vector<std::string> plates;
  const auto add = [&](const char* role, const char* plate, const char* confidence, const char* several) {
    const Capture* capture = best(s, c, role);
    if (!capture) return;
    const auto& read = std::get<device::PlateRead>(capture->body);
    facts[plate] = read.text;
    facts[confidence] = std::int64_t{read.confidence_percent};
    facts[several] = std::any_of(s.captures.begin(), s.captures.end(), [&](const Capture& other) {
      const auto* text = std::get_if<device::PlateRead>(&other.body);
      return other.role == role && text && is_good(c, other) && text->text != read.text;
    });
    if (!read.country.empty() && facts.find("vehicle.country") == facts.end()) facts["vehicle.country"] = read.country;
    plates.push_back(read.text);
  };
  add("plate_front", "vehicle.plate", "evidence.plate_confidence_percent", "evidence.plate_read_differently");
  add("plate_rear", "vehicle.trailer", "evidence.trailer_confidence_percent", "evidence.trailer_read_differently");
  if (!plates.empty()) facts["vehicle.plates"] = plates;
}

void radiation_facts(const State& s, const Config& c, Fields& facts) {
  bool gamma = false, neutron = false, any_good = false;
  double sigma = 0;
  for (const auto& capture : s.captures) {
    const auto* r = std::get_if<device::RadiationReading>(&capture.body);
    if (!r) continue;
    gamma = gamma || r->gamma_alarm;
    neutron = neutron || r->neutron_alarm;
    any_good = any_good || is_good(c, capture);
    sigma = std::max(sigma, r->gamma_sigma);
  }
  if (gamma || neutron) facts["evidence.radiation_alarm"] = true;
  else if (any_good) facts["evidence.radiation_alarm"] = false;
  else return;
  facts["evidence.gamma_alarm"] = gamma;
  facts["evidence.neutron_alarm"] = neutron;
  facts["evidence.gamma_sigma"] = static_cast<std::int64_t>(sigma);
}

void scan_facts(const State& s, const Config& c, Fields& facts) {
  const Capture* scan = best(s, c, "scanner");
  const bool complete = scan != nullptr;
  if (complete) facts["evidence.scan_complete"] = true;
  for (const auto& capture : s.captures)
    if (!complete && std::holds_alternative<device::ScanImage>(capture.body)) scan = &capture;  // the last one
  std::vector<std::string> marked, failed;
  bool said = false;
  for (const auto& capture : s.captures) {
    const auto* aids = std::get_if<device::ScanAids>(&capture.body);
    if (!aids || !scan || aids->scan_id != std::get<device::ScanImage>(scan->body).scan_id) continue;
    said = true;
    for (const auto& aid : aids->aids) {
      if (aid.result == device::ScanAidResult::marked) marked.push_back(aid.name);
      if (aid.result == device::ScanAidResult::failed) failed.push_back(aid.name);
    }
  }
  // That nothing is marked in a part of a scan, or by some of the aids, says nothing.
  if (said && ((complete && failed.empty()) || !marked.empty())) facts["evidence.scan_aids"] = std::move(marked);
  if (said) facts["evidence.scan_aids_failed"] = failed;
}

}  // namespace

Fields facts_of(const State& s, const Config& c) {
  Fields facts;
  facts["vehicle.lane"] = c.id.text;
  facts["vehicle.direction"] = c.direction;
  if (s.standing_at_start) facts["evidence.standing_at_start"] = true;
  plate_facts(s, c, facts);
  if (const Capture* ticket = best(s, c, "scale"))
    facts["evidence.gross_kg"] = std::get<device::WeighReading>(ticket->body).gross_g / 1000;
  if (s.second_on_scale) facts["evidence.second_on_scale"] = true;
  radiation_facts(s, c, facts);
  scan_facts(s, c, facts);
  for (const auto& control : s.controls) {
    if (control.control == "nii") facts["evidence.scan_finding"] = control.finding;  // the last one counts
  }
  return facts;
}

}  // namespace rampa::lane
