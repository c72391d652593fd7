#include "edge/risk/access_index.hpp"

#include <algorithm>

#include "edge/risk/hashing_internal.hpp"

namespace rampa::risk {

AccessScratch::Value* AccessIndex::part_values(const Program& program, const Part& part, const FactSheet& sheet, AccessScratch::Value* to) const {
  const auto goods_from = first_goods_field();
  const auto of_text = [&](std::string_view text, std::int32_t item) {
    if (part.kind == Part::Kind::exact) *to++ = {hash_text(text, part.seed), item};
    else if (part.kind == Part::Kind::prefix) {
      if (text.size() >= part.argument) *to++ = {hash_text(text.data(), part.argument, part.seed), item};
    } else if (program.in_named(program.node(part.node), text)) *to++ = {part.seed, item};
  };
  const auto of_fact = [&](const Fact& fact, std::int32_t item) {
    if (fact.state != Fact::State::good) return;
    if (part.type == FieldType::text) return of_text(fact.text(), item);
    if (part.type == FieldType::list) {
      for (const auto text : sheet.list(fact)) of_text(text, item);
      return;
    }
    std::int64_t value = fact.number;
    if (part.kind == Part::Kind::bucket) {
      const auto* bounds = bounds_.data() + part.node;
      value = std::upper_bound(bounds, bounds + part.argument, value) - bounds;
      *to++ = {bucket_hash(value, part.seed), item};
      return;
    }
    *to++ = {hash_number(value, part.seed), item};
  };
  if (part.field < goods_from) of_fact(sheet.facts[part.field], -1);
  else for (std::size_t i = 0; i < sheet.items.size(); ++i) of_fact(sheet.items[i][part.field - goods_from], static_cast<std::int32_t>(i));
  return to;
}

std::size_t AccessIndex::values_max(const FactSheet& sheet) { return std::max({std::size_t{1}, sheet.items.size(), sheet.list_texts.size()}); }

void AccessIndex::form_keys(AccessScratch& s) const {
  s.keys.clear();
  const auto* values = s.values.data();
  const auto begin = [&](std::uint16_t part) { return part == 0 ? 0u : s.value_ends[part - 1u]; };
  const std::uint64_t mask = bloom_.size() - 1;
  const auto offer = [&](std::uint64_t key, std::int32_t item) {
    __builtin_prefetch(&bloom_[key >> 32 & mask]);
    s.keys.push_back({key, item});
  };
  const auto goods_from = first_goods_field();
  for (const auto& shape : shapes_) {
    const auto a0 = begin(shape.a), a1 = s.value_ends[shape.a];
    if (shape.b == none) {
      for (auto a = a0; a < a1; ++a) offer(values[a].hash, values[a].item);
      continue;
    }
    if (a0 == a1) continue;
    const auto b0 = begin(shape.b), b1 = s.value_ends[shape.b];
    if (parts_[shape.a].field < goods_from || parts_[shape.b].field < goods_from) {
      for (auto a = a0; a < a1; ++a)
        for (auto b = b0; b < b1; ++b) offer(pair_key(values[a].hash, values[b].hash), std::max(values[a].item, values[b].item));
      continue;
    }
    // both of goods: of the same item; each part has its values in the items' order
    for (auto a = a0, b = b0; a < a1 && b < b1;) {
      if (values[a].item < values[b].item) ++a;
      else if (values[b].item < values[a].item) ++b;
      else { offer(pair_key(values[a].hash, values[b].hash), values[a].item); ++a; ++b; }
    }
  }
  auto* kept = s.keys.data();
  for (const auto& key : s.keys) {
    const auto bits = bloom_bits(key.key);
    *kept = key;
    kept += (bloom_[key.key >> 32 & mask] & bits) == bits;
  }
  s.keys.erase(s.keys.begin() + (kept - s.keys.data()), s.keys.end());
}

void AccessIndex::candidates(const Program& program, const FactSheet& sheet, AccessScratch& s) const {
  if (const auto room = parts_.size() * values_max(sheet); s.values.size() < room) s.values.resize(room);
  s.value_ends.resize(parts_.size());
  s.found.clear();
  for (const auto profile : always_) s.found.push_back({profile, 0});
  // After a quiet hour the facts' texts are in no cache: all of them are fetched at once.
  for (const auto& part : parts_)
    if (part.type == FieldType::text && part.field < first_goods_field()) __builtin_prefetch(sheet.facts[part.field].chars);
  for (const auto text : sheet.list_texts) __builtin_prefetch(text.data());
  auto* to = s.values.data();
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    to = part_values(program, parts_[p], sheet, to);
    s.value_ends[p] = static_cast<std::uint32_t>(to - s.values.data());
  }
  if (!entries_.empty()) {
    make_sketches(sheet, s);
    form_keys(s);
    find(s);
  }
  for (const auto& [field, profiles] : by_field_) {
    const bool missing = lacks(sheet, field);
    if (missing)
      for (const auto profile : profiles) s.found.push_back({profile, 0});
  }
}

bool AccessIndex::lacks(const FactSheet& sheet, FieldId field) {
  const auto goods_from = first_goods_field();
  if (field < goods_from) return sheet.facts[field].state != Fact::State::good;
  if (sheet.items.empty() || sheet.goods_incomplete) return true;
  bool missing = false;
  for (const auto& item : sheet.items) missing = missing || item[field - goods_from].state != Fact::State::good;
  return missing;
}

void AccessIndex::make_sketches(const FactSheet& sheet, AccessScratch& s) const {
  s.sketches.resize(no_guard + 1);
  s.sketches[no_guard] = ~0u;
  for (std::size_t g = 0; g < guards_.size(); ++g) {
    const auto part = guards_[g];
    std::uint32_t sketch = 0;
    // What is missing is undetermined, which no guard may refuse.
    if (lacks(sheet, parts_[part].field)) sketch = ~0u;
    else for (auto v = part == 0 ? 0u : s.value_ends[part - 1u]; v < s.value_ends[part]; ++v) sketch |= sketch_bit(s.values[v].hash);
    s.sketches[g] = sketch;
  }
}

void AccessIndex::find(AccessScratch& s) const {
  s.lately.resize(lately_size);
  const auto question = ++s.question << 18;  // above the places of profiles
  for (const auto& key : s.keys) __builtin_prefetch(&buckets_[key.key >> bucket_shift_]);
  for (const auto& key : s.keys) __builtin_prefetch(&entries_[buckets_[key.key >> bucket_shift_]]);
  const auto* sketches = s.sketches.data();
  for (const auto& [key, item] : s.keys) {
    const auto bucket = key >> bucket_shift_;
    for (auto e = buckets_[bucket]; e < buckets_[bucket + 1]; ++e) {
      const Entry& entry = entries_[e];
      if (entry.check != static_cast<std::uint32_t>(key) || !(sketches[entry.guard_a] & entry.mask_a) || !(sketches[entry.guard_b] & entry.mask_b)) continue;
      auto& lately = s.lately[entry.profile % lately_size];
      if (lately == (question | entry.profile)) continue;
      lately = question | entry.profile;
      s.found.push_back({entry.profile, static_cast<std::uint32_t>(std::max(item, 0))});
    }
  }
}

void AccessIndex::pack(Block& block) {
  parts_.pack(block);
  shapes_.pack(block);
  guards_.pack(block);
  bounds_.pack(block);
  bloom_.pack(block);
  buckets_.pack(block);
  entries_.pack(block);
}

std::size_t AccessIndex::bytes() const {
  std::size_t sum = always_.capacity() * 4;
  for (const auto& [field, profiles] : by_field_) sum += profiles.capacity() * 4;
  return sum;
}

}  // namespace rampa::risk
