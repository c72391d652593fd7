// Inside edge/risk only: CEL's tokens and syntax tree, before they mean anything.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/risk/condition.hpp"

namespace rampa::risk::cel {

constexpr std::size_t text_max = 1u << 20;     ///< bytes of one condition
constexpr std::size_t nesting_max = 64;        ///< brackets within brackets
constexpr std::size_t findings_max = 32;       ///< of one condition; what follows is mostly a consequence

struct Place {
  std::size_t line = 1, column = 1;
  auto operator<=>(const Place&) const = default;
};

/// Collects what is wrong; no more than findings_max.
class Findings {
 public:
  void add(Place at, std::string cause, std::string remedy);
  [[nodiscard]] bool any() const { return !list_.empty(); }
  /// All of them, in the text's order, with "line:column" as path.
  void hand_over(std::vector<Finding>& to);

 private:
  std::vector<std::pair<Place, Finding>> list_;
};

struct Token {
  enum class Kind { name, integer, text, sign, foreign, bad, end };
  Kind kind = Kind::end;
  std::string text;           ///< name, decoded text, sign ("&&"); foreign: what it is ("a floating-point number")
  std::uint64_t magnitude = 0;///< integer without its minus, at most 2^63
  Place at;
};

/// Always ends with one `end` token. `bad` tokens were already reported; `foreign` ones (1.5, 5u, b"x", null) are CEL but not of the subset,
/// and are reported by the lexer too.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view text, Findings& findings);

struct Expression {
  enum class Kind {
    integer, text, boolean, list,  ///< values; a list's elements are `parts`
    name, select, index,           ///< select: parts[0].text; index: parts[0][parts[1]]
    call,                          ///< text(parts...)
    method,                        ///< parts[0].text(parts[1]...)
    negation, all, any,            ///< !, &&, || (chains are flat)
    relation,                      ///< parts[0] text parts[1], with ==, !=, <, <=, >, >= or in
    bad                            ///< already reported
  };
  Kind kind = Kind::bad;
  std::string text;
  std::int64_t number = 0;
  bool flag = false;
  std::vector<Expression> parts;
  Place at;
};

/// One expression over all tokens. Goes on after an error where that is sensible, so that several are found.
[[nodiscard]] Expression parse(const std::vector<Token>& tokens, Findings& findings);

}  // namespace rampa::risk::cel
