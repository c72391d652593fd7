// Input cells to conditions: FEEL's grammar of unary tests (DMN 1.3, 10.3.1.2) as far as the canonical operators go.
#include <algorithm>
#include <utility>
#include <vector>

#include "edge/risk/feel_cell.hpp"
#include "edge/risk/utf8_internal.hpp"

namespace rampa::risk::feel {
namespace {

struct Token {
  enum class Kind { text, number, name, sign, end };
  Kind kind = Kind::end;
  std::string text;
  std::int64_t number = 0;
};

struct Problem {
  std::string cause, remedy;
};

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

// A text in quotes at `at`, which then stands behind it.
std::optional<std::string> text_at(std::string_view cell, std::size_t& at) {
  std::string value;
  for (++at; at < cell.size();) {
    const char c = cell[at];
    if (c == '"') return ++at, value;
    if (c != '\\') {
      value += c;
      ++at;
      continue;
    }
    if (++at >= cell.size()) return std::nullopt;
    const char kind = cell[at++];
    static constexpr std::string_view letters = "\"'\\nrt", meanings = "\"'\\\n\r\t";
    if (const auto found = letters.find(kind); found != std::string_view::npos) {
      value += meanings[found];
      continue;
    }
    const auto digits = [&](std::size_t count, std::uint32_t& point) {
      point = 0;
      for (std::size_t i = 0; i < count; ++i, ++at) {
        const int figure = at < cell.size() ? hex_value(cell[at]) : -1;
        if (figure < 0) return false;
        point = point * 16 + static_cast<std::uint32_t>(figure);
      }
      return true;
    };
    std::uint32_t point = 0, low = 0;
    if ((kind != 'u' && kind != 'U') || !digits(kind == 'u' ? 4 : 6, point)) return std::nullopt;
    if (kind == 'u' && point >= 0xd800 && point < 0xdc00 && cell.substr(at, 2) == "\\u") {
      at += 2;
      if (!digits(4, low) || low < 0xdc00 || low > 0xdfff) return std::nullopt;
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    if (!is_character(point)) return std::nullopt;
    append_utf8(value, point);
  }
  return std::nullopt;
}

std::optional<Problem> tokens_of(std::string_view cell, std::vector<Token>& tokens) {
  for (std::size_t at = 0; at < cell.size();) {
    const char c = cell[at];
    if (std::string_view(" \t\r\n").find(c) != std::string_view::npos) {
      ++at;
    } else if (c == '"') {
      auto text = text_at(cell, at);
      if (!text) return Problem{"holds a text that is not closed, or an escape that FEEL does not know", "write \"2402\"; within a text, \\\" for a quote and \\\\ for a backslash"};
      tokens.push_back({Token::Kind::text, std::move(*text), 0});
    } else if (digit(c) || (c == '-' && at + 1 < cell.size() && digit(cell[at + 1]))) {
      const auto begin = at;
      const bool negative = c == '-';
      if (negative) ++at;
      std::uint64_t value = 0;
      const std::uint64_t most = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
      for (; at < cell.size() && digit(cell[at]); ++at) {
        const auto figure = static_cast<std::uint64_t>(cell[at] - '0');
        if (value > (most - figure) / 10) return Problem{"holds a number that is too great", "numbers go from -9223372036854775808 to 9223372036854775807"};
        value = value * 10 + figure;
      }
      if (at < cell.size() && (letter(cell[at]) || (cell[at] == '.' && at + 1 < cell.size() && digit(cell[at + 1]))))
        return Problem{"holds \"" + std::string(cell.substr(begin)) + "\", which is no whole number", "numbers are whole; texts stand in quotes"};
      tokens.push_back({Token::Kind::number, std::string(cell.substr(begin, at - begin)), static_cast<std::int64_t>(negative ? 0 - value : value)});
    } else if (letter(c)) {
      const auto begin = at;
      while (at < cell.size() && (letter(cell[at]) || digit(cell[at]))) ++at;
      tokens.push_back({Token::Kind::name, std::string(cell.substr(begin, at - begin)), 0});
    } else {
      const auto two = cell.substr(at, 2);
      const bool pair = two == ".." || two == "<=" || two == ">=" || two == "!=";
      if (!pair && std::string_view("()[],<>?-=.").find(c) == std::string_view::npos)
        return Problem{std::string("holds ") + c + ", which means nothing here", "texts stand in double quotes: \"2402\",\"2403\""};
      tokens.push_back({Token::Kind::sign, std::string(pair ? two : two.substr(0, 1)), 0});
      at += pair ? 2 : 1;
    }
  }
  tokens.emplace_back();
  return std::nullopt;
}

class Cell {
 public:
  Cell(std::vector<Token> tokens, std::string field, FieldType type) : tokens_(std::move(tokens)), field_(std::move(field)), type_(type) {}

  // Throws Problem, which does not leave this file.
  Condition read() {
    if (next().kind == Token::Kind::end) return {};
    if (sign("-") && tokens_.size() == 2) return {};
    Condition c;
    if (name("not") && following("(")) {
      at_ += 2;
      c.kind = Condition::Kind::negation;
      c.parts.push_back(tests());
      need(")");
    } else {
      c = tests();
    }
    if (next().kind != Token::Kind::end) throw Problem{"has \"" + next().text + "\" in the wrong place", "separate alternatives with commas; everything that must hold together goes into further columns"};
    return c;
  }

 private:
  const Token& next(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool sign(std::string_view text) const { return next().kind == Token::Kind::sign && next().text == text; }
  bool name(std::string_view text) const { return next().kind == Token::Kind::name && next().text == text; }
  bool following(std::string_view text) const { return next(1).kind == Token::Kind::sign && next(1).text == text; }
  bool take(std::string_view text) {
    if (!sign(text) && !name(text)) return false;
    ++at_;
    return true;
  }
  void need(std::string_view text) {
    if (!take(text)) throw Problem{"lacks " + std::string(text) + (next().kind == Token::Kind::end ? " at its end" : " before " + next().text), "AUTHORING.md shows all forms of a cell"};
  }
  std::int64_t number() {
    if (next().kind != Token::Kind::number) throw Problem{"lacks a number", "write >= 5, < 5 or [5..9]"};
    return tokens_[at_++].number;
  }
  std::string text() {
    if (next().kind != Token::Kind::text) throw Problem{"lacks a text in quotes", "write starts with(?, \"24\")"};
    return tokens_[at_++].text;
  }

  Condition tests() {
    Condition c;
    c.kind = Condition::Kind::any;
    do {
      c.parts.push_back(one());
    } while (take(","));
    return c;
  }

  Condition test(Operator op) const {
    Condition c;
    c.kind = Condition::Kind::test;
    c.field = field_;
    c.op = op;
    return c;
  }

  Condition one() {
    const Token token = next();
    if (sign("<") || sign("<=") || sign(">") || sign(">=")) {
      ++at_;
      numeric();
      return limit(token.text, number());
    }
    if (sign("[") || sign("]") || sign("(")) return interval();
    if (take("null")) {
      Condition c = test(Operator::exists);
      c.flag = false;
      return c;
    }
    if (name("starts") || name("list") || name("some")) return function();
    return value();
  }

  void numeric() const {
    if (type_ != FieldType::integer) throw Problem{"asks " + field_ + " for a number, which it is not", type_ == FieldType::boolean ? "write true or false" : "write texts in quotes: \"2402\",\"2403\""};
  }

  Condition limit(const std::string& sign_text, std::int64_t number) const {
    const bool open = sign_text.size() == 1, low = sign_text[0] == '>';
    Condition c = test(low ? Operator::ge : Operator::le);
    c.numbers = {open ? moved(number, low ? 1 : -1) : number};
    return c;
  }
  static std::int64_t moved(std::int64_t number, int step) {
    if (number == (step > 0 ? INT64_MAX : INT64_MIN)) throw Problem{"asks for a number that there is not", "use >= or <="};
    return number + step;
  }

  Condition interval() {
    const bool open_low = next().text != "[";
    ++at_;
    numeric();
    const auto low = number();
    need("..");
    const auto high = number();
    const bool open_high = !sign("]");
    if (!take("]") && !take("[") && !take(")")) throw Problem{"does not close its range", "write [5..9], or ]5..9[ without both ends"};
    Condition c = test(Operator::range);
    c.numbers = {open_low ? moved(low, 1) : low, open_high ? moved(high, -1) : high};
    if (c.numbers[0] > c.numbers[1]) throw Problem{"is a range that no number lies in", "write the least number first"};
    return c;
  }

  Condition value() {
    Condition c = test(Operator::eq);
    const Token token = next();
    if (token.kind == Token::Kind::text) {
      if (type_ == FieldType::integer || type_ == FieldType::boolean)
        throw Problem{"compares " + field_ + " with the text \"" + token.text + "\"", type_ == FieldType::integer ? "it is a number: write it without quotes" : "write true or false"};
      c.texts = {token.text};
    } else if (token.kind == Token::Kind::number) {
      if (type_ != FieldType::integer) throw Problem{"compares " + field_ + " with a number, which it is not", type_ == FieldType::boolean ? "write true or false" : "write it in quotes: \"" + token.text + "\""};
      c.numbers = {token.number};
    } else if (name("true") || name("false")) {
      if (type_ != FieldType::boolean) throw Problem{"compares " + field_ + " with true or false, which it is not", type_ == FieldType::integer ? "write a number" : "write a text in quotes"};
      c.flag = token.text == "true";
    } else if (token.kind == Token::Kind::end) {
      throw Problem{"ends too early", "write a value after the comma, or - for any"};
    } else {
      throw Problem{"has \"" + token.text + "\", which is no test of the subset", token.kind == Token::Kind::name ? "texts stand in quotes; functions are starts with, list contains, some ... satisfies" : "AUTHORING.md shows all forms of a cell"};
    }
    ++at_;
    return c;
  }

  // lists.NAME or get value(lists, "NAME")
  std::string list() {
    if (take("get")) {
      need("value");
      need("(");
      need("lists");
      need(",");
      auto found = text();
      need(")");
      return found;
    }
    need("lists");
    need(".");
    if (next().kind != Token::Kind::name) throw Problem{"names no list", "write lists.NAME"};
    return tokens_[at_++].text;
  }
  bool at_list() const { return name("lists") || name("get"); }
  std::string variable() {
    if (next().kind != Token::Kind::name) throw Problem{"lacks a variable", "write some e in ? satisfies starts with(e, \"TR\")"};
    return tokens_[at_++].text;
  }

  void textual(bool list_field) const {
    const auto fits = list_field ? FieldType::list : FieldType::text;
    if (type_ != fits)
      throw Problem{"treats " + field_ + " as " + (list_field ? "a list" : "one text") + ", which it is not",
                    type_ == FieldType::list   ? "write some e in ? satisfies starts with(e, \"TR\"), or list contains(?, \"A\")"
                    : type_ == FieldType::text ? "write starts with(?, \"24\"), or the texts: \"A\",\"B\""
                                               : "compare it with its values"};
  }

  Condition function() {
    if (take("starts")) {  // starts with(?, "24")
      textual(false);
      Condition c = test(Operator::prefix);
      need("with"), need("("), need("?"), need(",");
      c.texts = {text()};
      need(")");
      return c;
    }
    if (take("list")) {
      need("contains"), need("(");
      if (take("?")) {  // list contains(?, "A")
        textual(true);
        Condition c = test(Operator::eq);
        need(",");
        c.texts = {text()};
        need(")");
        return c;
      }
      textual(false);  // list contains(lists.NAME, ?)
      Condition c = test(Operator::in);
      c.list = list();
      need(","), need("?"), need(")");
      return c;
    }
    return quantified();
  }

  // some e in ? satisfies starts with(e, "TR")             prefix of a list field
  // some e in ? satisfies list contains(lists.NAME, e)     in, of a list field
  // some p in lists.NAME satisfies starts with(?, p)       prefix by a named list
  // some e in ?, p in lists.NAME satisfies starts with(e, p)
  Condition quantified() {
    need("some");
    const auto first = variable();
    need("in");
    if (at_list()) {
      textual(false);
      Condition c = test(Operator::prefix);
      c.list = list();
      need("satisfies"), need("starts"), need("with"), need("("), need("?"), need(","), need(first), need(")");
      return c;
    }
    need("?");
    textual(true);
    if (take(",")) {
      const auto second = variable();
      need("in");
      Condition c = test(Operator::prefix);
      c.list = list();
      need("satisfies"), need("starts"), need("with"), need("("), need(first), need(","), need(second), need(")");
      return c;
    }
    need("satisfies");
    if (take("list")) {
      Condition c = test(Operator::in);
      need("contains"), need("(");
      c.list = list();
      need(","), need(first), need(")");
      return c;
    }
    Condition c = test(Operator::prefix);
    need("starts"), need("with"), need("("), need(first), need(",");
    c.texts = {text()};
    need(")");
    return c;
  }

  std::vector<Token> tokens_;
  std::string field_;
  FieldType type_;
  std::size_t at_ = 0;
};

}  // namespace

Condition condition_of(std::string_view cell, const std::string& field, std::optional<Finding>& problem) {
  const auto type = type_of(field);
  std::vector<Token> tokens;
  auto wrong = type ? tokens_of(cell, tokens) : Problem{"stands in a column of no field", "name a field of the catalogue"};
  if (!wrong) {
    try {
      return Cell(std::move(tokens), field, *type).read();
    } catch (Problem& thrown) {
      wrong = std::move(thrown);
    }
  }
  problem = Finding{"", std::move(wrong->cause), std::move(wrong->remedy)};
  return {};
}

std::string unquoted(std::string_view cell) {
  std::size_t at = 0;
  if (cell.size() >= 2 && cell.front() == '"') {
    if (auto text = text_at(cell, at); text && at == cell.size()) return *text;
  }
  return std::string(cell);
}

}  // namespace rampa::risk::feel
