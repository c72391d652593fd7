// What a blob is to the room on the disk, and the order in which room is made. ROOM.md says why it is this order.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "edge/store/blob_manifest.hpp"

namespace rampa::store {

enum class BlobClass : std::uint8_t {
  image,      ///< more than one chunk
  thumbnail,  ///< one chunk
  kept,       ///< named by a record of no crossing (a profile set): what reassess needs, never removed, under no quota
};
inline constexpr std::array evictable_classes{BlobClass::image, BlobClass::thumbnail};

[[nodiscard]] constexpr std::string_view name_of(BlobClass c) {
  return c == BlobClass::image ? "image" : c == BlobClass::thumbnail ? "thumbnail" : "kept";
}
[[nodiscard]] constexpr BlobClass class_of_size(std::uint64_t size_bytes) {
  return size_bytes > blob_chunk_bytes ? BlobClass::image : BlobClass::thumbnail;
}
/// Bytes that a blob takes on the disk with its manifest: whole blocks of 4096.
[[nodiscard]] constexpr std::uint64_t room_of(std::uint64_t size_bytes) {
  const auto blocks = [](std::uint64_t bytes) { return (bytes + 4095) / 4096 * 4096; };
  const std::uint64_t chunks = (size_bytes + blob_chunk_bytes - 1) / blob_chunk_bytes;
  return blocks(size_bytes) + (chunks > 1 ? blocks(64 + 32 * chunks) : 0);
}

/// The ranks in their order; 0 is never removed. The picture's column `rank` computes them (picture_schema.cpp).
enum class Rank : std::uint8_t {
  never = 0,
  held_image = 1,       ///< HQ holds it
  green_image = 2,      ///< HQ does not, of a crossing that was released green
  held_thumbnail = 3,
  green_thumbnail = 4,
  other_image = 5,
  other_thumbnail = 6,
};

/// By class, what lies on the disk as the picture knows it.
struct BlobTotals {
  struct Of {
    std::int64_t blobs = 0, room = 0;
  };
  std::array<Of, 3> of{};
  Of& operator[](BlobClass c) { return of[static_cast<std::size_t>(c)]; }
  const Of& operator[](BlobClass c) const { return of[static_cast<std::size_t>(c)]; }
};

/// What the crossings that name a blob allow. The picture's column `state`.
enum class BlobState : std::uint8_t { open = 0, green = 1, other = 2 };

}  // namespace rampa::store
