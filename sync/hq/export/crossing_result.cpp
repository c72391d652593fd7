#include "sync/hq/export/crossing_result.hpp"

#include <algorithm>
#include <variant>

namespace rampa::sync::hq {
namespace {

std::string_view name_of(device::PlatePosition position) {
  return position == device::PlatePosition::front ? "front" : position == device::PlatePosition::rear ? "rear" : "unknown";
}

struct Fold {
  CrossingResult& out;
  const ResultRecord& record;

  void operator()(const CrossingOpened& x) {
    out.lane_kind = x.lane_kind;
    out.direction = x.direction;
    out.opened = record.at.wall;
  }
  void operator()(const CaptureTaken& x) {
    if (const auto* plate = std::get_if<device::PlateRead>(&x.body)) {
      if (!plate->text.empty()) out.plates.push_back({std::string(name_of(plate->position)), plate->text, plate->country, plate->confidence_percent});
    } else if (const auto* mass = std::get_if<device::WeighReading>(&x.body)) {
      if (mass->usable()) out.mass = ResultMass{mass->gross_g, mass->net_g, mass->tare_g, mass->alibi_number};
    } else if (const auto* radiation = std::get_if<device::RadiationReading>(&x.body)) {
      out.gamma_alarm |= radiation->gamma_alarm;
      out.neutron_alarm |= radiation->neutron_alarm;
    }
    for (const BlobRef& blob : record.blobs)
      if (blob.media_type.starts_with("image/") || std::holds_alternative<device::ScanImage>(x.body)) out.images.push_back(blob);
  }
  void operator()(const AssessmentMade& x) {
    out.channel = rampa::name_of(x.assessment.channel);
    out.profile_set = x.assessment.profile_set;
    out.declarations = x.declarations;
    out.evidence_missing = x.evidence_missing;
    out.profiles.clear();
    for (const Hit& hit : x.assessment.hits) out.profiles.push_back(hit.profile);
  }
  void operator()(const VerdictGiven& x) {
    out.verdicts.push_back({std::string(rampa::name_of(x.verdict)), std::string(rampa::name_of(x.channel)), x.decided_by, x.second_officer, x.reason,
                            x.overrides, x.audit_afterwards, record.at.wall});
  }
  void operator()(const ControlRecorded& x) { out.controls.push_back({x.control, x.finding, x.officer, x.note, record.at.wall}); }
  void operator()(const CrossingClosed& x) {
    out.outcome = x.outcome;
    out.closed = record.at.wall;
  }
  void operator()(const PaperCrossing& x) {
    out.on_paper = true;
    out.entered_by = x.entered_by;
    out.opened = out.closed = x.happened;
    out.outcome = x.verdict == Verdict::release ? "released" : x.verdict == Verdict::hold ? "held" : "referred";
    if (!x.plate.empty()) out.plates.push_back({"front", x.plate, "", 100});
    if (!x.trailer.empty()) out.plates.push_back({"rear", x.trailer, "", 100});
    if (x.gross_kg) out.mass = ResultMass{*x.gross_kg * 1000, *x.gross_kg * 1000, 0, ""};
    if (!x.declaration.empty()) out.declarations.push_back(x.declaration);
    out.verdicts.push_back({std::string(rampa::name_of(x.verdict)), "", x.decided_by, "", x.note, false, false, x.happened});
  }
  template <class Other>
  void operator()(const Other&) {}  // no part of the result
};

}  // namespace

CrossingResult result_of(const std::string& post, const std::string& epoch, const std::vector<ResultRecord>& records) {
  CrossingResult out;
  out.post = post;
  for (const ResultRecord& record : records) {
    if (!record.lane.empty()) out.lane = record.lane;
    if (!record.crossing.empty()) out.crossing = record.crossing;
    if (!record.not_readable.empty() && out.not_readable.empty()) out.not_readable = record.not_readable;
    std::visit(Fold{out, record}, record.body);
  }
  if (!records.empty()) {
    out.id = post + "/" + epoch + "/" + std::to_string(records.back().sequence);
    out.last_hash = records.back().hash;
    if (out.opened.ms == 0) out.opened = records.front().at.wall;  // its beginning was before this journal
  }
  std::stable_sort(out.plates.begin(), out.plates.end(), [](const ResultPlate& a, const ResultPlate& b) {
    return a.position != b.position ? a.position < b.position : a.confidence_percent > b.confidence_percent;
  });
  return out;
}

}  // namespace rampa::sync::hq
