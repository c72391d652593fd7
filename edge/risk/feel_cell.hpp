// Inside edge/risk only: FEEL's unary tests, as input cells of a decision table hold them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edge/risk/condition.hpp"

namespace rampa::risk::feel {

/// Condition of one cell over one field of the catalogue, not yet canonical; `always` for "-" and for an empty cell. Where the cell is wrong,
/// cause and remedy are in `problem` and the result is of no use.
[[nodiscard]] Condition condition_of(std::string_view cell, const std::string& field, std::optional<Finding>& problem);

/// The cell for a condition that tests one field alone; nothing where FEEL's unary tests cannot say it.
[[nodiscard]] std::optional<std::string> cell_of(const Condition& condition);

/// The field that all tests of a condition without item conditions ask for; empty if they are several or none.
[[nodiscard]] std::string only_field(const Condition& condition);

/// "red" with quotes, and back. Text that is not one text in quotes comes back as it is.
[[nodiscard]] std::string quoted(std::string_view text);
[[nodiscard]] std::string unquoted(std::string_view cell);

}  // namespace rampa::risk::feel
