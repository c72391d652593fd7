// Rules (docs of sqlite.org and the WAL-reset bug of Debian's 3.40): one connection writes and makes every checkpoint;
// synchronous=FULL, so that a commit that returned is on the disk; readers are read-only.
#include <sqlite3.h>

#include <mutex>

#include "sync/hq/database.hpp"

namespace rampa::sync::hq {
namespace {

constexpr int page_bytes = 8192;  ///< of a new file: a record is about a KiB, and half as many pages as with 4096 are half as many calls
constexpr int checkpoint_pages = 4000;  ///< about 32 MB of write-ahead log, 16 in files of before with pages of 4096

[[noreturn]] void complain(sqlite3* database, const std::string& doing) {
  const int code = database ? sqlite3_errcode(database) : SQLITE_NOMEM;
  const ErrorCode kind = code == SQLITE_FULL ? ErrorCode::no_space : code == SQLITE_BUSY ? ErrorCode::busy : ErrorCode::io;
  // Of a full disk people must know which one.
  const char* const file = code == SQLITE_FULL ? sqlite3_db_filename(database, "main") : nullptr;
  throw DatabaseError(kind, doing + ": " + (database ? sqlite3_errmsg(database) : "out of memory") + (file ? std::string(", at ") + file : std::string{}));
}

class SqliteStatement : public Statement {
 public:
  /// `kept`: what is bound stays where it is until step(), so it need not be copied.
  SqliteStatement(sqlite3* database, std::string_view sql, bool kept = false)
      : database_(database), lifetime_(kept ? SQLITE_STATIC : SQLITE_TRANSIENT) {
    if (sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) != SQLITE_OK)
      complain(database, "preparing \"" + std::string(sql) + "\"");
    // "$2" is a name to SQLite: its place is where it comes first in the text.
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement_); ++i)
      places_.push_back(sqlite3_bind_parameter_index(statement_, ("$" + std::to_string(i)).c_str()));
  }
  ~SqliteStatement() override { sqlite3_finalize(statement_); }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  void reset() override { sqlite3_reset(statement_); }
  void bind(int index, std::int64_t value) override { check(sqlite3_bind_int64(statement_, place(index), value)); }
  void bind(int index, std::string_view value) override {
    check(sqlite3_bind_text64(statement_, place(index), value.data() ? value.data() : "", value.size(), lifetime_, SQLITE_UTF8));
  }
  void bind(int index, ByteView value) override {
    // A null pointer would become NULL instead of an empty blob.
    const void* bytes = value.empty() ? static_cast<const void*>("") : value.data();
    check(sqlite3_bind_blob64(statement_, place(index), bytes, value.size(), lifetime_));
  }
  void bind_null(int index) override { check(sqlite3_bind_null(statement_, place(index))); }
  bool step() override {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) {
      const std::string sql = sqlite3_sql(statement_);
      sqlite3_reset(statement_);
      complain(database_, sql);
    }
    sqlite3_reset(statement_);
    return false;
  }
  std::int64_t number(int column) const override { return sqlite3_column_int64(statement_, column); }
  ByteView bytes(int column) const override {
    const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  bool null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  [[nodiscard]] int place(int index) const { return static_cast<std::size_t>(index) <= places_.size() ? places_[static_cast<std::size_t>(index) - 1] : 0; }
  void check(int code) {
    if (code != SQLITE_OK) complain(database_, std::string("binding for ") + sqlite3_sql(statement_));
  }
  sqlite3* database_;
  sqlite3_destructor_type lifetime_;
  sqlite3_stmt* statement_ = nullptr;
  std::vector<int> places_;
};

/// One prepared INSERT, run per row: inside a transaction that is as fast as it gets.
class SqliteBulk : public BulkInsert {
 public:
  SqliteBulk(sqlite3* database, const std::string& sql) : insert_(database, sql, true) {}
  BulkInsert& add(std::int64_t value) override { insert_.bind(++column_, value); return *this; }
  BulkInsert& add(std::string_view value) override { insert_.bind(++column_, value); return *this; }
  BulkInsert& add(ByteView value) override { insert_.bind(++column_, value); return *this; }
  void end_row() override {
    column_ = 0;
    while (insert_.step()) {}
  }
  void flush() override {}
  void forget() override { column_ = 0; }

 private:
  SqliteStatement insert_;
  int column_ = 0;
};

class SqliteDatabase : public Database {
 public:
  SqliteDatabase(const std::string& file, OpenFor purpose, bool write_ahead) : writer_(purpose == OpenFor::writing) {
    const int flags = (writer_ ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(file.c_str(), &database_, flags, nullptr) != SQLITE_OK) {
      const std::string why = database_ ? sqlite3_errmsg(database_) : "out of memory";
      sqlite3_close(database_);
      throw DatabaseError(ErrorCode::io, "opening " + file + ": " + why);
    }
    sqlite3_busy_timeout(database_, 5000);
    if (!writer_) return;
    try {
      if (write_ahead) {
        sqlite3_wal_hook(database_, [](void* self, sqlite3*, const char*, int pages) {
          static_cast<SqliteDatabase*>(self)->wal_pages_ = pages;
          return SQLITE_OK;
        }, this);
        execute("PRAGMA page_size=" + std::to_string(page_bytes) + "; PRAGMA journal_mode=WAL; PRAGMA cache_size=-65536");
      }
      execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON");
    } catch (...) {
      sqlite3_close(database_);
      throw;
    }
  }
  ~SqliteDatabase() override {
    statements_.clear();
    if (writer_) sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_close_v2(database_);
  }
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  void execute(const std::string& sql) override {
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) complain(database_, sql.substr(0, 200));
  }
  void begin() override { run("BEGIN IMMEDIATE"); }
  void commit() override {
    run("COMMIT");
    if (wal_pages_ < checkpoint_pages) return;
    // A checkpoint that a reader prevents is made after the next commit.
    if (sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) == SQLITE_OK) wal_pages_ = 0;
  }
  void rollback() noexcept override {
    if (sqlite3_get_autocommit(database_) == 0) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  std::unique_ptr<BulkInsert> bulk(const std::string& table, const std::vector<std::string>& columns) override {
    std::string names, marks;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      names += (i ? "," : "") + columns[i];
      marks += (i ? ",$" : "$") + std::to_string(i + 1);
    }
    return std::make_unique<SqliteBulk>(database_, "INSERT INTO " + table + "(" + names + ") VALUES(" + marks + ")");
  }
  std::string in_own_words(std::string schema) const override {
    constexpr std::string_view word = "AUTO_ID";
    for (std::size_t at = 0; (at = schema.find(word, at)) != std::string::npos;) schema.replace(at, word.size(), "INTEGER PRIMARY KEY");
    return schema;
  }

  bool has_table(const std::string& name) override {
    auto asked = query("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1", name);
    return asked.step() && asked.number(0) > 0;
  }

 private:
  std::unique_ptr<Statement> prepare(std::string_view sql) override { return std::make_unique<SqliteStatement>(database_, sql); }
  sqlite3* database_ = nullptr;
  bool writer_;
  int wal_pages_ = 0;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const std::string& file, OpenFor purpose, bool write_ahead) {
  // Its count of memory, under one lock for the whole program, is read by nobody. Refused once SQLite is in use: then it goes on counting.
  static std::once_flag once;
  std::call_once(once, [] { (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
  return std::make_unique<SqliteDatabase>(file, purpose, write_ahead);
}

std::string ledger_file(const std::string& directory) { return directory + "/hq.sqlite"; }
std::string desk_file(const std::string& directory) { return directory + "/desk.sqlite"; }

}  // namespace rampa::sync::hq
