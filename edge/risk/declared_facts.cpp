#include "edge/risk/declared_facts.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "edge/risk/catalogue.hpp"
#include "edge/risk/comparable.hpp"

namespace rampa::risk {

namespace {

using Texts = std::vector<std::string>;

/// In the order they came; empty ones are none.
void keep_once(Texts& list) {
  std::set<std::string> seen;
  std::erase_if(list, [&](const std::string& text) { return text.empty() || !seen.insert(text).second; });
}

/// False where the sum is none that a number here can hold: declarations come from outside, and an invented number is worse than none.
bool add(std::int64_t& sum, std::int64_t value) { return !__builtin_add_overflow(sum, value, &sum); }

/// Each declaration says one of them.
constexpr std::array of_each_declaration{"declaration.references", "declaration.kind", "declaration.consignor", "declaration.consignee", "declaration.declarant",
                                         "declaration.carrier", "declaration.tractor", "declaration.trailer", "declaration.office", "declaration.procedure",
                                         "declaration.mode", "declaration.dispatch_country", "declaration.destination_country", "declaration.driver_country",
                                         "declaration.preference", "declaration.incoterm"};

/// As it is compared; empty where it says nothing.
std::string compared(std::string_view name, const std::string& declared) { return as_compared(name, declared).value_or(declared); }

/// The fact as the catalogue has it, or nothing: of another type, or an empty list. `whole` is false where a text of a list says nothing.
std::optional<FieldValue> of_type(std::string_view name, const FieldValue& value, FieldType type, bool& whole) {
  const auto* text = std::get_if<std::string>(&value);
  const auto* list = std::get_if<Texts>(&value);
  switch (type) {
    case FieldType::boolean: return std::holds_alternative<bool>(value) ? std::optional(value) : std::nullopt;
    case FieldType::integer: {  // masses, values and counts: what is below nothing says nothing
      const auto* number = std::get_if<std::int64_t>(&value);
      return number && *number >= 0 ? std::optional(value) : std::nullopt;
    }
    case FieldType::text: return text ? std::optional(value) : std::nullopt;
    case FieldType::list: break;
  }
  Texts texts;
  if (text) texts = {*text};
  if (list) texts = *list;
  for (auto& one : texts) {
    auto form = compared(name, one);
    whole = whole && (!form.empty() || one.empty());
    one = std::move(form);
  }
  keep_once(texts);
  return texts.empty() ? std::nullopt : std::optional<FieldValue>(std::move(texts));
}

std::optional<std::int64_t> value_of(const std::vector<GoodsItem>& goods) {
  std::int64_t sum = 0;
  for (const auto& item : goods)
    if (!item.value_eur || *item.value_eur < 0 || !add(sum, *item.value_eur)) return std::nullopt;
  return goods.empty() ? std::nullopt : std::optional(sum);
}

/// What one declaration says, under the names that profiles use. Lists of which a text says nothing are named in `incomplete`.
Fields facts_of(const Declaration& d, Texts& incomplete) {
  Fields facts;
  const auto text = [&](const char* name, const std::string& declared) {
    if (auto value = compared(name, declared); !value.empty()) facts[name] = Texts{std::move(value)};
  };
  text("declaration.references", d.reference);
  text("declaration.kind", d.kind);
  text("declaration.consignor", d.consignor);
  text("declaration.consignee", d.consignee);
  text("declaration.declarant", d.declarant);
  text("declaration.carrier", d.carrier);
  text("declaration.tractor", d.plate);
  text("declaration.trailer", d.trailer);
  if (d.gross_kg > 0) facts["declaration.gross_kg"] = d.gross_kg;
  if (const auto value = value_of(d.goods)) facts["declaration.value_eur"] = *value;
  for (const auto& [key, value] : d.more) {
    const std::string name = key.rfind("declaration.", 0) == 0 ? key : "declaration." + key;
    const auto id = field_id(name);
    if (!id || is_derived(*id)) continue;  // unknown to profiles, or not to be declared: no fact
    // A sum beside goods of which some have a value and others none is no sum of theirs.
    if (name == "declaration.value_eur" && std::any_of(d.goods.begin(), d.goods.end(), [](const GoodsItem& item) { return item.value_eur.has_value(); })) continue;
    bool whole = true;
    auto fitting = of_type(name, value, field_type(*id), whole);
    if (fitting && facts.try_emplace(name, std::move(*fitting)).second && !whole) incomplete.push_back(name);
  }
  return facts;
}

/// Of the whole vehicle, or of what does not add up: all declarations must say the same.
bool is_said_once(std::string_view name) {
  static constexpr std::array names{"declaration.vehicle_tare_kg", "declaration.earlier_30_days"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The declared masses are the goods' alone, which add up; otherwise each is the whole laden vehicle's.
bool of_goods_alone(const std::vector<Fields>& said) {
  return std::all_of(said.begin(), said.end(), [](const Fields& one) { return one.contains("declaration.vehicle_tare_kg"); });
}
bool of_vehicle(const std::vector<Fields>& said) {
  return std::none_of(said.begin(), said.end(), [](const Fields& one) { return one.contains("declaration.vehicle_tare_kg"); });
}

/// The number of all, or nothing.
std::optional<std::int64_t> number_of_all(const std::vector<Fields>& said, const std::string& name) {
  const bool mass = name == "declaration.gross_kg", once = is_said_once(name) || (mass && of_vehicle(said));
  if (mass && !once && !of_goods_alone(said)) return std::nullopt;  // goods' masses and vehicles' masses do not add up
  std::optional<std::int64_t> sum;
  for (const auto& one : said) {
    const auto number = std::get<std::int64_t>(one.at(name));
    if (!sum) sum = number;
    else if (once ? *sum != number : !add(*sum, number)) return std::nullopt;
  }
  return sum;
}

/// Lists are joined, and incomplete where not all have them; what is true for all is true; numbers are added or the same for all.
void join(Fields& facts, const std::vector<Fields>& said, Texts& incomplete) {
  std::map<std::string, std::size_t> carried;
  for (const auto& one : said)
    for (const auto& [name, value] : one) ++carried[name];
  for (const auto& [name, count] : carried) {
    const auto type = *type_of(name);
    if (type == FieldType::list) {
      Texts list;
      for (const auto& one : said)
        if (const auto found = one.find(name); found != one.end())
          for (const auto& text : std::get<Texts>(found->second)) list.push_back(text);
      keep_once(list);
      facts[name] = std::move(list);
      if (count < said.size() && std::find(incomplete.begin(), incomplete.end(), name) == incomplete.end()) incomplete.push_back(name);
    } else if (count < said.size()) {
      continue;  // half a truth is none
    } else if (type == FieldType::integer) {
      if (const auto number = number_of_all(said, name)) facts[name] = *number;
    } else if (type == FieldType::boolean) {
      facts[name] = std::all_of(said.begin(), said.end(), [&, &of = name](const Fields& one) { return std::get<bool>(one.at(of)); });
    }
  }
}

void add_goods(Fields& facts, std::span<const Declaration> declarations, bool all_have_goods, Texts& incomplete) {
  std::int64_t count = 0;
  for (const auto& declaration : declarations) {
    all_have_goods = all_have_goods && !declaration.goods.empty();
    for (const auto& item : declaration.goods) {
      const std::string at = "goods." + std::to_string(count++) + ".";
      if (auto code = compared("goods.hs_code", item.hs_code); !code.empty()) facts[at + "hs_code"] = std::move(code);
      if (auto origin = compared("goods.origin", item.origin); !origin.empty()) facts[at + "origin"] = std::move(origin);
      if (item.gross_kg && *item.gross_kg >= 0) facts[at + "gross_kg"] = *item.gross_kg;
      if (item.value_eur && *item.value_eur >= 0) facts[at + "value_eur"] = *item.value_eur;
      if (!item.description.empty()) facts[at + "description"] = item.description;
    }
  }
  facts["goods.count"] = count;
  if (count > 0 && !all_have_goods) incomplete.emplace_back("goods");
}

/// The first declarations, as far as an assessment's record has room for what they say: each may be as large as declarations may be.
std::span<const Declaration> not_too_much(const std::vector<Declaration>& declarations) {
  constexpr std::size_t lorry_bytes_max = 4'000'000, value_bytes = 16;  // with its name in the record
  std::size_t bytes = 0, count = 0;
  for (const auto& d : declarations) {
    for (const auto& item : d.goods) bytes += 4 * value_bytes + item.hs_code.size() + item.origin.size() + item.description.size();
    for (const auto& [name, value] : d.more) {
      bytes += value_bytes + name.size();
      if (const auto* one = std::get_if<std::string>(&value)) bytes += one->size();
      if (const auto* list = std::get_if<Texts>(&value))
        for (const auto& text : *list) bytes += value_bytes + text.size();
    }
    if (count > 0 && bytes > lorry_bytes_max) break;
    ++count;
  }
  return {declarations.data(), count};
}

template <class T>
const T* value(const Fields& facts, std::string_view name) {
  const auto found = facts.find(name);
  return found == facts.end() ? nullptr : std::get_if<T>(&found->second);
}

/// The declared mass is the goods' where a tare of the vehicle is declared beside it, otherwise the laden vehicle's.
std::optional<std::int64_t> laden_kg(const Fields& facts, bool tare_is_declared) {
  const auto *mass = value<std::int64_t>(facts, "declaration.gross_kg"), *tare = value<std::int64_t>(facts, "declaration.vehicle_tare_kg");
  if (!mass || (tare_is_declared && !tare)) return std::nullopt;  // they contradict each other about the vehicle
  std::int64_t laden = *mass;
  if (tare && !add(laden, *tare)) return std::nullopt;
  return laden;
}

}  // namespace

void name_several(Fields& facts) {
  const auto incomplete = facts.find(incomplete_facts);
  const auto* lacking = incomplete == facts.end() ? nullptr : std::get_if<Texts>(&incomplete->second);
  Texts several;
  for (const std::string name : of_each_declaration) {
    const auto* values = value<Texts>(facts, name);
    const bool one_lacks_it = lacking && std::find(lacking->begin(), lacking->end(), name) != lacking->end();
    if (values && (values->size() > 1 || one_lacks_it)) several.push_back(name);
  }
  if (!several.empty()) facts[std::string(several_facts)] = std::move(several);
}

std::optional<std::int64_t> add_declared_facts(Fields& facts, const std::vector<Declaration>& declarations) {
  facts["declaration.count"] = static_cast<std::int64_t>(declarations.size());
  if (declarations.empty()) return std::nullopt;
  const auto read = not_too_much(declarations);
  std::vector<Fields> said;
  Texts incomplete;
  for (const auto& d : read) said.push_back(facts_of(d, incomplete));
  said.resize(declarations.size());  // the others say nothing, which leaves open what they might have said
  const bool tare_is_declared = !of_vehicle(said);
  if (said.size() == 1) facts.merge(said[0]);  // as join() would
  else join(facts, said, incomplete);
  add_goods(facts, read, read.size() == declarations.size(), incomplete);
  if (!incomplete.empty()) facts[std::string(incomplete_facts)] = std::move(incomplete);
  const auto matches = [&](const char* fact, const std::string* plate, const std::string Declaration::* declared) {
    if (!plate || plate->empty()) return;
    facts[fact] = std::all_of(declarations.begin(), declarations.end(), [&, read_as = compared("vehicle.plate", *plate)](const Declaration& d) { return compared("vehicle.plate", d.*declared) == read_as; });
  };
  matches("declaration.tractor_matches", value<std::string>(facts, "vehicle.plate"), &Declaration::plate);
  matches("declaration.trailer_matches", value<std::string>(facts, "vehicle.trailer"), &Declaration::trailer);
  return laden_kg(facts, tare_is_declared);
}

}  // namespace rampa::risk
