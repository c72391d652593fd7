// CRC-32C (Castagnoli, reflected, as in iSCSI, RFC 3720 B.4): crc32c("123456789") == 0xE3069283. Thread: any.
#pragma once

#include <cstdint>

#include "firmware-interfaces/bytes.hpp"

namespace rampa {

/// Of `bytes`, continuing `before` (0 to begin with).
[[nodiscard]] std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0);

}  // namespace rampa
