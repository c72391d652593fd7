// Inside edge/risk only: which one test of a condition would have to come out otherwise for the condition to hold.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edge/risk/profile.hpp"

namespace rampa::risk {

/// The facts, and for each goods item the same with that item alone.
class ItemFacts {
 public:
  explicit ItemFacts(const Fields& facts);
  [[nodiscard]] const Fields& all() const { return all_; }
  [[nodiscard]] const std::vector<Fields>& items() const { return items_; }

 private:
  const Fields& all_;
  std::vector<Fields> items_;
};

struct ShortOf {
  std::string condition;             ///< JSON; a test that holds and must not is {"not": ...}
  std::optional<std::size_t> item;   ///< place of the goods item that it is about, from 0
  std::string value;                 ///< JSON: what the fact is; "null" where it is not there
  bool operator==(const ShortOf&) const = default;
};

/// For a condition that does not hold: every test that alone is in the way, one per way in which it might have held (each branch of an `any`, each
/// item of an `any_item`). Empty where it holds, where two tests or more are in the way, or where a fact that is missing is.
[[nodiscard]] std::vector<ShortOf> one_short(const Condition& condition, const ItemFacts& facts, const NamedLists& lists);

/// JSON of a fact.
[[nodiscard]] std::string fact_json(const FieldValue& value);

}  // namespace rampa::risk
