// The lock of a folder of bundles: one that installs, or many that read. Ends with the process.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace rampa::app {

class FolderLock {
 public:
  enum class For { reading = LOCK_SH, installing = LOCK_EX };
  /// Waits for whoever has it: an installation takes seconds.
  FolderLock(const std::string& directory, For use) : fd_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ < 0) return;
    int code = 0;
    do code = ::flock(fd_, static_cast<int>(use));
    while (code != 0 && errno == EINTR);
    locked_ = code == 0;
  }
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  [[nodiscard]] bool ok() const { return locked_; }

 private:
  int fd_;
  bool locked_ = false;
};

}  // namespace rampa::app
