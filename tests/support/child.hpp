// Another program beside the test, ended by its pid.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace rampa::tests {

/// One child process. Output goes to a file.
class Child {
 public:
  Child() = default;
  Child(const std::vector<std::string>& command, std::string log_file) : log_file_(std::move(log_file)) {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    const int out = ::open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  ~Child() { kill(); }
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), log_file_(std::move(other.log_file_)) {}
  Child& operator=(Child&& other) noexcept {
    kill();
    pid_ = std::exchange(other.pid_, -1);
    log_file_ = std::move(other.log_file_);
    return *this;
  }
  void kill() { end(SIGKILL); }        ///< SIGKILL and wait
  void terminate() { end(SIGTERM); }   ///< SIGTERM and wait
  /// SIGSTOP: half-open for everybody who talks to it.
  void pause() {
    if (pid_ > 0) ::kill(pid_, SIGSTOP);
  }
  void resume() {
    if (pid_ > 0) ::kill(pid_, SIGCONT);
  }
  /// False once it has ended by itself.
  [[nodiscard]] bool running() {
    if (pid_ <= 0) return false;
    if (::waitpid(pid_, nullptr, WNOHANG) == 0) return true;
    pid_ = -1;
    return false;
  }
  [[nodiscard]] std::string log() const {
    std::ifstream file(log_file_);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

 private:
  void end(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  int pid_ = -1;
  std::string log_file_;
};

}  // namespace rampa::tests
