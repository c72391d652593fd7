// The picture's tables and how older ones become today's. Forward only, one transaction per step.
#pragma once

#include <iterator>

#include "edge/store/sqlite_internal.hpp"

namespace rampa::store {

inline constexpr std::int64_t picture_application_id = 0x524D5041;  ///< "RMPA"
inline constexpr std::int64_t picture_version = 3;

/// Brings an empty or older picture to picture_version. A step that needs facts from the journal sets progress back to
/// zero: the store fills the tables again. Errors: refused (a newer Rampa wrote it, or no picture at all), invalid
/// (damaged), no_space, io.
[[nodiscard]] Result<void> migrate(sqlite::Database& db);

}  // namespace rampa::store
