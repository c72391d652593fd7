// Reads blobs whole or in chunks, each chunk checked against its hash before it is given out. For sync, HTTP and tools.
#pragma once

#include <memory>

#include "edge/store/blob_manifest.hpp"

namespace rampa::store {

/// Thread: one at a time.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  /// `sha256`: 64 hex digits. Errors: not_found; invalid (damaged; the text names the file and what to do); io.
  [[nodiscard]] virtual Result<BlobManifest> manifest(const std::string& sha256) = 0;
  /// Chunk `index` of the manifest, checked. Errors as above.
  [[nodiscard]] virtual Result<Bytes> chunk(const std::string& sha256, std::size_t index) = 0;
  /// Up to `count` bytes from `offset` on, from checked chunks; fewer only at the end. Errors as above.
  [[nodiscard]] virtual Result<Bytes> range(const std::string& sha256, std::uint64_t offset, std::size_t count) = 0;
  /// All of it, checked against the address. Errors as above.
  [[nodiscard]] virtual Result<Bytes> whole(const std::string& sha256) = 0;
};

/// `directory`: the store's. Works beside a running appliance; nothing is opened before the first call.
[[nodiscard]] std::unique_ptr<BlobReader> open_blobs(const std::string& directory);

}  // namespace rampa::store
