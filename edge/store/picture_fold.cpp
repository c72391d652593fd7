// What a record changes in its crossing's line.
#include "edge/crossing/record_json.hpp"
#include "edge/store/picture.hpp"

namespace rampa::store {

namespace {

struct Fold {
  CrossingRow& row;

  void operator()(const CaptureTaken& c) {
    if (const auto* read = std::get_if<device::PlateRead>(&c.body); read && !read->text.empty())
      (c.role == "plate_rear" || read->position == device::PlatePosition::rear ? row.trailer : row.plate) = read->text;
    if (const auto* weighing = std::get_if<device::WeighReading>(&c.body); weighing && weighing->usable())
      row.gross_kg = weighing->gross_g / 1000;
  }
  void operator()(const AssessmentMade& a) {
    row.channel = name_of(a.assessment.channel);
    row.hits.clear();
    for (const Hit& hit : a.assessment.hits) row.hits.push_back(hit.profile);
  }
  void operator()(const VerdictGiven& v) {
    row.verdict = name_of(v.verdict);
    row.channel = name_of(v.channel);
    row.decided_by = v.decided_by;
    row.decision_ms = v.decision_ms;
  }
  void operator()(const CrossingClosed& c) { row.outcome = c.outcome; }
  void operator()(const PaperCrossing& p) {
    row.paper = true;
    row.opened.wall = p.happened;
    row.plate = p.plate;
    row.trailer = p.trailer;
    row.gross_kg = p.gross_kg.value_or(-1);
    row.verdict = name_of(p.verdict);
    row.decided_by = p.decided_by;
    row.outcome = "by_hand";
  }
  template <class T>
  void operator()(const T&) {}  // changes nothing that the line shows
};

}  // namespace

std::string filed_under(const format::Entry& entry) {
  if (!entry.crossing.empty()) return entry.crossing;
  return entry.kind == "paper_crossing" ? "paper-" + std::to_string(entry.sequence) : "";
}

void fold(CrossingLine& line, const Pictured& record) {
  const format::Entry& e = record.entry;
  if (line.first_sequence == 0) {
    line.row.id.text = filed_under(e);
    line.row.lane.text = e.lane;
    line.row.opened = e.at;
    line.first_sequence = e.sequence;
  }
  line.last_sequence = e.sequence;
  // A kind that a newer Rampa wrote stays out of the line; the record itself is filed all the same.
  if (auto body = decode(e.open, record.personal.value_or(""))) std::visit(Fold{line.row}, *body);
}

}  // namespace rampa::store
