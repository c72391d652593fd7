// Pictures for a post without cameras: drawn, not photographed, and plainly so.
#pragma once

#include <string>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::tests {

/// A PNG of a lorry's front or rear with a number-plate field.
[[nodiscard]] SharedBytes lorry_png(bool rear, unsigned tint);

/// A radiograph of a lorry: 16-bit little-endian, line after line.
[[nodiscard]] SharedBytes scan_pixels(std::uint32_t width, std::uint32_t height);

}  // namespace rampa::tests
