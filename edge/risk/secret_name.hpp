// Inside edge/risk only.
#pragma once

#include <string>
#include <string_view>

#include "edge/risk/profile.hpp"

namespace rampa::risk {

/// What a secret profile is called at the post: "S-" and 12 digits. Whoever has the set's secret knows whose it is.
[[nodiscard]] std::string secret_name(const SetPolicy& policy, std::string_view id);

}  // namespace rampa::risk
