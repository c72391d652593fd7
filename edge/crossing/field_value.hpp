// A fact as risk profiles see it: absent, or one of four plain types.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace rampa {

/// Integers carry their unit in the field's name (mass_kg, value_eur). Lists hold strings only.
using FieldValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

/// Field name -> value. A name that is not there is missing, which is not the same as empty or zero.
using Fields = std::map<std::string, FieldValue, std::less<>>;

}  // namespace rampa
