// The post's own key of random draws, for profile sets that bring none: so that nobody draws again by turning round, whatever the set says.
#pragma once

#include <string>

#include "edge/risk/risk.hpp"

namespace rampa::app {

/// From DIRECTORY/draw.secret (32 hex digits, mode 600); made there at the first start. Where it is damaged another one is made, and told in the
/// log; where it cannot be read or kept, one that holds until the program ends. Never zero.
[[nodiscard]] risk::DrawSecret own_draw_secret(const std::string& directory);

}  // namespace rampa::app
