// The facts of one question in the shape that the compiled set reads: a slot per field of the catalogue, texts as views.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "edge/crossing/field_value.hpp"
#include "edge/risk/catalogue.hpp"

namespace rampa::risk {

/// 16 bytes: a question's facts are walked in memory order for every decision.
struct Fact {
  /// unusable: something is there, of another type than the catalogue's. incomplete: a list that some of the lorry's declarations lack.
  enum class State : std::uint8_t { missing, unusable, good, incomplete };
  State state = State::missing;
  bool several = false;       ///< a list with a value of each declaration: they may differ (declared_facts.hpp)
  bool beginning = false;     ///< a goods code of which further digits may not be declared
  std::uint32_t size = 0;     ///< of a text in bytes, of a list in texts
  union {
    std::int64_t number = 0;  ///< integers; booleans as 0 and 1; lists: place of the first text in FactSheet::list_texts
    const char* chars;        ///< texts
  };

  [[nodiscard]] std::string_view text() const { return {chars, size}; }
};

inline constexpr std::size_t fields_max = 80, goods_fields_max = 8;

struct FactSheet {
  std::array<Fact, fields_max> facts{};                     ///< by FieldId; goods fields are in `items`
  std::vector<std::array<Fact, goods_fields_max>> items;    ///< by FieldId - first_goods_field()
  std::vector<std::string_view> list_texts;
  bool goods_known = false;       ///< false: nothing is known of any goods
  bool goods_incomplete = false;  ///< some of the lorry's declarations name no goods
  bool for_all = false;           ///< a test of what each declaration says asks all of them, not one (green lists)

  void set(FieldId field, std::int64_t number);
  void set(FieldId field, std::string_view text);
  void set_list(FieldId field, std::span<const std::string_view> texts);
  /// Of a list that is set; "goods" is goods_incomplete.
  void set_incomplete(std::string_view name);
  /// Of a list that is set, also of one that is incomplete.
  void set_several(std::string_view name);
  /// Of every goods code that has fewer digits than there are.
  void set_beginnings();
  /// Starts a further goods item; the next set() of goods fields are its.
  void add_item() { items.emplace_back(); goods_known = true; }
  void clear();

  [[nodiscard]] std::span<const std::string_view> list(const Fact& fact) const { return {list_texts.data() + fact.number, fact.size}; }

 private:
  [[nodiscard]] Fact& slot(FieldId field) { return field < first_goods_field() ? facts[field] : items.back()[field - first_goods_field()]; }
};

/// Views into `facts`, which must live longer.
[[nodiscard]] FactSheet fact_sheet(const Fields& facts);

}  // namespace rampa::risk
