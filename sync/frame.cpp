#include "sync/frame.hpp"

#include <algorithm>
#include <bit>
#include <string>

namespace rampa::sync {
namespace {

constexpr std::string_view records_magic = "RPF2", slice_magic = "RPS2", manifest_magic = "RPM2";

template <class Number>
void put(Bytes& out, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
void put(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
void put(Bytes& out, std::string_view text) { put(out, as_bytes(text)); }

/// Takes numbers and runs of bytes off the front; not whole() once something was asked for that is not there.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_(bytes) {}
  template <class Number>
  Number number() {
    const ByteView run = take(sizeof(Number));
    Number value = 0;
    for (std::size_t i = 0; i < run.size(); ++i) value |= static_cast<Number>(static_cast<Number>(run[i]) << (8 * i));
    return value;
  }
  ByteView take(std::size_t count) {
    if (count > rest_.size()) {
      short_ = true;
      rest_ = {};
      return {};
    }
    const ByteView run = rest_.first(count);
    rest_ = rest_.subspan(count);
    return run;
  }
  template <std::size_t n>
  void into(std::array<std::uint8_t, n>& out) {
    const ByteView run = take(n);
    std::copy(run.begin(), run.end(), out.begin());
  }
  [[nodiscard]] bool whole() const { return !short_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  ByteView rest_;
  bool short_ = false;
};

/// What follows the magic, or why it is not one.
Result<Cursor> opened(ByteView bytes, std::string_view magic, const char* what) {
  if (bytes.size() < magic.size() || as_text(bytes.first(magic.size())) != magic)
    return fail(ErrorCode::invalid, std::string(what) + " does not begin with " + std::string(magic) + " (other version?)");
  return Cursor(bytes.subspan(magic.size()));
}

}  // namespace

Bytes encode(const FrameHead& head, std::span<const ByteView> records) {
  Bytes out;
  std::size_t size = frame_head_bytes;
  for (ByteView record : records) size += 4 + record.size();
  out.reserve(size);
  put(out, records_magic);
  put(out, static_cast<std::uint32_t>(head.stream));
  put(out, ByteView{head.epoch});
  put(out, head.first);
  put(out, static_cast<std::uint32_t>(records.size()));
  put(out, ByteView{head.previous});
  for (ByteView record : records) {
    put(out, static_cast<std::uint32_t>(record.size()));
    put(out, record);
  }
  return out;
}

Result<RecordFrame> decode_records(ByteView bytes) {
  auto cursor = opened(bytes, records_magic, "record frame");
  if (!cursor) return tl::unexpected(cursor.error());
  RecordFrame frame;
  const auto stream = cursor->number<std::uint32_t>();
  cursor->into(frame.head.epoch);
  frame.head.first = cursor->number<std::uint64_t>();
  const auto count = cursor->number<std::uint32_t>();
  cursor->into(frame.head.previous);
  if (!cursor->whole()) return fail(ErrorCode::invalid, "record frame is cut off");
  if (stream >= store::streams.size()) return fail(ErrorCode::invalid, "record frame: stream " + std::to_string(stream) + " is not known");
  frame.head.stream = static_cast<Stream>(stream);
  if (frame.head.first < 1 || frame.head.first > INT64_MAX - frame_records_max)
    return fail(ErrorCode::invalid, "record frame: number " + std::to_string(frame.head.first) + " is out of range");
  if (count < 1 || count > frame_records_max)
    return fail(ErrorCode::invalid, "record frame: " + std::to_string(count) + " records, 1 to " + std::to_string(frame_records_max) + " are allowed");
  frame.records.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) frame.records.push_back(cursor->take(cursor->number<std::uint32_t>()));
  if (!cursor->whole() || cursor->left() != 0) return fail(ErrorCode::invalid, "record frame: its lengths do not add up");
  return frame;
}

Bytes encode(const BlobSlice& slice) {
  Bytes out;
  out.reserve(slice_head_bytes + slice.bytes.size());
  put(out, slice_magic);
  put(out, ByteView{slice.blob});
  put(out, slice.offset);
  put(out, slice.size_bytes);
  put(out, slice.bytes);
  return out;
}

Result<BlobSlice> decode_slice(ByteView bytes) {
  auto cursor = opened(bytes, slice_magic, "slice");
  if (!cursor) return tl::unexpected(cursor.error());
  BlobSlice slice;
  cursor->into(slice.blob);
  slice.offset = cursor->number<std::uint64_t>();
  slice.size_bytes = cursor->number<std::uint64_t>();
  if (!cursor->whole()) return fail(ErrorCode::invalid, "slice is cut off");
  slice.bytes = cursor->take(cursor->left());
  if (slice.size_bytes > blob_bytes_max) return fail(ErrorCode::invalid, "slice: a blob of " + std::to_string(slice.size_bytes) + " bytes is too large");
  if (slice.bytes.size() > slice_bytes_max || slice.offset > slice.size_bytes || slice.bytes.size() > slice.size_bytes - slice.offset)
    return fail(ErrorCode::invalid, "slice reaches past the end of its blob");
  if (slice.bytes.empty() ? slice.size_bytes != 0 : (slice.offset / chunk_bytes) != (slice.offset + slice.bytes.size() - 1) / chunk_bytes)
    return fail(ErrorCode::invalid, "slice is empty or goes over the border of a chunk");
  return slice;
}

Bytes encode(const Manifest& manifest) {
  Bytes out;
  put(out, manifest_magic);
  put(out, ByteView{manifest.blob});
  put(out, manifest.size_bytes);
  put(out, static_cast<std::uint32_t>(chunk_bytes));
  put(out, static_cast<std::uint32_t>(manifest.chunks.size()));
  put(out, ByteView{merkle_root(manifest.chunks)});
  for (const Sha256& chunk : manifest.chunks) put(out, ByteView{chunk});
  return out;
}

Result<Manifest> decode_manifest(ByteView bytes) {
  auto cursor = opened(bytes, manifest_magic, "manifest");
  if (!cursor) return tl::unexpected(cursor.error());
  Manifest manifest;
  Sha256 root{};
  cursor->into(manifest.blob);
  manifest.size_bytes = cursor->number<std::uint64_t>();
  const auto chunk = cursor->number<std::uint32_t>();
  const auto count = cursor->number<std::uint32_t>();
  cursor->into(root);
  if (!cursor->whole()) return fail(ErrorCode::invalid, "manifest is cut off");
  if (chunk != chunk_bytes) return fail(ErrorCode::invalid, "manifest: chunks of " + std::to_string(chunk) + " bytes, this version has " + std::to_string(chunk_bytes));
  if (manifest.size_bytes <= chunk_bytes || manifest.size_bytes > blob_bytes_max || count != chunks_of(manifest.size_bytes) ||
      cursor->left() != std::size_t{count} * 32)
    return fail(ErrorCode::invalid, "manifest: " + std::to_string(count) + " chunks do not make a blob of " + std::to_string(manifest.size_bytes) + " bytes");
  manifest.chunks.resize(count);
  for (Sha256& hash : manifest.chunks) cursor->into(hash);
  if (merkle_root(manifest.chunks) != root) return fail(ErrorCode::invalid, "manifest: its root is not that of its chunks");
  return manifest;
}

Sha256 merkle_root(std::span<const Sha256> chunks) {
  if (chunks.empty()) return sha256({});
  if (chunks.size() == 1) {
    Bytes leaf{0};
    put(leaf, ByteView{chunks.front()});
    return sha256(leaf);
  }
  const std::size_t left = std::bit_ceil(chunks.size()) / 2;  // the largest power of two below the count
  Bytes node{1};
  put(node, ByteView{merkle_root(chunks.first(left))});
  put(node, ByteView{merkle_root(chunks.subspan(left))});
  return sha256(node);
}

}  // namespace rampa::sync
