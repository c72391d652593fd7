#include "edge/risk/fact_sheet.hpp"

#include <charconv>

#include "edge/risk/declared_facts.hpp"
#include "edge/risk/risk.hpp"

namespace rampa::risk {

namespace {

Fact fact_of(const FieldValue& value, FieldType type, std::vector<std::string_view>& list_texts) {
  Fact fact;
  fact.state = Fact::State::unusable;
  if (const auto* flag = std::get_if<bool>(&value); flag && type == FieldType::boolean) {
    fact.state = Fact::State::good;
    fact.number = *flag ? 1 : 0;
  } else if (const auto* number = std::get_if<std::int64_t>(&value); number && type == FieldType::integer) {
    fact.state = Fact::State::good;
    fact.number = *number;
  } else if (const auto* text = std::get_if<std::string>(&value); text && type == FieldType::text) {
    fact.state = Fact::State::good;
    fact.chars = text->data();
    fact.size = static_cast<std::uint32_t>(text->size());
  } else if (const auto* list = std::get_if<std::vector<std::string>>(&value); list && type == FieldType::list) {
    fact.state = Fact::State::good;
    fact.number = static_cast<std::int64_t>(list_texts.size());
    fact.size = static_cast<std::uint32_t>(list->size());
    list_texts.insert(list_texts.end(), list->begin(), list->end());
  }
  return fact;
}

}  // namespace

void FactSheet::set(FieldId field, std::int64_t number) {
  Fact& fact = slot(field);
  fact.state = Fact::State::good;
  fact.number = number;
}

void FactSheet::set(FieldId field, std::string_view text) {
  Fact& fact = slot(field);
  fact.state = Fact::State::good;
  fact.chars = text.data();
  fact.size = static_cast<std::uint32_t>(text.size());
}

void FactSheet::set_list(FieldId field, std::span<const std::string_view> texts) {
  Fact& fact = slot(field);
  fact.state = Fact::State::good;
  fact.number = static_cast<std::int64_t>(list_texts.size());
  fact.size = static_cast<std::uint32_t>(texts.size());
  list_texts.insert(list_texts.end(), texts.begin(), texts.end());
}

void FactSheet::set_incomplete(std::string_view name) {
  if (name == "goods") goods_incomplete = true;
  const auto id = field_id(name);
  if (!id || *id >= first_goods_field() || field_type(*id) != FieldType::list || facts[*id].state != Fact::State::good) return;
  facts[*id].state = Fact::State::incomplete;
}

void FactSheet::set_several(std::string_view name) {
  const auto id = field_id(name);
  if (!id || *id >= first_goods_field() || field_type(*id) != FieldType::list || facts[*id].state < Fact::State::good) return;
  facts[*id].several = true;
}

void FactSheet::set_beginnings() {
  const auto code = goods_code_field() - first_goods_field();
  for (auto& item : items) item[code].beginning = item[code].state == Fact::State::good && item[code].size < goods_code_digits;
}

void FactSheet::clear() {
  facts.fill({});
  items.clear();
  list_texts.clear();
  goods_known = goods_incomplete = for_all = false;
}

FactSheet fact_sheet(const Fields& facts) {
  FactSheet sheet;
  if (const auto count = facts.find("goods.count"); count != facts.end()) {
    const auto* number = std::get_if<std::int64_t>(&count->second);
    if (number && *number > 0) {
      sheet.goods_known = true;
      // No more items than facts: a stored count that is damaged must not ask for the machine's memory.
      sheet.items.resize(std::min<std::size_t>(static_cast<std::size_t>(*number), facts.size() + 1));
    }
  }
  const std::vector<std::string>*incomplete = nullptr, *several = nullptr;
  bool beginnings = false;
  for (const auto& [name, value] : facts) {
    if (!is_goods(name)) {
      if (const auto id = field_id(name)) sheet.facts[*id] = fact_of(value, field_type(*id), sheet.list_texts);
      else if (name == incomplete_facts) incomplete = std::get_if<std::vector<std::string>>(&value);
      else if (name == several_facts) several = std::get_if<std::vector<std::string>>(&value);
      else if (name == goods_codes_are_beginnings) beginnings = true;
      continue;
    }
    std::size_t item = 0;
    const char* end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + 6, end, item);
    if (error != std::errc{} || rest == end || *rest != '.' || item >= sheet.items.size()) continue;
    const auto id = field_id("goods" + std::string(rest, end));
    if (id) sheet.items[item][*id - first_goods_field()] = fact_of(value, field_type(*id), sheet.list_texts);
  }
  if (incomplete)
    for (const auto& name : *incomplete) sheet.set_incomplete(name);
  if (several)
    for (const auto& name : *several) sheet.set_several(name);
  if (beginnings) sheet.set_beginnings();
  return sheet;
}

}  // namespace rampa::risk
