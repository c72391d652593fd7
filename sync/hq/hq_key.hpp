// The key with which HQ signs what it says to the posts: 32 secret bytes in DIRECTORY/hq.key, readable by the owner only.
#pragma once

#include <array>
#include <string>

#include "firmware-interfaces/result.hpp"

namespace rampa::sync::hq {

/// Made where it is not there yet; of several programs that make it at once one wins. Errors: invalid (a file of another
/// size, or one that others may read), no_space, io.
[[nodiscard]] Result<std::array<std::uint8_t, 32>> hq_key(const std::string& directory);

}  // namespace rampa::sync::hq
