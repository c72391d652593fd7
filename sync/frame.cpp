#include "sync/frame.hpp"

#include <algorithm>
#include <string>

namespace rampa::sync {
namespace {

constexpr std::string_view records_magic = "RPF1";
constexpr std::string_view slice_magic = "RPB1";
constexpr std::size_t hash_size = 32;

template <class Number>
void put(Bytes& out, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void seal(Bytes& out) { put(out, ByteView{sha256(out)}); }

/// Takes numbers and runs of bytes off the front; `short_` once something was asked for that is not there.
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
  [[nodiscard]] bool whole() const { return !short_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  ByteView rest_;
  bool short_ = false;
};

/// The payload without magic and seal, or why it is not one.
Result<ByteView> opened(ByteView bytes, std::string_view magic) {
  if (bytes.size() < magic.size() + hash_size) return fail(ErrorCode::bad_reply, "payload is too short");
  const ByteView body = bytes.first(bytes.size() - hash_size);
  const Sha256 hash = sha256(body);
  if (!std::equal(hash.begin(), hash.end(), bytes.last(hash_size).begin()))
    return fail(ErrorCode::bad_reply, "payload is damaged: its SHA-256 does not match");
  if (as_text(body.first(magic.size())) != magic)
    return fail(ErrorCode::invalid, "payload does not begin with " + std::string(magic) + " (other version?)");
  return body.subspan(magic.size());
}

}  // namespace

Bytes encode(const RecordFrame& frame) {
  Bytes out;
  put(out, as_bytes(records_magic));
  put(out, frame.first_sequence);
  put(out, static_cast<std::uint32_t>(frame.records.size()));
  for (const Bytes& record : frame.records) {
    put(out, static_cast<std::uint32_t>(record.size()));
    put(out, ByteView{record});
  }
  seal(out);
  return out;
}

Result<RecordFrame> decode_records(ByteView bytes) {
  if (bytes.size() > frame_bytes_max + 4096) return fail(ErrorCode::invalid, "record frame is larger than allowed");
  const auto body = opened(bytes, records_magic);
  if (!body) return tl::unexpected(body.error());
  Cursor cursor(*body);
  RecordFrame frame;
  frame.first_sequence = cursor.number<std::uint64_t>();
  const auto count = cursor.number<std::uint32_t>();
  if (!cursor.whole() || frame.first_sequence == 0 || count == 0 || count > frame_records_max)
    return fail(ErrorCode::invalid, "record frame: first sequence or count is out of range");
  if (frame.first_sequence > static_cast<std::uint64_t>(INT64_MAX) - count)
    return fail(ErrorCode::invalid, "record frame: first sequence is out of range");
  for (std::uint32_t i = 0; i < count && cursor.whole(); ++i) {
    const ByteView record = cursor.take(cursor.number<std::uint32_t>());
    frame.records.emplace_back(record.begin(), record.end());
  }
  if (!cursor.whole() || cursor.left() != 0)
    return fail(ErrorCode::invalid, "record frame: the records' lengths do not add up");
  return frame;
}

Bytes encode(const BlobSlice& slice) {
  Bytes out;
  put(out, as_bytes(slice_magic));
  put(out, ByteView{slice.blob});
  put(out, slice.offset);
  put(out, slice.size_bytes);
  put(out, ByteView{slice.bytes});
  seal(out);
  return out;
}

Result<BlobSlice> decode_slice(ByteView bytes) {
  const auto body = opened(bytes, slice_magic);
  if (!body) return tl::unexpected(body.error());
  Cursor cursor(*body);
  BlobSlice slice;
  const ByteView blob = cursor.take(slice.blob.size());
  std::copy(blob.begin(), blob.end(), slice.blob.begin());
  slice.offset = cursor.number<std::uint64_t>();
  slice.size_bytes = cursor.number<std::uint64_t>();
  if (!cursor.whole()) return fail(ErrorCode::invalid, "blob slice: header is cut short");
  if (cursor.left() > slice_bytes_max) return fail(ErrorCode::invalid, "blob slice is larger than allowed");
  const ByteView run = cursor.take(cursor.left());
  slice.bytes.assign(run.begin(), run.end());
  if (slice.offset > slice.size_bytes || slice.bytes.size() > slice.size_bytes - slice.offset)
    return fail(ErrorCode::invalid, "blob slice reaches past the blob's end");
  if (slice.bytes.empty() && slice.size_bytes != 0) return fail(ErrorCode::invalid, "blob slice is empty");
  return slice;
}

}  // namespace rampa::sync
