// What a profile asks for: a typed tree of criteria. JSON is its canonical form (PROFILES.md), CEL the form that authors
// write (cel.hpp), decision tables a third one (dmn.hpp). Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/risk/catalogue.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::risk {

/// "notin" is true where no value (no element of a list field) is one of them. There is no "ne": it is not(eq).
enum class Operator { eq, in, notin, prefix, ge, le, range, exists };

struct Condition {
  /// any_item, all_item: over the goods items of the declarations; their parts (joined by "and") may name goods fields.
  enum class Kind { always, all, any, negation, any_item, all_item, test };
  Kind kind = Kind::always;
  std::vector<Condition> parts;       ///< all, any, any_item, all_item; exactly one for negation
  std::string field;                  ///< of the catalogue; tests only, as everything below
  Operator op = Operator::eq;
  std::vector<std::string> texts;     ///< eq: one; in, notin, prefix: one or more; on texts and lists
  std::vector<std::int64_t> numbers;  ///< eq, ge, le: one; in, notin: one or more; range: two, both included
  bool flag = false;                  ///< eq on booleans; exists: is there (true), is not there (false)
  std::string list;                   ///< in, notin, prefix: name of the set's list that is meant, instead of `texts`
  bool operator==(const Condition&) const = default;
};

/// Levels of all, any, not and the item conditions within each other, in every form that authors write.
constexpr int condition_depth_max = 16;

/// One thing wrong with what somebody wrote.
struct Finding {
  std::string path;    ///< "when.all[1].op" in JSON; "2:14" (line:column, from 1) in texts
  std::string cause;   ///< "is not an operator"
  std::string remedy;  ///< "use eq, in, ..."
};

/// The same condition in its one canonical shape: nested `all`/`any` flattened, double negations gone, not(in) = notin,
/// lists of values sorted without doubles, `in` of one value = eq, alternatives on one text field joined. Two conditions that mean
/// the same for these reasons become equal; the meaning (of all three truth values) never changes.
[[nodiscard]] Condition canonical(Condition condition);

/// Canonical JSON text (RFC 8785) of a condition that is already canonical.
[[nodiscard]] std::string to_json(const Condition& condition);

/// Reads the JSON form, checks it against the catalogue, and makes it canonical. Everything wrong goes to `findings`, with paths that
/// begin with `path`; the result is then of no use.
[[nodiscard]] Condition condition_from_json(std::string_view json, const std::string& path, std::vector<Finding>& findings);

/// What the reader says about an operand that does not fit (also for the other author forms): nothing where
/// the test is sound.
[[nodiscard]] std::vector<Finding> check_test(const Condition& test, bool in_item, const std::string& path);

/// The word of `known` that `word` is probably meant to be (edit distance below 4); empty if none.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace rampa::risk
