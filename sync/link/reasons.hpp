// What a broker's reason code (MQTT 5, section 2.4; 3.1.1, table 3.1) means for a post or HQ, and what to do about it.
#pragma once

#include <cstdint>
#include <string>

namespace rampa::sync {

inline constexpr std::uint8_t reason_refused = 0x80;          ///< from here on: it was not done
inline constexpr std::uint8_t reason_wrong_version = 0x84;    ///< unsupported protocol version
inline constexpr std::uint8_t connack_wrong_version_v311 = 1;

/// "not authorised (0x87): ...".
[[nodiscard]] std::string reason_text(std::uint8_t reason);
/// The return code of a 3.1.1 CONNACK, 1 to 5, as the reason that MQTT 5 has for it; others as they are.
[[nodiscard]] std::uint8_t reason_of_v311(std::uint8_t connack_code);

}  // namespace rampa::sync
