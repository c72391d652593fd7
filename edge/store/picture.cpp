#include "edge/store/picture.hpp"

#include <sys/stat.h>

#include "edge/store/picture_blobs.hpp"
#include "edge/store/picture_inside.hpp"
#include "edge/store/picture_schema.hpp"

namespace rampa::store {

using sqlite::Database;
using sqlite::Statement;

Picture::Picture() : inside_(std::make_unique<Inside>()) {}
Picture::~Picture() = default;

std::string file_identity(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return {};
  return std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino);
}

Result<std::unique_ptr<Picture>> Picture::open(const std::string& path) {
  auto picture = std::unique_ptr<Picture>(new Picture);
  auto db = Database::open_writer(path);
  if (!db) return tl::unexpected(db.error());
  picture->inside_->db = std::move(*db);
  sqlite3_wal_hook(
      picture->inside_->db.raw(),
      [](void* inside, sqlite3*, const char*, int pages) {
        static_cast<Inside*>(inside)->pages_waiting = static_cast<std::uint64_t>(pages);
        return SQLITE_OK;
      },
      picture->inside_.get());
  if (auto ok = migrate(picture->inside_->db); !ok) return tl::unexpected(ok.error());
  if (auto ok = picture->load_progress(); !ok) return tl::unexpected(ok.error());
  if (!path.empty()) picture->identity_ = store::file_identity(path);
  return picture;
}

Result<void> Picture::load_progress() {
  auto s = inside_->db.prepare("SELECT applied, hash FROM progress");
  if (!s) return tl::unexpected(s.error());
  auto row = s->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(ErrorCode::invalid, "picture.sqlite: progress is empty");
  applied_ = s->number(0);
  applied_hash_ = s->blob(1);
  auto totals = load_totals(*inside_);
  if (!totals) return tl::unexpected(totals.error());
  blob_totals_ = *totals;
  auto missing = inside_->db.value("SELECT records FROM missing");
  if (!missing) return tl::unexpected(missing.error());
  missing_ = static_cast<std::uint64_t>(*missing);
  return {};
}

Result<void> Picture::apply(const std::vector<Pictured>& records) {
  if (records.empty()) return {};
  BlobTotals totals = blob_totals_;
  const std::uint64_t missing = missing_ + (records.back().entry.sequence - applied_ - records.size());
  auto done = inside_->transaction([&]() -> Result<void> {
    std::map<std::string, CrossingLine> lines;
    for (const Pictured& p : records) {
      if (auto ok = inside_->run("INSERT INTO records (" + std::string(record_columns) +
                                     ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
                                 [&](Statement& s) { bind(s, p); });
          !ok)
        return ok;
      for (std::size_t i = 0; i < p.entry.blobs.size(); ++i) {
        const BlobRef& b = p.entry.blobs[i];
        const Hash sha = hash_from_hex(b.sha256).value_or(Hash{});
        if (auto ok = inside_->run("INSERT INTO blob_refs VALUES (?1,?2,?3,?4,?5,?6)",
                                   [&](Statement& s) {
                                     s.bind(1, p.entry.sequence).bind(2, std::uint64_t{i}).bind(3, ByteView(sha)).bind(4, b.size_bytes)
                                         .bind(5, b.name).bind(6, b.media_type);
                                   });
            !ok)
          return ok;
      }
      const std::string crossing = filed_under(p.entry);
      if (crossing.empty()) continue;
      auto it = lines.find(crossing);
      if (it == lines.end()) {
        auto line = inside_->line_of(crossing);
        if (!line) return tl::unexpected(line.error());
        it = lines.emplace(crossing, std::move(*line)).first;
      }
      fold(it->second, p);
    }
    for (const auto& [crossing, line] : lines)
      if (auto ok = inside_->store(line); !ok) return ok;
    if (missing != missing_)
      if (auto ok = inside_->run("UPDATE missing SET records = ?1", [&](Statement& s) { s.bind(1, missing); }); !ok) return ok;
    if (auto ok = picture_blobs(*inside_, records, lines, totals); !ok) return ok;
    return inside_->run("UPDATE progress SET applied = ?1, hash = ?2",
                        [&](Statement& s) { s.bind(1, records.back().entry.sequence).bind(2, ByteView(records.back().hash)); });
  });
  if (!done) return done;
  applied_ = records.back().entry.sequence;
  applied_hash_.assign(records.back().hash.begin(), records.back().hash.end());
  blob_totals_ = totals;
  missing_ = missing;
  return {};
}

Result<void> Picture::put(const std::vector<Declaration>& declarations) {
  return inside_->transaction([&]() -> Result<void> {
    for (const Declaration& d : declarations)
      if (auto ok = inside_->put(d); !ok) return ok;
    return {};
  });
}

Result<void> Picture::put_watch_list(const std::string& name, const std::vector<std::string>& plates) {
  return inside_->transaction([&] { return inside_->put(name, plates); });
}

Result<void> Picture::replace_lists(const CachedLists& lists) {
  return inside_->transaction([&]() -> Result<void> {
    if (auto ok = inside_->db.execute("DELETE FROM declarations; DELETE FROM watch_lists"); !ok) return ok;
    for (const auto& [reference, d] : lists.declarations)
      if (auto ok = inside_->put(d); !ok) return ok;
    for (const auto& [name, plates] : lists.watch_lists)
      if (auto ok = inside_->put(name, plates); !ok) return ok;
    return {};
  });
}

Result<std::vector<std::string>> Picture::crossings_of_day(std::uint32_t day) {
  auto s = inside_->statement("SELECT DISTINCT crossing FROM records WHERE day = ?1 AND key_generation > 0 AND crossing <> ''");
  if (!s) return tl::unexpected(s.error());
  (*s)->bind(1, std::int64_t{day});
  std::vector<std::string> out;
  while (true) {
    auto row = (*s)->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    out.push_back((*s)->text(0));
  }
}

Result<Pictured> Picture::last_record() {
  auto s = inside_->statement("SELECT " + std::string(record_columns) + " FROM records WHERE sequence = ?1");
  if (!s) return tl::unexpected(s.error());
  (*s)->bind(1, applied_);
  auto row = (*s)->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(ErrorCode::not_found, "picture.sqlite: record " + std::to_string(applied_) + " is not in it");
  auto record = record_of(**s);
  (*s)->reset();
  return record;
}

Result<std::vector<Pictured>> Picture::places_of(const std::string& crossing) {
  auto s = inside_->statement("SELECT " + std::string(record_columns) + " FROM records WHERE crossing = ?1 ORDER BY sequence");
  if (!s) return tl::unexpected(s.error());
  (*s)->bind(1, crossing);
  std::vector<Pictured> out;
  while (true) {
    auto row = (*s)->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return out;
    auto record = record_of(**s);
    if (!record) {
      (*s)->reset();
      return tl::unexpected(record.error());
    }
    out.push_back(std::move(*record));
  }
}

Result<void> Picture::refold(const std::vector<std::vector<Pictured>>& crossings) {
  return inside_->transaction([&]() -> Result<void> {
    for (const auto& records : crossings) {
      CrossingLine line;
      for (const Pictured& p : records) fold(line, p);
      if (auto ok = inside_->store(line); !ok) return ok;
    }
    return {};
  });
}

Result<void> Picture::checkpoint(bool truncate) {
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int rc = sqlite3_wal_checkpoint_v2(inside_->db.raw(), nullptr, mode, nullptr, nullptr);
  if (rc != SQLITE_OK) return sqlite::error_of(inside_->db.raw(), rc, "checkpoint");
  inside_->pages_waiting = 0;
  return {};
}

Result<Statement> picture_query(Picture& picture, const std::string& sql) { return picture.inside().db.prepare(sql); }

std::uint64_t Picture::pages_waiting() const { return inside_->pages_waiting; }

}  // namespace rampa::store
