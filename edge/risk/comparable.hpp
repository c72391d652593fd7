// Inside edge/risk only: the one form in which what is declared is compared, whoever wrote it, so that nobody passes a profile by a blank, a small
// letter or a separator; and the same for the values that profiles ask for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edge/risk/condition.hpp"
#include "edge/risk/profile.hpp"

namespace rampa::risk {

/// The fact of this field as it is compared: operators' numbers, plates, containers, goods codes, countries, codes of offices and the like. Empty:
/// it says nothing (a country that is none, separators alone). Nothing: the field's texts are compared as they are.
[[nodiscard]] std::optional<std::string> as_compared(std::string_view field, const std::string& text);

/// Puts the values of tests, as facts are compared, beside those that were written. False where nothing was added: they are the same nearly always.
bool add_compared_values(Condition& condition, const NamedLists& lists);

}  // namespace rampa::risk
