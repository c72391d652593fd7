// Which blobs HQ said that it holds, kept apart from the picture (which may be thrown away). Never synced: an entry that a
// power cut takes means only that HQ is asked again. FORMAT.md, "Held".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "edge/store/digest.hpp"
#include "edge/store/disk.hpp"
#include "edge/store/layout.hpp"

namespace rampa::store {

struct HeldEntry {
  Hash sha256{};
  bool held = true;  ///< false: HQ asked for it again, it lost it
  bool operator==(const HeldEntry&) const = default;
};

/// Where a reader of the log stands: entries of a generation that it has taken. A log made anew has a higher generation.
struct HeldPlace {
  std::uint64_t generation = 0, entries = 0;
  auto operator<=>(const HeldPlace&) const = default;
};

/// Thread: the store's. Generations of one file each: all but the newest are gone once the newest says all that they said.
class HeldLog {
 public:
  /// Makes nothing before the first append(), so that a full disk is no reason not to start. Errors: io.
  [[nodiscard]] static Result<HeldLog> open(Disk& disk, const Layout& layout);
  /// Errors: no_space, io; then nothing of it counts.
  [[nodiscard]] Result<void> append(const std::vector<HeldEntry>& entries);
  struct Read {
    std::vector<HeldEntry> entries;
    HeldPlace next;  ///< to go on from; equal to end() when all is read
  };
  /// Up to `count` entries from a place on. A place that this log does not know (an older generation, or beyond its end
  /// because a power cut took entries) is read from the beginning. Errors: io.
  [[nodiscard]] Result<Read> read(HeldPlace from, std::size_t count);
  [[nodiscard]] HeldPlace end() const { return files_.empty() ? HeldPlace{} : HeldPlace{files_.back().generation, files_.back().entries}; }
  /// Entries in all generations.
  [[nodiscard]] std::uint64_t entries() const;

  /// Begins a generation to which the caller then appends all that holds; then drop_older(). Errors: no_space, io.
  [[nodiscard]] Result<void> begin_generation();
  /// Syncs the newest and removes the others. Errors: io.
  [[nodiscard]] Result<void> drop_older();
  [[nodiscard]] std::size_t generations() const { return files_.size(); }

 private:
  struct File {
    std::uint64_t generation = 0, entries = 0;
    std::unique_ptr<DiskFile> file;
  };
  HeldLog(Disk& disk, Layout layout) : disk_(&disk), layout_(std::move(layout)) {}
  [[nodiscard]] std::string path_of(std::uint64_t generation) const;
  [[nodiscard]] Result<void> create(std::uint64_t generation);

  Disk* disk_;
  Layout layout_;
  std::vector<File> files_;  ///< ascending
};

}  // namespace rampa::store
