// Small files that are there as a whole or not at all, and the two syncs that everything durable goes through.
#pragma once

#include "edge/store/disk.hpp"

namespace rampa::store {

// Every sync in the store goes through these four. Errors: io, whatever the disk said.
/// Content of `file` becomes durable.
[[nodiscard]] Result<void> sync_file(DiskFile& file);
/// Names in `directory` become durable.
[[nodiscard]] Result<void> sync_names(Disk& disk, const std::string& directory);
/// Several at once.
[[nodiscard]] Result<void> sync_files(Disk& disk, const std::vector<DiskFile*>& files);
[[nodiscard]] Result<void> sync_names(Disk& disk, const std::vector<std::string>& directories);

/// Temporary file beside it, sync, rename, directory sync. On an error the old content, if any, still stands.
[[nodiscard]] Result<void> write_durably(Disk& disk, const std::string& path, ByteView bytes);
/// All of a file. Errors: not_found, io, invalid (over `bytes_max`).
[[nodiscard]] Result<Bytes> read_file(Disk& disk, const std::string& path, std::uint64_t bytes_max = 1ull << 32);
[[nodiscard]] std::string directory_of(const std::string& path);

/// A number that only grows (HQ's cursor, the boot counter) in a file of two slots written in turn, so that one torn write
/// leaves the other slot.
class SlotFile {
 public:
  /// Opens or creates. Both slots unreadable counts as damage. Errors: invalid, no_space, io.
  [[nodiscard]] static Result<SlotFile> open(Disk& disk, const std::string& path);
  /// The value alone, for readers; 0 where there is no file. Errors: invalid, io.
  [[nodiscard]] static Result<std::uint64_t> read(Disk& disk, const std::string& path);
  [[nodiscard]] std::uint64_t value() const { return value_; }
  [[nodiscard]] Result<void> store(std::uint64_t value);

 private:
  std::unique_ptr<DiskFile> file_;
  std::uint64_t value_ = 0;
  std::uint64_t counter_ = 0;
};

}  // namespace rampa::store
