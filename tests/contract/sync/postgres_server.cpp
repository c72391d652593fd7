#include "tests/contract/sync/postgres_server.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "sync/hq/database.hpp"
#include "tests/contract/sync/broker.hpp"

namespace rampa::tests {
namespace {

const std::string programs = "/usr/lib/postgresql/15/bin/";
constexpr unsigned nobody = 65534;

class Server {
 public:
  Server() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-pg-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    if (::geteuid() == 0 && ::chown(directory_.c_str(), nobody, nobody) != 0) return;
    Child made(as_user({programs + "initdb", "-D", directory_ + "/data", "-U", "rampa", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"}),
               directory_ + "/initdb.log");
    for (int i = 0; i < 1200 && made.running(); ++i) ::poll(nullptr, 0, 50);
    // No power is cut here: without fsync the tests are quicker, and a killed server still loses nothing.
    process_ = Child(as_user({programs + "postgres", "-D", directory_ + "/data", "-k", directory_, "-c", "listen_addresses=", "-c", "fsync=off"}),
                     directory_ + "/postgres.log");
    const std::string url = "postgresql://rampa@/postgres?host=" + directory_;
    for (int i = 0; i < 1200 && process_.running(); ++i, ::poll(nullptr, 0, 50)) {
      try {
        (void)sync::hq::open_postgres(url);
        url_ = url;
        return;
      } catch (const sync::hq::DatabaseError&) {
        continue;  // it is still starting
      }
    }
    std::cerr << made.log() << process_.log();
  }
  ~Server() {
    process_.kill();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  static std::vector<std::string> as_user(std::vector<std::string> command) {
    if (::geteuid() == 0) command.insert(command.begin(), {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
    return command;
  }
  std::string directory_, url_;
  Child process_;
};

}  // namespace

std::string postgres_missing() { return ::access((programs + "postgres").c_str(), X_OK) == 0 ? "" : "PostgreSQL 15 is not installed (packages.txt)"; }

const std::string& postgres_url() {
  static const Server server;
  return server.url();
}

void empty_postgres() { sync::hq::open_postgres(postgres_url())->execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public"); }

}  // namespace rampa::tests
