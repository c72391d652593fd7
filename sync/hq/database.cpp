#include "sync/hq/database.hpp"

#include <sqlite3.h>

#include <utility>

namespace rampa::sync::hq {
namespace {

constexpr int checkpoint_pages = 2000;  ///< about 8 MB of write-ahead log

[[noreturn]] void complain(sqlite3* database, const std::string& doing) {
  const int code = database ? sqlite3_errcode(database) : SQLITE_NOMEM;
  const ErrorCode kind = code == SQLITE_FULL ? ErrorCode::no_space : code == SQLITE_BUSY ? ErrorCode::busy : ErrorCode::io;
  throw DatabaseError(kind, doing + ": " + (database ? sqlite3_errmsg(database) : "out of memory"));
}

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  if (sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) != SQLITE_OK)
    complain(database, "preparing \"" + std::string(sql) + "\"");
}
Statement::~Statement() { sqlite3_finalize(statement_); }
Statement::Statement(Statement&& other) noexcept : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}
bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  const std::string sql = sqlite3_sql(statement_);
  sqlite3_reset(statement_);
  complain(database_, sql);
}
void Statement::run() {
  while (step()) {}
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_, column); }
std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text ? std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : std::string{};
}
Bytes Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return bytes ? Bytes(bytes, bytes + sqlite3_column_bytes(statement_, column)) : Bytes{};
}
bool Statement::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

void Statement::bind(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_, index, value) != SQLITE_OK) complain(database_, "binding a number");
}
void Statement::bind(int index, std::string_view value) {
  if (sqlite3_bind_text64(statement_, index, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK)
    complain(database_, "binding a text");
}
void Statement::bind(int index, ByteView value) {
  // A null pointer would become NULL instead of an empty blob.
  const void* bytes = value.empty() ? static_cast<const void*>("") : value.data();
  if (sqlite3_bind_blob64(statement_, index, bytes, value.size(), SQLITE_TRANSIENT) != SQLITE_OK)
    complain(database_, "binding bytes");
}
void Statement::bind(int index, std::optional<std::uint64_t> value) {
  if (value) return bind(index, *value);
  if (sqlite3_bind_null(statement_, index) != SQLITE_OK) complain(database_, "binding null");
}

Database::Database(const std::string& file, Mode mode) : writer_(mode == Mode::write) {
  const int flags = (writer_ ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(file.c_str(), &database_, flags, nullptr) != SQLITE_OK) {
    const std::string why = database_ ? sqlite3_errmsg(database_) : "out of memory";
    sqlite3_close(database_);
    throw DatabaseError(ErrorCode::io, "opening " + file + ": " + why);
  }
  sqlite3_busy_timeout(database_, 5000);
  if (!writer_) return;
  sqlite3_wal_hook(database_, [](void* self, sqlite3*, const char*, int pages) {
    static_cast<Database*>(self)->wal_pages_ = pages;
    return SQLITE_OK;
  }, this);
  try {
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("PRAGMA foreign_keys=ON");
  } catch (...) {
    sqlite3_close(database_);
    throw;
  }
}

Database::~Database() {
  if (writer_) sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_close_v2(database_);
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) complain(database_, sql);
}

void Database::commit() {
  execute("COMMIT");
  if (wal_pages_ < checkpoint_pages) return;
  // A checkpoint that a reader prevents is made after the next commit.
  if (sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) == SQLITE_OK) wal_pages_ = 0;
}

void Database::rollback() {
  if (sqlite3_get_autocommit(database_) == 0) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace rampa::sync::hq
