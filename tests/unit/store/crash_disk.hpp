// A disk in memory that can lose power: what was not synced is lost, torn or kept as the test asks. Directory entries are
// their own matter, as on a real file system. Counts its calls, so that a test can fail or stop at the n-th.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>

#include "edge/store/disk.hpp"

namespace rampa::tests {

class CrashDisk : public store::Disk {
 public:
  enum class Keep {
    none,    ///< only what was synced survives: the worst that is allowed
    all,     ///< everything written survives: a killed process, or a kind power cut
    some,    ///< each unsynced sector and name survives or not, by the seed; the last piece may be torn
  };

  /// From the n-th changing call on (1 = the first from now) nothing has an effect any more: the machine is off. A write
  /// that is hit has half an effect.
  void power_off_at(std::uint64_t n) { off_at_ = calls_ + n; }
  /// The n-th changing call from now fails with this error, and so do the `times - 1` after it.
  void fail_at(std::uint64_t n, ErrorCode code, std::uint64_t times) {
    fail_at_ = calls_ + n;
    fail_code_ = code;
    fail_times_ = times;
  }
  void heal() { fail_at_ = off_at_ = 0; }
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] bool is_off() const { return off_at_ != 0 && calls_ >= off_at_; }
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  [[nodiscard]] std::uint64_t used_bytes() const;
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }

  /// The power comes back. All files that were open must be gone.
  void crash(Keep keep, std::uint64_t seed = 0);
  /// For tests that damage something: the content of a file, changed in place and durable.
  Bytes* content(const std::string& path);

  Result<std::unique_ptr<store::DiskFile>> open(const std::string& path, store::OpenMode mode) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> unlink(const std::string& path) override;
  Result<void> sync_directory(const std::string& directory) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directory(const std::string& path) override;
  bool exists(const std::string& path) override { return names_.contains(path) || directories_.contains(path); }
  Result<std::uint64_t> free_bytes(const std::string&) override { return capacity_ - std::min(capacity_, used_bytes()); }

 private:
  friend class CrashFile;
  struct Change {
    bool resize = false;
    std::uint64_t offset = 0;  ///< or the new size
    Bytes bytes;
  };
  struct Inode {
    Bytes now, synced;
    std::vector<Change> pending;
  };
  using InodePtr = std::shared_ptr<Inode>;

  /// Counts a changing call; an error where it must not happen.
  Result<void> step(bool* half = nullptr);
  void apply(Bytes& content, const Change& change);
  Result<void> change(Inode& inode, Change change);

  std::map<std::string, InodePtr> names_, durable_names_;
  std::set<std::string> directories_{""}, durable_directories_{""};
  std::uint64_t calls_ = 0, off_at_ = 0, fail_at_ = 0, fail_times_ = 0, syncs_ = 0;
  std::uint64_t capacity_ = 1ull << 40;
  ErrorCode fail_code_ = ErrorCode::io;
};

}  // namespace rampa::tests
