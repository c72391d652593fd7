// PostgreSQL through libpq, its only door. A lost connection is an error of code disconnected: with it the locks are gone, so
// the program that held them ends and is started anew.
#include <libpq-fe.h>

#include "sync/hq/database.hpp"

namespace rampa::sync::hq {
namespace {

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

[[noreturn]] void complain(PGconn* connection, const std::string& doing) {
  const bool gone = !connection || PQstatus(connection) != CONNECTION_OK;
  std::string why = connection ? PQerrorMessage(connection) : "out of memory";
  while (!why.empty() && why.back() == '\n') why.pop_back();
  throw DatabaseError(gone ? ErrorCode::disconnected : ErrorCode::io, doing + ": " + why);
}

Answer checked(PGconn* connection, PGresult* result, const std::string& doing) {
  Answer answer(result, &PQclear);
  const auto status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) {
    const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    const std::string_view code = state ? state : "";
    if (code == "53100") throw DatabaseError(ErrorCode::no_space, doing + ": the database's disk is full");
    // Short of memory or connections, a deadlock, a lock, somebody's cancel: of the moment, not of what was to be stored.
    if (PQstatus(connection) == CONNECTION_OK && (code.starts_with("53") || code.starts_with("40") || code.starts_with("55") || code.starts_with("57")))
      throw DatabaseError(ErrorCode::busy, doing + ": " + PQerrorMessage(connection));
    complain(connection, doing);
  }
  return answer;
}

/// The server takes only UTF-8 without zeros as text; what a post sends may be anything.
std::string as_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
    bool fine = length > 0 && lead != 0 && i + length <= text.size();
    for (std::size_t k = 1; fine && k < length; ++k) fine = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
    if (fine && length > 2) {
      const auto second = static_cast<unsigned char>(text[i + 1]);  // overlong forms, surrogates, beyond the last character
      fine = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F) && !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
    }
    if (fine) out += text.substr(i, length);
    else out += '?';
    i += fine ? length : 1;
  }
  return out;
}

class PostgresStatement : public Statement {
 public:
  PostgresStatement(PGconn* connection, std::string name, std::string_view sql) : connection_(connection), name_(std::move(name)), sql_(sql) {
    checked(connection_, PQprepare(connection_, name_.c_str(), sql_.c_str(), 0, nullptr), "preparing \"" + sql_ + "\"");
  }
  void reset() override {
    result_.reset();
    values_.clear();
    row_ = -1;
  }
  void bind(int index, std::int64_t value) override { at(index) = {std::to_string(value), false, false}; }
  void bind(int index, std::string_view value) override { at(index) = {as_utf8(value), false, false}; }
  void bind(int index, ByteView value) override { at(index) = {std::string(as_text(value)), true, false}; }
  void bind_null(int index) override { at(index) = {{}, false, true}; }
  bool step() override {
    if (!result_) run();
    if (++row_ < PQntuples(result_.get())) return true;
    reset();
    return false;
  }
  std::int64_t number(int column) const override {
    const ByteView raw = bytes(column);
    std::uint64_t value = !raw.empty() && (raw[0] & 0x80) != 0 ? ~0ull : 0;
    for (const std::uint8_t byte : raw) value = value << 8 | byte;
    return static_cast<std::int64_t>(value);
  }
  ByteView bytes(int column) const override {
    return {reinterpret_cast<const std::uint8_t*>(PQgetvalue(result_.get(), row_, column)), static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
  }
  bool null(int column) const override { return PQgetisnull(result_.get(), row_, column) != 0; }

 private:
  struct Value {
    std::string text;
    bool binary = false, null = false;
  };
  Value& at(int index) {
    if (values_.size() < static_cast<std::size_t>(index)) values_.resize(static_cast<std::size_t>(index));
    return values_[static_cast<std::size_t>(index) - 1];
  }
  void run() {
    std::vector<const char*> texts;
    std::vector<int> lengths, formats;
    for (const Value& value : values_) {
      texts.push_back(value.null ? nullptr : value.text.data());
      lengths.push_back(static_cast<int>(value.text.size()));
      formats.push_back(value.binary ? 1 : 0);
    }
    result_ = checked(connection_, PQexecPrepared(connection_, name_.c_str(), static_cast<int>(texts.size()), texts.data(), lengths.data(), formats.data(), 1), sql_);
  }
  PGconn* connection_;
  std::string name_, sql_;
  std::vector<Value> values_;
  Answer result_{nullptr, &PQclear};
  int row_ = -1;
};

/// COPY in its binary form: one round trip for a whole group.
class PostgresBulk : public BulkInsert {
 public:
  PostgresBulk(PGconn* connection, std::string copy, std::size_t columns) : connection_(connection), copy_(std::move(copy)), columns_(columns) {}
  BulkInsert& add(std::int64_t value) override {
    field(8);
    number(static_cast<std::uint64_t>(value), 8);
    return *this;
  }
  BulkInsert& add(std::string_view value) override {
    const std::string text = as_utf8(value);
    return add(as_bytes(text));
  }
  BulkInsert& add(ByteView value) override {
    field(value.size());
    rows_.append(as_text(value));
    return *this;
  }
  void end_row() override { fresh_row_ = true; }
  void flush() override {
    if (rows_.empty()) return;
    checked(connection_, PQexec(connection_, copy_.c_str()), copy_);
    std::string head("PGCOPY\n\377\r\n\0", 11);
    head.append(8, '\0');
    const std::string tail("\377\377", 2);
    const bool sent = put(head) && put(rows_) && put(tail) && PQputCopyEnd(connection_, nullptr) == 1;
    forget();
    if (!sent) complain(connection_, copy_);
    while (PGresult* result = PQgetResult(connection_)) checked(connection_, result, copy_);
  }
  void forget() override {
    rows_.clear();
    fresh_row_ = true;
  }

 private:
  void number(std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) rows_ += static_cast<char>(value >> (8 * i));
  }
  void field(std::size_t length) {
    if (std::exchange(fresh_row_, false)) number(columns_, 2);
    number(length, 4);
  }
  bool put(const std::string& bytes) { return PQputCopyData(connection_, bytes.data(), static_cast<int>(bytes.size())) == 1; }
  PGconn* connection_;
  std::string copy_, rows_;
  std::size_t columns_;
  bool fresh_row_ = true;
};

class PostgresDatabase : public Database {
 public:
  explicit PostgresDatabase(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_) != CONNECTION_OK) {
      const std::string why = connection_ ? PQerrorMessage(connection_) : "out of memory";
      PQfinish(connection_);
      throw DatabaseError(ErrorCode::disconnected, "the database cannot be reached: " + why);
    }
    PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
    execute("SET client_encoding = 'UTF8'; SET synchronous_commit = on");
  }
  ~PostgresDatabase() override {
    statements_.clear();
    PQfinish(connection_);
  }
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  void execute(const std::string& sql) override { checked(connection_, PQexec(connection_, sql.c_str()), sql.substr(0, 200)); }
  void begin() override { execute("BEGIN"); }
  void commit() override { execute("COMMIT"); }
  void rollback() noexcept override {
    if (PQtransactionStatus(connection_) != PQTRANS_IDLE) PQclear(PQexec(connection_, "ROLLBACK"));
  }
  std::unique_ptr<BulkInsert> bulk(const std::string& table, const std::vector<std::string>& columns) override {
    std::string names;
    for (const std::string& column : columns) names += (names.empty() ? "" : ",") + column;
    return std::make_unique<PostgresBulk>(connection_, "COPY " + table + "(" + names + ") FROM STDIN BINARY", columns.size());
  }
  std::string durability() override {
    auto asked = query("SHOW synchronous_standby_names");
    return asked.step() && !asked.bytes(0).empty() ? "standby" : "disk";
  }
  std::string in_own_words(std::string schema) const override {
    for (const auto& [word, own] : {std::pair<std::string_view, std::string_view>{"INTEGER", "BIGINT"}, {"BLOB", "BYTEA"},
                                    {"AUTO_ID", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"}})
      for (std::size_t at = 0; (at = schema.find(word, at)) != std::string::npos; at += own.size()) schema.replace(at, word.size(), own);
    return schema;
  }
  bool has_table(const std::string& name) override {
    auto asked = query("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1", name);
    return asked.step() && asked.number(0) > 0;
  }
  void lock_for_tables() override { execute("SELECT pg_advisory_xact_lock(hashtextextended('rampa tables', 2))"); }
  bool try_lock(const std::string& name) override {
    auto asked = query("SELECT pg_try_advisory_lock(hashtextextended($1, 2))::int", "rampa " + name);
    return asked.step() && asked.number(0) != 0;
  }
  void unlock(const std::string& name) override { run("SELECT pg_advisory_unlock(hashtextextended($1, 2))", "rampa " + name); }

 private:
  std::unique_ptr<Statement> prepare(std::string_view sql) override {
    return std::make_unique<PostgresStatement>(connection_, "s" + std::to_string(statements_.size()), sql);
  }
  PGconn* connection_;
};

}  // namespace

std::unique_ptr<Database> open_postgres(const std::string& url) { return std::make_unique<PostgresDatabase>(url); }

}  // namespace rampa::sync::hq
