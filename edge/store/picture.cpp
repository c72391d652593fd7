#include "edge/store/picture.hpp"

#include <sys/stat.h>

#include <map>

#include "edge/store/declaration_json.hpp"
#include "edge/store/picture_rows.hpp"
#include "edge/store/picture_schema.hpp"

namespace rampa::store {

using sqlite::Database;
using sqlite::Statement;

struct Picture::Inside {
  Database db;
  std::map<std::string, Statement> statements;
  std::uint64_t pages_waiting = 0;

  Result<Statement*> statement(const std::string& sql) {
    auto it = statements.find(sql);
    if (it == statements.end()) {
      auto made = db.prepare(sql);
      if (!made) return tl::unexpected(made.error());
      it = statements.emplace(sql, std::move(*made)).first;
    }
    return &it->second;
  }
  /// Prepares, lets `binder` bind, runs.
  template <class Binder>
  Result<void> run(const std::string& sql, Binder binder) {
    auto s = statement(sql);
    if (!s) return tl::unexpected(s.error());
    binder(**s);
    return (*s)->run();
  }
  /// All of it or nothing.
  template <class Work>
  Result<void> transaction(Work work) {
    if (auto ok = db.execute("BEGIN IMMEDIATE"); !ok) return ok;
    Result<void> done = work();
    if (done) done = db.execute("COMMIT");
    if (!done) (void)db.execute("ROLLBACK");  // the first error is the one that counts
    return done;
  }
  Result<CrossingLine> line_of(const std::string& crossing) {
    auto s = statement("SELECT " + std::string(crossing_columns) + " FROM crossings WHERE crossing = ?1");
    if (!s) return tl::unexpected(s.error());
    (*s)->bind(1, crossing);
    auto row = (*s)->step();
    if (!row) return tl::unexpected(row.error());
    Result<CrossingLine> line = *row ? crossing_of(**s) : CrossingLine{};
    (*s)->reset();
    return line;
  }
  Result<void> store(const CrossingLine& line) {
    return run("INSERT OR REPLACE INTO crossings (" + std::string(crossing_columns) +
                   ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
               [&](Statement& s) { bind(s, line); });
  }
  Result<void> put(const Declaration& d) {
    const std::string text = encode(d);
    const Hash hash = declaration_row_hash(d.reference, d.plate, d.trailer, text);
    return run("INSERT OR REPLACE INTO declarations (reference, plate, trailer, text, row_hash) VALUES (?1,?2,?3,?4,?5)",
               [&](Statement& s) { s.bind(1, d.reference).bind(2, d.plate).bind(3, d.trailer).bind(4, text).bind(5, ByteView(hash)); });
  }
  Result<void> put(const std::string& name, const std::vector<std::string>& plates) {
    auto done = run("DELETE FROM watch_lists WHERE name = ?1", [&](Statement& s) { s.bind(1, name); });
    for (const std::string& plate : plates)
      if (done) done = run("INSERT OR IGNORE INTO watch_lists VALUES (?1,?2)", [&](Statement& s) { s.bind(1, name).bind(2, plate); });
    return done;
  }
};

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
  return {};
}

Result<void> Picture::apply(const std::vector<Pictured>& records) {
  if (records.empty()) return {};
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
    return inside_->run("UPDATE progress SET applied = ?1, hash = ?2",
                        [&](Statement& s) { s.bind(1, records.back().entry.sequence).bind(2, ByteView(records.back().hash)); });
  });
  if (!done) return done;
  applied_ = records.back().entry.sequence;
  applied_hash_.assign(records.back().hash.begin(), records.back().hash.end());
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
