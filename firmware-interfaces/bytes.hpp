// Byte buffers that travel between threads without being copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rampa {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using SharedBytes = std::shared_ptr<const Bytes>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Bytes that belong to a capture (a JPEG, a raw scale frame, a scan). The store gives them a content address.
struct Attachment {
  std::string name;        ///< what it is: "plate.jpg", "scene.jpg", "raw-frame", "scan"
  std::string media_type;  ///< e.g. "image/jpeg", "application/octet-stream"
  SharedBytes bytes;
  std::string growing_key{};  ///< with null `bytes`: finishes the growing blob appended under this key (Store::append_blob)
};

/// Where the store put an attachment: SHA-256 of its bytes. See edge/store/FORMAT.md.
struct BlobRef {
  std::string name;
  std::string media_type;
  std::string sha256;  ///< 64 hex digits
  std::uint64_t size_bytes = 0;
  bool operator==(const BlobRef&) const = default;
};

}  // namespace rampa
