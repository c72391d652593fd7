// The one door to SQLite at the post. Its types do not leave the store's .cpp files.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::store::sqlite {

/// Errors everywhere: invalid (the file is damaged or no database), no_space, busy, io.
[[nodiscard]] tl::unexpected<Error> error_of(sqlite3* db, int rc, const std::string& doing);

/// A prepared statement. bind() counts from 1, columns from 0. A failed bind is the error of the next step().
class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  Statement& bind(int place, std::int64_t value);
  Statement& bind(int place, std::uint64_t value) { return bind(place, static_cast<std::int64_t>(value)); }
  Statement& bind(int place, std::string_view value);
  Statement& bind(int place, ByteView value);
  /// True: there is a row. After false or an error it is reset and may be bound anew.
  [[nodiscard]] Result<bool> step();
  /// step() of a statement without rows.
  [[nodiscard]] Result<void> run();
  void reset();
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  [[nodiscard]] std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes blob(int column) const;
  [[nodiscard]] int columns() const { return sqlite3_column_count(statement_.get()); }
  /// Any column as text that tells its type as well, for comparing rows.
  [[nodiscard]] std::string image(int column) const;

 private:
  struct Finalize { void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); } };
  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = SQLITE_OK;
};

class Database {
 public:
  /// The only read-write connection: WAL, synchronous as argued in picture.hpp, no automatic checkpoints.
  /// An empty path is a temporary database.
  [[nodiscard]] static Result<Database> open_writer(const std::string& path);
  /// READONLY, query_only, no checkpoint on close.
  [[nodiscard]] static Result<Database> open_reader(const std::string& path);
  [[nodiscard]] Result<void> execute(const std::string& sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// The single integer that a query gives.
  [[nodiscard]] Result<std::int64_t> value(std::string_view sql);
  [[nodiscard]] sqlite3* raw() { return db_.get(); }

 private:
  struct Close { void operator()(sqlite3* db) const { sqlite3_close_v2(db); } };
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace rampa::store::sqlite
