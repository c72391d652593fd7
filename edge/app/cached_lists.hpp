// Declarations and watch lists at a start: what HQ sent in earlier boots, and what the site's own files say beside it.
#pragma once

#include "config/site.hpp"
#include "edge/app/cached_declarations.hpp"
#include "edge/store/store.hpp"

namespace rampa::app {

/// The files that the site names; bad lines become findings and are left out. A watch list file that `rampa watchlist build`
/// made is checked here and has no plates to show in the picture.
[[nodiscard]] store::CachedLists read_site_lists(const config::Site& site, std::vector<config::Finding>& findings);

/// HQ's version of a declaration counts, however old the site file's is. A plate is watched where either has it listed.
void take_lists(CachedDeclarations& lists, const store::CachedLists& from_hq, const store::CachedLists& from_site);

/// The site's watch lists with everything that stands in their file: lines with country, trailer and carrier, or a list that
/// `rampa watchlist build` made (.rwl; its key, where it has one, lies beside it under the same name and ".key"). Replaces
/// what take_lists() set of the site's. What is wrong in them read_site_lists() has told already.
void take_site_watch_lists(CachedDeclarations& lists, const config::Site& site);

}  // namespace rampa::app
