#include "edge/risk/access_parts.hpp"

#include <bit>

namespace rampa::risk {

AccessParts::AccessParts(AccessIndex& index, const Program& program, std::span<const std::uint32_t> roots, std::span<const FactSheet> traffic)
    : index_(index), program_(program), traffic_(traffic) {
  for (auto& row : prefix_parts_) row.fill(AccessIndex::none);
  exact_parts_.fill(AccessIndex::none);
  bucket_parts_.fill(AccessIndex::none);
  make_bounds(roots);
  if (traffic_.empty()) learn_from_set(roots);
}

std::uint32_t& ValueCounts::count_of(std::uint64_t hash) {
  if (used_ * 2 >= slots_.size()) {
    std::vector<Slot> larger(std::max<std::size_t>(1024, slots_.size() * 4));
    for (const auto& slot : slots_)
      if (slot.count != 0) larger[place(larger, slot.hash)] = slot;
    slots_ = std::move(larger);
  }
  Slot& slot = slots_[place(slots_, hash)];
  if (slot.count == 0) ++used_;
  slot.hash = hash;
  return slot.count;
}

std::uint16_t AccessParts::part(Part::Kind kind, FieldId field, std::uint16_t argument, std::uint32_t node) {
  std::uint16_t* known = nullptr;
  if (kind == Part::Kind::exact) known = &exact_parts_[field];
  else if (kind == Part::Kind::bucket) known = &bucket_parts_[field];
  else if (kind == Part::Kind::prefix) known = &prefix_parts_[field][argument];
  else known = &named_parts_.try_emplace({field, program_.node(node).kind == Node::Kind::named_prefixes, program_.node(node).data}, AccessIndex::none).first->second;
  if (*known != AccessIndex::none) return *known;
  *known = static_cast<std::uint16_t>(index_.parts_.size());
  Part p{mix(0x9e3779b97f4a7c15ull * (index_.parts_.size() + 1), 0xd1b54a32d192ed03ull ^ field), node, argument, kind, field};
  if (kind == Part::Kind::bucket) p.node = bound_place_[field];
  index_.parts_.growing().push_back(p);
  index_.parts_.seal();
  learn(*known);
  guessed_shares_.push_back(guessed_share(p));
  named_values_.push_back(0);
  return *known;
}

template <class F>
void AccessParts::for_values(const Part& part, const FactSheet& sheet, F&& on_value) const {
  const auto of_text = [&](std::string_view text) {
    if (const auto hash = AccessIndex::value_of(program_, part, text_head(text), text); hash != AccessIndex::nothing(part)) on_value(hash);
  };
  const auto type = field_type(part.field);
  const auto of_fact = [&](const Fact& fact) {
    if (fact.state != Fact::State::good) return;
    if (type == FieldType::text) return of_text(fact.text());
    if (type != FieldType::list) return on_value(index_.value_of(part, fact.number));
    for (const auto text : sheet.list(fact)) of_text(text);
  };
  if (const auto goods_from = first_goods_field(); part.field < goods_from) of_fact(sheet.facts[part.field]);
  else for (const auto& item : sheet.items) of_fact(item[part.field - goods_from]);
}

/// Counts how often the sample has each value of a new part.
void AccessParts::learn(std::uint16_t p) {
  auto& bits = bit_shares_.emplace_back();
  for (const auto& sheet : traffic_) {
    std::uint32_t sketch = AccessIndex::lacks(sheet, index_.parts_[p].field) ? ~0u : 0;
    for_values(index_.parts_[p], sheet, [&](std::uint64_t hash) {
      ++seen_.count_of(hash);
      sketch |= AccessIndex::sketch_bit(hash);
    });
    for (std::size_t bit = 0; bit < 32; ++bit)
      if (sketch >> bit & 1) bits[bit] += 1;
  }
  for (auto& bit : bits) bit /= static_cast<float>(std::max<std::size_t>(1, traffic_.size()));
}

double AccessParts::share(std::uint16_t p, std::uint64_t hash) const {
  if (!traffic_.empty()) return (seen_.times(hash) + 0.02) / static_cast<double>(traffic_.size());
  // Without a sample a value counts as frequent as the authors of the set name it: they write of what they see.
  if (index_.parts_[p].kind != Part::Kind::bucket && index_.parts_[p].kind != Part::Kind::named && named_values_[p] >= values_enough)
    return (seen_.times(hash) + 0.5) / (named_values_[p] + 1.0);
  return guessed_shares_[p];
}

void AccessParts::learn_from_set(std::span<const std::uint32_t> roots) {
  const std::size_t step = 1 + roots.size() / 4000;
  for (std::size_t i = 0; i < roots.size(); i += step)
    for (auto at = roots[i]; at < program_.node(roots[i]).end; ++at)
      (void)keys_of(at, [&](std::uint16_t p, std::uint64_t hash) {
        ++seen_.count_of(hash);
        ++named_values_[p];
      });
}

double AccessParts::guessed_share(const Part& part) const {
  const auto name = field_name(part.field);
  if (part.kind == Part::Kind::named) return 0.1;
  if (part.kind == Part::Kind::bucket) return 1.0 / static_cast<double>(part.argument + 1);
  if (part.kind == Part::Kind::prefix) return part.argument >= 6 ? 0.001 : part.argument >= 4 ? 0.005 : 0.03;
  switch (field_type(part.field)) {
    case FieldType::boolean: return 0.5;
    case FieldType::integer: return 0.05;
    default: break;
  }
  for (const std::string_view rare : {"plate", "trailer", "consign", "declarant", "carrier", "references", "container", "hs_code", "description"})
    if (name.find(rare) != std::string_view::npos) return 0.0005;
  return name.find("country") != std::string_view::npos || name.find("origin") != std::string_view::npos || name.find("route") != std::string_view::npos ? 0.03 : 0.2;
}

void AccessParts::make_bounds(std::span<const std::uint32_t> roots) {
  std::array<std::vector<std::int64_t>, fields_max> numbers;
  const auto goods_from = first_goods_field();
  for (std::size_t f = 0; f < field_count(); ++f) {
    if (field_type(static_cast<FieldId>(f)) != FieldType::integer) continue;
    for (const auto& sheet : traffic_) {
      if (f < goods_from) {
        if (sheet.facts[f].state == Fact::State::good) numbers[f].push_back(sheet.facts[f].number);
      } else {
        for (const auto& item : sheet.items)
          if (item[f - goods_from].state == Fact::State::good) numbers[f].push_back(item[f - goods_from].number);
      }
    }
  }
  if (traffic_.empty())
    for (const auto root : roots)
      for (auto at = root; at < program_.node(root).end; ++at) {
        const Node& n = program_.node(at);
        if (n.kind != Node::Kind::ge && n.kind != Node::Kind::le && n.kind != Node::Kind::range) continue;
        for (std::uint32_t i = 0; i < n.count; ++i) numbers[n.field].push_back(program_.number(n, i));
      }
  for (std::size_t f = 0; f < field_count(); ++f) {
    auto& sorted = numbers[f];
    if (sorted.size() < buckets_wanted) continue;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::int64_t> bounds;
    for (std::size_t i = 1; i < buckets_wanted; ++i) bounds.push_back(sorted[sorted.size() * i / buckets_wanted]);
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    auto& all = index_.bounds_.growing();
    bound_place_[f] = static_cast<std::uint16_t>(all.size());
    bound_count_[f] = static_cast<std::uint16_t>(bounds.size());
    all.insert(all.end(), bounds.begin(), bounds.end());
    all.insert(all.end(), AccessIndex::bounds_row - bounds.size(), INT64_MAX);
  }
  index_.bounds_.seal();
}

void AccessParts::parts_of(std::uint32_t at, std::vector<std::uint16_t>& parts) {
  const Node& n = program_.node(at);
  parts.clear();
  switch (n.kind) {
    case Node::Kind::prefixes:
      for (std::uint32_t i = 0; i < n.count; ++i) {
        const auto p = part(Part::Kind::prefix, n.field, static_cast<std::uint16_t>(even_length(program_.text(n, i))), at);
        if (std::find(parts.begin(), parts.end(), p) == parts.end()) parts.push_back(p);
      }
      break;
    case Node::Kind::named:
    case Node::Kind::named_prefixes: parts.push_back(part(Part::Kind::named, n.field, 0, at)); break;
    case Node::Kind::ge:
    case Node::Kind::le:
    case Node::Kind::range: parts.push_back(part(Part::Kind::bucket, n.field, bound_count_[n.field], at)); break;
    default: parts.push_back(part(Part::Kind::exact, n.field, 0, at)); break;
  }
}

std::optional<AccessParts::Sketch> AccessParts::sketch_of(std::uint32_t at) {
  const Node& n = program_.node(at);
  if (n.negated) return std::nullopt;
  Sketch sketch{AccessIndex::none, 0, 0};
  double shares = 0;
  const auto bit = [&](std::uint64_t hash) {
    sketch.mask |= AccessIndex::sketch_bit(hash);
    shares += share(sketch.part, hash);
  };
  if (n.kind == Node::Kind::prefixes) {
    // All its values are cut to one length: the sketch is of one part.
    std::size_t length = prefix_length_max;
    for (std::uint32_t i = 0; i < n.count; ++i) length = std::min(length, even_length(program_.text(n, i)));
    if (length == 0) return std::nullopt;
    sketch.part = part(Part::Kind::prefix, n.field, static_cast<std::uint16_t>(length), at);
    for (std::uint32_t i = 0; i < n.count; ++i) bit(hash_head(text_head(program_.text(n, i).substr(0, length)), length, index_.parts_[sketch.part].seed));
  } else if (n.kind == Node::Kind::ge || n.kind == Node::Kind::le || n.kind == Node::Kind::range) {
    if (bound_count_[n.field] == 0) return std::nullopt;
    sketch.part = part(Part::Kind::bucket, n.field, bound_count_[n.field], at);
    const auto [first, last] = buckets_of(n);
    for (auto b = first; b <= last; ++b) bit(bucket_hash(b, index_.parts_[sketch.part].seed));
  } else if (!keys_of(at, [&](std::uint16_t p, std::uint64_t hash) { sketch.part = p; bit(hash); })) {
    return std::nullopt;
  }
  if (traffic_.empty()) {
    const double by_chance = index_.parts_[sketch.part].kind == Part::Kind::bucket ? 0 : std::popcount(sketch.mask) / 32.0;
    sketch.pass = std::min(1.0, shares + by_chance);
  } else {
    for (std::size_t i = 0; i < 32; ++i)
      if (sketch.mask >> i & 1) sketch.pass += static_cast<double>(bit_shares_[sketch.part][i]);
    sketch.pass = std::min(1.0, sketch.pass);
  }
  return sketch;
}

}  // namespace rampa::risk
