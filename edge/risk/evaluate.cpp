// Three-valued logic over flat facts: what is not known is neither yes nor no.
#include <algorithm>
#include <set>

#include "edge/risk/declared_facts.hpp"
#include "edge/risk/profile.hpp"
#include "edge/risk/risk.hpp"

namespace rampa::risk {

namespace {

Truth from(bool value) { return value ? Truth::yes : Truth::no; }
Truth negated(Truth value) {
  return value == Truth::undetermined ? value : value == Truth::yes ? Truth::no : Truth::yes;
}

bool matches(const Condition& c, const NamedLists& lists, const std::string& text) {
  static const std::vector<std::string> none;
  const auto named = c.list.empty() ? lists.end() : lists.find(c.list);
  const auto& values = c.list.empty() ? c.texts : named == lists.end() ? none : named->second;
  if (c.op == Operator::prefix)
    return std::any_of(values.begin(), values.end(), [&](const auto& start) { return text.compare(0, start.size(), start) == 0; });
  return std::find(values.begin(), values.end(), text) != values.end();
}

// The positive form; notin is its negation (for lists: no element matches).
bool holds(const Condition& c, const NamedLists& lists, const FieldValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag == c.flag;
  if (const auto* text = std::get_if<std::string>(&value)) return matches(c, lists, *text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value))
    return std::any_of(list->begin(), list->end(), [&](const auto& text) { return matches(c, lists, text); });
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
  Evaluation(const Fields& facts, const NamedLists& lists) : facts_(facts), lists_(lists) {}

  /// `one`: of what each declaration says a test asks one of them; below a negation all, so that the negation asks for one again.
  Truth of(const Condition& c, std::set<std::string>& missing, bool one) const {
    switch (c.kind) {
      case Condition::Kind::always: return Truth::yes;
      case Condition::Kind::negation: return negated(of(c.parts[0], missing, !one));
      case Condition::Kind::all: return together(c.parts, missing, one);
      case Condition::Kind::any: {
        std::set<std::string> names;
        Truth result = Truth::no;
        for (const auto& part : c.parts) {
          result = std::max(result, of(part, names, one));
          if (result == Truth::yes) return result;
        }
        if (result == Truth::undetermined) missing.insert(names.begin(), names.end());
        return result;
      }
      case Condition::Kind::any_item:
      case Condition::Kind::all_item: return over_items(c, missing, one);
      case Condition::Kind::test: return test(c, c.field, missing, one);
    }
    return Truth::undetermined;
  }

 private:
  Truth together(const std::vector<Condition>& parts, std::set<std::string>& missing, bool one) const {
    std::set<std::string> names;
    Truth result = Truth::yes;
    for (const auto& part : parts) {
      result = std::min(result, of(part, names, one));
      if (result == Truth::no) return result;  // whatever the others lack
    }
    if (result == Truth::undetermined) missing.insert(names.begin(), names.end());
    return result;
  }

  Truth over_items(const Condition& c, std::set<std::string>& missing, bool one) const {
    const auto found = facts_.find("goods.count");
    const auto* count = found == facts_.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
    if (!count || *count <= 0) {
      missing.insert("goods");
      return Truth::undetermined;
    }
    const bool any = c.kind == Condition::Kind::any_item, incomplete = is_named(incomplete_facts, "goods");
    Truth result = incomplete ? Truth::undetermined : any ? Truth::no : Truth::yes;
    std::set<std::string> names;
    if (incomplete) names.insert("goods");
    // One past the facts there are is without any fact: a stored count that is damaged must not keep us for ever.
    const auto items = std::min<std::int64_t>(*count, static_cast<std::int64_t>(facts_.size()) + 1);
    for (std::int64_t i = 0; i < items; ++i) {
      Evaluation item(facts_, lists_);
      item.prefix_ = "goods." + std::to_string(i) + ".";
      std::set<std::string> of_item;
      const Truth truth = item.together(c.parts, of_item, one);
      if (truth == Truth::undetermined) names.insert(of_item.begin(), of_item.end());
      result = any ? std::max(result, truth) : std::min(result, truth);
      if (result == (any ? Truth::yes : Truth::no)) return result;
    }
    if (result == Truth::undetermined) missing.insert(names.begin(), names.end());
    return result;
  }

  Truth test_several(const Condition& c, const std::vector<std::string>& values, std::set<std::string>& missing, bool one) const {
    bool some = false, all = true;
    for (const auto& value : values) {
      const bool is = matches(c, lists_, value) != (c.op == Operator::notin);
      some = some || is;
      all = all && is;
    }
    if (one ? some : !all) return from(one);
    if (!is_named(incomplete_facts, c.field)) return from(!one);
    missing.insert(c.field);
    return Truth::undetermined;
  }

  Truth test(const Condition& c, const std::string& field, std::set<std::string>& missing, bool one) const {
    const auto found = facts_.find(is_goods(field) && !prefix_.empty() ? prefix_ + field.substr(6) : field);
    const auto type = type_of(field);
    if (found != facts_.end() && type == FieldType::list && c.op != Operator::exists && fits(found->second, *type) && is_named(several_facts, field))
      return test_several(c, std::get<std::vector<std::string>>(found->second), missing, one);
    // A list that one declaration lacks: what is in it is in it, what is not may be missing.
    if (found != facts_.end() && type == FieldType::list && fits(found->second, *type) && is_named(incomplete_facts, field)) {
      if (c.op != Operator::exists && holds(c, lists_, found->second)) return from(c.op != Operator::notin);
      missing.insert(field);
      return Truth::undetermined;
    }
    if (c.op == Operator::exists) return from((found != facts_.end()) == c.flag);
    if (found == facts_.end() || !type || !fits(found->second, *type)) {
      missing.insert(field);
      return Truth::undetermined;
    }
    const bool fit = holds(c, lists_, found->second);
    if (!fit && field == field_name(goods_code_field()) && facts_.contains(goods_codes_are_beginnings) && goes_on(c, std::get<std::string>(found->second))) {
      missing.insert(field);
      return Truth::undetermined;
    }
    return from(fit != (c.op == Operator::notin));
  }

  /// Is there a value that this code may be the beginning of?
  [[nodiscard]] bool goes_on(const Condition& c, const std::string& code) const {
    if (code.size() >= goods_code_digits) return false;
    const auto named = c.list.empty() ? lists_.end() : lists_.find(c.list);
    static const std::vector<std::string> none;
    const auto& values = c.list.empty() ? c.texts : named == lists_.end() ? none : named->second;
    return std::any_of(values.begin(), values.end(), [&](const auto& value) { return value.size() > code.size() && value.starts_with(code); });
  }

  bool is_named(std::string_view by, std::string_view what) const {
    const auto found = facts_.find(by);
    const auto* names = found == facts_.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
    return names && std::find(names->begin(), names->end(), what) != names->end();
  }

  const Fields& facts_;
  const NamedLists& lists_;
  std::string prefix_;  // of the goods item that is looked at
};

}  // namespace

Truth evaluate(const Condition& condition, const Fields& facts, const NamedLists& lists, std::vector<std::string>& missing, Asks asks) {
  std::set<std::string> names;
  const Truth result = Evaluation(facts, lists).of(condition, names, asks == Asks::one);
  missing.clear();
  if (result == Truth::undetermined) missing.assign(names.begin(), names.end());
  return result;
}

}  // namespace rampa::risk
