#include "edge/vision/jpeg_size.hpp"

namespace rampa::vision {

std::optional<PictureSize> jpeg_size(ByteView jpeg) {
  if (jpeg.size() < 4 || jpeg[0] != 0xFF || jpeg[1] != 0xD8) return std::nullopt;
  std::size_t at = 2;
  const auto u16 = [&](std::size_t i) { return static_cast<std::uint32_t>(jpeg[i]) << 8 | jpeg[i + 1]; };
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xFF) {
    const std::uint8_t marker = jpeg[at + 1];
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    const std::size_t length = u16(at + 2);
    if (marker == 0xDA || length < 2) return std::nullopt;  // coded picture without a frame header
    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) {
      if (at + 9 > jpeg.size()) return std::nullopt;
      return PictureSize{u16(at + 7), u16(at + 5)};
    }
    at += 2 + length;
  }
  return std::nullopt;
}

}  // namespace rampa::vision
