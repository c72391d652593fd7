#include <type_traits>

#include "edge/api/views.hpp"
#include "edge/crossing/record_fields.hpp"

namespace rampa::api {
namespace {

/// Walks a record's own field list (record_fields), so that a new field needs no edit here.
class Fieldwise {
 public:
  explicit Fieldwise(JsonWriter& w) : w_(w) {}

  template <class T>
  void operator()(const char* name, T& x) {
    w_.key(name);
    write(x);
  }
  template <class T>
  void personal(const char* name, T& x) { (*this)(name, x); }

  template <class T>
  void object(T& x) {
    w_.object();
    record_fields::fields(*this, x);
    w_.end();
  }

 private:
  template <class T>
  static constexpr bool has_fields = requires(Fieldwise& a, T& x) { record_fields::fields(a, x); };

  template <class T>
  void write(T& x) {
    static_assert(!std::is_same_v<T, Assessment>, "an assessment's own fields are the risk unit's: write_officers_assessment");
    if constexpr (std::is_same_v<T, CaptureBody>) {
      w_.object().field("kind", record_fields::capture_kinds[x.index()]);
      std::visit([&](auto& body) { record_fields::fields(*this, body); }, x);
      w_.end();
    } else if constexpr (has_fields<T>) {
      object(x);
    } else if constexpr (std::is_enum_v<T>) {
      w_.value(record_fields::EnumWords<T>::words[static_cast<std::size_t>(x)]);
    } else {
      leaf(x);
    }
  }
  template <class Tag>
  void leaf(const Id<Tag>& id) { w_.value(id.text); }
  void leaf(const WallTime& at) { w_.value(at.ms); }
  void leaf(const std::optional<WallTime>& at) { at ? w_.value(at->ms) : w_.value(nullptr); }
  template <class T>
  void leaf(std::vector<T>& list) {
    w_.array();
    for (auto& item : list) write(item);
    w_.end();
  }
  template <class T>
    requires requires(JsonWriter& w, const T& x) { w.value(x); }
  void leaf(const T& x) { w_.value(x); }

  JsonWriter& w_;
};

void write_assessment(JsonWriter& w, const AssessmentMade& made) {
  w.object().key("assessment").object().field("channel", name_of(made.assessment.channel));
  write_officers_assessment(w, made, "controls");
  w.field("score", made.assessment.score).field("profile_set_sha256", made.assessment.profile_set_sha256).end();
  w.field("declarations", made.declarations).field("evidence_missing", made.evidence_missing).end();
}

}  // namespace

void write_record(JsonWriter& w, const StoredRecord& record) {
  w.object().field("sequence", record.sequence).field("kind", kind_of(record.body)).field("lane", record.lane.text);
  w.field("at_ms", record.at.wall.ms).field("hash", record.hash).field("erased", record.erased);
  w.key("blobs").array();
  for (const auto& b : record.blobs)
    w.object().field("name", b.name).field("media_type", b.media_type).field("sha256", b.sha256).field("size_bytes", b.size_bytes).end();
  w.end();
  w.key("body");
  auto body = record.body;  // the field lists serve reading too and want it mutable
  std::visit(
      [&](auto& b) {
        if constexpr (std::is_same_v<std::decay_t<decltype(b)>, AssessmentMade>) write_assessment(w, b);
        else Fieldwise(w).object(b);
      },
      body);
  w.end();
}

void write_crossing_row(JsonWriter& w, const store::CrossingRow& r) {
  w.object().field("id", r.id.text).field("lane", r.lane.text).field("opened_ms", r.opened.wall.ms);
  w.field_or_null("plate", r.plate).field_or_null("trailer", r.trailer);
  w.field("gross_kg", r.gross_kg < 0 ? std::nullopt : std::optional<std::int64_t>(r.gross_kg));
  w.field_or_null("channel", r.channel).field_or_null("verdict", r.verdict).field_or_null("decided_by", r.decided_by);
  w.field_or_null("outcome", r.outcome).field("hits", r.hits);
  w.field("decision_ms", r.decision_ms < 0 ? std::nullopt : std::optional<std::int64_t>(r.decision_ms));
  w.field("paper", r.paper).field("acknowledged", r.acknowledged).end();
}

void write_declaration(JsonWriter& w, const Declaration& d) {
  w.object().field("reference", d.reference).field("kind", d.kind).field_or_null("plate", d.plate);
  w.field_or_null("trailer", d.trailer).field("gross_kg", d.gross_kg).field_or_null("consignor", d.consignor);
  w.field_or_null("consignee", d.consignee).field_or_null("declarant", d.declarant).field_or_null("carrier", d.carrier);
  w.field_or_null("driver_name", d.driver_name).key("goods").array();
  for (const auto& g : d.goods)
    w.object().field("hs_code", g.hs_code).field("origin", g.origin).field("gross_kg", g.gross_kg)
        .field("value_eur", g.value_eur).field("description", g.description).end();
  w.end().end();
}

void write_reference_image(JsonWriter& w, const ReferenceImageView& image) {
  const auto [what, of] = !image.crossing.empty()    ? std::pair{"crossing", &image.crossing}
                          : !image.container.empty() ? std::pair{"container", &image.container}
                                                     : std::pair{"plate", &image.plate};
  w.object().field("sha256", image.sha256).field("media_type", image.media_type).field("size_bytes", image.size_bytes);
  w.field("width_px", static_cast<std::uint64_t>(image.width_px)).field("height_px", static_cast<std::uint64_t>(image.height_px));
  w.field("name", image.name).field("note", image.note).field("by", image.by).field("came_ms", image.came.ms);
  w.key("for").object().field(what, *of).end().end();
}

}  // namespace rampa::api
