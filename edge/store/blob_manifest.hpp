// A blob's manifest: what chunks it is made of. Address of a blob: SHA-256 of all its bytes. FORMAT.md, "Blobs". Pure.
#pragma once

#include <string>
#include <vector>

#include "edge/store/digest.hpp"

namespace rampa::store {

inline constexpr std::size_t blob_chunk_bytes = 128 * 1024;  ///< all chunks but the last have this size

struct BlobManifest {
  Hash sha256{};  ///< of the whole
  std::uint64_t size_bytes = 0;
  std::vector<Hash> chunks;  ///< SHA-256 of each chunk, in order; one chunk (maybe empty) at least
  bool operator==(const BlobManifest&) const = default;

  /// Bytes of chunk `index`; index < chunks.size().
  [[nodiscard]] std::size_t chunk_bytes(std::size_t index) const {
    return index + 1 < chunks.size() ? blob_chunk_bytes
                                     : static_cast<std::size_t>(size_bytes - (chunks.size() - 1) * blob_chunk_bytes);
  }
};

/// How many chunks a blob of this size has.
[[nodiscard]] constexpr std::uint64_t chunk_count(std::uint64_t size_bytes) {
  return size_bytes == 0 ? 1 : (size_bytes + blob_chunk_bytes - 1) / blob_chunk_bytes;
}

/// Takes a blob's bytes as they come and ends with its manifest.
class ManifestBuilder {
 public:
  void add(ByteView bytes);
  [[nodiscard]] BlobManifest finish();

 private:
  RunningSha256 whole_, chunk_;
  std::size_t in_chunk_ = 0;
  BlobManifest manifest_;
};

[[nodiscard]] BlobManifest manifest_of(ByteView bytes);
[[nodiscard]] Bytes encode(const BlobManifest& manifest);
/// Errors: invalid, naming what does not fit.
[[nodiscard]] Result<BlobManifest> parse_manifest(ByteView bytes);

}  // namespace rampa::store
