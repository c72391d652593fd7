// A PostgreSQL of the test's own: in a temporary folder, on a unix socket only, as a user without rights where the test is root.
#pragma once

#include <string>

namespace rampa::tests {

/// Empty, or why there can be none here (the package is missing).
[[nodiscard]] std::string postgres_missing();
/// Of the one server of this program, started at the first call with an empty database; ends with the program. Empty: see the log
/// on standard error.
[[nodiscard]] const std::string& postgres_url();
/// Takes every table out of it.
void empty_postgres();

}  // namespace rampa::tests
