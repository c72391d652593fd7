// The living urgent profiles of a post, for `rampa profiles list`: who, until when; never what they look for.
#pragma once

#include "edge/app/profiles_tools.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::app {

/// From the post's book on disk, which may be of a running post: lives are counted on to now. Oldest first. Errors: io (it is readable for
/// the post's user alone), invalid.
[[nodiscard]] Result<std::vector<ListedUrgent>> list_urgent(const ProfilesPlace& place, const Clock& clock);

}  // namespace rampa::app
