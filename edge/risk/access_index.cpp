#include "edge/risk/access_index.hpp"

#include <algorithm>

namespace rampa::risk {

// Nearly every fact of nearly every question has one value: that way is short, and what has none or several has a way of its own.
void AccessIndex::make_values(const Program& program, const FactSheet& sheet, AccessScratch& s) const {
  s.values.resize(std::max(s.values.size(), parts_.size()));
  s.places.resize(parts_.size());
  s.sketches.resize(parts_.size() + 1);
  s.sketches[no_guard] = ~0u;
  s.lacking = {};
  s.several = false;
  s.used = parts_.size();
  const auto goods_from = first_goods_field();
  const bool one_item = sheet.items.size() == 1 && !sheet.goods_incomplete;
  for (const Source& source : sources_) {
    const bool of_goods = source.field >= goods_from;
    const Fact& fact = !of_goods ? sheet.facts[source.field] : one_item ? sheet.items[0][source.field - goods_from] : sheet.facts[0];
    if ((of_goods && !one_item) || fact.state != Fact::State::good || goes_on(fact) || (source.type == FieldType::list && fact.size != 1)) {
      make_several(program, source, sheet, s);
      continue;
    }
    const Part* part = parts_.data() + source.first;
    const Part* const end = parts_.data() + source.last;
    auto* value = s.values.data() + source.first;
    auto* place = s.places.data() + source.first;
    auto* sketch = s.sketches.data() + source.first + 1;
    std::uint32_t begin = source.first;
    const auto put = [&](std::uint64_t hash) {
      *value++ = hash;
      *place++ = {begin++, 1};
      *sketch++ = sketch_bit(hash);
    };
    if (source.type == FieldType::text || source.type == FieldType::list) {
      const auto text = source.type == FieldType::text ? fact.text() : sheet.list_texts[static_cast<std::size_t>(fact.number)];
      const auto head = part->kind == Part::Kind::prefix ? text_head(text) : TextHead{};
      for (; part != end; ++part) put(value_of(program, *part, head, text));
    } else {
      for (; part != end; ++part) put(value_of(*part, fact.number));
    }
  }
}

[[gnu::noinline]] void AccessIndex::make_several(const Program& program, const Source& source, const FactSheet& sheet, AccessScratch& s) const {
  const auto goods_from = first_goods_field();
  const bool of_goods = source.field >= goods_from, of_list = source.type == FieldType::list;
  const Fact& whole = sheet.facts[of_goods ? 0 : source.field];
  bool missing = of_goods ? sheet.items.empty() || sheet.goods_incomplete : whole.state != Fact::State::good;
  const std::size_t count = of_goods ? sheet.items.size() : of_list && !missing ? whole.size : 0;
  const std::size_t width = source.last - source.first, begin = s.used;
  s.used += width * count;
  if (s.values.size() < s.used) s.values.resize(s.used);
  for (std::size_t p = 0; p < width; ++p) {
    const Part& part = parts_[source.first + p];
    auto* const values = s.values.data() + begin + p * count;
    std::uint32_t sketch = 0;
    const auto put = [&](std::size_t i, std::uint64_t hash) {
      values[i] = hash;
      sketch |= sketch_bit(hash);
    };
    for (std::size_t i = 0; i < count; ++i) {
      if (of_list) {
        const auto text = sheet.list_texts[static_cast<std::size_t>(whole.number) + i];
        put(i, value_of(program, part, text_head(text), text));
      } else if (const Fact& fact = sheet.items[i][source.field - goods_from]; fact.state != Fact::State::good || goes_on(fact)) {
        missing = true;
        put(i, nothing(part));
      } else if (source.type == FieldType::text) {
        put(i, value_of(program, part, text_head(fact.text()), fact.text()));
      } else {
        put(i, value_of(part, fact.number));
      }
    }
    s.values[source.first + p] = count > 0 ? values[0] : nothing(part);
    s.places[source.first + p] = {static_cast<std::uint32_t>(count > 1 ? values - s.values.data() : source.first + static_cast<std::ptrdiff_t>(p)), static_cast<std::uint32_t>(std::max<std::size_t>(count, 1))};
    s.sketches[source.first + p + 1] = sketch;
  }
  s.several |= count > 1;
  if (!missing) return;
  s.lacking[source.field / 64] |= std::uint64_t{1} << source.field % 64;
  std::fill_n(&s.sketches[source.first + 1u], width, ~0u);  // what is missing is undetermined, which no guard may refuse
}

void AccessIndex::form_keys(AccessScratch& s) const {
  s.formed.resize(shapes_.size());
  if (s.keys.size() < shapes_.size()) s.keys.resize(shapes_.size());
  const auto* const values = s.values.data();
  const auto* const bloom = bloom_.data();
  const auto mask = bloom_.size() - 1;
  auto* to = s.formed.data();
  const auto put = [&](std::uint64_t key) {
    __builtin_prefetch(&bloom[key >> 32 & mask]);
    *to++ = key;
  };
  const Shape* shape = shapes_.begin();
  for (const Shape* const end = shape + single_shapes_; shape != end; ++shape) put(values[shape->a]);
  for (const Shape* const end = shapes_.end(); shape != end; ++shape) put(pair_key(values[shape->a], values[shape->b]));
  auto* kept = s.keys.data();
  for (const auto key : s.formed) {
    *kept = {key, 0};
    kept += may_be_filed(key);
  }
  s.keys_kept = static_cast<std::size_t>(kept - s.keys.data());
}

/// The keys of all further values. False where they are more than it takes to look at every profile.
[[gnu::noinline]] bool AccessIndex::form_several(AccessScratch& s) const {
  std::size_t most = s.keys_kept;
  for (const auto& shape : shapes_) most += std::size_t{s.places[shape.a].count} * (shape.b == none ? 1 : s.places[shape.b].count);
  if (most > keys_max) return false;
  if (s.keys.size() < most) s.keys.resize(most);
  const auto* const values = s.values.data();
  const auto* const bloom = bloom_.data();
  const auto mask = bloom_.size() - 1;
  auto* const first = s.keys.data() + s.keys_kept;
  auto* to = first;
  const auto put = [&](std::uint64_t key, std::uint32_t item) {
    __builtin_prefetch(&bloom[key >> 32 & mask]);
    *to++ = {key, item};
  };
  for (std::size_t i = 0; i < shapes_.size(); ++i) {
    const auto [shape_a, shape_b] = shapes_[i];
    const auto a = s.places[shape_a];
    const auto* const of_a = values + a.begin;
    if (i < single_shapes_) {
      for (std::uint32_t k = 1; k < a.count; ++k) put(of_a[k], k);
      continue;
    }
    const auto b = s.places[shape_b];
    const auto* const of_b = values + b.begin;
    if (i < single_shapes_ + item_shapes_) {
      for (std::uint32_t k = 1; k < a.count; ++k) put(pair_key(of_a[k], of_b[k]), k);
      continue;
    }
    for (std::uint32_t l = 0; l < b.count; ++l) {
      const auto other = of_b[l];
      for (std::uint32_t k = l == 0; k < a.count; ++k) put(pair_key(of_a[k], other), k);
    }
  }
  auto* kept = first;
  for (const auto* one = first; one != to; ++one) {
    const auto [key, item] = *one;
    *kept = {key, item};
    kept += may_be_filed(key);
  }
  s.keys_kept = static_cast<std::size_t>(kept - s.keys.data());
  return true;
}

void AccessIndex::candidates(const Program& program, const FactSheet& sheet, AccessScratch& s) const {
  s.found.clear();
  for (const auto profile : always_) s.found.push_back({profile, 0});
  if (entries_.empty()) return;
  // After a quiet hour the facts' texts are in no cache: all of them are fetched at once.
  const auto goods_from = first_goods_field();
  for (const auto& source : sources_) {
    if (source.type != FieldType::text) continue;
    if (source.field < goods_from) __builtin_prefetch(sheet.facts[source.field].chars);
    else for (const auto& item : sheet.items) __builtin_prefetch(item[source.field - goods_from].chars);
  }
  for (const auto text : sheet.list_texts) __builtin_prefetch(text.data());
  make_values(program, sheet, s);
  form_keys(s);
  if (s.several && !form_several(s)) {
    for (std::uint32_t profile = 0; profile < profiles_; ++profile) s.found.push_back({profile, 0});
    return;
  }
  find(s);
  if ((s.lacking[0] | s.lacking[1]) != 0) find_open(s);
}

bool AccessIndex::goes_on(std::string_view code) const {
  const auto after = std::upper_bound(codes_.begin(), codes_.end(), code);
  return after != codes_.end() && after->starts_with(code);
}

bool AccessIndex::lacks(const FactSheet& sheet, FieldId field) {
  const auto goods_from = first_goods_field();
  if (field < goods_from) return sheet.facts[field].state != Fact::State::good;
  if (sheet.items.empty() || sheet.goods_incomplete) return true;
  bool missing = false;
  for (const auto& item : sheet.items) missing = missing || item[field - goods_from].state != Fact::State::good;
  return missing;
}

/// A guard that asks for the key's own item looks at that one alone: what all of many items have together lets nearly everything through.
bool AccessIndex::item_passes(const Filed& filed, std::uint32_t item, const AccessScratch& s) const {
  const auto fits = [&](std::uint32_t guard, std::uint32_t mask) {
    const auto place = s.places[guard - 1];
    if (item >= place.count) return true;  // of another key, whose lower half happens to be the same
    const auto value = s.values[place.begin + item];
    return value == nothing(parts_[guard - 1]) || (sketch_bit(value) & mask) != 0;
  };
  return (!filed.item_a || fits(filed.guard_a, filed.mask_a)) && (!filed.item_b || fits(filed.guard_b, filed.mask_b));
}

void AccessIndex::note(std::uint32_t profile, std::uint32_t item, AccessScratch& s) {
  auto& lately = s.lately[profile % lately_size];
  const auto now = s.question << 18 | profile;  // the question stands above the places of profiles
  if (lately == now) return;
  lately = now;
  s.found.push_back({profile, item});
}

void AccessIndex::find(AccessScratch& s) const {
  s.lately.resize(lately_size);
  ++s.question;
  const std::span<const AccessScratch::Key> kept(s.keys.data(), s.keys_kept);
  for (const auto& key : kept) __builtin_prefetch(&buckets_[key.key >> bucket_shift_]);
  for (const auto& key : kept) __builtin_prefetch(&entries_[buckets_[key.key >> bucket_shift_]]);
  const auto* const sketches = s.sketches.data();
  // Whether an entry is the right one can't be foretold, so nothing waits for the answer.
  std::size_t count = 0;
  for (const auto& [key, item] : kept) {
    const auto begin = buckets_[key >> bucket_shift_], end = buckets_[(key >> bucket_shift_) + 1];
    if (s.passed.size() < count + (end - begin)) s.passed.resize(2 * (count + (end - begin)));
    for (auto e = begin; e < end; ++e) {
      const Entry& entry = entries_[e];
      s.passed[count] = {e, item};
      count += static_cast<std::size_t>(entry.check == static_cast<std::uint32_t>(key)) & passes(entry.filed, sketches);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto [e, item] = s.passed[i];
    const Filed& filed = entries_[e].filed;
    if (!s.several || item_passes(filed, item, s)) note(filed.profile, item, s);
  }
}

/// What is filed under a field whose fact is missing.
[[gnu::noinline]] void AccessIndex::find_open(AccessScratch& s) const {
  for (const auto& [field, profiles] : by_field_) {
    const bool missing = s.lacking[field / 64] >> field % 64 & 1;
    if (!missing) continue;
    for (const auto& filed : profiles)
      if (passes(filed, s.sketches.data())) note(filed.profile, 0, s);
  }
}

void AccessIndex::pack(Block& block) {
  sources_.pack(block);
  parts_.pack(block);
  shapes_.pack(block);
  bounds_.pack(block);
  bloom_.pack(block);
  buckets_.pack(block);
  entries_.pack(block);
}

std::size_t AccessIndex::bytes() const {
  std::size_t sum = always_.capacity() * 4 + codes_.capacity() * sizeof(std::string);
  for (const auto& [field, profiles] : by_field_) sum += profiles.capacity() * sizeof(Filed);
  return sum;
}

}  // namespace rampa::risk
