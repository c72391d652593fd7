#include "edge/store/sqlite_internal.hpp"

#include <utility>

namespace rampa::store::sqlite {

tl::unexpected<Error> error_of(sqlite3* db, int rc, const std::string& doing) {
  const int primary = rc & 0xFF;
  const ErrorCode code = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB  ? ErrorCode::invalid
                         : primary == SQLITE_FULL                               ? ErrorCode::no_space
                         : primary == SQLITE_BUSY || primary == SQLITE_LOCKED   ? ErrorCode::busy
                                                                                : ErrorCode::io;
  return fail(code, "picture.sqlite: " + doing + ": " + (db ? sqlite3_errmsg(db) : sqlite3_errstr(rc)));
}

Statement& Statement::bind(int place, std::int64_t value) {
  if (const int rc = sqlite3_bind_int64(statement_.get(), place, value); rc != SQLITE_OK) bind_error_ = rc;
  return *this;
}
Statement& Statement::bind(int place, std::string_view value) {
  if (const int rc = sqlite3_bind_text64(statement_.get(), place, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      rc != SQLITE_OK)
    bind_error_ = rc;
  return *this;
}
Statement& Statement::bind(int place, ByteView value) {
  if (const int rc = sqlite3_bind_blob64(statement_.get(), place, value.data(), value.size(), SQLITE_TRANSIENT); rc != SQLITE_OK)
    bind_error_ = rc;
  return *this;
}

Result<bool> Statement::step() {
  if (bind_error_ != SQLITE_OK) {
    const int rc = std::exchange(bind_error_, SQLITE_OK);
    reset();
    return error_of(db_, rc, "binding");
  }
  const int rc = sqlite3_step(statement_.get());
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  auto error = error_of(db_, rc, "running a statement");
  sqlite3_reset(statement_.get());
  return error;
}

Result<void> Statement::run() {
  auto row = step();
  if (!row) return tl::unexpected(row.error());
  reset();
  return {};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  return bytes ? std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)))
               : std::string{};
}

Bytes Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return bytes ? Bytes(bytes, bytes + sqlite3_column_bytes(statement_.get(), column)) : Bytes{};
}

std::string Statement::image(int column) const {
  const int type = sqlite3_column_type(statement_.get(), column);
  if (type == SQLITE_BLOB) {
    const Bytes bytes = blob(column);
    return "b:" + std::string(as_text(bytes));
  }
  return std::to_string(type) + ":" + text(column);
}

Result<Database> Database::open_writer(const std::string& path) {
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Database db;
  db.db_.reset(raw);
  if (rc != SQLITE_OK) return error_of(raw, rc, "opening " + path);
  sqlite3_busy_timeout(raw, 20);  // the store's thread must not wait for readers
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0", "PRAGMA synchronous=NORMAL",
                             "PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON", "PRAGMA secure_delete=ON",
                             "PRAGMA mmap_size=0", "PRAGMA foreign_keys=ON", "PRAGMA cache_size=-4000"})
    if (auto ok = db.execute(pragma); !ok) return tl::unexpected(ok.error());
  return db;
}

Result<Database> Database::open_reader(const std::string& path) {
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Database db;
  db.db_.reset(raw);
  if (rc != SQLITE_OK) {
    if ((rc & 0xFF) == SQLITE_CANTOPEN)
      return fail(ErrorCode::not_found, path + " is not there; start Rampa, which builds it from the journal");
    return error_of(raw, rc, "opening " + path);
  }
  sqlite3_busy_timeout(raw, 2000);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  for (const char* pragma : {"PRAGMA query_only=ON", "PRAGMA wal_autocheckpoint=0", "PRAGMA trusted_schema=OFF",
                             "PRAGMA cell_size_check=ON", "PRAGMA mmap_size=0", "PRAGMA cache_size=-2000"})
    if (auto ok = db.execute(pragma); !ok) return tl::unexpected(ok.error());
  return db;
}

Result<void> Database::execute(const std::string& sql) {
  const int rc = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return error_of(db_.get(), rc, "'" + sql.substr(0, 40) + "'");
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int rc = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (rc != SQLITE_OK) return error_of(db_.get(), rc, "preparing '" + std::string(sql.substr(0, 60)) + "'");
  return Statement(db_.get(), statement);
}

Result<std::int64_t> Database::value(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(ErrorCode::not_found, "no row");
  return statement->integer(0);
}

}  // namespace rampa::store::sqlite
