#include "edge/risk/history.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "edge/risk/hashing_internal.hpp"

namespace rampa::risk {

namespace {

void set_bit(std::vector<std::uint64_t>& bits, std::size_t at) {
  if (bits.size() <= at / 64) bits.resize(at / 64 + 1);
  bits[at / 64] |= std::uint64_t{1} << at % 64;
}

/// Rows between the last one that had a fact and this one get nothing.
template <class T>
void put(std::vector<T>& column, std::size_t row, T value) {
  if (column.size() < row) column.resize(row);
  column.push_back(value);
}

void put(Column& column, std::size_t row, const Fact& fact, FieldType type, const FactSheet& sheet) {
  if (fact.state == Fact::State::missing) return;
  set_bit(column.there, row);
  if (fact.state == Fact::State::unusable) return;
  set_bit(fact.state == Fact::State::good ? column.good : column.incomplete, row);
  if (fact.several) set_bit(column.several, row);
  if (fact.beginning) set_bit(column.beginning, row);
  switch (type) {
    case FieldType::boolean:
      if (fact.number != 0) set_bit(column.flags, row);
      break;
    case FieldType::integer: put(column.numbers, row, fact.number); break;
    case FieldType::text: put(column.codes, row, column.texts.code(fact.text())); break;
    case FieldType::list: {
      const auto before = static_cast<std::uint32_t>(column.codes.size());
      if (column.ends.size() < row) column.ends.resize(row, before);
      for (const auto text : sheet.list(fact)) column.codes.push_back(column.texts.code(text));
      column.ends.push_back(static_cast<std::uint32_t>(column.codes.size()));
      break;
    }
  }
}

void get(const Column& column, std::size_t row, FieldType type, Fact& fact, std::vector<std::string_view>& list_texts) {
  const bool incomplete = column.is_incomplete(row);
  fact.several = Column::is_set(column.several, row);
  fact.beginning = Column::is_set(column.beginning, row);
  if (!incomplete && !column.is_good(row)) {
    fact.state = column.is_there(row) ? Fact::State::unusable : Fact::State::missing;
    return;
  }
  fact.state = incomplete ? Fact::State::incomplete : Fact::State::good;
  switch (type) {
    case FieldType::boolean: fact.number = row / 64 < column.flags.size() ? static_cast<std::int64_t>(column.flags[row / 64] >> row % 64 & 1) : 0; break;
    case FieldType::integer: fact.number = column.numbers[row]; break;
    case FieldType::text: {
      const auto text = column.texts.at(column.codes[row]);
      fact.chars = text.data();
      fact.size = static_cast<std::uint32_t>(text.size());
      break;
    }
    case FieldType::list: {
      const auto from = row == 0 ? 0 : column.ends[row - 1], to = column.ends[row];
      fact.number = static_cast<std::int64_t>(list_texts.size());
      fact.size = to - from;
      for (auto i = from; i < to; ++i) list_texts.push_back(column.texts.at(column.codes[i]));
      break;
    }
  }
}

std::size_t bytes_of(const Column& c) {
  return (c.there.capacity() + c.good.capacity() + c.incomplete.capacity() + c.several.capacity() + c.beginning.capacity() + c.numbers.capacity() + c.flags.capacity()) * 8 + (c.codes.capacity() + c.ends.capacity()) * 4 + c.texts.bytes();
}

}  // namespace

std::uint32_t TextColumn::find(std::string_view text) const {
  if (slots_.empty()) return size();
  for (auto slot = hash_text(text, 0) & (slots_.size() - 1); slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1))
    if (texts_[slots_[slot] - 1] == text) return slots_[slot] - 1;
  return size();
}

std::uint32_t TextColumn::code(std::string_view text) {
  if (const auto known = find(text); known < size()) return known;
  if ((texts_.size() + 1) * 2 > slots_.size()) {
    std::vector<std::uint32_t> larger(std::max<std::size_t>(64, slots_.size() * 2));
    for (const auto code_and_one : slots_) {
      if (code_and_one == 0) continue;
      auto slot = hash_text(texts_[code_and_one - 1], 0) & (larger.size() - 1);
      while (larger[slot] != 0) slot = (slot + 1) & (larger.size() - 1);
      larger[slot] = code_and_one;
    }
    slots_ = std::move(larger);
  }
  if (block_bytes - used_ < text.size()) {
    const auto size = std::max(block_bytes, text.size());
    blocks_.push_back(std::make_unique<char[]>(size));
    held_ += size;
    used_ = 0;
  }
  char* place = blocks_.back().get() + used_;
  if (!text.empty()) std::memcpy(place, text.data(), text.size());
  used_ = std::min(block_bytes, used_ + text.size());
  texts_.emplace_back(place, text.size());
  auto slot = hash_text(text, 0) & (slots_.size() - 1);
  while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = size();
  return size() - 1;
}

std::size_t TextColumn::bytes() const { return held_ + texts_.capacity() * sizeof(std::string_view) + slots_.capacity() * 4; }

Truth Answers::at(std::size_t row) const {
  const auto i = row - first;
  if (yes[i / 64] >> i % 64 & 1) return Truth::yes;
  return no[i / 64] >> i % 64 & 1 ? Truth::no : Truth::undetermined;
}

std::size_t Answers::count(Truth truth) const {
  std::size_t all_yes = 0, all_no = 0;
  for (const auto word : yes) all_yes += static_cast<std::size_t>(std::popcount(word));
  for (const auto word : no) all_no += static_cast<std::size_t>(std::popcount(word));
  return truth == Truth::yes ? all_yes : truth == Truth::no ? all_no : rows - all_yes - all_no;
}

void History::add(const FactSheet& sheet, WallTime at, std::int32_t utc_offset_min, std::string_view id) {
  const auto row = rows();
  for (FieldId field = 0; field < first_goods_field(); ++field) put(columns_[field], row, sheet.facts[field], field_type(field), sheet);
  for (const auto& item : sheet.items) {
    for (std::size_t g = 0; g < goods_fields_max && first_goods_field() + g < field_count(); ++g)
      put(goods_[g], item_row_.size(), item[g], field_type(static_cast<FieldId>(first_goods_field() + g)), sheet);
    item_row_.push_back(static_cast<std::uint32_t>(row));
  }
  item_ends_.push_back(static_cast<std::uint32_t>(item_row_.size()));
  if (sheet.goods_incomplete) set_bit(goods_incomplete_, row);
  at_.push_back(at.ms);
  utc_offset_.push_back(static_cast<std::int16_t>(utc_offset_min));
  ids_ += id;
  id_ends_.push_back(ids_.size());
}

void History::add(const Fields& facts, WallTime at, std::string_view id) {
  const auto offset = facts.find("time.utc_offset_minutes");
  const auto* minutes = offset == facts.end() ? nullptr : std::get_if<std::int64_t>(&offset->second);
  add(fact_sheet(facts), at, minutes && *minutes > -1440 && *minutes < 1440 ? static_cast<std::int32_t>(*minutes) : 0, id);
}

Circumstances History::circumstances(std::size_t row) const {
  Circumstances c;
  c.now = at(row);
  c.utc_offset_min = utc_offset_[row];
  c.draw_key = draw_name(id(row));
  c.recent = UINT32_MAX;  // nobody was sent anywhere: no cap is reached
  return c;
}

void History::sheet(std::size_t row, FactSheet& sheet) const {
  sheet.list_texts.clear();
  for (FieldId field = 0; field < first_goods_field(); ++field)
    if (columns_[field].used()) get(columns_[field], row, field_type(field), sheet.facts[field], sheet.list_texts);
    else sheet.facts[field].state = Fact::State::missing;
  const std::size_t from = row == 0 ? 0 : item_ends_[row - 1], to = item_ends_[row];
  sheet.items.resize(to - from);
  sheet.goods_known = to > from;
  sheet.goods_incomplete = Column::is_set(goods_incomplete_, row);
  for (auto item = from; item < to; ++item)
    for (std::size_t g = 0; g < goods_fields_max; ++g)
      if (goods_[g].used()) get(goods_[g], item, field_type(static_cast<FieldId>(first_goods_field() + g)), sheet.items[item - from][g], sheet.list_texts);
      else sheet.items[item - from][g].state = Fact::State::missing;
}

std::size_t History::bytes() const {
  std::size_t sum = (item_ends_.capacity() + item_row_.capacity()) * 4 + at_.capacity() * 8 + utc_offset_.capacity() * 2 + ids_.capacity() + (id_ends_.capacity() + goods_incomplete_.capacity()) * 8;
  for (const auto& column : columns_) sum += bytes_of(column);
  for (const auto& column : goods_) sum += bytes_of(column);
  return sum;
}

}  // namespace rampa::risk
