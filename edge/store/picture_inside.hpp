// SQLite's part of a picture, for the .cpp files that work on it.
#pragma once

#include <map>

#include "edge/store/declaration_json.hpp"
#include "edge/store/picture_rows.hpp"

namespace rampa::store {

struct Picture::Inside {
  sqlite::Database db;
  std::map<std::string, sqlite::Statement> statements;
  std::uint64_t pages_waiting = 0;

  Result<sqlite::Statement*> statement(const std::string& sql) {
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
               [&](sqlite::Statement& s) { bind(s, line); });
  }
  Result<void> put(const Declaration& d) {
    const std::string text = encode(d);
    const Hash hash = declaration_row_hash(d.reference, d.plate, d.trailer, text);
    return run("INSERT OR REPLACE INTO declarations (reference, plate, trailer, text, row_hash) VALUES (?1,?2,?3,?4,?5)",
               [&](sqlite::Statement& s) { s.bind(1, d.reference).bind(2, d.plate).bind(3, d.trailer).bind(4, text).bind(5, ByteView(hash)); });
  }
  Result<void> put(const std::string& name, const std::vector<std::string>& plates) {
    auto done = run("DELETE FROM watch_lists WHERE name = ?1", [&](sqlite::Statement& s) { s.bind(1, name); });
    for (const std::string& plate : plates)
      if (done) done = run("INSERT OR IGNORE INTO watch_lists VALUES (?1,?2)", [&](sqlite::Statement& s) { s.bind(1, name).bind(2, plate); });
    return done;
  }
};

}  // namespace rampa::store
