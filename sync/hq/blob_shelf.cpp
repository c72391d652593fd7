#include "sync/hq/blob_shelf.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sync/digest.hpp"

namespace rampa::sync::hq {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> trouble(const std::string& doing, const std::string& path) {
  const int code = errno;
  return fail(code == ENOSPC || code == EDQUOT ? ErrorCode::no_space : code == ENOENT ? ErrorCode::not_found : ErrorCode::io,
              doing + " " + path + ": " + std::strerror(code));
}

class File {
 public:
  File(const std::string& path, int flags, unsigned mode = 0640) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] bool open() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return true;
}

Result<Bytes> read_part(const std::string& path, std::uint64_t offset, std::size_t count) {
  const File file(path, O_RDONLY);
  if (!file.open()) return trouble("opening", path);
  Bytes bytes(count);
  std::size_t got = 0;
  while (got < count) {
    const ssize_t done = ::pread(file.descriptor(), bytes.data() + got, count - got, static_cast<off_t>(offset + got));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return trouble("reading", path);
    if (done == 0) break;
    got += static_cast<std::size_t>(done);
  }
  bytes.resize(got);
  return bytes;
}

constexpr std::size_t open_files_max = 64;
constexpr std::int64_t unwanted_s = 24 * 3600, nothing_came_s = 90 * unwanted_s;

}  // namespace

Result<void> sync_directory(const std::string& path) {
  File directory(path, O_RDONLY | O_DIRECTORY);
  if (!directory.open() || ::fsync(directory.descriptor()) != 0) return trouble("syncing directory", path);
  return {};
}

Result<void> write_durably(const std::string& path, ByteView bytes, unsigned mode) {
  const std::string temporary = path + ".new";
  {
    File file(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (!file.open() || !write_all(file.descriptor(), 0, bytes) || ::fdatasync(file.descriptor()) != 0)
      return trouble("writing", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return trouble("renaming to", path);
  return sync_directory(fs::path(path).parent_path().string());
}

namespace {

/// Reads all of a blob, hands on the pieces and compares the hash.
template <class Take>
Result<void> read_through(const ImageStore& images, const Sha256& sha256, Take take) {
  constexpr std::size_t piece_bytes = 1u << 20;
  Digest digest;
  for (std::uint64_t at = 0;; at += piece_bytes) {
    const auto piece = images.read(sha256, at, piece_bytes);
    if (!piece) return tl::unexpected(piece.error());
    digest.add(*piece);
    take(*piece);
    if (piece->size() < piece_bytes) break;
  }
  if (const Sha256 hash = digest.finish(); hash != sha256)
    return fail(ErrorCode::bad_reply, "blob " + hex(sha256) + " is damaged where it lies: it hashes to " + hex(hash));
  return {};
}

}  // namespace

Result<void> check(const ImageStore& images, const Sha256& sha256) {
  return read_through(images, sha256, [](const Bytes&) {});
}

Result<Bytes> read_checked(const ImageStore& images, const Sha256& sha256) {
  Bytes bytes;
  const auto read = read_through(images, sha256, [&](const Bytes& piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  if (!read) return tl::unexpected(read.error());
  return bytes;
}

BlobShelf::BlobShelf(std::string directory) : directory_(std::move(directory)) {
  std::error_code ignored;  // the calls that need the directories report it
  fs::create_directories(directory_ + "/partial", ignored);
  fs::create_directories(directory_ + "/blobs", ignored);
}

BlobShelf::~BlobShelf() {
  for (const auto& [path, descriptor] : open_) ::close(descriptor);
}

std::string BlobShelf::path_of(const Sha256& sha256) const {
  const std::string name = hex(sha256);
  return directory_ + "/blobs/" + name.substr(0, 2) + "/" + name;
}
std::string BlobShelf::partial_of(const std::string& post, const Sha256& sha256) const { return directory_ + "/partial/" + post + "-" + hex(sha256); }

bool BlobShelf::holds(const Sha256& sha256) const { return ::access(path_of(sha256).c_str(), F_OK) == 0; }

Result<std::uint64_t> BlobShelf::size(const Sha256& sha256) const {
  struct ::stat found {};
  if (::stat(path_of(sha256).c_str(), &found) != 0) return trouble("looking at", path_of(sha256));
  return static_cast<std::uint64_t>(found.st_size);
}

std::uint64_t BlobShelf::unfinished_bytes(const std::string& post, const Sha256& sha256) const {
  struct ::stat found {};
  return ::stat(partial_of(post, sha256).c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

int BlobShelf::descriptor_of(const std::string& path) {
  if (const auto found = open_.find(path); found != open_.end()) return found->second;
  if (open_.size() >= open_files_max) close_file(open_.begin()->first);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor >= 0) open_.emplace(path, descriptor);
  return descriptor;
}

void BlobShelf::close_file(const std::string& path) {
  const auto found = open_.find(path);
  if (found == open_.end()) return;
  ::close(found->second);
  open_.erase(found);
}

Result<void> BlobShelf::write(const std::string& post, const Sha256& sha256, std::uint64_t offset, ByteView bytes) {
  const std::string path = partial_of(post, sha256);
  const int descriptor = descriptor_of(path);
  if (descriptor < 0) return trouble("opening", path);
  if (!write_all(descriptor, offset, bytes)) return trouble("writing", path);
  return {};
}

Result<Bytes> BlobShelf::read(const Sha256& sha256, std::uint64_t offset, std::size_t count) const { return read_part(path_of(sha256), offset, count); }

Result<Bytes> BlobShelf::read_unfinished(const std::string& post, const Sha256& sha256, std::uint64_t offset, std::size_t count) const {
  return read_part(partial_of(post, sha256), offset, count);
}

void BlobShelf::discard(const std::string& post, const Sha256& sha256) {
  const std::string path = partial_of(post, sha256);
  close_file(path);
  ::unlink(path.c_str());
}

void BlobShelf::remove_leftovers(const std::function<bool(const std::string& post, const Sha256& sha256)>& wanted) {
  const std::string folder = directory_ + "/partial", clock = folder + "/.clock";
  struct ::stat now {};
  {
    const File file(clock, O_WRONLY | O_CREAT);
    if (!file.open() || ::futimens(file.descriptor(), nullptr) != 0 || ::fstat(file.descriptor(), &now) != 0) return;
  }
  ::unlink(clock.c_str());
  std::error_code ignored;  // what cannot be listed now is listed tomorrow
  std::vector<std::string> leftovers;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    // POST-SHA256, or POST.N-SHA256: see S3Shelf
    const std::string name = entry.path().filename().string();
    const auto sha = name.size() > 65 && name[name.size() - 65] == '-' ? parse_sha256(name.substr(name.size() - 64)) : std::nullopt;
    struct ::stat found {};
    if (!sha || ::stat(entry.path().c_str(), &found) != 0) continue;
    const std::string place = name.substr(0, name.size() - 65);
    const bool named_apart = place.find('.') != std::string::npos;  // perhaps whole, and waits for the service
    const std::int64_t idle_s = now.st_mtime - found.st_mtime;
    if (idle_s > nothing_came_s || (idle_s > unwanted_s && !named_apart && !wanted(place, *sha))) leftovers.push_back(entry.path().string());
  }
  for (const std::string& path : leftovers) {
    close_file(path);
    ::unlink(path.c_str());
  }
}

Result<void> BlobShelf::set_aside(const Sha256& sha256) {
  std::error_code ignored;  // the renaming reports it
  fs::create_directories(directory_ + "/damaged", ignored);
  const std::string path = path_of(sha256);
  if (::rename(path.c_str(), (directory_ + "/damaged/" + hex(sha256)).c_str()) != 0) return trouble("setting aside", path);
  return {};
}

Result<void> BlobShelf::finish(const std::string& post, const Sha256& sha256) {
  const std::string partial = partial_of(post, sha256);
  const int descriptor = descriptor_of(partial);
  if (descriptor < 0 || ::fdatasync(descriptor) != 0) return trouble("syncing", partial);
  close_file(partial);
  const std::string path = path_of(sha256);
  const std::string folder = fs::path(path).parent_path().string();
  if (::mkdir(folder.c_str(), 0750) == 0) {
    if (const auto synced = sync_directory(directory_ + "/blobs"); !synced) return synced;
  } else if (errno != EEXIST) {
    return trouble("making", folder);
  }
  if (::rename(partial.c_str(), path.c_str()) != 0) return trouble("renaming to", path);
  return sync_directory(folder);
}

}  // namespace rampa::sync::hq
