#include "edge/api/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rampa::api {
namespace {

constexpr std::size_t size_max = 4u << 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { if (fd_ >= 0) ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

tl::unexpected<Error> failed(const char* what, const std::string& path) {
  const int error = errno;
  return fail(error == ENOSPC || error == EDQUOT ? ErrorCode::no_space : ErrorCode::io,
              path + ": cannot " + what + ": " + std::strerror(error));
}

Result<void> write_whole(Descriptor& file, const std::string& path, std::string_view text) {
  if (::fchmod(file.get(), 0600) != 0) return failed("set the mode of", path);
  while (!text.empty()) {
    const ssize_t n = ::write(file.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write", path);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(file.get()) != 0) return failed("sync", path);
  if (!file.close()) return failed("close", path);
  return {};
}

Result<void> sync_directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return failed("open", directory);
  if (::fsync(folder.get()) != 0) return failed("sync", directory);
  return {};
}

}  // namespace

Result<std::optional<std::string>> read_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) return std::optional<std::string>{};
    return failed("open", path);
  }
  std::string text;
  char chunk[8192];
  for (;;) {
    const ssize_t n = ::read(file.get(), chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", path);
    if (n == 0) return std::optional<std::string>(std::move(text));
    text.append(chunk, static_cast<std::size_t>(n));
    if (text.size() > size_max) return fail(ErrorCode::io, path + ": larger than 4 MiB, so nothing that Rampa wrote: move it away");
  }
}

Result<void> replace_file(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".new";
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0) return failed("create", temporary);
  if (auto written = write_whole(file, temporary, text); !written) return written;
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("replace", path);
  return sync_directory_of(path);
}

Result<void> create_file(const std::string& path, std::string_view text) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0 && errno == EEXIST) return fail(ErrorCode::refused, path + " is there already: name another file");
  if (file.get() < 0) return failed("create", path);
  auto written = write_whole(file, path, text);
  if (written) written = sync_directory_of(path);
  if (!written) ::unlink(path.c_str());
  return written;
}

}  // namespace rampa::api
