// One shape for conditions that mean the same. Every rule here keeps all three truth values (Kleene's strong logic) of facts that are one value or one
// list; of what several declarations say differently the canonical shape is what counts.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "edge/risk/condition.hpp"

namespace rampa::risk {

namespace {

using Kind = Condition::Kind;

Condition negation_of(Condition c) {
  Condition n;
  n.kind = Kind::negation;
  n.parts.push_back(std::move(c));
  return n;
}

template <class T>
void sort_once(std::vector<T>& values) {
  // As they stand in every set that was made canonical before: ascending, each once.
  if (std::adjacent_find(values.begin(), values.end(), [](const T& a, const T& b) { return !(a < b); }) == values.end()) return;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void order_values(Condition& t) {
  if (t.op == Operator::range) return;
  sort_once(t.texts);
  sort_once(t.numbers);
  const auto begins = [](const std::string& with, const std::string& text) { return text.compare(0, with.size(), with) == 0; };
  if (t.op == Operator::prefix && std::adjacent_find(t.texts.begin(), t.texts.end(), begins) != t.texts.end()) {  // "24" says all that "2402" says
    std::vector<std::string> kept;
    for (auto& text : t.texts)
      if (kept.empty() || !begins(kept.back(), text)) kept.push_back(std::move(text));
    t.texts = std::move(kept);
  }
}

bool one_value(const Condition& t) { return t.list.empty() && t.texts.size() + t.numbers.size() == 1; }

Condition canonical_test(Condition t) {
  order_values(t);
  if (t.op == Operator::in && one_value(t)) t.op = Operator::eq;
  if (t.op == Operator::notin && one_value(t)) {
    t.op = Operator::eq;
    return negation_of(std::move(t));
  }
  return t;
}

// `not` of a test that has an opposite.
Condition canonical_negation(Condition inner) {
  if (inner.kind == Kind::negation) return std::move(inner.parts[0]);
  if (inner.kind == Kind::test) {
    if (inner.op == Operator::in || inner.op == Operator::notin) {
      inner.op = inner.op == Operator::in ? Operator::notin : Operator::in;
      return inner;
    }
    if (inner.op == Operator::exists || (inner.op == Operator::eq && inner.texts.empty() && inner.numbers.empty())) {
      inner.flag = !inner.flag;
      return inner;
    }
  }
  return negation_of(std::move(inner));
}

/// Alternatives with the same one, of a field, are one test with all their values: its operator. Nothing: it stands alone.
std::optional<Operator> joined_as(const Condition& t) {
  if (t.kind != Kind::test || !t.list.empty()) return std::nullopt;
  if (t.op == Operator::prefix) return t.op;
  const bool equality = (t.op == Operator::eq || t.op == Operator::in) && !(t.texts.empty() && t.numbers.empty());
  return equality ? std::optional(Operator::in) : std::nullopt;
}

std::vector<Condition> joined(std::vector<Condition> parts) {
  std::vector<Condition> all;
  std::map<std::pair<std::string, Operator>, std::size_t> places;
  std::set<std::size_t> grown;
  for (auto& part : parts) {
    const auto as = joined_as(part);
    const auto [known, first] = as ? places.try_emplace({part.field, *as}, all.size()) : std::pair(places.end(), true);
    if (first) {
      all.push_back(std::move(part));
      continue;
    }
    Condition& like = all[known->second];
    std::move(part.texts.begin(), part.texts.end(), std::back_inserter(like.texts));
    like.numbers.insert(like.numbers.end(), part.numbers.begin(), part.numbers.end());
    like.op = *as;
    grown.insert(known->second);
  }
  for (const auto place : grown) all[place] = canonical_test(std::move(all[place]));
  return all;
}

Condition canonical_group(Condition c) {
  const bool any = c.kind == Kind::any;
  const Kind flat = any ? Kind::any : Kind::all;
  std::vector<Condition> parts;
  parts.reserve(c.parts.size());
  for (auto& part : c.parts) {
    part = canonical(std::move(part));
    if (part.kind == Kind::always) {
      if (any) return {};  // yes, whatever the others are
      continue;
    }
    if (part.kind == flat) std::move(part.parts.begin(), part.parts.end(), std::back_inserter(parts));
    else parts.push_back(std::move(part));
  }
  if (any) parts = joined(std::move(parts));
  if (c.kind == Kind::any_item || c.kind == Kind::all_item) {
    if (parts.empty()) parts.emplace_back();  // "there are items", where there are any
  } else {
    if (parts.empty()) return {};
    if (parts.size() == 1) return std::move(parts[0]);
  }
  c.parts = std::move(parts);
  return c;
}

}  // namespace

Condition canonical(Condition c) {
  switch (c.kind) {
    case Kind::always: return c;
    case Kind::test: return canonical_test(std::move(c));
    case Kind::negation: return canonical_negation(canonical(std::move(c.parts[0])));
    default: return canonical_group(std::move(c));
  }
}

}  // namespace rampa::risk
