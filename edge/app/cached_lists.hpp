// Declarations and watch lists at a start: what HQ sent in earlier boots, and what the site's own files say beside it.
#pragma once

#include "config/site.hpp"
#include "edge/app/cached_declarations.hpp"
#include "edge/store/store.hpp"

namespace rampa::app {

/// The files that the site names; bad lines become findings and are left out.
[[nodiscard]] store::CachedLists read_site_lists(const config::Site& site, std::vector<config::Finding>& findings);

/// HQ's version of a declaration counts, however old the site file's is. A plate is watched where either has it listed.
void take_lists(CachedDeclarations& lists, const store::CachedLists& from_hq, const store::CachedLists& from_site);

}  // namespace rampa::app
