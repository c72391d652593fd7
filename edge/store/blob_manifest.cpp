#include "edge/store/blob_manifest.hpp"

#include <algorithm>
#include <utility>

namespace rampa::store {

namespace {
constexpr std::string_view k_magic = "RMPB";
constexpr std::uint16_t k_version = 1;
}  // namespace

void ManifestBuilder::add(ByteView bytes) {
  whole_.add(bytes);
  manifest_.size_bytes += bytes.size();
  while (!bytes.empty()) {
    if (in_chunk_ == blob_chunk_bytes) {
      manifest_.chunks.push_back(chunk_.finish());
      in_chunk_ = 0;
    }
    const ByteView part = bytes.first(std::min(bytes.size(), blob_chunk_bytes - in_chunk_));
    chunk_.add(part);
    in_chunk_ += part.size();
    bytes = bytes.subspan(part.size());
  }
}

BlobManifest ManifestBuilder::finish() {
  manifest_.chunks.push_back(chunk_.finish());
  manifest_.sha256 = whole_.finish();
  in_chunk_ = 0;
  return std::exchange(manifest_, {});
}

BlobManifest manifest_of(ByteView bytes) {
  ManifestBuilder builder;
  builder.add(bytes);
  return builder.finish();
}

Bytes encode(const BlobManifest& m) {
  Bytes out;
  FieldWriter w(out);
  w.text(k_magic);
  w.u16(k_version);
  w.u16(0);
  w.u32(blob_chunk_bytes);
  w.u32(static_cast<std::uint32_t>(m.chunks.size()));
  w.u64(m.size_bytes);
  w.bytes(m.sha256);
  for (const Hash& chunk : m.chunks) w.bytes(chunk);
  w.u32(crc32c(out));
  return out;
}

Result<BlobManifest> parse_manifest(ByteView bytes) {
  if (bytes.size() < 60) return fail(ErrorCode::invalid, "manifest of only " + std::to_string(bytes.size()) + " bytes");
  FieldReader crc(bytes.last(4));
  if (crc.u32() != crc32c(bytes.first(bytes.size() - 4))) return fail(ErrorCode::invalid, "the manifest's CRC does not fit");
  FieldReader r(bytes.first(bytes.size() - 4));
  if (r.text(4) != k_magic) return fail(ErrorCode::invalid, "not a blob manifest");
  if (const auto version = r.u16(); version != k_version)
    return fail(ErrorCode::invalid, "manifest version " + std::to_string(version) + ", this program reads version 1");
  r.u16();
  const auto chunk_size = r.u32();
  const std::uint64_t count = r.u32();
  BlobManifest m;
  m.size_bytes = r.u64();
  if (chunk_size != blob_chunk_bytes || count != chunk_count(m.size_bytes) || r.left() != 32 + count * 32)
    return fail(ErrorCode::invalid, "the manifest's sizes do not add up");
  r.into(m.sha256);
  m.chunks.resize(count);
  for (Hash& chunk : m.chunks) r.into(chunk);
  return m;
}

}  // namespace rampa::store
