// A real PostgreSQL 15 in a folder of its own, with every commit on the disk; on order with a synchronous standby.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hil/stage/process.hpp"

namespace rampa::hil {

class PostgresStage {
 public:
  /// Makes the cluster and starts it; listens on loopback alone. Errors: not_found (not installed), io.
  static Result<std::unique_ptr<PostgresStage>> start(const std::string& directory);

  /// A second server from a base backup of the first, for which commits wait from now on. Errors: io, timeout.
  Result<void> add_standby();
  void kill_primary() { primary_->kill(); }
  /// The standby takes over; returns when it takes writes. Nothing waits for a standby then. Errors: io, timeout.
  Result<void> promote();

  /// Of whichever server takes writes, with both where there are two.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] pid_t primary_pid() const { return primary_->pid(); }
  [[nodiscard]] std::string log() const { return directory_ + "/postgres.log"; }

 private:
  explicit PostgresStage(std::string directory) : directory_(std::move(directory)) {}
  Result<Process> serve(const std::string& data, int port, const std::vector<std::string>& settings);
  [[nodiscard]] std::string url_of(int port) const;
  Result<void> until(const std::string& what, int port, const std::string& question, Duration patience);
  std::string directory_;
  int port_ = 0, standby_port_ = 0;
  std::optional<Process> primary_, standby_;
};

}  // namespace rampa::hil
