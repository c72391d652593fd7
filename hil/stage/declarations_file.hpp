// Declarations as the JSON lines that a site file's `declarations` names (config/cached.hpp).
#pragma once

#include <string>
#include <vector>

#include "edge/crossing/declaration.hpp"

namespace rampa::hil {

[[nodiscard]] std::string declarations_text(const std::vector<Declaration>& declarations);

}  // namespace rampa::hil
