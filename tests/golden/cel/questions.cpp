// Writes the questions that record.mjs puts to other people's CEL and FEEL: one JSON line each, {"cel":..,"facts":..} or {"field":..,"cell":..,"fact":..}.
// Half of the CEL texts are printed from random conditions, half are put together from words, with brackets only by chance, so that
// precedence is asked for too.
#include <iostream>
#include <set>

#include "edge/crossing/canonical_json.hpp"
#include "edge/risk/cel.hpp"
#include "edge/risk/feel_cell.hpp"
#include "edge/risk/profile.hpp"
#include "tests/unit/risk/random_condition.hpp"

using namespace rampa;
using namespace rampa::risk;

namespace {

using Random = tests::RandomCondition;
constexpr std::int64_t exact = 9007199254740991;  // every program reads these numbers alike

void tests_of(const Condition& c, std::vector<const Condition*>& out) {
  if (c.kind == Condition::Kind::test) out.push_back(&c);
  for (const auto& part : c.parts) tests_of(part, out);
}

bool plain_numbers(const std::vector<const Condition*>& tests) {
  for (const auto* t : tests) {
    for (const auto n : t->numbers) {
      if (n > exact || n < -exact) return false;
    }
  }
  return true;
}

std::string json(const FieldValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return canonical_string(*text);
  std::string all;
  for (const auto& text : std::get<std::vector<std::string>>(value)) all += (all.empty() ? "" : ",") + canonical_string(text);
  return "[" + all + "]";
}

// A value that the test may well hold for.
FieldValue fact(const Condition& t, Random& random) {
  const auto text = [&] {
    if (t.texts.empty() || random.upto(3) == 0) return random.upto(2) == 0 ? std::string("24") : random.text();
    return t.texts[random.upto(t.texts.size())] + (random.upto(3) == 0 ? "A" : "");
  };
  switch (*type_of(t.field)) {
    case FieldType::boolean: return random.upto(2) == 0;
    case FieldType::integer:
      if (t.numbers.empty() || random.upto(3) == 0) return static_cast<std::int64_t>(random.upto(200)) - 100;
      return t.numbers[random.upto(t.numbers.size())] + static_cast<std::int64_t>(random.upto(3)) - 1;
    case FieldType::text: return text();
    case FieldType::list: break;
  }
  std::vector<std::string> list;
  for (auto n = random.upto(4); n > 0; --n) list.push_back(text());
  return list;
}

void ask(const std::string& cel, const std::vector<const Condition*>& tests, Random& random) {
  Fields facts;
  const std::size_t items = 1 + random.upto(3);
  for (const auto* t : tests) {
    if (!is_goods(t->field)) {
      if (random.upto(6) > 0) facts[t->field] = fact(*t, random);
      continue;
    }
    for (std::size_t i = 0; i < items; ++i) {
      if (random.upto(6) > 0) facts["goods." + std::to_string(i) + t->field.substr(5)] = fact(*t, random);
    }
  }
  facts["goods.count"] = static_cast<std::int64_t>(items);
  std::string all;
  for (const auto& [name, value] : facts) all += (all.empty() ? "" : ",") + canonical_string(name) + ":" + json(value);
  std::cout << "{\"cel\":" << canonical_string(cel) << ",\"facts\":{" << all << "}}\n";
}

std::string word(Random& random, bool item) {
  static const std::vector<std::string> plain{
      "declaration.seals < 3", "3 > declaration.seals", "declaration.seals != 0x2", "-1 <= declaration.seals", "1 <= declaration.seals && declaration.seals < 4", "declaration.seals in [1, 2,]",
      "!(declaration.seals in [3, 0])", "declaration.aeo", "!declaration.aeo", "declaration.aeo == false", "declaration.aeo != true", "has(declaration.seals)", "!has(vehicle.country)",
      "vehicle.country == 'RUS'", "'RUS' != vehicle.country", "vehicle.country in [\"RUS\", r'BLR']", "vehicle.country.startsWith('R')", "vehicle.country.startsWith(\"\\x52U\")",
      "'import' in declaration.kind", "declaration.kind.exists(k, k == 'transit')", "declaration.kind.exists(k, k in ['a', 'import'] || k.startsWith('tr'))",
      "!declaration.kind.exists(k, 'import' == k)", "vehicle.country in lists.x1", "lists.x1.exists(p, vehicle.country.startsWith(p))", "true", "false"};
  static const std::vector<std::string> goods{"g.origin == 'AE'", "g.origin != 'AE'", "g.hs_code.startsWith('24')", "g.gross_kg >= 100", "100 > g.gross_kg", "has(g.gross_kg)", "!has(g.origin)", "g.origin in ['AE', 'TR']"};
  return item ? goods[random.upto(goods.size())] : plain[random.upto(plain.size())];
}

std::string sentence(Random& random, bool item, int depth) {
  std::string text;
  for (std::size_t i = 0, count = 1 + random.upto(4); i < count; ++i) {
    if (i > 0) text += random.upto(2) == 0 ? " && " : " || ";
    const auto form = random.upto(8);
    if (depth > 0 && form == 0) text += "(" + sentence(random, item, depth - 1) + ")";
    else if (depth > 0 && form == 1) text += "!(" + sentence(random, item, depth - 1) + ")";
    else if (depth > 0 && form == 2 && !item) text += (random.upto(2) == 0 ? "goods.exists(g, " : "goods.all(g, ") + sentence(random, true, depth - 1) + ")";
    else text += word(random, item);
  }
  return text;
}

void ask_cell(const Condition& c, const std::vector<const Condition*>& tests, Random& random) {
  const auto field = feel::only_field(c);
  if (field.empty() || is_goods(field)) return;
  const auto cell = feel::cell_of(c);
  if (!cell) return;
  const bool there = random.upto(6) > 0;
  if (!there && *cell != "null" && *cell != "not(null)") return;  // of a missing fact FEEL says no, Rampa undetermined
  std::cout << "{\"field\":" << canonical_string(field) << ",\"cell\":" << canonical_string(*cell) << ",\"fact\":" << (there ? json(fact(*tests[random.upto(tests.size())], random)) : "null") << "}\n";
}

}  // namespace

int main() {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    std::vector<Finding> findings;
    const auto text = seed % 2 == 0 ? to_cel(canonical(random.condition(3))) : sentence(random, false, 2);
    const auto condition = from_cel(text, findings);
    std::vector<const Condition*> tests;
    tests_of(condition, tests);
    if (findings.empty() && plain_numbers(tests)) ask(text, tests, random);
  }
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    Random random(seed + 10000);
    const auto condition = canonical(random.condition(1));
    std::vector<const Condition*> tests;
    tests_of(condition, tests);
    if (plain_numbers(tests)) ask_cell(condition, tests, random);
  }
}
