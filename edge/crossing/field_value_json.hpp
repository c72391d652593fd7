// Facts from JSON, of whichever of nlohmann's kinds the reader has.
#pragma once

#include <algorithm>
#include <optional>

#include "edge/crossing/field_value.hpp"

namespace rampa {

/// Nothing where it is no whole number, or one that 64 bits with a sign cannot hold (nlohmann would make another of it).
template <class Json>
[[nodiscard]] std::optional<std::int64_t> whole_number(const Json& v) {
  if (!v.is_number_integer() || (v.is_number_unsigned() && v.template get<std::uint64_t>() > INT64_MAX)) return std::nullopt;
  return v.template get<std::int64_t>();
}

inline constexpr const char* no_field_value = " is neither true/false, a whole number (of 64 bits), a text nor a list of texts";

/// Nothing where it is no_field_value.
template <class Json>
[[nodiscard]] std::optional<FieldValue> field_value(const Json& v) {
  if (v.is_boolean()) return v.template get<bool>();
  if (v.is_string()) return v.template get<std::string>();
  if (v.is_array() && std::all_of(v.begin(), v.end(), [](const Json& one) { return one.is_string(); })) return v.template get<std::vector<std::string>>();
  if (const auto number = whole_number(v)) return *number;
  return std::nullopt;
}

}  // namespace rampa
