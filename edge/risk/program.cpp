#include "edge/risk/program.hpp"

#include <algorithm>
#include <bit>

#include "edge/risk/hashing_internal.hpp"

namespace rampa::risk {

namespace {
using Kind = Node::Kind;

bool starts(std::string_view text, std::string_view with) { return text.size() >= with.size() && std::memcmp(text.data(), with.data(), with.size()) == 0; }

/// The first four bytes, the missing ones zero.
std::uint32_t first_four(std::string_view text) {
  std::uint32_t word = 0;
  if (text.size() >= 4) std::memcpy(&word, text.data(), 4);  // nearly always: a plain load
  else if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return word;
}
/// All bits up to the last byte that is not zero (bytes lie in memory's order, little endian).
constexpr std::uint32_t mask_of(std::uint32_t first) { return first == 0 ? 0 : ~0u >> (std::countl_zero(first) & 24); }
/// Of a value that is whole.
constexpr std::size_t size_of(std::uint32_t first) { return first >> 24 ? 4 : first >> 16 ? 3 : first >> 8 ? 2 : first ? 1 : 0; }
constexpr std::uint32_t binary_search_from = 64;

/// How much it takes to ask: numbers and flags, texts, groups, goods items.
constexpr int cost_max = 3;
int cost_of(const Condition& c) {
  switch (c.kind) {
    case Condition::Kind::any_item:
    case Condition::Kind::all_item: return 3;
    case Condition::Kind::negation: return cost_of(c.parts[0]);
    case Condition::Kind::test: return c.texts.empty() && c.list.empty() ? 0 : 1;
    default: return 2;
  }
}
}  // namespace

std::uint32_t Program::keep(std::string_view text, std::uint64_t full_hash) {
  if (interned_count_ * 2 >= interned_.size()) {
    std::vector<Interned> larger(std::max<std::size_t>(1024, interned_.size() * 4));
    for (const auto& one : interned_) {
      if (one.after == 0) continue;
      auto slot = one.hash & (larger.size() - 1);
      while (larger[slot].after != 0) slot = (slot + 1) & (larger.size() - 1);
      larger[slot] = one;
    }
    interned_ = std::move(larger);
  }
  const auto hash = static_cast<std::uint32_t>(full_hash);
  auto slot = hash & (interned_.size() - 1);
  while (interned_[slot].after != 0) {
    if (interned_[slot].hash == hash && text_at(arena_.growing().data() + interned_[slot].after - 1) == text) return interned_[slot].after - 1;
    slot = (slot + 1) & (interned_.size() - 1);
  }
  const auto place = append_text(text);
  interned_[slot] = {place + 1, hash};
  ++interned_count_;
  return place;
}

std::uint32_t Program::keep(std::string_view text) { return keep(text, hash_text(text, 0)); }

std::uint32_t Program::append_text(std::string_view text) {
  const auto place = static_cast<std::uint32_t>(arena_.growing().size());
  arena_.growing().push_back(static_cast<unsigned char>(text.size() & 255));
  arena_.growing().push_back(static_cast<unsigned char>(text.size() >> 8));
  arena_.growing().insert(arena_.growing().end(), text.begin(), text.end());
  return place;
}

std::uint32_t Program::add(const Condition& condition, const NamedLists& lists) {
  const auto root = static_cast<std::uint32_t>(nodes_.growing().size());
  append(condition, false, lists);
  return root;
}

void Program::append(const Condition& c, bool negated, const NamedLists& lists) {
  using C = Condition::Kind;
  const auto here = nodes_.growing().size();
  switch (c.kind) {
    case C::negation: return append(c.parts[0], !negated, lists);
    case C::test: return append_test(c, negated, lists);
    case C::always: nodes_.growing().push_back({negated ? Kind::never : Kind::always}); break;
    case C::all: nodes_.growing().push_back({negated ? Kind::any : Kind::all}); break;
    case C::any: nodes_.growing().push_back({negated ? Kind::all : Kind::any}); break;
    // not(any item: all of P) = all items: any of not P; both are undetermined where there are no goods
    case C::any_item: nodes_.growing().push_back({negated ? Kind::all_item : Kind::any_item}); break;
    case C::all_item: nodes_.growing().push_back({negated ? Kind::any_item : Kind::all_item}); break;
  }
  const bool items = c.kind == C::any_item || c.kind == C::all_item;
  const auto inner = nodes_.growing().size();
  if (items && negated && c.parts.size() > 1) nodes_.growing().push_back({Kind::any});
  // What costs least is asked first: the order changes no truth.
  for (int cost = 0; cost <= cost_max; ++cost)
    for (const auto& part : c.parts)
      if (cost_of(part) == cost) append(part, negated, lists);
  nodes_.growing()[here].end = static_cast<std::uint32_t>(nodes_.growing().size());
  if (items && negated && c.parts.size() > 1) nodes_.growing()[inner].end = static_cast<std::uint32_t>(nodes_.growing().size());
}

std::uint32_t Program::named(const std::string& list, bool prefixes, const NamedLists& lists) {
  const std::string key = (prefixes ? "p:" : "i:") + list;
  if (const auto found = list_places_.find(key); found != list_places_.end()) return found->second;
  std::vector<std::uint32_t> places;
  std::string_view before;
  bool first = true;
  if (const auto values = lists.find(list); values != lists.end()) {
    for (const auto& value : values->second) {
      if (prefixes && !first && starts(value, before)) continue;
      places.push_back(keep(value, hash_text(value, 0)));
      before = value;
      first = false;
    }
  }
  lists_.push_back(std::move(places));
  return list_places_[key] = static_cast<std::uint32_t>(lists_.size() - 1);
}

void Program::append_test(const Condition& c, bool negated, const NamedLists& lists) {
  Node n;
  n.field = *field_id(c.field);
  n.negated = negated != (c.op == Operator::notin);
  n.of_list = field_type(n.field) == FieldType::list;
  const bool prefix = c.op == Operator::prefix;
  if (c.op == Operator::exists) {
    n.kind = Kind::exists;
    n.data = c.flag ? 1 : 0;
  } else if (!c.list.empty()) {
    n.kind = prefix ? Kind::named_prefixes : Kind::named;
    n.data = named(c.list, prefix, lists);
  } else if (!c.texts.empty()) {
    n.kind = prefix ? Kind::prefixes : Kind::texts;
    n.count = static_cast<std::uint32_t>(c.texts.size());
    n.data = static_cast<std::uint32_t>(text_refs_.growing().size());
    // Long lists name what no other profile does: their places are fetched at once.
    if (!interned_.empty())
      for (const auto& text : c.texts) __builtin_prefetch(&interned_[hash_text(text, 0) & (interned_.size() - 1)]);
    for (const auto& text : c.texts) {
      const auto hash = hash_text(text, 0);
      const bool whole = text.size() <= 4 && text.find('\0') == std::string::npos && !text.empty();
      text_refs_.growing().push_back({keep(text, hash), whole, prefix || whole ? first_four(text) : static_cast<std::uint32_t>(hash)});
    }
  } else if (!c.numbers.empty()) {
    n.kind = c.op == Operator::ge ? Kind::ge : c.op == Operator::le ? Kind::le : c.op == Operator::range ? Kind::range : Kind::numbers;
    n.count = static_cast<std::uint32_t>(c.numbers.size());
    n.data = static_cast<std::uint32_t>(numbers_.growing().size());
    numbers_.growing().insert(numbers_.growing().end(), c.numbers.begin(), c.numbers.end());
  } else {
    n.kind = Kind::flag;
    n.data = c.flag ? 1 : 0;
  }
  if (n.field == goods_code_field()) {
    for (const auto& text : c.texts) longest_code_ = std::max(longest_code_, text.size());
    if (const auto values = lists.find(c.list); !c.list.empty() && values != lists.end())
      for (const auto& text : values->second) longest_code_ = std::max(longest_code_, text.size());
  }
  n.end = static_cast<std::uint32_t>(nodes_.growing().size() + 1);
  nodes_.growing().push_back(n);
}

void Program::finish() {
  interned_ = std::vector<Interned>();  // "= {}" would keep the memory
  interned_count_ = 0;
  nodes_.seal();
  text_refs_.seal();
  numbers_.seal();
  arena_.seal();
}

void Program::pack(Block& block) {
  nodes_.pack(block);
  text_refs_.pack(block);
  numbers_.pack(block);
  arena_.pack(block);
}

std::size_t Program::bytes() const {
  std::size_t sum = 0;
  for (const auto& list : lists_) sum += list.capacity() * 4;
  return sum;
}

bool Program::in_named(const Node& n, std::string_view text) const {
  const auto& list = lists_[n.data];
  const auto after = std::upper_bound(list.begin(), list.end(), text, [&](std::string_view t, std::uint32_t place) { return t < at(place); });
  if (after == list.begin()) return false;
  const auto candidate = at(*(after - 1));
  return n.kind == Kind::named ? candidate == text : starts(text, candidate);
}

bool Program::fits(const Node& n, std::string_view text) const {
  const TextRef* first = text_refs_.data() + n.data;
  const TextRef* last = first + n.count;
  if (n.count >= binary_search_from) {  // values ascend and, for prefixes, none begins with another
    const auto after = std::upper_bound(first, last, text, [&](std::string_view t, const TextRef& ref) { return t < at(ref.place); });
    if (after == first) return false;
    const auto candidate = at((after - 1)->place);
    return n.kind == Kind::texts ? candidate == text : starts(text, candidate);
  }
  if (n.kind == Kind::texts) {
    const auto check = static_cast<std::uint32_t>(hash_text(text, 0));
    // A long text equals nothing that is whole, and a short one with a zero byte is told from what is whole by its length.
    const auto word = first_four(text);
    const bool may_be_whole = text.size() <= 4 && size_of(word) == text.size();
    for (; first != last; ++first)
      if (first->check == (first->whole ? word : check) && (first->whole ? may_be_whole : at(first->place) == text)) return true;
    return false;
  }
  const auto word = first_four(text);
  for (; first != last; ++first)
    if (((first->check ^ word) & mask_of(first->check)) == 0 && (first->whole || starts(text, at(first->place)))) return true;
  return false;
}

bool Program::holds(const Node& n, const Fact& fact, const FactSheet& sheet) const {
  switch (n.kind) {
    case Kind::texts:
    case Kind::prefixes:
    case Kind::named:
    case Kind::named_prefixes:
      if (!n.of_list) return fits_any(n, fact.text());
      for (const auto text : sheet.list(fact))
        if (fits_any(n, text)) return true;
      return false;
    case Kind::ge: return fact.number >= numbers_[n.data];
    case Kind::le: return fact.number <= numbers_[n.data];
    case Kind::range: return fact.number >= numbers_[n.data] && fact.number <= numbers_[n.data + 1];
    case Kind::flag: return (fact.number != 0) == (n.data != 0);
    default: break;
  }
  for (std::uint32_t i = 0; i < n.count; ++i)
    if (numbers_[n.data + i] == fact.number) return true;
  return false;
}

Truth Program::test(const Node& n, const FactSheet& sheet, const Item* item) const {
  const auto goods_from = first_goods_field();
  static const Fact nothing{};
  const Fact& fact = n.field < goods_from ? sheet.facts[n.field] : item ? (*item)[n.field - goods_from] : nothing;
  if (fact.state != Fact::State::good) return test_in_part(n, fact, sheet);
  if (n.kind == Kind::exists) return (n.data != 0) != n.negated ? Truth::yes : Truth::no;
  if (fact.several) return test_several(n, fact, sheet);
  if (holds(n, fact, sheet)) return n.negated ? Truth::no : Truth::yes;
  if (fact.beginning && fact.size < longest_code_ && goes_on(n, fact.text())) return Truth::undetermined;
  return n.negated ? Truth::yes : Truth::no;
}

/// Each declaration says one of the values: profiles ask for one that is as they say, green lists for all.
Truth Program::test_several(const Node& n, const Fact& fact, const FactSheet& sheet) const {
  bool some = false, all = true;
  for (const auto text : sheet.list(fact)) {
    const bool is = fits_any(n, text) != n.negated;
    some = some || is;
    all = all && is;
  }
  if (sheet.for_all ? !all : some) return sheet.for_all ? Truth::no : Truth::yes;
  if (fact.state == Fact::State::incomplete) return Truth::undetermined;
  return sheet.for_all ? Truth::yes : Truth::no;
}

bool Program::goes_on(const Node& n, std::string_view text) const {
  if (n.kind == Kind::named || n.kind == Kind::named_prefixes) {
    const auto& list = lists_[n.data];
    const auto after = std::upper_bound(list.begin(), list.end(), text, [&](std::string_view t, std::uint32_t place) { return t < at(place); });
    return after != list.end() && starts(at(*after), text);
  }
  if (n.kind != Kind::texts && n.kind != Kind::prefixes) return false;
  const TextRef* first = text_refs_.data() + n.data;
  return std::any_of(first, first + n.count, [&](const TextRef& ref) {
    const auto value = at(ref.place);
    return value.size() > text.size() && starts(value, text);
  });
}

Truth Program::test_in_part(const Node& n, const Fact& fact, const FactSheet& sheet) const {
  if (fact.state == Fact::State::incomplete) {
    if (n.kind != Kind::exists && fact.several) return test_several(n, fact, sheet);
    if (n.kind == Kind::exists || !holds(n, fact, sheet)) return Truth::undetermined;  // one declaration says it, another does not
    return n.negated ? Truth::no : Truth::yes;
  }
  if (n.kind != Kind::exists) return Truth::undetermined;
  return ((fact.state != Fact::State::missing) == (n.data != 0)) != n.negated ? Truth::yes : Truth::no;
}

Truth Program::of(std::uint32_t at, const FactSheet& sheet, const Item* item, std::size_t first_item) const {
  const Node& n = nodes_[at];
  switch (n.kind) {
    case Kind::always: return Truth::yes;
    case Kind::never: return Truth::no;
    case Kind::all: {
      Truth result = Truth::yes;
      for (auto part = at + 1; part < n.end; part = nodes_[part].end) {
        const Truth t = of(part, sheet, item, first_item);
        if (t == Truth::no) return Truth::no;
        result = std::min(result, t);
      }
      return result;
    }
    case Kind::any: {
      Truth result = Truth::no;
      for (auto part = at + 1; part < n.end; part = nodes_[part].end) {
        const Truth t = of(part, sheet, item, first_item);
        if (t == Truth::yes) return Truth::yes;
        result = std::max(result, t);
      }
      return result;
    }
    case Kind::any_item:
    case Kind::all_item: {
      if (sheet.items.empty()) return Truth::undetermined;
      const bool any = n.kind == Kind::any_item;
      Truth result = sheet.goods_incomplete ? Truth::undetermined : any ? Truth::no : Truth::yes;
      const auto count = sheet.items.size();
      for (std::size_t i = 0, at_item = std::min(first_item, count - 1); i < count; ++i, at_item = at_item + 1 == count ? 0 : at_item + 1) {
        const Item& one = sheet.items[at_item];
        Truth of_item = Truth::yes;
        for (auto part = at + 1; part < n.end && of_item != Truth::no; part = nodes_[part].end) of_item = std::min(of_item, of(part, sheet, &one, first_item));
        if (of_item == (any ? Truth::yes : Truth::no)) return of_item;
        result = any ? std::max(result, of_item) : std::min(result, of_item);
      }
      return result;
    }
    default: return test(n, sheet, item);
  }
}

// The same walk without short cuts: every part that is undetermined names what it lacks, as far as the whole hangs on it.
Truth Program::collect(std::uint32_t at, const FactSheet& sheet, const Item* item, FieldSet& missing) const {
  const Node& n = nodes_[at];
  const auto over = [&](bool any, const Item* of_item, FieldSet& into) {
    Truth result = any ? Truth::no : Truth::yes;
    FieldSet below;
    for (auto part = at + 1; part < n.end; part = nodes_[part].end) {
      const Truth t = collect(part, sheet, of_item, below);
      result = any ? std::max(result, t) : std::min(result, t);
    }
    if (result == Truth::undetermined) into |= below;
    return result;
  };
  switch (n.kind) {
    case Kind::always: return Truth::yes;
    case Kind::never: return Truth::no;
    case Kind::all: return over(false, item, missing);
    case Kind::any: return over(true, item, missing);
    case Kind::any_item:
    case Kind::all_item: {
      if (sheet.items.empty()) {
        missing.set(all_goods);
        return Truth::undetermined;
      }
      const bool any = n.kind == Kind::any_item;
      Truth result = sheet.goods_incomplete ? Truth::undetermined : any ? Truth::no : Truth::yes;
      FieldSet below;
      if (sheet.goods_incomplete) below.set(all_goods);
      for (const auto& one : sheet.items) {
        const Truth t = over(false, &one, below);
        result = any ? std::max(result, t) : std::min(result, t);
      }
      if (result == Truth::undetermined) missing |= below;
      return result;
    }
    default: {
      const Truth t = test(n, sheet, item);
      if (t == Truth::undetermined) missing.set(n.field);
      return t;
    }
  }
}

std::vector<std::string_view> Program::missing(std::uint32_t root, const FactSheet& sheet) const {
  FieldSet fields;
  if (collect(root, sheet, nullptr, fields) != Truth::undetermined) return {};
  std::vector<std::string_view> names;
  for (FieldId field = 0; field < field_count(); ++field)
    if (fields[field]) names.push_back(field_name(field));
  if (fields[all_goods]) names.push_back("goods");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace rampa::risk
