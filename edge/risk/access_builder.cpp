// Under what each profile is filed: the choice, and the table that comes of it.
#include "edge/risk/access_index.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "edge/risk/hashing_internal.hpp"

namespace rampa::risk {

/// Chooses under what each profile is filed, and files it.
class AccessBuilder {
 public:
  AccessBuilder(AccessIndex& index, const Program& program, std::span<const std::uint32_t> roots, std::span<const FactSheet> traffic)
      : index_(index), program_(program), roots_(roots), traffic_(traffic) {
    for (auto& row : prefix_parts_) row.fill(AccessIndex::none);
    exact_parts_.fill(AccessIndex::none);
    bucket_parts_.fill(AccessIndex::none);
  }

  void run() {
    make_bounds();
    std::vector<std::vector<Filing>> filings(roots_.size());
    for (std::size_t i = 0; i < roots_.size(); ++i)
      if (auto access = best(roots_[i])) filings[i] = std::move(access->filings);
    // Pairs of parts that few profiles use would cost every question a key: those profiles choose again.
    const std::size_t few = std::max<std::size_t>(3, roots_.size() / 800);
    for (const auto& profile : filings) count_pairs(profile);
    for (const auto& [pair, count] : pair_uses_)
      if (count < few) refused_.insert(pair);
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      if (!uses_refused(filings[i])) continue;
      filings[i].clear();
      if (auto access = best(roots_[i])) filings[i] = std::move(access->filings);
    }
    file(filings);
  }

 private:
  using Part = AccessIndex::Part;
  static constexpr std::uint32_t alone = 0xffffffff;
  static constexpr std::uint32_t pair_keys_max = 96;
  static constexpr std::size_t parts_max = 60'000;  ///< of named lists; the other kinds make a few thousand at most
  static constexpr std::size_t buckets_wanted = 24, prefix_length_max = 16;

  struct Filing { std::uint32_t a = 0, b = alone; };  ///< test nodes
  struct Access { double cost = 0; std::vector<Filing> filings; };
  struct Factor { std::uint32_t node; double share; std::uint32_t keys; std::uint32_t group; };  ///< group: the node over items it is below, 0 for none

  // ---- parts

  std::uint16_t part(Part::Kind kind, FieldId field, std::uint16_t argument, std::uint32_t node) {
    std::uint16_t* known = nullptr;
    if (kind == Part::Kind::exact) known = &exact_parts_[field];
    else if (kind == Part::Kind::bucket) known = &bucket_parts_[field];
    else if (kind == Part::Kind::prefix) known = &prefix_parts_[field][argument];
    else known = &named_parts_.try_emplace({field, program_.node(node).kind == Node::Kind::named_prefixes, program_.node(node).data}, AccessIndex::none).first->second;
    if (*known != AccessIndex::none) return *known;
    *known = static_cast<std::uint16_t>(index_.parts_.size());
    Part p{kind, field, argument, node, 0, field_type(field)};
    p.seed = mix(0x9e3779b97f4a7c15ull * (index_.parts_.size() + 1), 0xd1b54a32d192ed03ull ^ field);
    index_.parts_.push_back(p);
    learn(*known);
    return *known;
  }

  /// Counts how often the sample has each value of a new part.
  void learn(std::uint16_t p) {
    std::vector<AccessScratch::Value> values;
    for (const auto& sheet : traffic_) {
      values.resize(std::max(values.size(), AccessIndex::values_max(sheet)));
      const auto* end = index_.part_values(program_, index_.parts_[p], sheet, values.data());
      for (const auto* v = values.data(); v != end; ++v) ++seen_[v->hash];
    }
  }

  [[nodiscard]] double share(std::uint16_t p, std::uint64_t hash) const {
    if (!traffic_.empty()) {
      const auto found = seen_.find(hash);
      return ((found == seen_.end() ? 0.0 : found->second) + 0.02) / static_cast<double>(traffic_.size());
    }
    const Part& part = index_.parts_[p];
    const auto name = field_name(part.field);
    if (part.kind == Part::Kind::named) return 0.1;
    if (part.kind == Part::Kind::bucket) return 1.0 / static_cast<double>(index_.bounds_[part.argument].size() + 1);
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

  // ---- buckets of numbers

  void make_bounds() {
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
      for (const auto root : roots_)
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
      bound_place_[f] = static_cast<std::uint16_t>(index_.bounds_.size());
      has_bounds_[f] = true;
      index_.bounds_.push_back(std::move(bounds));
    }
  }

  // ---- keys of a test

  /// Calls back with (part, hash) for every key that the test implies one of; false where it implies none.
  template <class F>
  bool keys_of(std::uint32_t at, F&& on_key) {
    const Node& n = program_.node(at);
    if (n.negated) return false;
    switch (n.kind) {
      case Node::Kind::texts: {
        const auto p = part(Part::Kind::exact, n.field, 0, at);
        for (std::uint32_t i = 0; i < n.count; ++i) on_key(p, hash_text(program_.text(n, i), index_.parts_[p].seed));
        return true;
      }
      case Node::Kind::prefixes:
        for (std::uint32_t i = 0; i < n.count; ++i)
          if (program_.text(n, i).empty()) return false;
        for (std::uint32_t i = 0; i < n.count; ++i) {
          const auto text = program_.text(n, i);
          // Codes are grouped in pairs of digits; other lengths share the key of the next shorter pair.
          auto length = std::min(text.size(), prefix_length_max);
          if (length > 2) length -= length % 2;
          const auto p = part(Part::Kind::prefix, n.field, static_cast<std::uint16_t>(length), at);
          on_key(p, hash_text(text.data(), length, index_.parts_[p].seed));
        }
        return true;
      case Node::Kind::named:
      case Node::Kind::named_prefixes: {
        // Parts are told apart by 16 bits; a set with more named lists than that looks at the rest of its profiles every time.
        if (index_.parts_.size() >= parts_max && !named_parts_.contains({n.field, n.kind == Node::Kind::named_prefixes, n.data})) return false;
        const auto p = part(Part::Kind::named, n.field, 0, at);
        on_key(p, index_.parts_[p].seed);
        return true;
      }
      case Node::Kind::numbers: {
        const auto p = part(Part::Kind::exact, n.field, 0, at);
        for (std::uint32_t i = 0; i < n.count; ++i) on_key(p, hash_number(program_.number(n, i), index_.parts_[p].seed));
        return true;
      }
      case Node::Kind::flag: {
        const auto p = part(Part::Kind::exact, n.field, 0, at);
        on_key(p, hash_number(n.data, index_.parts_[p].seed));
        return true;
      }
      case Node::Kind::ge:
      case Node::Kind::le:
      case Node::Kind::range: {
        if (!has_bounds_[n.field]) return false;
        const auto& bounds = index_.bounds_[bound_place_[n.field]];
        const auto bucket = [&](std::int64_t v) { return std::upper_bound(bounds.begin(), bounds.end(), v) - bounds.begin(); };
        const auto first = n.kind == Node::Kind::le ? 0 : bucket(program_.number(n, 0));
        const auto last = n.kind == Node::Kind::ge ? static_cast<std::ptrdiff_t>(bounds.size()) : bucket(program_.number(n, n.kind == Node::Kind::range ? 1 : 0));
        if (last - first > static_cast<std::ptrdiff_t>(bounds.size() / 2)) return false;
        const auto p = part(Part::Kind::bucket, n.field, bound_place_[n.field], at);
        for (auto b = first; b <= last; ++b) on_key(p, hash_number(b, index_.parts_[p].seed));
        return true;
      }
      default: return false;
    }
  }

  // ---- the choice

  void factors(std::uint32_t at, std::uint32_t group, std::vector<Factor>& found) {
    const Node& n = program_.node(at);
    if (n.kind == Node::Kind::all || n.kind == Node::Kind::any_item || n.kind == Node::Kind::all_item) {
      const auto below = n.kind == Node::Kind::all ? group : at + 1;
      for (auto child = at + 1; child < n.end; child = program_.node(child).end) factors(child, below, found);
      return;
    }
    if (n.kind == Node::Kind::any) return;
    // Without goods everything over items is undetermined, also what asks for a field of the whole: only goods fields are filed there.
    if (group != 0 && n.field < first_goods_field()) return;
    Factor f{at, 0, 0, group};
    if (keys_of(at, [&](std::uint16_t p, std::uint64_t hash) { f.share += share(p, hash); ++f.keys; })) found.push_back(f);
  }

  // A key that the traffic has never shown still costs memory and a look into the table.
  static double cost_of(double share, std::size_t keys) { return share + 2e-6 * static_cast<double>(keys); }

  std::optional<Access> best(std::uint32_t root) {
    const Node& n = program_.node(root);
    std::optional<Access> result;
    const auto offer = [&](Access access) {
      if (!result || access.cost < result->cost) result = std::move(access);
    };
    if (n.kind == Node::Kind::any) {
      Access all;
      for (auto child = root + 1; child < n.end; child = program_.node(child).end) {
        auto one = best(child);
        if (!one) return std::nullopt;
        all.cost += one->cost;
        all.filings.insert(all.filings.end(), one->filings.begin(), one->filings.end());
      }
      if (!all.filings.empty()) offer(std::move(all));
      return result;
    }
    std::vector<Factor> found;
    factors(root, 0, found);
    double single = 2;
    std::uint32_t at = alone;
    for (const auto& f : found)
      if (cost_of(f.share, f.keys) < single) { single = cost_of(f.share, f.keys); at = f.node; }
    Filing chosen{at, alone};
    if (single > 0.0004)
      for (std::size_t i = 0; i < found.size(); ++i)
        for (std::size_t j = i + 1; j < found.size(); ++j) {
          const auto &a = found[i], &b = found[j];
          if (a.group != 0 && b.group != 0 && a.group != b.group) continue;  // two different "any item": not the same item
          if (a.keys * b.keys > pair_keys_max || program_.node(a.node).field == program_.node(b.node).field) continue;
          const double cost = cost_of(a.share * b.share, std::size_t{a.keys} * b.keys) * 1.2 + 2e-5;
          if (cost < single && pair_allowed(a.node, b.node)) { single = cost; chosen = {a.node, b.node}; }
        }
    if (chosen.a != alone && single < 1.5) offer({single, {chosen}});
    // An "any" below an "all" may be rarer than every test beside it.
    if (n.kind == Node::Kind::all)
      for (auto child = root + 1; child < n.end; child = program_.node(child).end)
        if (program_.node(child).kind == Node::Kind::any)
          if (auto access = best(child)) offer(std::move(*access));
    return result;
  }

  template <class F>
  void for_pairs(const Filing& filing, F&& on_pair) {
    std::vector<std::pair<std::uint16_t, std::uint64_t>> a, b;
    keys_of(filing.a, [&](std::uint16_t p, std::uint64_t h) { a.emplace_back(p, h); });
    keys_of(filing.b, [&](std::uint16_t p, std::uint64_t h) { b.emplace_back(p, h); });
    for (const auto& x : a)
      for (const auto& y : b) {
        const bool turned = y.first < x.first;
        on_pair(turned ? y : x, turned ? x : y);
      }
  }

  static std::uint32_t pair_of(std::uint16_t a, std::uint16_t b) { return std::uint32_t{a} << 16 | b; }

  bool pair_allowed(std::uint32_t a, std::uint32_t b) {
    if (refused_.empty()) return true;
    bool fine = true;
    for_pairs({a, b}, [&](const auto& x, const auto& y) { fine = fine && !refused_.contains(pair_of(x.first, y.first)); });
    return fine;
  }

  void count_pairs(const std::vector<Filing>& filings) {
    std::set<std::uint32_t> used;
    for (const auto& filing : filings)
      if (filing.b != alone) for_pairs(filing, [&](const auto& x, const auto& y) { used.insert(pair_of(x.first, y.first)); });
    for (const auto pair : used) ++pair_uses_[pair];
  }

  bool uses_refused(const std::vector<Filing>& filings) {
    return std::any_of(filings.begin(), filings.end(), [&](const Filing& f) { return f.b != alone && !pair_allowed(f.a, f.b); });
  }

  // ---- the table

  void file(const std::vector<std::vector<Filing>>& filings) {
    struct Keyed { std::uint64_t key; std::uint32_t profile; };
    std::vector<Keyed> keyed;
    std::set<std::uint32_t> shapes;
    std::array<std::vector<std::uint32_t>, fields_max> by_field;
    for (std::uint32_t profile = 0; profile < filings.size(); ++profile) {
      if (filings[profile].empty()) {
        index_.always_.push_back(profile);
        continue;
      }
      const auto first = keyed.size();
      for (const auto& filing : filings[profile]) {
        note_field(by_field, filing.a, profile);
        if (filing.b == alone) {
          keys_of(filing.a, [&](std::uint16_t p, std::uint64_t hash) {
            shapes.insert(pair_of(p, AccessIndex::none));
            keyed.push_back({hash, profile});
          });
          continue;
        }
        note_field(by_field, filing.b, profile);
        for_pairs(filing, [&](const auto& x, const auto& y) {
          shapes.insert(pair_of(x.first, y.first));
          keyed.push_back({pair_key(x.second, y.second), profile});
        });
      }
      std::sort(keyed.begin() + static_cast<std::ptrdiff_t>(first), keyed.end(), [](const auto& x, const auto& y) { return x.key < y.key; });
      keyed.erase(std::unique(keyed.begin() + static_cast<std::ptrdiff_t>(first), keyed.end(), [](const auto& x, const auto& y) { return x.key == y.key; }), keyed.end());
    }
    keep_used_parts(shapes);
    unsigned bits = 1;
    while ((std::size_t{1} << bits) < keyed.size()) ++bits;
    index_.bucket_shift_ = 64 - bits;
    index_.buckets_.assign((std::size_t{1} << bits) + 1, 0);
    index_.bloom_.assign(std::max<std::size_t>(1, (std::size_t{1} << bits) / 4), 0);
    const auto mask = index_.bloom_.size() - 1;
    for (const auto& k : keyed) {
      ++index_.buckets_[(k.key >> index_.bucket_shift_) + 1];
      index_.bloom_[k.key >> 32 & mask] |= bloom_bits(k.key);
    }
    for (std::size_t b = 1; b < index_.buckets_.size(); ++b) index_.buckets_[b] += index_.buckets_[b - 1];
    index_.entries_.resize(keyed.size());
    auto next = index_.buckets_;
    for (const auto& k : keyed) index_.entries_[next[k.key >> index_.bucket_shift_]++] = {static_cast<std::uint32_t>(k.key), k.profile};
    for (std::size_t f = 0; f < by_field.size(); ++f)
      if (!by_field[f].empty()) {
        by_field[f].shrink_to_fit();
        index_.by_field_.emplace_back(static_cast<FieldId>(f), std::move(by_field[f]));
      }
  }

  /// Parts that were only weighed and not chosen would be formed for every question.
  void keep_used_parts(const std::set<std::uint32_t>& shapes) {
    std::vector<std::uint16_t> place(index_.parts_.size(), AccessIndex::none);
    std::vector<Part> kept;
    const auto use = [&](std::uint16_t p) {
      if (p == AccessIndex::none) return p;
      if (place[p] == AccessIndex::none) {
        place[p] = static_cast<std::uint16_t>(kept.size());
        kept.push_back(index_.parts_[p]);
      }
      return place[p];
    };
    for (const auto shape : shapes) {
      const auto a = use(static_cast<std::uint16_t>(shape >> 16)), b = use(static_cast<std::uint16_t>(shape & 0xffff));
      index_.shapes_.push_back({a, b});
    }
    index_.parts_ = std::move(kept);
  }

  void note_field(std::array<std::vector<std::uint32_t>, fields_max>& by_field, std::uint32_t node, std::uint32_t profile) {
    auto& list = by_field[program_.node(node).field];
    if (list.empty() || list.back() != profile) list.push_back(profile);
  }

  AccessIndex& index_;
  const Program& program_;
  std::span<const std::uint32_t> roots_;
  std::span<const FactSheet> traffic_;
  std::array<std::uint16_t, fields_max> exact_parts_{}, bucket_parts_{};
  std::array<std::array<std::uint16_t, prefix_length_max + 1>, fields_max> prefix_parts_{};
  std::map<std::tuple<FieldId, bool, std::uint32_t>, std::uint16_t> named_parts_;
  std::array<std::uint16_t, fields_max> bound_place_{};
  std::array<bool, fields_max> has_bounds_{};
  std::unordered_map<std::uint64_t, std::uint32_t> seen_;
  std::unordered_map<std::uint32_t, std::uint32_t> pair_uses_;
  std::set<std::uint32_t> refused_;
};

void AccessIndex::build(const Program& program, std::span<const std::uint32_t> roots, std::span<const FactSheet> traffic) {
  AccessBuilder(*this, program, roots, traffic).run();
}

}  // namespace rampa::risk
