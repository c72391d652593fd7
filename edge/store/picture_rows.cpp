#include "edge/store/picture_rows.hpp"

#include <algorithm>

namespace rampa::store {

namespace {

constexpr char k_between = '\x1f';  // profile ids hold no control characters

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& item : list) out += (out.empty() ? "" : std::string(1, k_between)) + item;
  return out;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(k_between, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

tl::unexpected<Error> tampered(const std::string& row) {
  return fail(ErrorCode::invalid, "picture.sqlite: " + row +
                                      " was changed or damaged (its hash does not fit); Rampa builds the picture anew from the "
                                      "journal when picture.sqlite is moved away");
}

std::int64_t as_signed(std::uint64_t v) { return static_cast<std::int64_t>(v); }

}  // namespace

RowHash& RowHash::add(std::string_view text) {
  Bytes length;
  FieldWriter(length).u64(text.size());
  running_.add(length);
  running_.add(as_bytes(text));
  return *this;
}

Hash row_hash(const CrossingLine& l) {
  const CrossingRow& r = l.row;
  return RowHash().add(r.id.text).add(l.first_sequence).add(l.last_sequence).add(r.lane.text).add(r.opened.wall.ms)
      .add(r.opened.mono.ns).add(r.plate).add(r.trailer).add(r.gross_kg).add(r.channel).add(r.verdict).add(r.decided_by)
      .add(r.outcome).add(joined(r.hits)).add(r.decision_ms).add(std::int64_t{r.paper}).finish();
}

Hash row_hash(const Pictured& p) {
  const format::Entry& e = p.entry;
  return RowHash().add(e.sequence).add(filed_under(e)).add(e.kind).add(e.lane).add(e.at.wall.ms).add(e.at.mono.ns)
      .add(to_hex(e.boot)).add(std::uint64_t{e.day}).add(std::uint64_t{e.key_generation}).add(p.segment).add(p.offset)
      .add(p.length).add(to_hex(p.hash)).finish();
}

Hash declaration_row_hash(std::string_view reference, std::string_view plate, std::string_view trailer, std::string_view text) {
  return RowHash().add(reference).add(plate).add(trailer).add(text).finish();
}

Result<CrossingLine> crossing_of(const sqlite::Statement& s) {
  CrossingLine l;
  CrossingRow& r = l.row;
  r.id.text = s.text(0);
  l.first_sequence = s.number(1);
  l.last_sequence = s.number(2);
  r.lane.text = s.text(3);
  r.opened.wall.ms = s.integer(4);
  r.opened.mono.ns = s.integer(5);
  r.plate = s.text(6);
  r.trailer = s.text(7);
  r.gross_kg = s.integer(8);
  r.channel = s.text(9);
  r.verdict = s.text(10);
  r.decided_by = s.text(11);
  r.outcome = s.text(12);
  r.hits = split(s.text(13));
  r.decision_ms = s.integer(14);
  r.paper = s.integer(15) != 0;
  const Hash hash = row_hash(l);
  if (s.blob(16) != Bytes(hash.begin(), hash.end())) return tampered("crossing " + r.id.text);
  return l;
}

Result<Pictured> record_of(const sqlite::Statement& s) {
  Pictured p;
  format::Entry& e = p.entry;
  e.sequence = s.number(0);
  e.crossing = s.text(1);
  e.kind = s.text(2);
  e.lane = s.text(3);
  e.at.wall.ms = s.integer(4);
  e.at.mono.ns = s.integer(5);
  if (auto boot = from_hex(s.text(6)); boot && boot->size() == e.boot.size()) std::copy(boot->begin(), boot->end(), e.boot.begin());
  e.day = static_cast<std::uint32_t>(s.integer(7));
  e.key_generation = static_cast<std::uint32_t>(s.integer(8));
  p.segment = s.number(9);
  p.offset = s.number(10);
  p.length = s.number(11);
  if (const Bytes hash = s.blob(12); hash.size() == p.hash.size()) std::copy(hash.begin(), hash.end(), p.hash.begin());
  const Hash hash = row_hash(p);
  if (s.blob(13) != Bytes(hash.begin(), hash.end())) return tampered("record " + std::to_string(e.sequence));
  return p;
}

void bind(sqlite::Statement& s, const CrossingLine& l) {
  const CrossingRow& r = l.row;
  const Hash hash = row_hash(l);
  s.bind(1, r.id.text).bind(2, l.first_sequence).bind(3, l.last_sequence).bind(4, r.lane.text).bind(5, r.opened.wall.ms)
      .bind(6, r.opened.mono.ns).bind(7, r.plate).bind(8, r.trailer).bind(9, r.gross_kg).bind(10, r.channel).bind(11, r.verdict)
      .bind(12, r.decided_by).bind(13, r.outcome).bind(14, joined(r.hits)).bind(15, r.decision_ms).bind(16, std::int64_t{r.paper})
      .bind(17, ByteView(hash));
}

void bind(sqlite::Statement& s, const Pictured& p) {
  const format::Entry& e = p.entry;
  const Hash hash = row_hash(p);
  s.bind(1, e.sequence).bind(2, filed_under(e)).bind(3, e.kind).bind(4, e.lane).bind(5, e.at.wall.ms).bind(6, e.at.mono.ns)
      .bind(7, to_hex(e.boot)).bind(8, std::int64_t{e.day}).bind(9, std::int64_t{e.key_generation}).bind(10, as_signed(p.segment))
      .bind(11, as_signed(p.offset)).bind(12, as_signed(p.length)).bind(13, ByteView(p.hash)).bind(14, ByteView(hash));
}

}  // namespace rampa::store
