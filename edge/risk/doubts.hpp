// What a set may say and hardly means: a test that nothing can fit, an identity that other tools take apart, an instruction that tells the
// criterion. For `rampa profiles check`; lanes take such sets all the same. Pure.
#pragma once

#include <string>
#include <vector>

#include "edge/risk/profile.hpp"

namespace rampa::risk {

/// Of one profile, whose place in the set is `at` ("profiles[3]").
[[nodiscard]] std::vector<Finding> doubts(const RiskProfile& profile, const NamedLists& lists, const std::string& at);

/// Of a set that is sound, profile by profile; empty where it is not.
[[nodiscard]] std::vector<Finding> doubts(const std::string& set_json);

}  // namespace rampa::risk
