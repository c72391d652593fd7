#include "firmware-interfaces/wire/nii_lines.hpp"

#include <algorithm>
#include <cstring>

#include "firmware-interfaces/crc32c.hpp"

namespace rampa::wire {
namespace {

std::uint64_t little(const std::uint8_t* p, int bytes) {
  std::uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8 | p[i];
  return value;
}

}  // namespace

void NiiLineFramer::drop(std::size_t count) {
  at_ += count;
  // Move the rest to the front now and then, not for every line.
  if (at_ > (1u << 20) || at_ == buffer_.size()) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
  }
}

NiiLineFramer::Begun NiiLineFramer::line_at(ByteView bytes) {
  if (bytes.size() < header_bytes) return {std::nullopt, header_bytes};
  const std::uint8_t* p = bytes.data();
  const std::uint32_t pixels = static_cast<std::uint32_t>(little(p + 32, 4));
  const int bits = static_cast<int>(little(p + 6, 2));
  if (p[4] != 1 || bits < 1 || bits > 16 || pixels < 1 || pixels > pixels_max) return {};
  const std::size_t size = header_bytes + 2 * std::size_t{pixels};
  if (bytes.size() < size) return {std::nullopt, size};
  if (crc32c({p + header_bytes, 2 * std::size_t{pixels}}, crc32c({p, 36})) != little(p + 36, 4)) return {};
  NiiLine line;
  line.dual_energy = (p[5] & 1) != 0;
  line.last = (p[5] & 2) != 0;
  line.bits = bits;
  line.scan_id = little(p + 8, 8);
  line.line = static_cast<std::uint32_t>(little(p + 16, 4));
  line.time_us = little(p + 20, 8);
  line.encoder = static_cast<std::int32_t>(little(p + 28, 4));
  line.pixels.assign(p + header_bytes, p + size);
  return {std::move(line), size};
}

NiiLineFramer::Begun NiiLineFramer::aids_at(ByteView bytes) {
  if (bytes.size() < aids_header_bytes) return {std::nullopt, aids_header_bytes};
  const std::uint8_t* p = bytes.data();
  const std::size_t count = p[5];
  if (p[4] != 1 || count < 1 || count > aids_max) return {};
  const std::size_t size = aids_header_bytes + count * aid_bytes;
  if (bytes.size() < size) return {std::nullopt, size};
  if (crc32c({p + aids_header_bytes, size - aids_header_bytes}, crc32c({p, 16})) != little(p + 16, 4)) return {};
  NiiAids aids;
  aids.scan_id = little(p + 8, 8);
  for (const std::uint8_t* one = p + aids_header_bytes; one != p + size; one += aid_bytes) {
    const std::string padded(one + 2, one + aid_bytes);
    const std::string name = padded.substr(0, padded.find('\0'));
    const bool word = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
    if (one[0] > 2 || !word) return {};
    aids.aids.push_back({name, one[0]});
  }
  return {std::move(aids), size};
}

std::optional<NiiMessage> NiiLineFramer::next() {
  constexpr std::size_t magic_bytes = 4;
  while (buffer_.size() - at_ >= magic_bytes) {
    const ByteView rest{buffer_.data() + at_, buffer_.size() - at_};
    const bool line = std::memcmp(rest.data(), "NIL1", magic_bytes) == 0, aids = std::memcmp(rest.data(), "NILA", magic_bytes) == 0;
    Begun begun = line ? line_at(rest) : aids ? aids_at(rest) : Begun{};
    if (!begun.message && begun.bytes > 0) return std::nullopt;
    if (!begun.message) ++skipped_;
    drop(begun.message ? begun.bytes : 1);
    if (begun.message) return std::move(begun.message);
  }
  return std::nullopt;
}

}  // namespace rampa::wire
