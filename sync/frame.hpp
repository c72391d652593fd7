// The two binary payloads: a frame of journal records and a slice of a blob. Little endian; layout in TOPICS.md.
// Both end with a SHA-256 over everything before it, so a payload that was damaged anywhere is recognised as a whole.
// Pure; the decoders never read outside `bytes` and accept exactly what the encoders give.
#pragma once

#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "sync/digest.hpp"

namespace rampa::sync {

inline constexpr std::size_t frame_records_max = 1024;
inline constexpr std::size_t frame_bytes_max = 32u << 20;  ///< a single record may be as large as this allows
inline constexpr std::size_t slice_bytes_max = 1u << 20;

/// Records of consecutive sequence as they lie in the journal.
struct RecordFrame {
  std::uint64_t first_sequence = 1;  ///< >= 1
  std::vector<Bytes> records;        ///< 1 to frame_records_max
  bool operator==(const RecordFrame&) const = default;
};

struct BlobSlice {
  Sha256 blob{};                ///< of the whole blob
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0; ///< of the whole blob
  Bytes bytes;                  ///< up to slice_bytes_max; empty only for the empty blob
  bool operator==(const BlobSlice&) const = default;
};

[[nodiscard]] Bytes encode(const RecordFrame& frame);
[[nodiscard]] Bytes encode(const BlobSlice& slice);

/// Errors: bad_reply where the payload is damaged (length or SHA-256), invalid where it is whole but breaks the format.
[[nodiscard]] Result<RecordFrame> decode_records(ByteView bytes);
[[nodiscard]] Result<BlobSlice> decode_slice(ByteView bytes);

}  // namespace rampa::sync
