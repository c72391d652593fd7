// The SQLite baseline of risk_bench: what a post would build without an engine.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace rampa::bench {

/// SQLite as well as it can be done: each profile filed under its first equality or prefix in an indexed table; the rest of its condition as
/// a WHERE over the one row of facts. Only the flat fields of the workload.
class SqliteBaseline {
 public:
  SqliteBaseline(const std::vector<std::string>& profiles) {
    sqlite3_open(":memory:", &db_);
    run("CREATE TABLE access(key TEXT, profile INTEGER); CREATE INDEX access_key ON access(key);");
    std::string columns;
    for (const char* c : names) columns += (columns.empty() ? "" : ",") + std::string("\"") + c + "\"";
    run("CREATE TABLE d(" + columns + ")");
    run("BEGIN");
    sqlite3_stmt* put = prepare("INSERT INTO access VALUES(?,?)");
    for (std::size_t i = 0; i < profiles.size(); ++i) add(profiles[i], i, put);
    sqlite3_finalize(put);
    run("COMMIT");
    find_ = prepare("SELECT DISTINCT profile FROM access WHERE key IN (SELECT value FROM json_each(?1)) OR key=''");
    std::string marks;
    for (std::size_t i = 0; i < std::size(names); ++i) marks += i ? ",?" : "?";
    insert_ = prepare("INSERT INTO d VALUES(" + marks + ")");
    clear_ = prepare("DELETE FROM d");
  }
  ~SqliteBaseline() {
    for (auto* s : residual_) sqlite3_finalize(s);
    sqlite3_finalize(find_);
    sqlite3_finalize(insert_);
    sqlite3_finalize(clear_);
    sqlite3_close(db_);
  }

  std::size_t matches(const std::string& declaration, std::int64_t day) {
    sqlite3_step(clear_);
    sqlite3_reset(clear_);
    std::string keys = "[";
    for (std::size_t i = 0; i < std::size(names); ++i) {
      std::string text;
      std::int64_t number = 0;
      const bool is_text = value(declaration, names[i], text, number);
      if (is_text) sqlite3_bind_text(insert_, static_cast<int>(i + 1), text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
      else sqlite3_bind_int64(insert_, static_cast<int>(i + 1), number);
      const std::string shown = is_text ? text : std::to_string(number);
      keys += (i ? ",\"" : "\"") + std::string(names[i]) + "=" + shown + "\"";
      if (is_text)
        for (std::size_t length = 2; length <= std::min<std::size_t>(shown.size(), 10); ++length) keys += ",\"" + std::string(names[i]) + "^" + shown.substr(0, length) + "\"";
    }
    sqlite3_step(insert_);
    sqlite3_reset(insert_);
    keys += "]";
    sqlite3_bind_text(find_, 1, keys.data(), static_cast<int>(keys.size()), SQLITE_STATIC);
    std::vector<std::size_t> candidates;
    while (sqlite3_step(find_) == SQLITE_ROW) candidates.push_back(static_cast<std::size_t>(sqlite3_column_int64(find_, 0)));
    sqlite3_reset(find_);
    std::size_t count = 0;
    for (const auto p : candidates) {
      sqlite3_bind_int64(residual_[p], 1, day);
      if (sqlite3_step(residual_[p]) == SQLITE_ROW) ++count;
      sqlite3_reset(residual_[p]);
    }
    return count;
  }

 private:
  static constexpr const char* names[] = {"office", "dir", "proc", "mode", "hs", "origin", "disp", "dest", "consignor", "consignee", "declarant", "carrier", "aeo", "plate", "trailer",
                                          "plate_cc", "driver_cc", "container", "route", "pref", "inco", "gross", "net", "wdev", "pkgs", "value", "vpk", "seals", "prev30", "hour"};
  void run(const std::string& sql) { if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) std::fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db_)), std::exit(1); }
  sqlite3_stmt* prepare(const std::string& sql) {
    sqlite3_stmt* s = nullptr;
    if (sqlite3_prepare_v3(db_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &s, nullptr) != SQLITE_OK) std::fprintf(stderr, "sqlite: %s in %s\n", sqlite3_errmsg(db_), sql.c_str()), std::exit(1);
    return s;
  }
  // The workload's lines are flat and come from one generator: "name":value.
  static bool value(const std::string& line, const std::string& name, std::string& text, std::int64_t& number) {
    const auto at = line.find("\"" + name + "\":") + name.size() + 3;
    if (line[at] == '"') {
      text = line.substr(at + 1, line.find('"', at + 1) - at - 1);
      return true;
    }
    number = std::atoll(line.c_str() + at);
    return false;
  }
  void add(const std::string& line, std::size_t place, sqlite3_stmt* put) {
    std::string where = "SELECT 1 FROM d WHERE ?1 BETWEEN " + std::to_string(number_after(line, "\"from\":")) + " AND " + std::to_string(number_after(line, "\"to\":"));
    std::vector<std::string> keys;
    for (auto at = line.find("\"f\":\""); at != std::string::npos; at = line.find("\"f\":\"", at + 1)) {
      const auto field = line.substr(at + 5, line.find('"', at + 5) - at - 5);
      const auto o = line.find("\"op\":\"", at) + 6;
      const auto op = line.substr(o, line.find('"', o) - o);
      const auto v = line.find("\"v\":", o) + 4;
      const auto end = line[v] == '[' ? line.find(']', v) : line.find('}', v);
      std::vector<std::string> values;
      std::stringstream list(line.substr(v + (line[v] == '['), end - v - (line[v] == '[')));
      for (std::string one; std::getline(list, one, ',');) values.push_back(one);
      const auto quoted = [&](std::string s) { if (s.front() == '"') s = "'" + s.substr(1, s.size() - 2) + "'"; return s; };
      const auto bare = [](std::string s) { return s.front() == '"' ? s.substr(1, s.size() - 2) : s; };
      std::string sql;
      if (op == "prefix") {
        for (const auto& one : values) sql += (sql.empty() ? "(" : " OR ") + std::string("substr(\"") + field + "\",1," + std::to_string(bare(one).size()) + ")=" + quoted(one);
        sql += ")";
      } else if (op == "in" || op == "notin" || op == "eq") {
        for (const auto& one : values) sql += (sql.empty() ? "" : ",") + quoted(one);
        sql = "\"" + field + "\"" + (op == "notin" ? " NOT IN (" : " IN (") + sql + ")";
      } else if (op == "range") {
        sql = "\"" + field + "\" BETWEEN " + values[0] + " AND " + values[1];
      } else {
        sql = "\"" + field + "\"" + (op == "ge" ? ">=" : "<=") + values[0];
      }
      where += " AND " + sql;
      // the rarest by kind of field: parties and plates before codes before the rest
      if (op == "eq" || op == "in" || op == "prefix") {
        std::vector<std::string> these;
        for (const auto& one : values) these.push_back(field + (op == "prefix" ? "^" : "=") + bare(one));
        const auto rank = [](const std::string& key) {
          for (const char* rare : {"consign", "plate=", "trailer", "declarant", "carrier", "container"}) if (key.rfind(rare, 0) == 0) return 0;
          return key.rfind("hs", 0) == 0 ? 1 : key.rfind("route", 0) == 0 || key.rfind("origin", 0) == 0 ? 2 : 3;
        };
        if (keys.empty() || rank(these[0]) < rank(keys[0])) keys = these;
      }
    }
    if (keys.empty()) keys.emplace_back();
    for (const auto& key : keys) {
      sqlite3_bind_text(put, 1, key.data(), static_cast<int>(key.size()), SQLITE_TRANSIENT);
      sqlite3_bind_int64(put, 2, static_cast<std::int64_t>(place));
      sqlite3_step(put);
      sqlite3_reset(put);
    }
    residual_.push_back(prepare(where));
  }
  static std::int64_t number_after(const std::string& line, const std::string& mark) { return std::atoll(line.c_str() + line.find(mark) + mark.size()); }

  sqlite3* db_ = nullptr;
  sqlite3_stmt *find_ = nullptr, *insert_ = nullptr, *clear_ = nullptr;
  std::vector<sqlite3_stmt*> residual_;
};

}  // namespace rampa::bench
