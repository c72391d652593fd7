// Inside edge/risk only: the one form in which what is declared is compared, whoever wrote it, so that nobody passes a profile by a blank, a small
// letter or a separator; and the same for the values that profiles ask for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "edge/risk/condition.hpp"
#include "edge/risk/profile.hpp"

namespace rampa::risk {

/// The fact of this field as it is compared: operators' numbers, plates, containers, goods codes, countries, codes of offices and the like. Empty:
/// it says nothing (a country that is none, separators alone). Nothing: the field's texts are compared as they are.
[[nodiscard]] std::optional<std::string> as_compared(std::string_view field, const std::string& text);

/// Puts the values of tests, as facts are compared, beside those that were written; of a named list in a list of its own, once for all who ask for it.
class ComparedValues {
 public:
  /// `lists` gets further ones, under names that it has not.
  explicit ComparedValues(NamedLists& lists) : lists_(lists) {}
  /// False where nothing was added: the values are written as they are compared nearly always.
  bool add(Condition& condition);

 private:
  NamedLists& lists_;
  std::map<std::pair<std::string, std::string>, std::string> of_lists_;  ///< by list and field: the other one, or the same
};

}  // namespace rampa::risk
