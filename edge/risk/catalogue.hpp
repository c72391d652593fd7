// The facts that profiles may ask for. Their meaning: PROFILES.md, whose table is held against this one by a test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rampa::risk {

enum class FieldType : std::uint8_t { boolean, integer, text, list };

/// Place in the catalogue, 0..field_count()-1. Goods fields ("goods.hs_code": of one item) come last.
using FieldId = std::uint8_t;

[[nodiscard]] std::optional<FieldId> field_id(std::string_view name);
[[nodiscard]] std::string_view field_name(FieldId id);
[[nodiscard]] FieldType field_type(FieldId id);
/// Rampa's own, from other facts or from what it looks up: nobody can declare it.
[[nodiscard]] bool is_derived(FieldId id);
[[nodiscard]] std::size_t field_count();
/// Goods fields follow the others.
[[nodiscard]] constexpr FieldId first_goods_field() { return 63; }
/// goods.hs_code, the first of them. A whole code has ten digits (TARIC).
[[nodiscard]] constexpr FieldId goods_code_field() { return first_goods_field(); }
inline constexpr std::size_t goods_code_digits = 10;

/// Type of a catalogued field, or nothing.
[[nodiscard]] std::optional<FieldType> type_of(std::string_view field);
/// All catalogued names, for "did you mean" and for the documentation's test.
[[nodiscard]] std::vector<std::string> catalogue();
[[nodiscard]] inline bool is_goods(std::string_view field) { return field.substr(0, 6) == "goods."; }

}  // namespace rampa::risk
