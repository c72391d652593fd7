// Conditions as an author would write them.
#include <algorithm>
#include <iterator>
#include <utility>

#include "edge/risk/cel.hpp"

namespace rampa::risk {
namespace {

using Kind = Condition::Kind;

constexpr std::size_t width = 100;  // characters of a line, where that can be had

// How strongly the parts of an expression hold together; what is weaker than its surroundings gets brackets.
enum Strength { any_of, all_of, comparison, unary, call };

// A piece of text that knows where it may be broken.
struct Piece {
  Strength strength = call;
  std::string head, tail;           // around the parts: "goods.exists(g, " ... ")"
  std::string joint;                // between the parts: "&&", "||" or ","
  std::vector<Piece> parts;         // none: head is everything
  bool block = false;               // broken parts begin on a line of their own

  [[nodiscard]] std::string flat() const {
    std::string text = head;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) text += joint == "," ? ", " : " " + joint + " ";
      text += parts[i].flat();
    }
    return text + tail;
  }

  [[nodiscard]] std::string lines(std::size_t indent) const {
    std::string whole = flat();
    if (parts.empty() || indent + whole.size() <= width) return whole;
    if (joint == ",") return filled(indent);
    std::string text = head;
    std::size_t inner = indent + head.size();
    if (block) {
      inner = indent + 4;
      if (text.ends_with(' ')) text.pop_back();
      text += "\n" + std::string(inner, ' ');
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) text += "\n" + std::string(inner, ' ') + joint + " ";
      text += parts[i].lines(i > 0 ? inner + joint.size() + 1 : inner);
    }
    return text + tail;
  }

 private:
  // A list of values: as many on a line as fit.
  [[nodiscard]] std::string filled(std::size_t indent) const {
    const std::string next = "\n" + std::string(indent + 4, ' ');
    std::string text = head;
    std::size_t used = indent + head.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto value = parts[i].flat() + (i + 1 < parts.size() ? "," : tail);
      if (i > 0 && used + 1 + value.size() > width) {
        text += next;
        used = indent + 4;
      } else if (i > 0) {
        text += ' ';
        ++used;
      }
      text += value;
      used += value.size();
    }
    return text;
  }
};

Piece plain(std::string text, Strength strength = call) {
  Piece p;
  p.head = std::move(text);
  p.strength = strength;
  return p;
}

Piece wrapped(std::string head, Piece inner, std::string tail, Strength strength = call) {
  Piece p;
  p.head = std::move(head);
  p.tail = std::move(tail);
  p.parts.push_back(std::move(inner));
  p.strength = strength;
  return p;
}

Piece held(Piece piece, Strength least) {
  return piece.strength >= least ? piece : wrapped("(", std::move(piece), ")");
}

Piece chain(std::vector<Piece> parts, Strength strength) {
  if (parts.size() == 1) return std::move(parts[0]);
  Piece p;
  p.joint = strength == any_of ? "||" : "&&";
  p.strength = strength;
  // "a && b || c" is clear to the grammar, not to people: brackets inside "||".
  for (auto& part : parts) {
    if (part.joint == p.joint && part.head.empty()) std::move(part.parts.begin(), part.parts.end(), std::back_inserter(p.parts));
    else p.parts.push_back(held(std::move(part), strength == any_of ? comparison : all_of));
  }
  return p;
}

std::string quoted(const std::string& text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (c == '\t') out += "\\t";
    else if (byte < 0x20 || byte == 0x7f) out += "\\x", out += hex[byte >> 4], out += hex[byte & 15];
    else out += c;
  }
  return out + '"';
}

std::string list_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const bool plain_name = letter(name[0]) && name != "in" && name != "true" && name != "false" && name != "null" &&
                          std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
  return plain_name ? "lists." + name : "lists[" + quoted(name) + "]";
}

class Printer {
 public:
  Piece piece(const Condition& c, bool in_item) const {
    switch (c.kind) {
      case Kind::always: return plain("true");
      case Kind::all: return joined(c.parts, in_item, all_of);
      case Kind::any: return joined(c.parts, in_item, any_of);
      case Kind::negation: return negation(c.parts[0], in_item);
      case Kind::any_item:
      case Kind::all_item: {
        Piece p = wrapped(c.kind == Kind::any_item ? "goods.exists(g, " : "goods.all(g, ", joined(c.parts, true, all_of), ")");
        p.block = true;
        return p;
      }
      case Kind::test: return test(c, in_item);
    }
    return plain("true");
  }

 private:
  Piece joined(const std::vector<Condition>& parts, bool in_item, Strength strength) const {
    std::vector<Piece> pieces;
    for (const auto& part : parts) pieces.push_back(piece(part, in_item));
    if (pieces.empty()) return plain(strength == all_of ? "true" : "false");
    return chain(std::move(pieces), strength);
  }

  static std::string name(const Condition& c, bool in_item) { return in_item && is_goods(c.field) ? "g." + c.field.substr(6) : c.field; }

  Piece negation(const Condition& inner, bool in_item) const {
    if (inner.kind == Kind::always) return plain("false");
    if (inner.kind == Kind::test && inner.op == Operator::eq) {
      const auto type = type_of(inner.field);
      if (type == FieldType::integer) return plain(name(inner, in_item) + " != " + std::to_string(inner.numbers.at(0)), comparison);
      if (type == FieldType::text) return plain(name(inner, in_item) + " != " + quoted(inner.texts.at(0)), comparison);
    }
    return turned(piece(inner, in_item));
  }

  static Piece turned(Piece inner) {
    const auto least = static_cast<Strength>(unary);
    if (inner.strength < least) return wrapped("!(", std::move(inner), ")", unary);
    inner.head.insert(0, "!");
    inner.strength = unary;
    return inner;
  }

  static Piece values(std::string head, const Condition& c, std::string tail, Strength strength) {
    Piece p;
    p.head = std::move(head) + "[";
    p.tail = "]" + std::move(tail);
    p.joint = ",";
    p.strength = strength;
    for (const auto& text : c.texts) p.parts.push_back(plain(quoted(text)));
    for (const auto number : c.numbers) p.parts.push_back(plain(std::to_string(number)));
    return p;
  }

  // x in ["A", "B"], x in lists.NAME, and the same for one element of a list field
  static Piece membership(const Condition& c, const std::string& field, bool list) {
    const std::string head = list ? field + ".exists(e, e in " : field + " in ", tail = list ? ")" : "";
    const auto strength = list ? call : comparison;
    return c.list.empty() ? values(head, c, tail, strength) : plain(head + list_name(c.list) + tail, strength);
  }

  static Piece prefix(const Condition& c, const std::string& field, bool list) {
    const std::string whole = list ? "e" : field;
    Piece inner;
    if (!c.list.empty()) {
      inner = plain(list_name(c.list) + ".exists(p, " + whole + ".startsWith(p))");
    } else {
      std::vector<Piece> parts;
      for (const auto& text : c.texts) parts.push_back(plain(whole + ".startsWith(" + quoted(text) + ")"));
      inner = chain(std::move(parts), any_of);
    }
    return list ? wrapped(field + ".exists(e, ", std::move(inner), ")") : inner;
  }

  static Piece test(const Condition& c, bool in_item) {
    const auto field = name(c, in_item);
    const auto type = type_of(c.field).value_or(c.texts.empty() ? FieldType::integer : FieldType::text);
    const bool list = type == FieldType::list;
    switch (c.op) {
      case Operator::exists: return c.flag ? plain("has(" + field + ")") : plain("!has(" + field + ")", unary);
      case Operator::ge: return plain(field + " >= " + std::to_string(c.numbers.at(0)), comparison);
      case Operator::le: return plain(field + " <= " + std::to_string(c.numbers.at(0)), comparison);
      case Operator::range: return plain(std::to_string(c.numbers.at(0)) + " <= " + field + " && " + field + " <= " + std::to_string(c.numbers.at(1)), all_of);
      case Operator::prefix: return prefix(c, field, list);
      case Operator::in: return membership(c, field, list);
      case Operator::notin: return turned(membership(c, field, list));
      case Operator::eq: break;
    }
    if (type == FieldType::boolean) return c.flag ? plain(field) : plain("!" + field, unary);
    if (type == FieldType::integer) return plain(field + " == " + std::to_string(c.numbers.at(0)), comparison);
    if (list) return plain(quoted(c.texts.at(0)) + " in " + field, comparison);
    return plain(field + " == " + quoted(c.texts.at(0)), comparison);
  }
};

}  // namespace

std::string to_cel(const Condition& condition) { return Printer().piece(condition, false).lines(0); }

}  // namespace rampa::risk
