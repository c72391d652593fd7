// The site file's [sync] as the uplink takes it: which lines there are, which are metered, and what may go over them when.
#pragma once

#include "config/site.hpp"
#include "sync/uplink.hpp"

namespace rampa::app {

/// What the site says of the line to HQ; the rest (who this post is, its journal) is the caller's.
[[nodiscard]] sync::UplinkSettings line_settings(const config::Site& site);

}  // namespace rampa::app
