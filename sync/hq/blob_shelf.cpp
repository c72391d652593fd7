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
  File(const std::string& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0640)) {}
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

bool write_all(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(descriptor, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return true;
}

/// Hash of a file's bytes; with `keep`, the bytes too.
Result<Sha256> hash_of(const std::string& path, Bytes* keep) {
  File file(path, O_RDONLY);
  if (!file.open()) return trouble("opening", path);
  Digest digest;
  Bytes piece(256u << 10);
  for (;;) {
    const ssize_t done = ::read(file.descriptor(), piece.data(), piece.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return trouble("reading", path);
    if (done == 0) return digest.finish();
    const ByteView run = ByteView{piece}.first(static_cast<std::size_t>(done));
    digest.add(run);
    if (keep) keep->insert(keep->end(), run.begin(), run.end());
  }
}

}  // namespace

Result<void> sync_directory(const std::string& path) {
  File directory(path, O_RDONLY | O_DIRECTORY);
  if (!directory.open() || ::fsync(directory.descriptor()) != 0) return trouble("syncing directory", path);
  return {};
}

Result<void> write_durably(const std::string& path, ByteView bytes) {
  const std::string temporary = path + ".new";
  {
    File file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.open() || !write_all(file.descriptor(), bytes) || ::fdatasync(file.descriptor()) != 0)
      return trouble("writing", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return trouble("renaming to", path);
  return sync_directory(fs::path(path).parent_path().string());
}

BlobShelf::BlobShelf(std::string directory) : directory_(std::move(directory)) {
  std::error_code ignored;  // the calls that need the directories report it
  fs::create_directories(directory_ + "/partial", ignored);
  fs::create_directories(directory_ + "/blobs", ignored);
}

std::string BlobShelf::path_of(const std::string& sha256) const { return directory_ + "/blobs/" + sha256.substr(0, 2) + "/" + sha256; }
std::string BlobShelf::partial_of(const std::string& post, const std::string& sha256) const {
  return directory_ + "/partial/" + post + "-" + sha256;
}

bool BlobShelf::holds(const std::string& sha256) const { return ::access(path_of(sha256).c_str(), F_OK) == 0; }

std::uint64_t BlobShelf::have(const std::string& post, const std::string& sha256) const {
  struct ::stat found {};
  return ::stat(partial_of(post, sha256).c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

Result<void> BlobShelf::append(const std::string& post, const BlobSlice& slice) {
  const std::string path = partial_of(post, hex(slice.blob));
  File file(path, O_WRONLY | O_CREAT | O_APPEND);
  if (!file.open()) return trouble("opening", path);
  if (write_all(file.descriptor(), slice.bytes)) return {};
  const auto answer = trouble("writing", path);
  // Half a slice may be there; without it have() tells the truth again.
  if (::ftruncate(file.descriptor(), static_cast<off_t>(slice.offset)) != 0) ::unlink(path.c_str());
  return answer;
}

void BlobShelf::discard(const std::string& post, const std::string& sha256) { ::unlink(partial_of(post, sha256).c_str()); }

Result<void> BlobShelf::finish(const std::string& post, const std::string& sha256) {
  const std::string partial = partial_of(post, sha256);
  {
    File file(partial, O_RDONLY);
    if (!file.open() || ::fdatasync(file.descriptor()) != 0) return trouble("syncing", partial);
  }
  const auto hash = hash_of(partial, nullptr);
  if (!hash) return tl::unexpected(hash.error());
  if (hex(*hash) != sha256) {
    ::unlink(partial.c_str());
    return fail(ErrorCode::bad_reply, "blob arrived whole but hashes to " + hex(*hash));
  }
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

Result<Bytes> BlobShelf::read(const std::string& sha256) const {
  Bytes bytes;
  const auto hash = hash_of(path_of(sha256), &bytes);
  if (!hash) return tl::unexpected(hash.error());
  if (hex(*hash) != sha256) return fail(ErrorCode::bad_reply, path_of(sha256) + " is damaged: it hashes to " + hex(*hash));
  return bytes;
}

}  // namespace rampa::sync::hq
