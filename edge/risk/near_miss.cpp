#include "edge/risk/near_miss.hpp"

#include <algorithm>

#include "edge/crossing/canonical_json.hpp"

namespace rampa::risk {

namespace {

constexpr std::size_t items_max = 200;  // of a damaged count, or of a declaration that nobody reads to its end

constexpr int too_many = 2;
/// A test that must come out otherwise; `item` of goods tests alone. Put into words at the end: most are one of too many.
struct Blocking {
  const Condition* test = nullptr;
  bool must_hold = true;
  std::optional<std::size_t> item;
  bool operator==(const Blocking& other) const { return must_hold == other.must_hold && item == other.item && *test == *other.test; }
};

/// Tests that are in the way: 0, 1, or too_many (also for a missing fact); of one, which.
struct Way {
  int tests = 0;
  std::vector<Blocking> which;
};

/// Both must come out otherwise.
Way both(Way a, Way b) {
  if (a.tests == 0) return b;
  if (b.tests == 0) return a;
  return {too_many, {}};
}
/// The shorter; of two that are equally short, both are named.
Way either(Way a, Way b) {
  if (a.tests != b.tests) return a.tests < b.tests ? a : b;
  if (a.tests == 1)
    for (const auto& one : b.which)
      if (std::find(a.which.begin(), a.which.end(), one) == a.which.end()) a.which.push_back(one);
  return a;
}

/// Whatever comes after it, it stays.
bool settled(const Way& way, bool together) { return way.tests == (together ? too_many : 0); }

class Walk {
 public:
  Walk(const ItemFacts& facts, const NamedLists& lists) : facts_(facts), lists_(lists) {}

  Way to(bool wanted, const Condition& c, std::optional<std::size_t> item) const {
    switch (c.kind) {
      case Condition::Kind::always: return {wanted ? 0 : too_many, {}};
      case Condition::Kind::negation: return to(!wanted, c.parts[0], item);
      case Condition::Kind::all:
      case Condition::Kind::any: return of_parts(wanted, c, c.kind == Condition::Kind::all, item);
      case Condition::Kind::any_item:
      case Condition::Kind::all_item: return of_items(wanted, c);
      case Condition::Kind::test: return test(wanted, c, item);
    }
    return {too_many, {}};
  }

 private:
  /// `all` holds where all parts do, and does not where one does not; `any` the other way round.
  Way of_parts(bool wanted, const Condition& c, bool conjunction, std::optional<std::size_t> item) const {
    const bool together = conjunction == wanted;
    Way way{together ? 0 : too_many, {}};
    for (const auto& part : c.parts) {
      if (settled(way, together)) break;
      way = together ? both(std::move(way), to(wanted, part, item)) : either(std::move(way), to(wanted, part, item));
    }
    return way;
  }
  Way of_items(bool wanted, const Condition& c) const {
    if (facts_.items().empty()) return {too_many, {}};  // no goods are known
    const bool together = (c.kind == Condition::Kind::all_item) == wanted;
    Way way{together ? 0 : too_many, {}};
    for (std::size_t i = 0; i < facts_.items().size() && !settled(way, together); ++i) {
      Way of = of_parts(wanted, c, true, i);  // its parts are a conjunction
      way = together ? both(std::move(way), std::move(of)) : either(std::move(way), std::move(of));
    }
    return way;
  }
  Way test(bool wanted, const Condition& c, std::optional<std::size_t> item) const {
    const Fields& facts = item ? facts_.items()[*item] : facts_.all();
    const bool of_goods = is_goods(c.field);
    Condition in_goods;
    if (of_goods) {
      in_goods.kind = Condition::Kind::any_item;
      in_goods.parts.push_back(c);
    }
    std::vector<std::string> missing;
    // Below a negation a test is wanted not to hold, and asks all declarations (evaluate.cpp).
    const Truth truth = evaluate(of_goods ? in_goods : c, facts, lists_, missing, wanted ? Asks::one : Asks::all);
    if (truth == Truth::undetermined) return {too_many, {}};
    if ((truth == Truth::yes) == wanted) return {};
    return {1, {{&c, wanted, of_goods ? item : std::nullopt}}};
  }

  const ItemFacts& facts_;
  const NamedLists& lists_;
};

}  // namespace

ItemFacts::ItemFacts(const Fields& facts) : all_(facts) {
  const auto found = facts.find("goods.count");
  const auto* count = found == facts.end() ? nullptr : std::get_if<std::int64_t>(&found->second);
  if (!count || *count <= 0) return;
  Fields common;
  for (const auto& [name, value] : facts) {
    const bool of_item = name.starts_with("goods.") && name.size() > 6 && name[6] >= '0' && name[6] <= '9';
    if (!of_item) common.emplace(name, value);
  }
  common["goods.count"] = std::int64_t{1};
  for (std::int64_t i = 0; i < std::min<std::int64_t>(*count, items_max); ++i) {
    const std::string start = "goods." + std::to_string(i) + ".";
    Fields& one = items_.emplace_back(common);
    for (auto it = facts.lower_bound(start); it != facts.end() && it->first.starts_with(start); ++it) one.emplace("goods.0." + it->first.substr(start.size()), it->second);
  }
}

std::vector<ShortOf> one_short(const Condition& condition, const ItemFacts& facts, const NamedLists& lists) {
  const Way way = Walk(facts, lists).to(true, condition, std::nullopt);
  std::vector<ShortOf> all;
  for (const auto& [test, must_hold, item] : way.which) {
    const Fields& of = item ? facts.items()[*item] : facts.all();
    const auto fact = of.find(is_goods(test->field) ? "goods.0." + test->field.substr(6) : test->field);
    const std::string text = to_json(*test);
    all.push_back({must_hold ? text : "{\"not\":" + text + "}", item, fact == of.end() ? "null" : fact_json(fact->second)});
  }
  return all;
}

std::string fact_json(const FieldValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return canonical_string(*text);
  std::string list = "[";
  for (const auto& text : std::get<std::vector<std::string>>(value)) list += (list.size() > 1 ? "," : "") + canonical_string(text);
  return list + "]";
}

}  // namespace rampa::risk
