// Three-valued logic over flat facts: what is not known is neither yes nor no.
#include <algorithm>
#include <set>

#include "edge/risk/profile.hpp"

namespace rampa::risk {

namespace {

Truth from(bool value) { return value ? Truth::yes : Truth::no; }
Truth negated(Truth value) {
  return value == Truth::undetermined ? value : value == Truth::yes ? Truth::no : Truth::yes;
}

bool matches(const Condition& c, const std::string& text) {
  if (c.op == Operator::prefix)
    return std::any_of(c.texts.begin(), c.texts.end(), [&](const auto& start) { return text.compare(0, start.size(), start) == 0; });
  return std::find(c.texts.begin(), c.texts.end(), text) != c.texts.end();
}

// The positive form; ne and notin are its negation (for lists: no element matches).
bool holds(const Condition& c, const FieldValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag == c.flag;
  if (const auto* text = std::get_if<std::string>(&value)) return matches(c, *text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value))
    return std::any_of(list->begin(), list->end(), [&](const auto& text) { return matches(c, text); });
  const auto number = std::get<std::int64_t>(value);
  switch (c.op) {
    case Operator::ge: return number >= c.numbers[0];
    case Operator::le: return number <= c.numbers[0];
    case Operator::range: return number >= c.numbers[0] && number <= c.numbers[1];
    default: return std::find(c.numbers.begin(), c.numbers.end(), number) != c.numbers.end();
  }
}

bool fits(const FieldValue& value, FieldType type) {
  switch (type) {
    case FieldType::boolean: return std::holds_alternative<bool>(value);
    case FieldType::integer: return std::holds_alternative<std::int64_t>(value);
    case FieldType::text: return std::holds_alternative<std::string>(value);
    case FieldType::list: return std::holds_alternative<std::vector<std::string>>(value);
  }
  return false;
}

class Evaluation {
 public:
  explicit Evaluation(const Fields& facts) : facts_(facts) {}

  Truth of(const Condition& c, std::set<std::string>& missing) const {
    switch (c.kind) {
      case Condition::Kind::always: return Truth::yes;
      case Condition::Kind::negation: return negated(of(c.parts[0], missing));
      case Condition::Kind::all: return together(c.parts, missing);
      case Condition::Kind::any: {
        std::vector<std::set<std::string>> names(c.parts.size());
        Truth result = Truth::no;
        for (std::size_t i = 0; i < c.parts.size(); ++i) result = std::max(result, of(c.parts[i], names[i]));
        if (result == Truth::undetermined) for (auto& n : names) missing.insert(n.begin(), n.end());
        return result;
      }
      case Condition::Kind::any_item: return any_item(c, missing);
      case Condition::Kind::test: return test(c, c.field, missing);
    }
    return Truth::undetermined;
  }

 private:
  Truth together(const std::vector<Condition>& parts, std::set<std::string>& missing) const {
    std::set<std::string> names;
    Truth result = Truth::yes;
    for (const auto& part : parts) result = std::min(result, of(part, names));
    if (result == Truth::undetermined) missing.insert(names.begin(), names.end());
    return result;
  }

  Truth any_item(const Condition& c, std::set<std::string>& missing) const {
    const auto found = facts_.find("goods.count");
    const auto* count = found == facts_.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
    if (!count || *count <= 0) {
      missing.insert("goods");
      return Truth::undetermined;
    }
    Truth result = Truth::no;
    std::set<std::string> names;
    for (std::int64_t i = 0; i < *count; ++i) {
      Evaluation item(facts_);
      item.prefix_ = "goods." + std::to_string(i) + ".";
      std::set<std::string> of_item;
      const Truth truth = item.together(c.parts, of_item);
      if (truth == Truth::undetermined) names.insert(of_item.begin(), of_item.end());
      result = std::max(result, truth);
    }
    if (result == Truth::undetermined) missing.insert(names.begin(), names.end());
    return result;
  }

  Truth test(const Condition& c, const std::string& field, std::set<std::string>& missing) const {
    const auto found = facts_.find(is_goods(field) && !prefix_.empty() ? prefix_ + field.substr(6) : field);
    if (c.op == Operator::exists) return from((found != facts_.end()) == c.flag);
    const auto type = type_of(field);
    if (found == facts_.end() || !type || !fits(found->second, *type)) {
      missing.insert(field);
      return Truth::undetermined;
    }
    const bool negative = c.op == Operator::ne || c.op == Operator::notin;
    return from(holds(c, found->second) != negative);
  }

  const Fields& facts_;
  std::string prefix_;  // of the goods item that is looked at
};

}  // namespace

Truth evaluate(const Condition& condition, const Fields& facts, std::vector<std::string>& missing) {
  std::set<std::string> names;
  const Truth result = Evaluation(facts).of(condition, names);
  if (result == Truth::undetermined) missing.assign(names.begin(), names.end());
  return result;
}

}  // namespace rampa::risk
