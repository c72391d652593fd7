#include "hil/stage/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "edge/runtime/system_clock.hpp"

namespace rampa::hil {
namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (auto& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

/// Forks; the child gets `out` as standard output and the log as standard error.
pid_t spawn(std::vector<std::string>& command, int out, int log, const std::vector<std::string>& environment) {
  auto arguments = pointers(command);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(out, 1);
  ::dup2(log, 2);
  for (int fd = 3; fd < 256; ++fd) ::close(fd);
  for (const auto& entry : environment) {
    const auto equals = entry.find('=');
    ::setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  }
  ::execvp(arguments[0], arguments.data());
  ::dprintf(2, "cannot start %s: %s\n", arguments[0], std::strerror(errno));
  ::_exit(127);
}

}  // namespace

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    end(3s);
    pid_ = std::exchange(other.pid_, 0);
    name_ = std::move(other.name_);
  }
  return *this;
}

Result<Process> Process::start(std::vector<std::string> command, const std::string& log_file, std::vector<std::string> environment) {
  const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return fail(ErrorCode::io, log_file + ": " + std::strerror(errno));
  std::string name = command.front();
  const pid_t pid = spawn(command, log, log, environment);
  ::close(log);
  if (pid < 0) return fail(ErrorCode::io, name + ": " + std::strerror(errno));
  return Process(pid, std::move(name));
}

Result<std::string> Process::run(std::vector<std::string> command, const std::string& log_file, std::vector<int> fine,
                                 std::vector<std::string> environment) {
  const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  int pipe[2];
  if (log < 0 || ::pipe2(pipe, O_CLOEXEC) != 0) return fail(ErrorCode::io, log_file + ": " + std::strerror(errno));
  const std::string name = command.front() + (command.size() > 1 ? " " + command[1] : "");
  const pid_t pid = spawn(command, pipe[1], log, environment);
  ::close(log);
  ::close(pipe[1]);
  std::string output;
  char buffer[65536];
  for (ssize_t n; (n = ::read(pipe[0], buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR);)
    if (n > 0) output.append(buffer, static_cast<std::size_t>(n));
  ::close(pipe[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (std::find(fine.begin(), fine.end(), code) == fine.end())
    return fail(ErrorCode::refused, name + " ended with " + std::to_string(code) + "; its messages are in " + log_file + " " + output.substr(0, 400));
  return output;
}

bool Process::alive() {
  if (pid_ <= 0) return false;
  if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
  return pid_ > 0;
}

void Process::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void Process::end(Duration patience) {
  if (!alive()) return;
  signal(SIGTERM);
  for (Duration waited = 0ns; waited < patience; waited += 10ms) {
    if (!alive()) return;
    runtime::sleep_for(10ms);
  }
  kill();
}

void Process::kill() {
  if (!alive()) return;
  signal(SIGKILL);
  while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

}  // namespace rampa::hil
