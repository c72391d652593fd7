// A child process of the bench: started with a log file, ended by its pid and no other way.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

class Process {
 public:
  /// Standard output and error go to `log_file` (appended). The child dies with its parent. `environment`: "NAME=VALUE" to add.
  static Result<Process> start(std::vector<std::string> command, const std::string& log_file, std::vector<std::string> environment = {});
  /// Runs to its end and gives its standard output. Errors: io, refused (exit code other than one of `fine`).
  static Result<std::string> run(std::vector<std::string> command, const std::string& log_file, std::vector<int> fine = {0},
                                 std::vector<std::string> environment = {});

  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, 0)), name_(std::move(other.name_)) {}
  Process& operator=(Process&& other) noexcept;
  ~Process() { end(3s); }

  [[nodiscard]] bool alive();
  /// SIGTERM, and SIGKILL when it has not ended within `patience`.
  void end(Duration patience);
  void kill();                 ///< SIGKILL, and waits for it to be gone
  void signal(int number) const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Process(pid_t pid, std::string name) : pid_(pid), name_(std::move(name)) {}
  pid_t pid_ = 0;
  std::string name_;
};

}  // namespace rampa::hil
