// The author form of conditions: a subset of Google's Common Expression Language, by example in AUTHORING.md. Grammar and
// meaning of what the subset has are CEL's (github.com/google/cel-spec); tests/unit/risk/cel_conformance_test.cpp holds it to CEL's own cases. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edge/risk/condition.hpp"

namespace rampa::risk {

/// Reads a condition and makes it canonical. Everything wrong goes to `findings` with "line:column" (from 1, columns in
/// characters) as path; the result is then of no use. Never throws, whatever the text is.
[[nodiscard]] Condition from_cel(std::string_view text, std::vector<Finding>& findings);

/// The text that an author would write for this condition; broken into lines where it is long. For every canonical
/// condition, from_cel(to_cel(c)) == c.
[[nodiscard]] std::string to_cel(const Condition& condition);

}  // namespace rampa::risk
