// Explanations are sealed to the risk unit's key: libsodium's sealed boxes (X25519, XSalsa20-Poly1305), as base64.
#pragma once

#include <string>

#include "firmware-interfaces/result.hpp"

namespace rampa::app {

struct SealKeys {
  std::string open_key, secret_key;  ///< 64 hexadecimal digits each
};
[[nodiscard]] SealKeys make_seal_keys();

/// Errors: invalid (no key, or one that nothing can be sealed to).
[[nodiscard]] Result<std::string> seal(const std::string& text, const std::string& open_key);
/// Errors: invalid (no key), bad_reply (no sealed text), refused (sealed to another key, or damaged).
[[nodiscard]] Result<std::string> open_seal(const std::string& box, const std::string& secret_key);

}  // namespace rampa::app
