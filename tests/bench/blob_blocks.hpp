// What a store's blobs take on the disk while others write and remove them: the blocks that the file system has given them, and
// nothing of what the store itself counts.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace rampa::bench {

struct BlobBlocks {
  std::uint64_t images = 0, thumbnails = 0;  ///< under their names, manifests among the images
  std::uint64_t unnamed = 0;                 ///< being written
  std::uint64_t removed = 0;                 ///< without a name, and still open in the process
  [[nodiscard]] std::uint64_t all() const { return images + thumbnails + unnamed + removed; }
  [[nodiscard]] BlobBlocks most(const BlobBlocks& o) const {
    return {std::max(images, o.images), std::max(thumbnails, o.thumbnails), std::max(unnamed, o.unnamed), std::max(removed, o.removed)};
  }
};

/// `directory`: "blobs" of a store. Files are looked at twice and those that are there both times count, so that what made room for
/// another one while this looked is not counted beside it. `process`: the store's; 0: none.
[[nodiscard]] BlobBlocks blob_blocks(const std::string& directory, pid_t process);

}  // namespace rampa::bench
