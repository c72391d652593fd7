// CRC-32C (Castagnoli, reflected, as in iSCSI, RFC 3720 B.4): crc32c("123456789") == 0xE3069283.
#pragma once

#include <array>
#include <cstdint>

#include "firmware-interfaces/bytes.hpp"

namespace rampa {

namespace crc32c_table {
consteval std::array<std::uint32_t, 256> make() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0x82f63b78u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}
inline constexpr auto values = make();
}  // namespace crc32c_table

/// Of `bytes`, continuing `before` (0 to begin with).
[[nodiscard]] inline std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0) {
  std::uint32_t c = ~before;
  for (std::uint8_t byte : bytes) c = crc32c_table::values[(c ^ byte) & 255] ^ (c >> 8);
  return ~c;
}

}  // namespace rampa
