#include "edge/store/blob_manifest.hpp"

#include <gtest/gtest.h>

namespace rampa::store {
namespace {

Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return out;
}

TEST(BlobManifest, ChunksAtTheirBorders) {
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, blob_chunk_bytes - 1, blob_chunk_bytes, blob_chunk_bytes + 1,
                           3 * blob_chunk_bytes, 3 * blob_chunk_bytes + 5}) {
    const Bytes bytes = pattern(size);
    const BlobManifest m = manifest_of(bytes);
    ASSERT_EQ(m.chunks.size(), chunk_count(size)) << size;
    EXPECT_EQ(m.sha256, sha256(bytes));
    std::size_t at = 0;
    for (std::size_t i = 0; i < m.chunks.size(); ++i) {
      EXPECT_EQ(m.chunks[i], sha256(ByteView(bytes).subspan(at, m.chunk_bytes(i)))) << size << " chunk " << i;
      at += m.chunk_bytes(i);
    }
    EXPECT_EQ(at, size);
    const auto back = parse_manifest(encode(m));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, m);
  }
}

TEST(BlobManifest, SameWhateverThePieces) {
  const Bytes bytes = pattern(2 * blob_chunk_bytes + 77);
  ManifestBuilder builder;
  for (std::size_t at = 0; at < bytes.size(); at += 1000)
    builder.add(ByteView(bytes).subspan(at, std::min<std::size_t>(1000, bytes.size() - at)));
  EXPECT_EQ(builder.finish(), manifest_of(bytes));
}

TEST(BlobManifest, EveryFlippedBitIsNoticed) {
  Bytes bytes = encode(manifest_of(pattern(blob_chunk_bytes + 1)));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(parse_manifest(bytes)) << bit;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

}  // namespace
}  // namespace rampa::store
