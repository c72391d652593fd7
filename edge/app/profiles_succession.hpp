// What a set may change against the one before it: results are counted by profile and version, so a changed profile has a higher version;
// and a profile goes through its stages in order (edge/risk/PROFILES.md, Stages). Pure.
#pragma once

#include <string>
#include <vector>

#include "sync/bundle/profile_table.hpp"

namespace rampa::app {

enum class Releases { next, any };  ///< any: the post may have missed releases in between, and with them stages
enum class Names { all, not_secret };  ///< not_secret: for what is said at a post, where secret profiles have no name

/// What is wrong, one text per profile with its remedy; empty where `after` may follow `before`. At most 20, and how many more.
[[nodiscard]] std::vector<std::string> wrong_succession(const bundle::ProfileTable& before, const bundle::ProfileTable& after, Releases between, Names names);

}  // namespace rampa::app
