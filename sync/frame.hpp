// The binary payloads: a frame of journal records, a slice of a blob, a blob's manifest. Little endian; layout in TOPICS.md.
// Pure; the decoders never read outside `bytes` and accept exactly what the encoders give.
#pragma once

#include <span>
#include <vector>

#include "edge/store/blob_manifest.hpp"
#include "edge/store/stream.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "sync/digest.hpp"

namespace rampa::sync {

using store::Stream;
using Epoch = std::array<std::uint8_t, 16>;  ///< store::format::epoch_of()

inline constexpr std::size_t frame_records_max = 1024;
inline constexpr std::size_t frame_bytes_max = 32u << 20;  ///< a single record may be as large as this allows
inline constexpr std::size_t frame_head_bytes = 68;
inline constexpr std::size_t slice_bytes_max = 1u << 20;
inline constexpr std::size_t slice_head_bytes = 52;
inline constexpr std::size_t chunk_bytes = store::blob_chunk_bytes;  ///< blobs travel in the chunks in which they lie; the last is shorter
inline constexpr std::uint64_t blob_bytes_max = 16ull << 30;

/// Records of consecutive number in one stream, as they lie in the journal.
struct FrameHead {
  Stream stream = Stream::events;
  Epoch epoch{};
  std::uint64_t first = 1;   ///< number of the first record in its stream, >= 1
  Sha256 previous{};         ///< chain hash that stands in the record before it in this stream; zeros for number 1
  bool operator==(const FrameHead&) const = default;
};
struct RecordFrame {
  FrameHead head;
  std::vector<ByteView> records;  ///< 1 to frame_records_max; views into the bytes that were decoded
};

struct BlobSlice {
  Sha256 blob{};                ///< of the whole blob
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0; ///< of the whole blob
  ByteView bytes;               ///< up to slice_bytes_max, within one chunk; empty only for the empty blob
};

struct Manifest {
  Sha256 blob{};
  std::uint64_t size_bytes = 0;  ///< more than chunk_bytes
  std::vector<Sha256> chunks;    ///< ceil(size / chunk_bytes)
  bool operator==(const Manifest&) const = default;
};

[[nodiscard]] Bytes encode(const FrameHead& head, std::span<const ByteView> records);
[[nodiscard]] Bytes encode(const BlobSlice& slice);
[[nodiscard]] Bytes encode(const Manifest& manifest);

/// Errors: invalid (breaks the format), naming what does not fit.
[[nodiscard]] Result<RecordFrame> decode_records(ByteView bytes);
[[nodiscard]] Result<BlobSlice> decode_slice(ByteView bytes);
[[nodiscard]] Result<Manifest> decode_manifest(ByteView bytes);

/// Merkle tree hash over the chunks' hashes: RFC 9162, 2.1.1, with SHA-256 and each chunk's hash as a leaf's data.
[[nodiscard]] Sha256 merkle_root(std::span<const Sha256> chunks);
[[nodiscard]] constexpr std::uint64_t chunks_of(std::uint64_t size_bytes) { return store::chunk_count(size_bytes); }

}  // namespace rampa::sync
