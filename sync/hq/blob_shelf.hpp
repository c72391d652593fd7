// Blobs at HQ as files by their hash: DIRECTORY/blobs/ab/abcdef... A blob that is still arriving lies in
// DIRECTORY/partial/POST-SHA256 and is as long as what has come. Whole ones are synced, checked, renamed, and the
// directory synced, before anybody is told. Thread: one owner.
#pragma once

#include <cstdint>
#include <string>

#include "firmware-interfaces/result.hpp"
#include "sync/frame.hpp"

namespace rampa::sync::hq {

class BlobShelf {
 public:
  /// Makes the directories. Errors are told by the calls below.
  explicit BlobShelf(std::string directory);

  [[nodiscard]] bool holds(const std::string& sha256) const;
  /// Bytes of an unfinished blob from this post, contiguous from the start.
  [[nodiscard]] std::uint64_t have(const std::string& post, const std::string& sha256) const;
  /// Appends; `slice.offset` must be have(). Not yet durable: a power cut only means that it is sent again, because
  /// finish() looks at every byte. Errors: no_space, io.
  [[nodiscard]] Result<void> append(const std::string& post, const BlobSlice& slice);
  /// Forgets an unfinished blob.
  void discard(const std::string& post, const std::string& sha256);
  /// The last slice is in: makes it durable under its hash. Errors: bad_reply (wrong content; thrown away), no_space, io.
  [[nodiscard]] Result<void> finish(const std::string& post, const std::string& sha256);

  /// A whole blob, checked against its hash. Errors: not_found, bad_reply (damaged on HQ's disk), io.
  [[nodiscard]] Result<Bytes> read(const std::string& sha256) const;
  [[nodiscard]] std::string path_of(const std::string& sha256) const;

 private:
  [[nodiscard]] std::string partial_of(const std::string& post, const std::string& sha256) const;
  std::string directory_;
};

/// Writes a small file so that it is either absent or whole: temporary, fdatasync, rename, directory fsync.
[[nodiscard]] Result<void> write_durably(const std::string& path, ByteView bytes);
[[nodiscard]] Result<void> sync_directory(const std::string& path);

}  // namespace rampa::sync::hq
