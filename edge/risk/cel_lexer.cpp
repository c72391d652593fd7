// Characters to tokens, after CEL's lexical grammar (cel-spec, doc/langdef.md, "Syntax").
#include <algorithm>

#include "edge/risk/cel_syntax.hpp"
#include "edge/risk/utf8_internal.hpp"

namespace rampa::risk::cel {

void Findings::add(Place at, std::string cause, std::string remedy) {
  if (list_.size() >= findings_max) return;
  list_.push_back({at, {std::to_string(at.line) + ":" + std::to_string(at.column), std::move(cause), std::move(remedy)}});
}

void Findings::hand_over(std::vector<Finding>& to) {
  std::stable_sort(list_.begin(), list_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [at, finding] : list_) to.push_back(std::move(finding));
  list_.clear();
}

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool word(char c) { return word_start(c) || digit(c); }

class Lexer {
 public:
  Lexer(std::string_view text, Findings& findings) : text_(text), findings_(findings) {}

  std::vector<Token> run() {
    while (skip_space(), at_ < text_.size()) one();
    start_ = place_;
    add(Token::Kind::end, "");
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool follows(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  // One character on; columns count characters, not bytes.
  void step() {
    const std::size_t size = std::max<std::size_t>(1, utf8_size(text_.substr(at_)));
    if (text_[at_] == '\n') ++place_.line, place_.column = 1;
    else ++place_.column;
    at_ += size;
  }
  void step(std::size_t count) {
    for (; count > 0; --count) step();
  }

  void add(Token::Kind kind, std::string text, std::uint64_t magnitude = 0) { tokens_.push_back({kind, std::move(text), magnitude, start_}); }
  void refuse(const std::string& cause, const std::string& remedy) {
    findings_.add(start_, cause, remedy);
    add(Token::Kind::bad, "");
  }
  void foreign(const std::string& what, const std::string& remedy) {
    findings_.add(start_, what + " is outside the subset", remedy);
    add(Token::Kind::foreign, what);
  }

  void skip_space() {
    while (at_ < text_.size()) {
      if (follows("//")) {
        while (at_ < text_.size() && peek() != '\n') step();
      } else if (std::string_view(" \t\n\r\f").find(peek()) != std::string_view::npos) {
        step();
      } else {
        return;
      }
    }
  }

  void one() {
    start_ = place_;
    const char c = peek();
    if (digit(c) || (c == '.' && digit(peek(1)))) return number();
    if (c == '"' || c == '\'') return string(false, false);
    if (word_start(c)) return name();
    static constexpr std::string_view pairs[] = {"&&", "||", "==", "!=", "<=", ">="};
    for (const auto pair : pairs) {
      if (follows(pair)) return step(2), add(Token::Kind::sign, std::string(pair));
    }
    if (follows("<>")) {
      step(2);
      findings_.add(start_, "<> is not CEL", "write !=");
      return add(Token::Kind::sign, "!=");
    }
    if (std::string_view("()[]{}.,!<>?:+-*/%").find(c) != std::string_view::npos) return step(), add(Token::Kind::sign, std::string(1, c));
    if (c == '=' || c == '&' || c == '|') {  // understood all the same, so that the rest is read too
      step();
      const std::string right(2, c);
      findings_.add(start_, std::string("a single ") + c + " is not CEL", "write " + right);
      return add(Token::Kind::sign, right);
    }
    const auto size = utf8_size(text_.substr(at_));
    const std::string shown(text_.substr(at_, size));
    step();
    if (size == 0) refuse("is not UTF-8", "save the text as UTF-8");
    else if (static_cast<unsigned char>(c) < 0x20) refuse("is a control character", "remove it");
    else refuse("the character " + shown + " means nothing here", "put texts in quotes: \"" + shown + "\"");
  }

  void name() {
    const auto begin = at_;
    while (word(peek())) step();
    const auto text = text_.substr(begin, at_ - begin);
    const bool prefix = text.size() <= 2 && std::all_of(text.begin(), text.end(), [](char c) { return std::string_view("rRbB").find(c) != std::string_view::npos; });
    if (prefix && (peek() == '"' || peek() == '\'')) {
      const bool raw = text.find_first_of("rR") != std::string_view::npos, bytes = text.find_first_of("bB") != std::string_view::npos;
      return string(raw, bytes);
    }
    if (text == "null") return foreign("null", "write has(field) or !has(field) to ask whether a fact is there");
    add(Token::Kind::name, std::string(text));
  }

  void number() {
    const auto begin = at_;
    bool real = false;
    int base = 10;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X') && hex_value(peek(2)) >= 0) {
      base = 16;
      step(2);
      while (hex_value(peek()) >= 0) step();
    } else {
      while (digit(peek())) step();
      if (peek() == '.' && digit(peek(1))) {
        real = true;
        step();
        while (digit(peek())) step();
      }
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if ((peek() == 'e' || peek() == 'E') && digit(peek(1 + sign))) {
        real = true;
        step(1 + sign);
        while (digit(peek())) step();
      }
    }
    const auto digits = text_.substr(begin, at_ - begin);
    if (real) return foreign("the floating-point number " + std::string(digits), "numbers are whole: write 12 or -3, in the unit of the field's name");
    if (peek() == 'u' || peek() == 'U') {
      step();
      return foreign("the unsigned number " + std::string(digits) + "u", "write " + std::string(digits));
    }
    if (word(peek())) {
      while (word(peek())) step();
      return refuse("\"" + std::string(text_.substr(begin, at_ - begin)) + "\" is neither a number nor a name", "put texts in quotes");
    }
    constexpr std::uint64_t most = std::uint64_t{1} << 63;
    std::uint64_t value = 0;
    for (const char c : digits.substr(base == 16 ? 2 : 0)) {
      const auto figure = static_cast<std::uint64_t>(hex_value(c)), factor = static_cast<std::uint64_t>(base);
      if (value > (most - figure) / factor)
        return refuse("the number " + std::string(digits) + " is too great", "numbers go from -9223372036854775808 to 9223372036854775807");
      value = value * factor + figure;
    }
    add(Token::Kind::integer, std::string(digits), value);
  }

  void string(bool raw, bool bytes) {
    const char quote = peek();
    const bool triple = peek(1) == quote && peek(2) == quote;
    const std::string end(triple ? 3 : 1, quote);
    step(end.size());
    std::string value;
    bool sound = true;
    while (!follows(end)) {
      if (at_ >= text_.size() || (!triple && (peek() == '\n' || peek() == '\r')))
        return refuse("the text is not closed", "end it with " + end + (triple ? "" : "; a text over several lines stands in three quotes"));
      if (peek() == '\\' && !raw) {
        sound &= escape(value);
      } else {
        const auto size = utf8_size(text_.substr(at_));
        if (size == 0 && sound) {
          findings_.add(place_, "is not UTF-8", "save the text as UTF-8");
          sound = false;
        }
        value += text_.substr(at_, size);
        step();
      }
    }
    step(end.size());
    if (bytes) return foreign("a text of bytes (b\"...\")", "write it without the b");
    add(sound ? Token::Kind::text : Token::Kind::bad, std::move(value));
  }

  bool escape(std::string& value) {
    const Place here = place_;
    step();
    const char c = peek();
    static constexpr std::string_view letters = "abfnrtv\\?\"'`", meanings = "\a\b\f\n\r\t\v\\?\"'`";
    if (const auto found = letters.find(c); found != std::string_view::npos && at_ < text_.size()) {
      step();
      value += meanings[found];
      return true;
    }
    std::uint32_t point = 0;
    const bool octal = c >= '0' && c <= '3';
    const std::size_t count = octal ? 3 : c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (count == 0) {
      findings_.add(here, "the backslash begins no escape that CEL knows", "write \\\\ for a backslash, or r\"...\" for a text without escapes");
      return false;
    }
    if (!octal) step();
    for (std::size_t i = 0; i < count; ++i) {
      const int figure = hex_value(peek());
      if (figure < 0 || (octal && figure > 7)) {
        findings_.add(here, "the escape is too short", octal ? "write three octal digits: \\012" : "write \\x2F, \\u00E4 or \\U0001F600");
        return false;
      }
      point = point * (octal ? 8 : 16) + static_cast<std::uint32_t>(figure);
      step();
    }
    if (!is_character(point)) {
      findings_.add(here, "the escape names no character", "surrogates and numbers above 10FFFF are none");
      return false;
    }
    append_utf8(value, point);
    return true;
  }

  std::string_view text_;
  Findings& findings_;
  std::size_t at_ = 0;
  Place place_, start_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text, Findings& findings) {
  if (text.size() > text_max) {
    findings.add({}, "is longer than " + std::to_string(text_max) + " bytes", "put long enumerations into a named list of the set: field in lists.NAME");
    return {Token{}};
  }
  return Lexer(text, findings).run();
}

}  // namespace rampa::risk::cel
