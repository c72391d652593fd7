#include "firmware-interfaces/wire/nii_lines.hpp"

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

std::optional<NiiLine> NiiLineFramer::next() {
  while (buffer_.size() - at_ >= header_bytes) {
    const std::uint8_t* p = buffer_.data() + at_;
    const std::uint32_t pixels = static_cast<std::uint32_t>(little(p + 32, 4));
    const int bits = static_cast<int>(little(p + 6, 2));
    if (std::memcmp(p, "NIL1", 4) != 0 || p[4] != 1 || bits < 1 || bits > 16 || pixels < 1 || pixels > pixels_max) {
      ++skipped_;
      drop(1);
      continue;
    }
    const std::size_t size = header_bytes + 2 * std::size_t{pixels};
    if (buffer_.size() - at_ < size) return std::nullopt;
    const std::uint32_t crc = crc32c({p + header_bytes, 2 * std::size_t{pixels}}, crc32c({p, 36}));
    if (crc != little(p + 36, 4)) {
      ++skipped_;
      drop(1);
      continue;
    }
    NiiLine line;
    line.dual_energy = (p[5] & 1) != 0;
    line.last = (p[5] & 2) != 0;
    line.bits = bits;
    line.scan_id = little(p + 8, 8);
    line.line = static_cast<std::uint32_t>(little(p + 16, 4));
    line.time_us = little(p + 20, 8);
    line.encoder = static_cast<std::int32_t>(little(p + 28, 4));
    line.pixels.assign(p + header_bytes, p + size);
    drop(size);
    return line;
  }
  return std::nullopt;
}

}  // namespace rampa::wire
