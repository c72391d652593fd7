// SQLite for HQ, kept small: statements with typed bindings, errors as exceptions that stay inside sync/hq.
// Rules (docs of sqlite.org and the WAL-reset bug of Debian's 3.40): one connection writes and makes every checkpoint;
// synchronous=FULL, so that a commit that returned is on the disk; readers are read-only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace rampa::sync::hq {

/// Never leaves sync/hq; Receiver and Report turn it into an Error.
struct DatabaseError : std::runtime_error {
  DatabaseError(ErrorCode c, const std::string& what) : std::runtime_error(what), code(c) {}
  ErrorCode code;
};

/// One prepared statement. Bind in order, then step() through rows, or run().
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  /// Starts anew with these values.
  template <class... Values>
  Statement& with(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  [[nodiscard]] bool step();  ///< false: no further row
  void run();                 ///< to the end, rows ignored

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes blob(int column) const;
  [[nodiscard]] bool null(int column) const;

 private:
  void reset();
  void bind(int index, std::int64_t value);
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, int value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, bool value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, std::string_view value);
  void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
  void bind(int index, ByteView value);
  void bind(int index, const Bytes& value) { bind(index, ByteView(value)); }
  void bind(int index, std::optional<std::uint64_t> value);
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  enum class Mode { write, read };
  Database(const std::string& file, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const char* sql);
  [[nodiscard]] Statement prepare(std::string_view sql) { return Statement(database_, sql); }
  void begin() { execute("BEGIN IMMEDIATE"); }
  void commit();    ///< durable when it returns; then a checkpoint where one is due
  void rollback();  ///< never throws

 private:
  sqlite3* database_ = nullptr;
  bool writer_;
  int wal_pages_ = 0;
};

}  // namespace rampa::sync::hq
