// Blobs at HQ as files by their hash: DIRECTORY/blobs/ab/abcdef... One that is still arriving lies in
// DIRECTORY/partial/POST-SHA256. A finished one is synced, renamed, and the directory synced, before anybody is told.
#pragma once

#include <map>

#include "sync/hq/image_store.hpp"

namespace rampa::sync::hq {

class BlobShelf : public ImageStore {
 public:
  /// Makes the directories. Errors are told by the calls.
  explicit BlobShelf(std::string directory);
  ~BlobShelf() override;
  BlobShelf(const BlobShelf&) = delete;
  BlobShelf& operator=(const BlobShelf&) = delete;

  [[nodiscard]] bool holds(const Sha256& sha256) const override;
  [[nodiscard]] Result<std::uint64_t> size(const Sha256& sha256) const override;
  [[nodiscard]] Result<Bytes> read(const Sha256& sha256, std::uint64_t offset, std::size_t count) const override;
  [[nodiscard]] Result<void> write(const std::string& post, const Sha256& sha256, std::uint64_t offset, ByteView bytes) override;
  [[nodiscard]] Result<Bytes> read_unfinished(const std::string& post, const Sha256& sha256, std::uint64_t offset, std::size_t count) const override;
  [[nodiscard]] Result<void> set_aside(const Sha256& sha256) override;  ///< to DIRECTORY/damaged/SHA256
  void discard(const std::string& post, const Sha256& sha256) override;
  void remove_leftovers(const std::function<bool(const std::string& post, const Sha256& sha256)>& wanted) override;
  [[nodiscard]] Result<void> finish(const std::string& post, const Sha256& sha256) override;

  [[nodiscard]] std::string path_of(const Sha256& sha256) const;
  /// Length of what has come of an unfinished blob; holes count.
  [[nodiscard]] std::uint64_t unfinished_bytes(const std::string& post, const Sha256& sha256) const;

 private:
  [[nodiscard]] std::string partial_of(const std::string& post, const Sha256& sha256) const;
  [[nodiscard]] int descriptor_of(const std::string& path);  ///< of an unfinished blob, kept open; -1: see errno
  void close_file(const std::string& path);
  std::string directory_;
  std::map<std::string, int> open_;  ///< a few at a time: opening one per slice costs more than writing it
};

/// Writes a small file so that it is either absent or whole: temporary, fdatasync, rename, directory fsync.
[[nodiscard]] Result<void> write_durably(const std::string& path, ByteView bytes, unsigned mode = 0640);
[[nodiscard]] Result<void> sync_directory(const std::string& path);

}  // namespace rampa::sync::hq
