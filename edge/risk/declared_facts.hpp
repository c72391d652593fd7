// Inside edge/risk only: what all declarations of one lorry say together.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "edge/crossing/declaration.hpp"

namespace rampa::risk {

/// Of a fact that only some of the lorry's declarations have: their list is kept, and names stand in this fact ("goods" for the goods
/// themselves). A test of such a list holds where one of its texts fits; otherwise it is undetermined. Not in the catalogue: profiles
/// cannot ask for it.
inline constexpr std::string_view incomplete_facts = "declaration.incomplete";

/// Of these facts each declaration says one value, so a second declaration must not hide the first: their names stand in this fact where
/// there are several values, or where one of the declarations says none. A test of such a list holds where it holds for one of the
/// declarations, whether it asks for a value or for its absence; a green list's test, where it holds for all. Not in the catalogue.
inline constexpr std::string_view several_facts = "declaration.several";
/// Names them where it has to be; for facts that are whole.
void name_several(Fields& facts);

/// Adds the facts of the declarations, ascending by reference, to those of the vehicle. What they say that the laden vehicle weighs;
/// nothing where they do not all say it, or contradict each other.
std::optional<std::int64_t> add_declared_facts(Fields& facts, const std::vector<Declaration>& declarations);

}  // namespace rampa::risk
