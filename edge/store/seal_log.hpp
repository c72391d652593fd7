// heads/heads.log: the signed heads of the chain, apart from the journal, so that cutting the journal's end is noticed.
#pragma once

#include <memory>
#include <vector>

#include "edge/store/disk.hpp"
#include "edge/store/layout.hpp"
#include "edge/store/record_format.hpp"
#include "edge/store/segment_format.hpp"

namespace rampa::store {

/// Thread: the store's.
class SealLog {
 public:
  /// Opens, or creates with a first seal at sequence 0 where `create`. A torn last entry is overwritten later.
  /// Errors: not_found (missing and not `create`), invalid (the newest seal is not signed by this device), no_space, io.
  [[nodiscard]] static Result<SealLog> open(Disk& disk, const Layout& layout, const PostId& post,
                                            const format::SigningSeed& seed, WallTime now, bool create);

  /// Appends one, durably. Errors: no_space (try later), io (fatal).
  [[nodiscard]] Result<void> seal(std::uint64_t sequence, const Hash& head, WallTime wall, bool at_close);
  [[nodiscard]] const format::Seal& newest() const { return newest_; }

 private:
  std::unique_ptr<DiskFile> file_;
  PostId post_;
  format::SigningSeed seed_{};
  format::Seal newest_;
  std::uint64_t end_ = 0;
};

/// All seals with their bytes, for verify; a torn last entry is left out. Errors: not_found, invalid (names the entry), io.
struct StoredSeal {
  format::Seal seal;
  Bytes bytes;
};
[[nodiscard]] Result<std::vector<StoredSeal>> read_seals(Disk& disk, const Layout& layout);

}  // namespace rampa::store
