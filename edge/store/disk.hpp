// The one seam between the store and the operating system's files. Production: real_disk(); tests: a disk in memory that
// loses, tears and fails on demand (tests/unit/store/crash_disk.hpp). SQLite does its own I/O; it keeps nothing here that
// the journal does not hold.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::store {

/// An open file. Errors everywhere: no_space (ENOSPC, EDQUOT, EFBIG), io (anything else); the text names the file.
/// After an `io` of write or sync nothing that was written since the last good sync may be relied on, not even after a
/// further sync that succeeds (the kernel may have thrown the pages away): stop writing until a restart.
class DiskFile {
 public:
  virtual ~DiskFile() = default;
  /// All of it or an error (then any part may be there).
  [[nodiscard]] virtual Result<void> write_at(std::uint64_t offset, ByteView bytes) = 0;
  /// Bytes read: fewer than asked for only at the file's end.
  [[nodiscard]] virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) = 0;
  /// Content and size are durable when it returns; the name is not (sync_directory).
  [[nodiscard]] virtual Result<void> sync() = 0;
  /// Reserves room up to `bytes`; the file has at least that size then, new bytes read as zero.
  [[nodiscard]] virtual Result<void> allocate(std::uint64_t bytes) = 0;
  [[nodiscard]] virtual Result<void> truncate(std::uint64_t bytes) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() = 0;
};

enum class OpenMode {
  read,        ///< must exist
  read_write,  ///< must exist
  create,      ///< new or emptied; mode 0600
};

/// Thread: any; an object holds no state of its own files.
class Disk {
 public:
  virtual ~Disk() = default;
  /// DiskFile::sync() of all, and sync_directory() of all. The real disk does them at once: the file system then makes one
  /// commit of them instead of one each. Errors: the first.
  [[nodiscard]] virtual Result<void> sync_files(const std::vector<DiskFile*>& files);
  [[nodiscard]] virtual Result<void> sync_directories(const std::vector<std::string>& directories);
  /// Errors: not_found, no_space, io.
  [[nodiscard]] virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) = 0;
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// Errors: not_found, io.
  [[nodiscard]] virtual Result<void> unlink(const std::string& path) = 0;
  /// Names created, renamed or removed in `directory` are durable when it returns.
  [[nodiscard]] virtual Result<void> sync_directory(const std::string& directory) = 0;
  /// Names in it, sorted. Errors: not_found, io.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  /// Mode 0700; fine where it exists already. The parent must exist.
  [[nodiscard]] virtual Result<void> make_directory(const std::string& path) = 0;
  [[nodiscard]] virtual bool exists(const std::string& path) = 0;
  /// Bytes that this process may still use on the file system of `directory`.
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(const std::string& directory) = 0;
};

[[nodiscard]] std::shared_ptr<Disk> real_disk();

}  // namespace rampa::store
