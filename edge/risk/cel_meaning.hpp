// Inside edge/risk only: what a CEL syntax tree says about the catalogue's fields.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edge/risk/cel_syntax.hpp"

namespace rampa::risk::cel {

/// Nothing where something was already reported.
using Meaning = std::optional<Condition>;

/// What may stand beside an operator.
struct Operand {
  enum class Kind { integer, text, boolean, list, field, named_list, element, bad };
  Kind kind = Kind::bad;
  std::string name;           ///< field: of the catalogue; named_list: its name; element: the variable's
  FieldType type = FieldType::text;
  const Expression* value = nullptr;
};

/// Variables of the macros: what each stands for ("goods", a field's name, "lists.NAME").
struct Scope {
  std::map<std::string, std::string> variables;
  bool in_item = false;
};

/// Looks up what an expression beside an operator is. Unknown names are reported with the nearest known one.
[[nodiscard]] Operand operand(const Expression& e, const Scope& scope, Findings& findings);

/// "declaration.seals" of a chain of selects, empty for anything else.
[[nodiscard]] std::string dotted(const Expression& e);

/// Says why a function, method or macro is not part of the subset, and what to use instead.
void refuse_function(const Expression& call, Findings& findings);

/// "a number", "a text", ...: for messages.
[[nodiscard]] std::string_view words_of(FieldType type);
[[nodiscard]] std::string_view words_of(Operand::Kind kind);

/// The condition of a whole tree, not yet canonical. `false` is not(always).
[[nodiscard]] Meaning meaning(const Expression& e, Findings& findings);

}  // namespace rampa::risk::cel
