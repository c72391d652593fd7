#include "hil/sync/postgres_stage.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "edge/runtime/system_clock.hpp"
#include "hil/stage/sockets.hpp"
#include "sync/hq/database.hpp"

namespace rampa::hil {
namespace {

namespace fs = std::filesystem;
const std::string programs = "/usr/lib/postgresql/15/bin/";
constexpr unsigned nobody = 65534;

/// The server refuses to run as root.
std::vector<std::string> as_user(std::vector<std::string> command) {
  if (::geteuid() == 0) command.insert(command.begin(), {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
  return command;
}

}  // namespace

Result<std::unique_ptr<PostgresStage>> PostgresStage::start(const std::string& directory) {
  if (::access((programs + "postgres").c_str(), X_OK) != 0) return fail(ErrorCode::not_found, "PostgreSQL 15 is not installed (packages.txt)");
  std::error_code problem;
  fs::create_directories(directory, problem);
  if (problem || (::geteuid() == 0 && ::chown(directory.c_str(), nobody, nobody) != 0)) return fail(ErrorCode::io, directory + " cannot be made: " + problem.message());
  std::unique_ptr<PostgresStage> stage(new PostgresStage(directory));
  stage->port_ = free_port_block(2);
  stage->standby_port_ = stage->port_ + 1;
  if (auto made = Process::run(as_user({programs + "initdb", "-D", directory + "/primary", "-U", "rampa", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"}), stage->log()); !made)
    return tl::unexpected(made.error());
  auto served = stage->serve(directory + "/primary", stage->port_, {});
  if (!served) return tl::unexpected(served.error());
  stage->primary_ = std::move(*served);
  if (auto up = stage->until("PostgreSQL answers", stage->port_, "SELECT 1", 60s); !up) return tl::unexpected(up.error());
  return stage;
}

Result<Process> PostgresStage::serve(const std::string& data, int port, const std::vector<std::string>& settings) {
  std::vector<std::string> command{programs + "postgres", "-D", data, "-p", std::to_string(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c",
                                   "max_wal_size=4GB", "-c", "max_connections=50"};
  command.insert(command.end(), settings.begin(), settings.end());
  return Process::start(as_user(std::move(command)), log());
}

std::string PostgresStage::url_of(int port) const { return "postgresql://rampa@127.0.0.1:" + std::to_string(port) + "/postgres"; }

std::string PostgresStage::url() const {
  if (!standby_port_ || !standby_) return url_of(port_);
  return "postgresql://rampa@127.0.0.1:" + std::to_string(port_) + ",127.0.0.1:" + std::to_string(standby_port_) +
         "/postgres?target_session_attrs=read-write&connect_timeout=2";
}

Result<void> PostgresStage::until(const std::string& what, int port, const std::string& question, Duration patience) {
  const runtime::SystemClock clock;
  for (const MonoTime end = clock.mono() + patience; clock.mono() < end; runtime::sleep_for(50ms)) {
    try {
      auto database = sync::hq::open_postgres(url_of(port));
      auto asked = database->query(question);
      if (asked.step() && asked.number(0) != 0) return {};
    } catch (const sync::hq::DatabaseError&) {
      continue;  // it is still starting
    }
  }
  return fail(ErrorCode::timeout, "waited in vain until " + what + "; its log is " + log());
}

Result<void> PostgresStage::add_standby() {
  const std::string data = directory_ + "/standby";
  if (auto copied = Process::run(as_user({programs + "pg_basebackup", "-h", "127.0.0.1", "-p", std::to_string(port_), "-U", "rampa", "-D", data, "-R", "-X", "stream", "-c", "fast",
                                          "--no-sync"}), log()); !copied)
    return tl::unexpected(copied.error());
  auto served = serve(data, standby_port_, {"-c", "hot_standby=on"});
  if (!served) return tl::unexpected(served.error());
  standby_ = std::move(*served);
  if (auto up = until("the standby follows", port_, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", 60s); !up) return up;
  try {
    auto database = sync::hq::open_postgres(url_of(port_));
    database->execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
    database->execute("SELECT pg_reload_conf()");
  } catch (const sync::hq::DatabaseError& error) {
    return fail(error.code, error.what());
  }
  return until("commits wait for the standby", port_, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", 30s);
}

Result<void> PostgresStage::promote() {
  try {
    auto database = sync::hq::open_postgres(url_of(standby_port_));
    database->execute("SELECT pg_promote(true, 60)");
  } catch (const sync::hq::DatabaseError& error) {
    return fail(error.code, error.what());
  }
  return until("the standby takes writes", standby_port_, "SELECT CASE WHEN pg_is_in_recovery() THEN 0 ELSE 1 END", 60s);
}

}  // namespace rampa::hil
