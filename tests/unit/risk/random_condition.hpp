// Random conditions over all operators and field types of the catalogue.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "edge/risk/condition.hpp"

namespace rampa::tests {

class RandomCondition {
 public:
  explicit RandomCondition(std::uint64_t seed) : random_(seed) {}

  std::size_t upto(std::size_t n) { return random_() % n; }

  risk::Condition condition(int depth = 4, bool in_item = false) {
    using Kind = risk::Condition::Kind;
    risk::Condition c;
    if (depth == 0 || upto(3) == 0) return test(in_item);
    switch (upto(in_item ? 4 : 6)) {
      case 0: c.kind = Kind::all; break;
      case 1: c.kind = Kind::any; break;
      case 2: c.kind = Kind::negation; break;
      case 3: return upto(8) == 0 ? c : test(in_item);  // "always" now and then
      case 4: c.kind = Kind::any_item; break;
      default: c.kind = Kind::all_item; break;
    }
    const bool items = c.kind == Kind::any_item || c.kind == Kind::all_item;
    const std::size_t count = c.kind == Kind::negation ? 1 : 1 + upto(4);
    for (std::size_t i = 0; i < count; ++i) c.parts.push_back(condition(depth - 1, in_item || items));
    return c;
  }

  risk::Condition test(bool in_item) {
    using risk::FieldType;
    using risk::Operator;
    risk::Condition c;
    c.kind = risk::Condition::Kind::test;
    do c.field = std::string(risk::field_name(static_cast<risk::FieldId>(upto(risk::field_count()))));
    while (risk::is_goods(c.field) && !in_item);
    const auto type = *risk::type_of(c.field);
    static constexpr Operator textual[] = {Operator::eq, Operator::in, Operator::notin, Operator::prefix, Operator::exists};
    static constexpr Operator numeric[] = {Operator::eq, Operator::in, Operator::notin, Operator::ge, Operator::le, Operator::range, Operator::exists};
    static constexpr Operator flags[] = {Operator::eq, Operator::exists};
    c.op = type == FieldType::boolean ? flags[upto(2)] : type == FieldType::integer ? numeric[upto(7)] : textual[upto(5)];
    if (c.op == Operator::exists || type == FieldType::boolean) {
      c.flag = upto(2) == 0;
      return c;
    }
    const bool many = c.op == Operator::in || c.op == Operator::notin || c.op == Operator::prefix;
    if (type == FieldType::integer) {
      const std::size_t count = c.op == Operator::range ? 2 : many ? 1 + upto(5) : 1;
      for (std::size_t i = 0; i < count; ++i) c.numbers.push_back(number());
      if (c.op == Operator::range && c.numbers[0] > c.numbers[1]) std::swap(c.numbers[0], c.numbers[1]);
    } else if (many && upto(4) == 0) {
      static const std::vector<std::string> names{"tobacco_origins", "high risk", "in", "a\"b", "x1", "1x"};
      c.list = names[upto(names.size())];
    } else {
      for (std::size_t i = many ? 1 + upto(5) : 1; i > 0; --i) c.texts.push_back(text());
    }
    return c;
  }

  std::int64_t number() {
    static constexpr std::int64_t special[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT64_MAX - 1, 9007199254740993};
    return upto(4) == 0 ? special[upto(7)] : static_cast<std::int64_t>(upto(200)) - 100;
  }

  std::string text() {
    static const std::vector<std::string> pieces{"A", "24", "02", "TR", "\"", "\\", "\n", "\r", "\t", "'", "ä", "😀", "\x01", "\x7f", " ", "`", "//", "&&", "?", "Ж"};
    std::string out;
    for (std::size_t i = upto(5); i > 0; --i) out += pieces[upto(pieces.size())];
    return out;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace rampa::tests
