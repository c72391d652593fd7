// How the plates of a country are made up. Pure. Only to tell a misreading from another vehicle: a read that its country
// cannot have issued, one character from a listed plate that it can.
#pragma once

#include <optional>
#include <string_view>

namespace rampa::risk {

/// `country`: ISO 3166 alpha-3 (XKX for Kosovo); `normal`: of normal_plate(). Nothing: this country's plates are not known here.
[[nodiscard]] std::optional<bool> fits_grammar(std::string_view country, std::string_view normal);

}  // namespace rampa::risk
