// Conditions to input cells.
#include <algorithm>
#include <vector>

#include "edge/risk/feel_cell.hpp"

namespace rampa::risk::feel {
namespace {

using Kind = Condition::Kind;

std::string list_of(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const bool plain = letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
  return plain ? "lists." + name : "get value(lists, " + quoted(name) + ")";
}

// The alternatives of a cell, or nothing where one of them has no form without "not".
std::optional<std::vector<std::string>> alternatives(const Condition& c) {
  std::vector<std::string> all;
  if (c.kind == Kind::any) {
    for (const auto& part : c.parts) {
      auto some = alternatives(part);
      if (!some) return std::nullopt;
      all.insert(all.end(), some->begin(), some->end());
    }
    return all;
  }
  if (c.kind != Kind::test) return std::nullopt;
  const auto type = type_of(c.field);
  if (!type) return std::nullopt;
  const bool list = *type == FieldType::list;
  switch (c.op) {
    case Operator::notin: return std::nullopt;
    case Operator::exists:
      if (c.flag) return std::nullopt;
      return all.push_back("null"), all;
    case Operator::ge: return all.push_back(">= " + std::to_string(c.numbers.at(0))), all;
    case Operator::le: return all.push_back("<= " + std::to_string(c.numbers.at(0))), all;
    case Operator::range: return all.push_back("[" + std::to_string(c.numbers.at(0)) + ".." + std::to_string(c.numbers.at(1)) + "]"), all;
    case Operator::prefix:
      if (!c.list.empty()) all.push_back(list ? "some e in ?, p in " + list_of(c.list) + " satisfies starts with(e, p)" : "some p in " + list_of(c.list) + " satisfies starts with(?, p)");
      for (const auto& text : c.texts) all.push_back(list ? "some e in ? satisfies starts with(e, " + quoted(text) + ")" : "starts with(?, " + quoted(text) + ")");
      return all;
    case Operator::eq:
    case Operator::in: break;
  }
  if (!c.list.empty()) return all.push_back(list ? "some e in ? satisfies list contains(" + list_of(c.list) + ", e)" : "list contains(" + list_of(c.list) + ", ?)"), all;
  if (*type == FieldType::boolean) return all.push_back(c.flag ? "true" : "false"), all;
  for (const auto number : c.numbers) all.push_back(std::to_string(number));
  for (const auto& text : c.texts) all.push_back(list ? "list contains(?, " + quoted(text) + ")" : quoted(text));
  return all;
}

}  // namespace

std::optional<std::string> cell_of(const Condition& condition) {
  Condition positive = condition;
  bool negated = false;
  if (condition.kind == Kind::negation) {
    positive = condition.parts.at(0);
    negated = true;
  } else if (condition.kind == Kind::test && (condition.op == Operator::notin || (condition.op == Operator::exists && condition.flag))) {
    negated = true;
    if (positive.op == Operator::notin) positive.op = Operator::in;
    else positive.flag = false;
  }
  const auto all = alternatives(positive);
  if (!all) return std::nullopt;
  std::string cell;
  for (const auto& one : *all) cell += (cell.empty() ? "" : ", ") + one;
  return negated ? "not(" + cell + ")" : cell;
}

std::string only_field(const Condition& c) {
  if (c.kind == Kind::test) return c.field;
  if (c.kind != Kind::any && c.kind != Kind::negation && c.kind != Kind::all) return {};
  std::string field;
  for (const auto& part : c.parts) {
    const auto of_part = only_field(part);
    if (of_part.empty() || (!field.empty() && field != of_part)) return {};
    field = of_part;
  }
  return field;
}

std::string quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (c == '\t') out += "\\t";
    else if (byte < 0x20) out += "\\U0000", out += hex[byte >> 4], out += hex[byte & 15];  // XML has no such characters; six digits end by themselves
    else out += c;
  }
  return out + '"';
}

}  // namespace rampa::risk::feel
