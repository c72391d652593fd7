// cache.log: declarations and watch lists as they came from HQ, durable apart from the journal. Lines are appended; the
// last one of a reference or a list's name counts. FORMAT.md, "Cache".
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "edge/crossing/declaration.hpp"
#include "edge/store/disk.hpp"
#include "edge/store/layout.hpp"
#include "edge/store/store.hpp"

namespace rampa::store {

/// Thread: the store's.
class CacheFile {
 public:
  /// Opens or creates; rewrites it where more than half of it is out of date; leaves out a torn last line.
  /// `lists`: what it holds. Errors: no_space, io.
  [[nodiscard]] static Result<CacheFile> open(Disk& disk, const Layout& layout, CachedLists& lists);
  /// Durable when they return. Errors: no_space, io.
  [[nodiscard]] Result<void> put(const std::vector<Declaration>& declarations);
  [[nodiscard]] Result<void> put(const std::string& list, const std::vector<std::string>& plates);
  /// Lines that could not be read at open() and were left out; empty: none.
  [[nodiscard]] const std::string& damage() const { return damage_; }

 private:
  [[nodiscard]] Result<void> append(const std::string& lines);
  std::unique_ptr<DiskFile> file_;
  std::uint64_t end_ = 0;
  std::string damage_;
};

/// What the cache holds, for readers. Errors: io.
[[nodiscard]] Result<CachedLists> read_cache(Disk& disk, const Layout& layout);

}  // namespace rampa::store
