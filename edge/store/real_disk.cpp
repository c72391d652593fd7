#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include "edge/store/disk.hpp"

namespace rampa::store {
namespace {

tl::unexpected<Error> failed(const char* doing, const std::string& path, int error) {
  const ErrorCode code = error == ENOSPC || error == EDQUOT || error == EFBIG ? ErrorCode::no_space
                         : error == ENOENT                                    ? ErrorCode::not_found
                                                                              : ErrorCode::io;
  char buffer[128];
  return fail(code, std::string(doing) + " " + path + ": " + strerror_r(error, buffer, sizeof buffer));
}

class RealFile : public DiskFile {
 public:
  RealFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~RealFile() override { ::close(fd_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return failed("writing", path_, n == 0 ? ENOSPC : errno);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("reading", path_, errno);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  Result<void> sync() override {
    if (::fdatasync(fd_) != 0) return failed("syncing", path_, errno);
    return {};
  }

  Result<void> allocate(std::uint64_t bytes) override {
    // Not posix_fallocate: where the file system cannot reserve, it would write zeros over what is there.
    if (::fallocate(fd_, 0, 0, static_cast<off_t>(bytes)) == 0) return {};
    if (errno != EOPNOTSUPP) return failed("reserving room for", path_, errno);
    auto now = size();
    if (!now) return tl::unexpected(now.error());
    return *now >= bytes ? Result<void>{} : truncate(bytes);
  }

  Result<void> truncate(std::uint64_t bytes) override {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) return failed("truncating", path_, errno);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat st {};
    if (::fstat(fd_, &st) != 0) return failed("looking at", path_, errno);
    return static_cast<std::uint64_t>(st.st_size);
  }

 private:
  int fd_;
  std::string path_;
};

/// Runs `work(0)` to `work(count - 1)` on up to 16 threads (they only wait for the disk) and gives the first error.
template <class Work>
Result<void> at_once(std::size_t count, const Work& work) {
  if (count == 1) return work(0);
  std::vector<Result<void>> done(count);
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i; (i = next++) < count;) done[i] = work(i);
  };
  {
    std::vector<std::jthread> others;
    try {
      for (std::size_t t = 1; t < std::min<std::size_t>(count, 16); ++t) others.emplace_back(run);
    } catch (const std::system_error&) {
      // No more threads to be had: those there are, and this one, do it.
    }
    run();
  }
  for (Result<void>& r : done)
    if (!r) return r;
  return {};
}

class RealDisk : public Disk {
 public:
  Result<void> sync_files(const std::vector<DiskFile*>& files) override {
    return at_once(files.size(), [&](std::size_t i) { return files[i]->sync(); });
  }
  Result<void> sync_directories(const std::vector<std::string>& directories) override {
    return at_once(directories.size(), [&](std::size_t i) { return sync_directory(directories[i]); });
  }

  Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) override {
    const int flags = mode == OpenMode::read ? O_RDONLY : mode == OpenMode::read_write ? O_RDWR : O_RDWR | O_CREAT | O_TRUNC;
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed("opening", path, errno);
    return std::make_unique<RealFile>(fd, path);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("renaming", from, errno);
    return {};
  }

  Result<void> unlink(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return failed("removing", path, errno);
    return {};
  }

  Result<void> sync_directory(const std::string& directory) override {
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed("opening", directory, errno);
    const int rc = ::fsync(fd), error = errno;
    ::close(fd);
    if (rc != 0) return failed("syncing", directory, error);
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    DIR* dir = ::opendir(directory.c_str());
    if (!dir) return failed("listing", directory, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(dir)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    const int error = errno;
    ::closedir(dir);
    if (error != 0) return failed("listing", directory, error);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> make_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed("making", path, errno);
    return {};
  }

  bool exists(const std::string& path) override {
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0;
  }

  Result<std::uint64_t> free_bytes(const std::string& directory) override {
    struct statvfs st {};
    if (::statvfs(directory.c_str(), &st) != 0) return failed("looking at the free space of", directory, errno);
    return static_cast<std::uint64_t>(st.f_bavail) * st.f_frsize;
  }
};

}  // namespace

Result<void> Disk::sync_files(const std::vector<DiskFile*>& files) {
  for (DiskFile* file : files)
    if (auto ok = file->sync(); !ok) return ok;
  return {};
}

Result<void> Disk::sync_directories(const std::vector<std::string>& directories) {
  for (const std::string& directory : directories)
    if (auto ok = sync_directory(directory); !ok) return ok;
  return {};
}

std::shared_ptr<Disk> real_disk() { return std::make_shared<RealDisk>(); }

}  // namespace rampa::store
