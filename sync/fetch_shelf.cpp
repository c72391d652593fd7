#include "sync/fetch_shelf.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sync/digest.hpp"

namespace rampa::sync {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> failed(const std::string& doing, const std::string& path) {
  return fail(errno == ENOSPC || errno == EDQUOT ? ErrorCode::no_space : ErrorCode::io, doing + " " + path + ": " + std::strerror(errno));
}

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool write(ByteView bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  int fd_;
};

Result<void> sync_directory(const std::string& directory) {
  const File file(directory, O_RDONLY | O_DIRECTORY);
  if (file.fd() < 0 || ::fsync(file.fd()) != 0) return failed("syncing", directory);
  return {};
}

}  // namespace

Result<std::unique_ptr<FileShelf>> FileShelf::open(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail(ErrorCode::io, "making " + directory + ": " + error.message());
  return std::unique_ptr<FileShelf>(new FileShelf(directory));
}

std::uint64_t FileShelf::have(const std::string& sha256) {
  struct stat st {};
  for (const std::string& path : {path_of(sha256), path_of(sha256) + ".part"})
    if (::stat(path.c_str(), &st) == 0) return static_cast<std::uint64_t>(st.st_size);
  return 0;
}

Result<void> FileShelf::append(const std::string& sha256, ByteView bytes) {
  const std::string path = path_of(sha256) + ".part";
  const std::uint64_t before = have(sha256);
  const File file(path, O_WRONLY | O_CREAT | O_APPEND);
  if (file.fd() < 0) return failed("opening", path);
  if (file.write(bytes)) return {};
  const auto error = failed("writing", path);
  if (::ftruncate(file.fd(), static_cast<off_t>(before)) != 0) (void)::unlink(path.c_str());  // else it comes again from the start
  return error;
}

Result<void> FileShelf::finish(const std::string& sha256) {
  const std::string path = path_of(sha256), part = path + ".part";
  if (fs::exists(path)) return {};
  const File file(part, O_RDONLY);
  if (file.fd() < 0) return failed("opening", part);
  Digest digest;
  Bytes piece(1u << 16);
  for (;;) {
    const ssize_t n = ::read(file.fd(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("reading", part);
    if (n == 0) break;
    digest.add(ByteView{piece}.first(static_cast<std::size_t>(n)));
  }
  if (hex(digest.finish()) != sha256) {
    (void)::unlink(part.c_str());
    return fail(ErrorCode::bad_reply, "what HQ sent is not " + sha256);
  }
  if (::fdatasync(file.fd()) != 0) return failed("syncing", part);
  if (::rename(part.c_str(), path.c_str()) != 0) return failed("renaming", part);
  return sync_directory(directory_);
}

Result<void> note_wanted(const std::string& directory, const WantedFile& wanted) {
  if (!parse_sha256(wanted.sha256)) return fail(ErrorCode::invalid, "\"" + wanted.sha256 + "\" is no SHA-256");
  const std::string path = directory + "/" + wanted.sha256 + ".want", fresh = path + ".tmp";
  if (wanted.purpose.size() > purpose_bytes_max) return fail(ErrorCode::invalid, "what it is for has more than " + std::to_string(purpose_bytes_max) + " bytes");
  if (const auto noted = noted_wanted(directory); noted && noted->size() >= notes_max && !fs::exists(path))
    return fail(ErrorCode::invalid, std::to_string(notes_max) + " files are to be fetched already: send it again when some of them are here");
  {
    const File file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    if (file.fd() < 0) return failed("opening", fresh);
    if (!file.write(as_bytes(std::to_string(wanted.size_bytes) + " " + std::to_string(wanted.number) + " " + wanted.purpose + "\n"))) return failed("writing", fresh);
    if (::fdatasync(file.fd()) != 0) return failed("syncing", fresh);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed("renaming", fresh);
  return sync_directory(directory);
}

Result<std::vector<WantedFile>> noted_wanted(const std::string& directory) {
  std::vector<WantedFile> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    WantedFile wanted;
    wanted.sha256 = entry.path().stem().string();
    std::ifstream in(entry.path());
    if (entry.path().extension() != ".want" || !parse_sha256(wanted.sha256) || !(in >> wanted.size_bytes >> wanted.number)) continue;
    in.get();
    std::array<char, purpose_bytes_max + 1> line{};  // a note that is longer is none of ours
    in.getline(line.data(), line.size());
    wanted.purpose = line.data();
    if (out.size() >= notes_max) return fail(ErrorCode::io, directory + " holds more than " + std::to_string(notes_max) + " notes of what is to be fetched: remove those (*.want) that nobody needs");
    out.push_back(std::move(wanted));
  }
  if (error) return fail(ErrorCode::io, "reading " + directory + ": " + error.message());
  std::sort(out.begin(), out.end(), [](const WantedFile& a, const WantedFile& b) { return a.number < b.number; });
  return out;
}

void forget_wanted(const std::string& directory, const std::string& sha256) {
  for (const char* end : {".want", ".part", ""}) (void)::unlink((directory + "/" + sha256 + end).c_str());
}

}  // namespace rampa::sync
