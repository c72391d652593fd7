// Hashes and little-endian fields that the store's formats are made of (FORMAT.md). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/crc32c.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::store {

using Hash = std::array<std::uint8_t, 32>;  ///< SHA-256

[[nodiscard]] Hash sha256(ByteView bytes);
[[nodiscard]] Hash sha256(ByteView first, ByteView second);  ///< of both, one after the other

/// SHA-256 of bytes that arrive in pieces.
class RunningSha256 {
 public:
  RunningSha256();
  ~RunningSha256();
  RunningSha256(RunningSha256&&) noexcept;
  RunningSha256& operator=(RunningSha256&&) noexcept;
  void add(ByteView bytes);
  /// The hash of everything added; afterwards the object starts anew.
  [[nodiscard]] Hash finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::string to_hex(ByteView bytes);
/// Errors: invalid, where a character is none of 0-9a-f or the length is odd.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);
/// Errors: invalid, where the text is not 64 digits 0-9a-f.
[[nodiscard]] Result<Hash> hash_from_hex(std::string_view text);

/// Appends fields to a buffer, little-endian.
class FieldWriter {
 public:
  explicit FieldWriter(Bytes& out) : out_(out) {}
  void u16(std::uint16_t v) { number(v, 2); }
  void u32(std::uint32_t v) { number(v, 4); }
  void u64(std::uint64_t v) { number(v, 8); }
  void i64(std::int64_t v) { number(static_cast<std::uint64_t>(v), 8); }
  void bytes(ByteView v) { out_.insert(out_.end(), v.begin(), v.end()); }
  void text(std::string_view v) { bytes(as_bytes(v)); }
  void zeros(std::size_t count) { out_.insert(out_.end(), count, 0); }

 private:
  void number(std::uint64_t v, int size) {
    for (int i = 0; i < size; ++i) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
  }
  Bytes& out_;
};

/// Takes fields from a buffer, little-endian. After a read past the end `ok()` is false and everything reads as zero.
class FieldReader {
 public:
  explicit FieldReader(ByteView in) : in_(in) {}
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::int64_t i64() { return static_cast<std::int64_t>(number(8)); }
  ByteView bytes(std::size_t count) {
    if (count > in_.size() - at_) { ok_ = false; return {}; }
    ByteView part = in_.subspan(at_, count);
    at_ += count;
    return part;
  }
  std::string text(std::size_t count) { return std::string(as_text(bytes(count))); }
  template <std::size_t N>
  void into(std::array<std::uint8_t, N>& out) {
    ByteView part = bytes(N);
    out.fill(0);
    for (std::size_t i = 0; i < part.size(); ++i) out[i] = part[i];
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::size_t left() const { return in_.size() - at_; }

 private:
  std::uint64_t number(std::size_t size) {
    ByteView part = bytes(size);
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < part.size(); ++i) v |= static_cast<std::uint64_t>(part[i]) << (8 * i);
    return v;
  }
  ByteView in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace rampa::store
