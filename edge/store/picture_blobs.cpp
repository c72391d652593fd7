#include "edge/store/picture_blobs.hpp"

#include <algorithm>

#include "edge/crossing/record_json.hpp"
#include "edge/store/picture_inside.hpp"

namespace rampa::store {

using sqlite::Statement;

namespace {

struct Row {
  BlobClass blob_class = BlobClass::image;
  std::uint64_t room = 0, gone = 0;
  std::string crossing;
  bool shared = false;
};

Hash hash_of(const Statement& s, int column) {
  Hash out{};
  const Bytes bytes = s.blob(column);
  std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
  return out;
}

BlobState state_of(const CrossingLine& line) {
  if (line.row.outcome.empty()) return BlobState::open;
  const bool green = line.row.channel == name_of(SelectivityChannel::green) && line.row.verdict == name_of(Verdict::release);
  return green ? BlobState::green : BlobState::other;
}

/// Of a record that belongs to no crossing; captures between two crossings are evidence like any other.
bool is_kept(const format::Entry& e) { return filed_under(e).empty() && e.kind != "capture"; }

Result<std::optional<Row>> row_of(Picture::Inside& inside, const Hash& sha) {
  auto s = inside.statement("SELECT class, room, gone, crossing, shared FROM blobs WHERE sha256 = ?1");
  if (!s) return tl::unexpected(s.error());
  (*s)->bind(1, ByteView(sha));
  auto found = (*s)->step();
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::optional<Row>{};
  Row row{static_cast<BlobClass>((*s)->integer(0)), (*s)->number(1), (*s)->number(2), (*s)->text(3), (*s)->integer(4) != 0};
  (*s)->reset();
  return std::optional<Row>(std::move(row));
}

Result<bool> is_held(Picture::Inside& inside, const Hash& sha) {
  auto s = inside.statement("SELECT 1 FROM held WHERE sha256 = ?1");
  if (!s) return tl::unexpected(s.error());
  (*s)->bind(1, ByteView(sha));
  auto found = (*s)->step();
  if (found && *found) (*s)->reset();
  return found;
}

void count(BlobTotals& totals, BlobClass c, std::uint64_t room, std::int64_t sign) {
  totals[c].blobs += sign;
  totals[c].room += sign * static_cast<std::int64_t>(room);
}

Result<void> named(Picture::Inside& inside, const format::Entry& e, const BlobRef& ref, BlobTotals& totals) {
  const Hash sha = hash_from_hex(ref.sha256).value_or(Hash{});
  auto before = row_of(inside, sha);
  if (!before) return tl::unexpected(before.error());
  auto held = is_held(inside, sha);
  if (!held) return tl::unexpected(held.error());
  const std::string crossing = filed_under(e);
  Row row{is_kept(e) ? BlobClass::kept : class_of_size(ref.size_bytes), room_of(ref.size_bytes), 0, crossing, false};
  if (*before) {
    if ((*before)->gone == 0) count(totals, (*before)->blob_class, (*before)->room, -1);
    if ((*before)->blob_class == BlobClass::kept) row.blob_class = BlobClass::kept;
    row.shared = (*before)->shared || (*before)->crossing != crossing;
  }
  count(totals, row.blob_class, row.room, 1);
  // A crossing's state is set with its line, below; a capture of none never had a decision.
  const BlobState state = crossing.empty() ? BlobState::other : BlobState::open;
  return inside.run("INSERT OR REPLACE INTO blobs (sha256, size_bytes, room, class, sequence, crossing, lane, shared, state, held, gone, "
                    "gone_ms, gone_held) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,0,0,0)",
                    [&](Statement& s) {
                      s.bind(1, ByteView(sha)).bind(2, ref.size_bytes).bind(3, row.room).bind(4, static_cast<std::int64_t>(row.blob_class))
                          .bind(5, e.sequence).bind(6, crossing).bind(7, e.lane).bind(8, std::int64_t{row.shared})
                          .bind(9, static_cast<std::int64_t>(state)).bind(10, std::int64_t{*held});
                    });
}

Result<void> removed(Picture::Inside& inside, const Pictured& record, BlobTotals& totals) {
  const auto body = decode(record.entry.open, record.personal.value_or(""));
  const auto* evicted = body ? std::get_if<BlobEvicted>(&*body) : nullptr;
  const auto sha = evicted ? hash_from_hex(evicted->sha256) : Result<Hash>(fail(ErrorCode::invalid, ""));
  if (!sha) return {};  // a newer Rampa's; the record is filed all the same
  auto before = row_of(inside, *sha);
  if (!before) return tl::unexpected(before.error());
  if (*before && (*before)->gone == 0) count(totals, (*before)->blob_class, (*before)->room, -1);
  if (auto ok = inside.run("DELETE FROM held WHERE sha256 = ?1", [&](Statement& s) { s.bind(1, ByteView(*sha)); }); !ok) return ok;
  return inside.run("UPDATE blobs SET gone = ?2, gone_ms = ?3, gone_held = ?4, held = 0 WHERE sha256 = ?1", [&](Statement& s) {
    s.bind(1, ByteView(*sha)).bind(2, record.entry.sequence).bind(3, record.entry.at.wall.ms).bind(4, std::int64_t{evicted->held_at_hq});
  });
}

/// What all the crossings that name a shared content allow together.
Result<BlobState> state_of_shared(Picture::Inside& inside, const Hash& sha) {
  auto s = inside.statement(
      "SELECT max(c.outcome = ''), max(NOT (c.channel = 'green' AND c.verdict = 'release')) FROM blob_refs b "
      "JOIN records r ON r.sequence = b.sequence JOIN crossings c ON c.crossing = r.crossing WHERE b.sha256 = ?1");
  if (!s) return tl::unexpected(s.error());
  (*s)->bind(1, ByteView(sha));
  auto found = (*s)->step();
  if (!found) return tl::unexpected(found.error());
  const bool open = *found && (*s)->integer(0) != 0, other = *found && (*s)->integer(1) != 0;
  if (*found) (*s)->reset();
  return open ? BlobState::open : other ? BlobState::other : BlobState::green;
}

}  // namespace

Result<void> picture_blobs(Picture::Inside& inside, const std::vector<Pictured>& records,
                           const std::map<std::string, CrossingLine>& lines, BlobTotals& totals) {
  bool any = false;
  for (const Pictured& p : records) {
    any = any || !p.entry.blobs.empty() || p.entry.kind == "blob_evicted";
    for (const BlobRef& ref : p.entry.blobs)
      if (auto ok = named(inside, p.entry, ref, totals); !ok) return ok;
    if (p.entry.kind == "blob_evicted")
      if (auto ok = removed(inside, p, totals); !ok) return ok;
  }
  for (const auto& [crossing, line] : lines)
    if (auto ok = inside.run("UPDATE blobs SET state = ?2 WHERE crossing = ?1 AND state <> ?2",
                             [&](Statement& s) { s.bind(1, crossing).bind(2, static_cast<std::int64_t>(state_of(line))); });
        !ok)
      return ok;
  // A content that a later crossing names as well stands under that one, but this one has a say: candidates() asks all.
  for (const auto& [crossing, line] : lines)
    if (const BlobState state = state_of(line); state != BlobState::open)
      if (auto ok = inside.run("UPDATE blobs SET state = ?2 WHERE shared = 1 AND state = 0 AND sha256 IN (SELECT b.sha256 FROM records r "
                               "JOIN blob_refs b ON b.sequence = r.sequence WHERE r.crossing = ?1)",
                               [&](Statement& s) { s.bind(1, crossing).bind(2, static_cast<std::int64_t>(state)); });
          !ok)
        return ok;
  if (!any) return {};
  for (std::size_t c = 0; c < totals.of.size(); ++c)
    if (auto ok = inside.run("UPDATE blob_totals SET blobs = ?2, room = ?3 WHERE class = ?1",
                             [&](Statement& s) { s.bind(1, static_cast<std::int64_t>(c)).bind(2, totals.of[c].blobs).bind(3, totals.of[c].room); });
        !ok)
      return ok;
  return {};
}

Result<BlobTotals> load_totals(Picture::Inside& inside) {
  BlobTotals out;
  auto s = inside.db.prepare("SELECT class, blobs, room FROM blob_totals WHERE class BETWEEN 0 AND 2");
  if (!s) return tl::unexpected(s.error());
  while (true) {
    auto row = s->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    out.of[s->number(0)] = {s->integer(1), s->integer(2)};
  }
}

Result<std::vector<Candidate>> candidates(Picture& picture, Rank rank, std::size_t count) {
  Picture::Inside& inside = picture.inside();
  while (true) {
    auto s = inside.statement("SELECT sha256, size_bytes, room, sequence, class, lane, crossing, shared, state FROM blobs "
                              "WHERE gone = 0 AND rank = ?1 ORDER BY sequence LIMIT ?2");
    if (!s) return tl::unexpected(s.error());
    (*s)->bind(1, static_cast<std::int64_t>(rank)).bind(2, std::uint64_t{count});
    std::vector<Candidate> out;
    std::vector<std::pair<Hash, BlobState>> shared;
    while (true) {
      auto row = (*s)->step();
      if (!row) return tl::unexpected(row.error());
      if (!*row) break;
      out.push_back({hash_of(**s, 0), (*s)->number(1), (*s)->number(2), (*s)->number(3), static_cast<BlobClass>((*s)->integer(4)), rank,
                     (*s)->text(5), (*s)->text(6)});
      if ((*s)->integer(7) != 0) shared.emplace_back(out.back().sha256, static_cast<BlobState>((*s)->integer(8)));
    }
    bool changed = false;
    for (const auto& [sha, stored] : shared) {
      auto state = state_of_shared(inside, sha);
      if (!state) return tl::unexpected(state.error());
      if (*state == stored) continue;
      changed = true;
      if (auto ok = inside.run("UPDATE blobs SET state = ?2 WHERE sha256 = ?1",
                               [&](Statement& u) { u.bind(1, ByteView(sha)).bind(2, static_cast<std::int64_t>(*state)); });
          !ok)
        return tl::unexpected(ok.error());
    }
    if (!changed) return out;
  }
}

Result<KnownBlob> known_blob(Picture& picture, const Hash& sha256) {
  auto row = row_of(picture.inside(), sha256);
  if (!row) return tl::unexpected(row.error());
  return !row->has_value() ? KnownBlob::unknown : (*row)->gone == 0 ? KnownBlob::present : KnownBlob::gone;
}

Result<HeldPlace> held_place(Picture& picture) {
  auto s = picture.inside().statement("SELECT generation, entries FROM held_progress");
  if (!s) return tl::unexpected(s.error());
  auto row = (*s)->step();
  if (!row) return tl::unexpected(row.error());
  HeldPlace place;
  if (*row) place = {(*s)->number(0), (*s)->number(1)};
  (*s)->reset();
  return place;
}

Result<void> apply_held(Picture& picture, const std::vector<HeldEntry>& entries, HeldPlace up_to) {
  Picture::Inside& inside = picture.inside();
  return inside.transaction([&]() -> Result<void> {
    for (const HeldEntry& e : entries) {
      const auto sha = [&](Statement& s) { s.bind(1, ByteView(e.sha256)); };
      auto ok = inside.run(e.held ? "INSERT OR IGNORE INTO held VALUES (?1)" : "DELETE FROM held WHERE sha256 = ?1", sha);
      if (ok) ok = inside.run(e.held ? "UPDATE blobs SET held = 1 WHERE sha256 = ?1 AND gone = 0" : "UPDATE blobs SET held = 0 WHERE sha256 = ?1", sha);
      if (!ok) return ok;
    }
    return inside.run("UPDATE held_progress SET generation = ?1, entries = ?2",
                      [&](Statement& s) { s.bind(1, up_to.generation).bind(2, up_to.entries); });
  });
}

Result<std::uint64_t> held_count(Picture& picture) {
  auto n = picture.inside().db.value("SELECT count(*) FROM held");
  if (!n) return tl::unexpected(n.error());
  return static_cast<std::uint64_t>(*n);
}

Result<std::vector<HeldEntry>> held_after(Picture& picture, const std::optional<Hash>& after, std::size_t count) {
  const Hash from = after.value_or(Hash{});
  auto s = picture.inside().statement(after ? "SELECT sha256 FROM held WHERE sha256 > ?1 ORDER BY sha256 LIMIT ?2"
                                            : "SELECT sha256 FROM held WHERE sha256 >= ?1 ORDER BY sha256 LIMIT ?2");
  if (!s) return tl::unexpected(s.error());
  (*s)->bind(1, ByteView(from)).bind(2, std::uint64_t{count});
  std::vector<HeldEntry> out;
  while (true) {
    auto row = (*s)->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    out.push_back({hash_of(**s, 0), true});
  }
}

}  // namespace rampa::store
