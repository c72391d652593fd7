// A JPEG's size from its header, before anybody decodes it (ITU T.81 B.2.2).
#pragma once

#include <cstdint>
#include <optional>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::vision {

struct PictureSize {
  std::uint32_t width_px = 0, height_px = 0;
};

/// Nothing where the bytes are no JPEG or have no frame header.
[[nodiscard]] std::optional<PictureSize> jpeg_size(ByteView jpeg);

inline constexpr std::uint64_t picture_pixels_max = 64'000'000;

}  // namespace rampa::vision
