// The seam to HQ's database: typed statements that are prepared once, errors as exceptions that stay inside sync/hq. Two
// doors: SQLite (sqlite_database.cpp), PostgreSQL (postgres_database.cpp). The SQL of ledger.cpp, desk.cpp and the reports is
// written once, in what both understand: parameters are $1, $2..., numbers BIGINT, ON CONFLICT for what may be there already.
// Thread: one owner.
#pragma once

#include <array>
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::sync::hq {

/// Never leaves sync/hq; Receiver, Desk and the reports turn it into an Error.
struct DatabaseError : std::runtime_error {
  DatabaseError(ErrorCode c, const std::string& what) : std::runtime_error(what), code(c) {}
  ErrorCode code;
};

/// One prepared statement. Used through Query.
class Statement {
 public:
  virtual ~Statement() = default;
  virtual void reset() = 0;
  virtual void bind(int index, std::int64_t value) = 0;
  virtual void bind(int index, std::string_view value) = 0;
  virtual void bind(int index, ByteView value) = 0;
  virtual void bind_null(int index) = 0;
  [[nodiscard]] virtual bool step() = 0;  ///< false: no further row
  [[nodiscard]] virtual std::int64_t number(int column) const = 0;
  [[nodiscard]] virtual ByteView bytes(int column) const = 0;  ///< of a text too; until the next step()
  [[nodiscard]] virtual bool null(int column) const = 0;
};

/// The rows of one execution; the statement is free again when this goes.
class Query {
 public:
  explicit Query(Statement& statement) : statement_(&statement) {}
  Query(Query&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Query& operator=(Query&&) = delete;
  ~Query() {
    if (statement_) statement_->reset();
  }
  [[nodiscard]] bool step() { return statement_->step(); }
  [[nodiscard]] std::int64_t number(int column) const { return statement_->number(column); }
  [[nodiscard]] std::uint64_t count(int column) const { return static_cast<std::uint64_t>(statement_->number(column)); }
  [[nodiscard]] ByteView bytes(int column) const { return statement_->bytes(column); }
  [[nodiscard]] std::string text(int column) const { return std::string(as_text(statement_->bytes(column))); }
  [[nodiscard]] Bytes copy(int column) const {
    const ByteView view = statement_->bytes(column);
    return {view.begin(), view.end()};
  }
  template <std::size_t n>
  [[nodiscard]] std::array<std::uint8_t, n> fixed(int column) const {
    const ByteView view = statement_->bytes(column);
    std::array<std::uint8_t, n> out{};
    if (view.size() == n) std::copy(view.begin(), view.end(), out.begin());
    return out;
  }
  [[nodiscard]] bool null(int column) const { return statement_->null(column); }

 private:
  Statement* statement_;
};

/// Many rows into one table, quickly. All of them are there after flush(). Texts and bytes must live until end_row().
class BulkInsert {
 public:
  virtual ~BulkInsert() = default;
  virtual BulkInsert& add(std::int64_t value) = 0;
  virtual BulkInsert& add(std::string_view value) = 0;
  virtual BulkInsert& add(ByteView value) = 0;
  virtual void end_row() = 0;
  virtual void flush() = 0;
  virtual void forget() = 0;  ///< drops what was not flushed
};

class Database {
 public:
  virtual ~Database() = default;

  virtual void execute(const std::string& sql) = 0;  ///< one or more statements without parameters
  virtual void begin() = 0;
  virtual void commit() = 0;             ///< durable when it returns
  virtual void rollback() noexcept = 0;  ///< also when nothing was begun
  [[nodiscard]] virtual std::unique_ptr<BulkInsert> bulk(const std::string& table, const std::vector<std::string>& columns) = 0;
  /// "disk", or "standby": a commit waits for a second server.
  [[nodiscard]] virtual std::string durability() { return "disk"; }
  /// CREATE statements in the words of this database: they are written in SQLite's, with AUTO_ID for a key that counts itself.
  [[nodiscard]] virtual std::string in_own_words(std::string schema) const = 0;
  [[nodiscard]] virtual bool has_table(const std::string& name) = 0;
  /// Inside a transaction: until its end no other program makes tables or takes a history's id here, so that two that do so at
  /// once do not race.
  virtual void lock_for_tables() {}
  /// A lock that all programs with this database share and that goes with the connection. False: another one has it.
  [[nodiscard]] virtual bool try_lock(const std::string&) { return true; }
  virtual void unlock(const std::string&) {}

  template <class... Values>
  Query query(std::string_view sql, const Values&... values) {
    Statement& statement = prepared(sql);
    statement.reset();
    int index = 0;
    (put(statement, ++index, values), ...);
    return Query(statement);
  }
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    auto rows = query(sql, values...);
    while (rows.step()) {}
  }
  /// For a transaction's whole: commits, or rolls back and lets the exception go on.
  template <class Work>
  void transaction(Work work) {
    begin();
    try {
      work();
      commit();
    } catch (...) {
      rollback();
      throw;
    }
  }

 protected:
  [[nodiscard]] virtual std::unique_ptr<Statement> prepare(std::string_view sql) = 0;
  std::map<std::string, std::unique_ptr<Statement>, std::less<>> statements_;

 private:
  Statement& prepared(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) found = statements_.emplace(std::string(sql), prepare(sql)).first;
    return *found->second;
  }
  static void put(Statement& s, int index, std::int64_t value) { s.bind(index, value); }
  static void put(Statement& s, int index, std::uint64_t value) { s.bind(index, static_cast<std::int64_t>(value)); }
  static void put(Statement& s, int index, int value) { s.bind(index, static_cast<std::int64_t>(value)); }
  static void put(Statement& s, int index, bool value) { s.bind(index, static_cast<std::int64_t>(value)); }
  static void put(Statement& s, int index, const char* value) { s.bind(index, std::string_view(value)); }
  static void put(Statement& s, int index, const std::string& value) { s.bind(index, std::string_view(value)); }
  static void put(Statement& s, int index, std::string_view value) { s.bind(index, value); }
  static void put(Statement& s, int index, const Bytes& value) { s.bind(index, ByteView(value)); }
  static void put(Statement& s, int index, ByteView value) { s.bind(index, value); }
  template <std::size_t n>
  static void put(Statement& s, int index, const std::array<std::uint8_t, n>& value) { s.bind(index, ByteView(value)); }
  template <class Value>
  static void put(Statement& s, int index, const std::optional<Value>& value) {
    if (value) put(s, index, *value);
    else s.bind_null(index);
  }
};

enum class OpenFor { writing, reading };
/// WAL, synchronous=FULL. `journal` false: a rollback journal, for a small file that several programs write.
/// Throws DatabaseError.
[[nodiscard]] std::unique_ptr<Database> open_sqlite(const std::string& file, OpenFor purpose, bool write_ahead = true);
/// "postgresql://...". Throws DatabaseError.
[[nodiscard]] std::unique_ptr<Database> open_postgres(const std::string& url);

/// Where HQ keeps what is not a picture: DIRECTORY/hq.sqlite and desk.sqlite, or everything in the database server.
struct Place {
  std::string directory;
  std::string database;  ///< empty: SQLite in the directory; else postgresql://...
  std::string images, images_credentials;  ///< empty: files in the directory; else read_s3_settings() (s3_shelf.hpp)
  [[nodiscard]] bool server() const { return !database.empty(); }
};
[[nodiscard]] std::string ledger_file(const std::string& directory);
[[nodiscard]] std::string desk_file(const std::string& directory);

}  // namespace rampa::sync::hq
