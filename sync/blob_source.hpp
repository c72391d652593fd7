// Where the blobs that HQ wants lie at the post.
#pragma once

#include <cstdint>
#include <string>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "sync/frame.hpp"

namespace rampa::sync {

/// Where wanted blobs come from. Errors: not_found where the post does not have it (any more).
class BlobSource {
 public:
  virtual ~BlobSource() = default;
  /// Up to `count` bytes from `offset` on, at least one before the end.
  [[nodiscard]] virtual Result<Bytes> read(const std::string& sha256, std::uint64_t offset, std::size_t count) = 0;
  /// Of what chunks it is made.
  [[nodiscard]] virtual Result<Manifest> manifest(const std::string& sha256) = 0;
};

}  // namespace rampa::sync
