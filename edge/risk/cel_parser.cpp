// Tokens to the syntax tree: CEL's grammar by recursive descent. What is CEL but not of the subset is named with what to write instead.
#include <algorithm>

#include "edge/risk/cel_syntax.hpp"

namespace rampa::risk::cel {
namespace {

using Kind = Expression::Kind;

class Parser {
 public:
  Parser(const std::vector<Token>& tokens, Findings& findings) : tokens_(tokens), findings_(findings) {}

  Expression whole() {
    if (next().kind == Token::Kind::end) {
      findings_.add(next().at, "is empty", "write a condition, or true for one that always holds");
      return {};
    }
    Expression result = expression();
    while (next().kind != Token::Kind::end) {  // a bracket too many, or two conditions without a sign between them
      if (!quiet_) unexpected(sign(")") || sign("]") || sign("}") ? "remove it, or open it before" : "join conditions with && or ||");
      quiet_ = false;
      ++at_;
      if (next().kind == Token::Kind::end) break;
      expression();
      result.kind = Kind::bad;
    }
    return result;
  }

 private:
  const Token& next() const { return tokens_[std::min(at_, tokens_.size() - 1)]; }
  bool sign(std::string_view text) const { return next().kind == Token::Kind::sign && next().text == text; }
  bool take(std::string_view text) {
    if (!sign(text)) return false;
    ++at_;
    return true;
  }
  static Expression bad(Place at) {
    Expression e;
    e.at = at;
    return e;
  }
  static Expression make(Kind kind, Place at, std::vector<Expression> parts = {}, std::string text = {}) {
    Expression e;
    e.kind = kind;
    e.at = at;
    e.parts = std::move(parts);
    e.text = std::move(text);
    return e;
  }

  void unexpected(const std::string& remedy) {
    const auto& token = next();
    switch (token.kind) {
      case Token::Kind::bad:
      case Token::Kind::foreign: return;  // already reported
      case Token::Kind::end: return findings_.add(token.at, "the text ends too early", remedy);
      case Token::Kind::text: return findings_.add(token.at, "the text \"" + token.text + "\" stands in the wrong place", remedy);
      default: return findings_.add(token.at, token.text + " stands in the wrong place", remedy);
    }
  }

  // After an error: on to where a further condition may begin, over whole brackets.
  void recover() {
    std::size_t depth = 0;
    for (; next().kind != Token::Kind::end; ++at_) {
      if (sign("(") || sign("[") || sign("{")) ++depth;
      else if (depth > 0 && (sign(")") || sign("]") || sign("}"))) --depth;
      else if (depth == 0 && (sign("&&") || sign("||") || sign(")") || sign("]") || sign("}") || sign(","))) return;
    }
  }

  // SQL's and other languages' words for && and ||.
  bool take_word(const std::vector<std::string>& words, const std::string& meant) {
    if (next().kind != Token::Kind::name || std::find(words.begin(), words.end(), next().text) == words.end()) return false;
    findings_.add(next().at, next().text + " is not CEL", "write " + meant);
    ++at_;
    return true;
  }

  Expression expression() {
    if (depth_ >= nesting_max) {
      findings_.add(next().at, "is nested too deep", "at most " + std::to_string(nesting_max) + " brackets within each other");
      const auto at = next().at;
      at_ = tokens_.size() - 1;
      quiet_ = true;
      return bad(at);
    }
    ++depth_;
    Expression result = any();
    if (sign("?")) {
      const auto at = next().at;
      findings_.add(at, "the conditional a ? b : c is outside the subset", "write a && b || !a && c, or two profiles");
      ++at_;
      any();
      if (take(":")) expression();
      result = bad(at);
    }
    --depth_;
    return result;
  }

  Expression any() {
    const auto at = next().at;
    std::vector<Expression> parts;
    parts.push_back(all());
    while (take("||") || take_word({"or", "OR", "Or"}, "||")) parts.push_back(all());
    return parts.size() == 1 ? std::move(parts[0]) : make(Kind::any, at, std::move(parts));
  }

  Expression all() {
    const auto at = next().at;
    std::vector<Expression> parts;
    parts.push_back(relation());
    while (take("&&") || take_word({"and", "AND", "And"}, "&&")) parts.push_back(relation());
    return parts.size() == 1 ? std::move(parts[0]) : make(Kind::all, at, std::move(parts));
  }

  static bool comparison(const Token& token) {
    static constexpr std::string_view signs[] = {"==", "!=", "<=", ">=", "<", ">"};
    if (token.kind == Token::Kind::name) return token.text == "in";
    return token.kind == Token::Kind::sign && std::find(std::begin(signs), std::end(signs), token.text) != std::end(signs);
  }

  Expression relation() {
    Expression left = sum();
    if (!failing_ && next().kind == Token::Kind::name && next().text == "not" && comparison(tokens_[std::min(at_ + 1, tokens_.size() - 1)])) {
      findings_.add(next().at, "not in is not CEL", "write !(field in [...])");
      ++at_;
    }
    for (std::size_t count = 0; !failing_ && comparison(next()); ++count) {
      const Token token = next();
      ++at_;
      if (count == 1) findings_.add(token.at, "comparisons cannot be chained", "write 5 <= x && x <= 9");
      Expression right = sum();
      const auto at = left.at;
      std::vector<Expression> parts;
      parts.push_back(std::move(left));
      parts.push_back(std::move(right));
      left = count == 0 ? make(Kind::relation, at, std::move(parts), token.text) : bad(at);
    }
    if (!failing_) return left;
    failing_ = false;
    recover();
    return bad(left.at);
  }

  Expression sum() {
    Expression left = product();
    while (!failing_ && (sign("+") || sign("-"))) left = arithmetic(left, [this] { return product(); });
    return left;
  }
  Expression product() {
    Expression left = unary();
    while (!failing_ && (sign("*") || sign("/") || sign("%"))) left = arithmetic(left, [this] { return unary(); });
    return left;
  }
  template <class Operand>
  Expression arithmetic(const Expression& left, Operand operand) {
    if (left.kind != Kind::bad)
      findings_.add(next().at, "arithmetic (" + next().text + ") is outside the subset", "write the result, or use a field that is already worked out, as evidence.mass_deviation_percent");
    ++at_;
    operand();
    return bad(left.at);
  }

  Expression unary() {
    const auto at = next().at;
    std::size_t negations = 0;
    while (take("!") || take_word({"not", "NOT", "Not"}, "!")) ++negations;
    if (negations > 0) {
      Expression inner = sign("-") ? minus() : member();
      if (inner.kind == Kind::bad) return inner;
      if (negations % 2 == 1) return negated(std::move(inner), at);
      return negated(negated(std::move(inner), at), at);
    }
    return sign("-") ? minus() : member();
  }
  static Expression negated(Expression inner, Place at) {
    std::vector<Expression> parts;
    parts.push_back(std::move(inner));
    return make(Kind::negation, at, std::move(parts));
  }

  Expression minus() {
    const auto at = next().at;
    bool negative = false;
    while (take("-")) negative = !negative;
    if (next().kind == Token::Kind::integer) {
      Expression value = integer(negative);
      value.at = at;
      return value;
    }
    Expression inner = member();
    if (inner.kind != Kind::bad) findings_.add(at, "a minus before something else than a number is outside the subset", "compare with a negative number: field <= -5");
    return bad(at);
  }

  Expression integer(bool negative) {
    const Token& token = next();
    ++at_;
    Expression value = make(Kind::integer, token.at);
    if (!negative && token.magnitude > static_cast<std::uint64_t>(INT64_MAX)) {
      findings_.add(token.at, "the number " + token.text + " is too great", "numbers go up to 9223372036854775807");
      return bad(token.at);
    }
    value.number = negative ? static_cast<std::int64_t>(0 - token.magnitude) : static_cast<std::int64_t>(token.magnitude);
    return value;
  }

  Expression member() {
    Expression value = primary();
    while (!quiet_ && !failing_) {
      const auto at = next().at;
      if (take(".")) {
        if (next().kind != Token::Kind::name) return broken("write a field's name after the dot, as declaration.seals");
        const std::string name = next().text;
        ++at_;
        std::vector<Expression> parts;
        const auto start = value.at;
        parts.push_back(std::move(value));
        if (sign("(")) {
          if (!arguments(parts)) return bad(start);
          value = make(Kind::method, start, std::move(parts), name);
        } else {
          value = make(Kind::select, start, std::move(parts), name);
        }
      } else if (sign("[")) {
        ++at_;
        std::vector<Expression> parts;
        const auto start = value.at;
        parts.push_back(std::move(value));
        parts.push_back(expression());
        if (!take("]")) return broken("close the index with ]");
        value = make(Kind::index, start, std::move(parts));
      } else if (sign("{")) {
        findings_.add(at, "a message literal is outside the subset", "compare single fields");
        return fields(at);
      } else {
        break;
      }
    }
    return value;
  }

  // "(" a, b ")" into `parts`.
  bool arguments(std::vector<Expression>& parts) {
    ++at_;
    if (take(")")) return true;
    do {
      parts.push_back(expression());
      if (quiet_) return false;
    } while (take(","));
    if (take(")")) return true;
    broken("close the bracket with )");
    return false;
  }

  // After "{" was seen and reported: over it as a whole.
  Expression fields(Place at) {
    std::size_t depth = 0;
    for (; next().kind != Token::Kind::end; ++at_) {
      if (sign("{")) ++depth;
      else if (sign("}") && --depth == 0) return ++at_, bad(at);
    }
    return bad(at);
  }

  Expression broken(const std::string& remedy) {
    const auto at = next().at;
    if (!quiet_) unexpected(remedy);
    failing_ = true;
    return bad(at);
  }

  Expression primary() {
    const Token& token = next();
    switch (token.kind) {
      case Token::Kind::integer: return integer(false);
      case Token::Kind::text: {
        ++at_;
        return make(Kind::text, token.at, {}, token.text);
      }
      case Token::Kind::bad:
      case Token::Kind::foreign: return ++at_, bad(token.at);
      case Token::Kind::name: return named();
      case Token::Kind::sign: break;
      case Token::Kind::end: return broken("write a condition after " + before());
    }
    if (take("(")) {
      Expression inner = expression();
      if (!quiet_ && !take(")")) return broken("close the bracket with )");
      return inner;
    }
    if (take("[")) {
      Expression list = make(Kind::list, token.at);
      while (!sign("]") && !quiet_) {  // CEL allows a comma after the last element
        list.parts.push_back(expression());
        if (!take(",")) break;
      }
      if (!quiet_ && !take("]")) return broken("separate the values with commas and close the list with ]");
      return list;
    }
    if (sign("{")) {
      findings_.add(token.at, "a map is outside the subset", "write a list: field in [\"A\", \"B\"]");
      return fields(token.at);
    }
    if (sign(".")) {  // CEL's name from the root: .declaration.seals
      ++at_;
      if (next().kind == Token::Kind::name) return named();
      return broken("write a field's name, as declaration.seals");
    }
    return broken("write a field, a value or a bracket here");
  }

  std::string before() const { return at_ > 0 && !tokens_[at_ - 1].text.empty() ? tokens_[at_ - 1].text : "it"; }

  Expression named() {
    const Token token = next();
    if (token.text == "true" || token.text == "false") {
      ++at_;
      Expression value = make(Kind::boolean, token.at);
      value.flag = token.text == "true";
      return value;
    }
    if (token.text == "in") return broken("write a field or a value before in");
    ++at_;
    static const std::vector<std::string> reserved{"as",  "break", "const", "continue",  "else",   "for", "function", "if",   "import",
                                                   "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};
    if (std::find(reserved.begin(), reserved.end(), token.text) != reserved.end()) {
      findings_.add(token.at, token.text + " is a word that CEL keeps for itself", "use another name");
      return bad(token.at);
    }
    if (sign("(")) {
      std::vector<Expression> parts;
      if (!arguments(parts)) return bad(token.at);
      return make(Kind::call, token.at, std::move(parts), token.text);
    }
    return make(Kind::name, token.at, {}, token.text);
  }

  const std::vector<Token>& tokens_;
  Findings& findings_;
  std::size_t at_ = 0, depth_ = 0;
  bool failing_ = false;  // between an error of syntax and the place where reading goes on
  bool quiet_ = false;  // given up: nothing further is reported
};

}  // namespace

Expression parse(const std::vector<Token>& tokens, Findings& findings) { return Parser(tokens, findings).whole(); }

}  // namespace rampa::risk::cel
