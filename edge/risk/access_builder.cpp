// Under what each profile is filed: the choice, and the table that comes of it.
#include "edge/risk/access_parts.hpp"

#include <algorithm>
#include <array>
#include <bit>
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
      : index_(index), program_(program), roots_(roots), parts_(index, program, roots, traffic) {}

  void run() {
    gather_codes();
    index_.profiles_ = static_cast<std::uint32_t>(roots_.size());
    std::vector<std::vector<Filing>> filings(roots_.size());
    for (std::size_t i = 0; i < roots_.size(); ++i)
      if (auto access = best(roots_[i])) filings[i] = std::move(access->filings);
    // Pairs of parts that few profiles use would cost every question a key: those profiles choose again.
    const std::size_t few = std::max<std::size_t>(3, roots_.size() / 400);
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
  void gather_codes() {
    auto& codes = index_.codes_;
    std::set<std::uint32_t> lists;
    for (const auto root : roots_)
      for (auto at = root; at < program_.node(root).end; ++at) {
        const Node& n = program_.node(at);
        if (n.field != goods_code_field()) continue;
        if (n.kind == Node::Kind::texts || n.kind == Node::Kind::prefixes)
          for (std::uint32_t i = 0; i < n.count; ++i) codes.emplace_back(program_.text(n, i));
        else if ((n.kind == Node::Kind::named || n.kind == Node::Kind::named_prefixes) && lists.insert(n.data).second)  // many profiles may ask for one list
          for (std::size_t i = 0; i < program_.named_size(n); ++i) codes.emplace_back(program_.named_text(n, i));
      }
    std::sort(codes.begin(), codes.end());
    codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
    codes.shrink_to_fit();
    for (const auto& code : codes) index_.longest_code_ = std::max(index_.longest_code_, code.size());
  }

  using Part = AccessIndex::Part;
  static constexpr std::uint32_t alone = 0xffffffff;
  static constexpr std::uint32_t pair_keys_max = 96;
  static constexpr double worth_it = 0.9;  ///< a guard that lets more than this share through is none

  struct Filing {
    std::uint32_t a = 0, b = alone;          ///< test nodes
    std::uint32_t scope = 0, outer = alone;  ///< the alternative that is filed so, and the conjunction it stands in
  };
  struct Access { double cost = 0; std::vector<Filing> filings; };
  using Sketch = AccessParts::Sketch;
  struct Factor { std::uint32_t node; double share; std::uint32_t keys; std::uint32_t group; };  ///< group: the node over items it is below, 0 for none

  // ---- the choice

  /// Calls back with (node, group) for every test that the condition implies.
  template <class F>
  void for_tests(std::uint32_t at, std::uint32_t group, F&& on_test) {
    const Node& n = program_.node(at);
    if (n.kind == Node::Kind::all || n.kind == Node::Kind::any_item || n.kind == Node::Kind::all_item) {
      const auto below = n.kind == Node::Kind::all ? group : at + 1;
      for (auto child = at + 1; child < n.end; child = program_.node(child).end) for_tests(child, below, on_test);
      return;
    }
    if (n.kind == Node::Kind::any) return;
    // Without goods everything over items is undetermined, also what asks for a field of the whole: only goods fields count there.
    if (group != 0 && n.field < first_goods_field()) return;
    on_test(at, group);
  }

  void factors(std::uint32_t root, std::vector<Factor>& found) {
    for_tests(root, 0, [&](std::uint32_t at, std::uint32_t group) {
      Factor f{at, 0, 0, group};
      if (parts_.keys_of(at, [&](std::uint16_t p, std::uint64_t hash) { f.share += parts_.share(p, hash); ++f.keys; })) found.push_back(f);
    });
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
    factors(root, found);
    double single = 2;
    std::uint32_t at = alone;
    for (const auto& f : found)
      if (cost_of(f.share, f.keys) < single) { single = cost_of(f.share, f.keys); at = f.node; }
    Filing chosen{at, alone, root};
    if (single > 0.0004)
      for (std::size_t i = 0; i < found.size(); ++i)
        for (std::size_t j = i + 1; j < found.size(); ++j) {
          const auto &a = found[i], &b = found[j];
          if (a.group != 0 && b.group != 0 && a.group != b.group) continue;  // two different "any item": not the same item
          if (a.keys * b.keys > pair_keys_max || program_.node(a.node).field == program_.node(b.node).field) continue;
          const double cost = cost_of(a.share * b.share, std::size_t{a.keys} * b.keys) * 1.2 + 2e-5;
          if (cost < single && pair_allowed(a.node, b.node)) { single = cost; chosen = {a.node, b.node, root}; }
        }
    if (chosen.a != alone && single < 1.5) offer({single, {chosen}});
    // An "any" below an "all" may be rarer than every test beside it.
    if (n.kind == Node::Kind::all)
      for (auto child = root + 1; child < n.end; child = program_.node(child).end)
        if (program_.node(child).kind == Node::Kind::any)
          if (auto access = best(child)) {
            for (auto& filing : access->filings) filing.outer = root;
            offer(std::move(*access));
          }
    return result;
  }

  template <class F>
  void for_pairs(const Filing& filing, F&& on_pair) {
    std::vector<std::pair<std::uint16_t, std::uint64_t>> a, b;
    parts_.keys_of(filing.a, [&](std::uint16_t p, std::uint64_t h) { a.emplace_back(p, h); });
    parts_.keys_of(filing.b, [&](std::uint16_t p, std::uint64_t h) { b.emplace_back(p, h); });
    for (const auto& x : a)
      for (const auto& y : b) {
        const bool turned = y.first < x.first;
        on_pair(turned ? y : x, turned ? x : y);
      }
  }

  /// The shapes of the filing's keys.
  template <class F>
  void for_part_pairs(const Filing& filing, F&& on_pair) {
    parts_.parts_of(filing.a, parts_of_a_);
    parts_.parts_of(filing.b, parts_of_b_);
    for (const auto x : parts_of_a_)
      for (const auto y : parts_of_b_) on_pair(pair_of(std::min(x, y), std::max(x, y)));
  }

  static std::uint32_t pair_of(std::uint16_t a, std::uint16_t b) { return std::uint32_t{a} << 16 | b; }

  bool pair_allowed(std::uint32_t a, std::uint32_t b) {
    if (refused_.empty()) return true;
    bool fine = true;
    for_part_pairs({a, b}, [&](std::uint32_t pair) { fine = fine && !refused_.contains(pair); });
    return fine;
  }

  void count_pairs(const std::vector<Filing>& filings) {
    std::vector<std::uint32_t> used;
    for (const auto& filing : filings)
      if (filing.b != alone)
        for_part_pairs(filing, [&](std::uint32_t pair) {
          if (std::find(used.begin(), used.end(), pair) == used.end()) used.push_back(pair);
        });
    for (const auto pair : used) ++pair_uses_[pair];
  }

  bool uses_refused(const std::vector<Filing>& filings) {
    return std::any_of(filings.begin(), filings.end(), [&](const Filing& f) { return f.b != alone && !pair_allowed(f.a, f.b); });
  }

  // ---- guards

  struct Guarded { std::uint32_t profile; std::array<Sketch, 2> guards; };  ///< part none: no guard; group 0: not of the key's own item

  /// Everything that could guard what is filed so, into possible_; gives the group of the key's own tests.
  template <class F>
  std::uint32_t find_guards(const Filing& filing, F&& may_use) {
    possible_.clear();
    std::uint32_t group_of_key = 0;
    const auto consider = [&](std::uint32_t at, std::uint32_t group) {
      const bool of_key = at == filing.a || at == filing.b;
      if (of_key) group_of_key = std::max(group_of_key, group);
      if (of_key && filing.b == alone) return;  // guards nothing: it is the key, or what is missing
      auto sketch = parts_.sketch_of(at);
      if (!sketch || sketch->pass >= worth_it || !may_use(sketch->part)) return;
      sketch->group = group;
      possible_.push_back({at, *sketch});
    };
    for_tests(filing.scope, 0, consider);
    if (filing.outer != alone) for_tests(filing.outer, 0, consider);
    return group_of_key;
  }

  /// The two of them that let the fewest questions through, of those that ask for something else.
  template <class F>
  [[nodiscard]] std::array<Sketch, 2> best_guards(F&& asks_else) const {
    std::array<Sketch, 2> best{Sketch{AccessIndex::none, ~0u, worth_it}, Sketch{AccessIndex::none, ~0u, worth_it}};
    for (const auto& [node, sketch] : possible_) {
      if (sketch.pass >= best[1].pass || !asks_else(node)) continue;
      best[1] = sketch;
      if (best[1].pass < best[0].pass) std::swap(best[0], best[1]);
    }
    return best;
  }

  /// Of the keys: beside the tests that they are made of.
  template <class F>
  std::array<Sketch, 2> guards_of_keys(const Filing& filing, F&& may_use) {
    const auto group_of_key = find_guards(filing, may_use);
    auto best = best_guards([&](std::uint32_t node) { return node != filing.a && node != filing.b; });
    for (auto& guard : best)
      if (guard.group != group_of_key) guard.group = 0;
    return best;
  }

  /// Of the same filing, where the fact that the test asks for is missing: beside all that ask for it.
  [[nodiscard]] std::array<Sketch, 2> guards_without(std::uint32_t test) const {
    const auto field = program_.node(test).field;
    auto best = best_guards([&](std::uint32_t node) { return program_.node(node).field != field; });
    for (auto& guard : best) guard.group = 0;
    return best;
  }

  /// A part that only guards look at costs every question its values: it must refuse enough. Those that keys are made of are there anyway.
  void choose_guard_parts(const std::vector<std::vector<Filing>>& filings, const std::set<std::uint32_t>& shapes) {
    std::map<std::uint16_t, double> refused;
    // Of a large set a few thousand profiles say enough.
    const std::size_t step = 1 + filings.size() / 8000;
    for (std::size_t i = 0; i < filings.size(); i += step)
      for (const auto& filing : filings[i])
        for (const auto& guard : guards_of_keys(filing, [](std::uint16_t) { return true; }))
          if (guard.part != AccessIndex::none) refused[guard.part] += 1 - guard.pass;
    for (const auto shape : shapes)
      for (const auto part : {static_cast<std::uint16_t>(shape >> 16), static_cast<std::uint16_t>(shape & 0xffff)})
        if (const auto used = refused.find(part); used != refused.end()) used->second += static_cast<double>(roots_.size());
    std::vector<std::pair<double, std::uint16_t>> order;
    for (const auto& [part, sum] : refused)
      if (sum * 100 * static_cast<double>(step) >= static_cast<double>(roots_.size())) order.emplace_back(-sum, part);
    std::sort(order.begin(), order.end());
    if (order.size() > AccessIndex::guards_max) order.resize(AccessIndex::guards_max);
    for (const auto& [sum, part] : order) guard_parts_.push_back(part);
  }

  // ---- the table

  void file(const std::vector<std::vector<Filing>>& filings) {
    struct Keyed { std::uint64_t key; std::uint32_t filing; };
    std::vector<Keyed> keyed;
    std::vector<Guarded> filed;
    std::set<std::uint32_t> shapes;
    std::array<std::vector<Guarded>, fields_max> by_field;
    for (std::uint32_t profile = 0; profile < filings.size(); ++profile) {
      if (filings[profile].empty()) {
        index_.always_.push_back(profile);
        continue;
      }
      for (const auto& filing : filings[profile]) {
        const auto first = keyed.size();
        const auto place = static_cast<std::uint32_t>(filed.size());
        filed.push_back({profile, {}});
        if (filing.b == alone) {
          parts_.keys_of(filing.a, [&](std::uint16_t p, std::uint64_t hash) {
            shapes.insert(pair_of(p, AccessIndex::none));
            keyed.push_back({hash, place});
          });
        } else {
          for_pairs(filing, [&](const auto& x, const auto& y) {
            shapes.insert(pair_of(x.first, y.first));
            keyed.push_back({pair_key(x.second, y.second), place});
          });
        }
        std::sort(keyed.begin() + static_cast<std::ptrdiff_t>(first), keyed.end(), [](const auto& x, const auto& y) { return x.key < y.key; });
        keyed.erase(std::unique(keyed.begin() + static_cast<std::ptrdiff_t>(first), keyed.end(), [](const auto& x, const auto& y) { return x.key == y.key; }), keyed.end());
      }
    }
    choose_guard_parts(filings, shapes);
    std::vector<bool> may_use(index_.parts_.size());
    for (const auto part : guard_parts_) may_use[part] = true;
    auto next_filed = filed.begin();
    for (const auto& profile : filings)
      for (const auto& filing : profile) {
        next_filed->guards = guards_of_keys(filing, [&](std::uint16_t part) { return part < may_use.size() && may_use[part]; });
        for (const auto test : {filing.a, filing.b})
          if (test != alone) by_field[program_.node(test).field].push_back({next_filed->profile, guards_without(test)});
        ++next_filed;
      }
    const auto places = keep_used_parts(shapes);
    const auto place_of = [&](const Sketch& guard) { return guard.part == AccessIndex::none ? AccessIndex::no_guard : places[guard.part] + 1u; };
    const auto filed_as = [&](const Guarded& f) -> AccessIndex::Filed {
      const auto& [a, b] = f.guards;
      return {f.profile, place_of(a), place_of(b), a.group != 0, b.group != 0, a.mask, b.mask};
    };
    unsigned bits = 1;
    while ((std::size_t{1} << bits) * 4 < keyed.size() * 3) ++bits;
    index_.bucket_shift_ = 64 - bits;
    auto& buckets = index_.buckets_.growing();
    auto& bloom = index_.bloom_.growing();
    auto& entries = index_.entries_.growing();
    buckets.assign((std::size_t{1} << bits) + 1, 0);
    // 5 to 10 bits a key: a larger one would let less through, and lie in a slower cache.
    bloom.assign(std::bit_floor(std::max<std::size_t>(1, keyed.size() / 6)), 0);
    const auto mask = bloom.size() - 1;
    for (const auto& k : keyed) {
      ++buckets[(k.key >> index_.bucket_shift_) + 1];
      bloom[k.key >> 32 & mask] |= bloom_bits(k.key);
    }
    for (std::size_t b = 1; b < buckets.size(); ++b) buckets[b] += buckets[b - 1];
    entries.resize(keyed.size());
    auto next = buckets;
    for (const auto& k : keyed) entries[next[k.key >> index_.bucket_shift_]++] = {static_cast<std::uint32_t>(k.key), filed_as(filed[k.filing])};
    index_.buckets_.seal();
    index_.bloom_.seal();
    index_.entries_.seal();
    for (std::size_t f = 0; f < by_field.size(); ++f)
      if (!by_field[f].empty()) {
        std::vector<AccessIndex::Filed> all;
        all.reserve(by_field[f].size());
        for (const auto& one : by_field[f]) all.push_back(filed_as(one));
        index_.by_field_.emplace_back(static_cast<FieldId>(f), std::move(all));
      }
  }

  /// Parts that were only weighed and not chosen would be formed for every question. Where each part is now, or none.
  std::vector<std::uint16_t> keep_used_parts(const std::set<std::uint32_t>& shapes) {
    enum : std::uint8_t { unused, used, guard };
    std::vector<std::uint8_t> use(index_.parts_.size(), unused);
    for (const auto shape : shapes)
      for (const auto part : {static_cast<std::uint16_t>(shape >> 16), static_cast<std::uint16_t>(shape & 0xffff)})
        if (part != AccessIndex::none) use[part] = used;
    for (const auto part : guard_parts_) use[part] = guard;
    std::vector<std::uint16_t> order;
    for (std::size_t p = 0; p < use.size(); ++p)
      if (use[p] != unused) order.push_back(static_cast<std::uint16_t>(p));
    const auto rank = [&](std::uint16_t p) { return std::tuple(use[p] != guard, index_.parts_[p].field, index_.parts_[p].kind != Part::Kind::prefix, p); };
    std::sort(order.begin(), order.end(), [&](auto x, auto y) { return rank(x) < rank(y); });
    std::vector<std::uint16_t> place(index_.parts_.size(), AccessIndex::none);
    std::vector<Part> kept;
    auto& sources = index_.sources_.growing();
    for (const auto p : order) {
      place[p] = static_cast<std::uint16_t>(kept.size());
      kept.push_back(index_.parts_[p]);
      const auto field = index_.parts_[p].field;
      if (sources.empty() || sources.back().field != field || place[p] == guard_parts_.size()) sources.push_back({place[p], place[p], field, field_type(field)});
      ++sources.back().last;
    }
    index_.parts_.growing() = std::move(kept);
    index_.sources_.seal();
    index_.parts_.seal();
    place_shapes(shapes, place);
    return place;
  }

  void place_shapes(const std::set<std::uint32_t>& shapes, const std::vector<std::uint16_t>& place) {
    std::array<std::vector<AccessIndex::Shape>, 3> kinds;  // of one part, of one item, crossed
    for (const auto shape : shapes) {
      const auto a = place[shape >> 16], b = (shape & 0xffff) == AccessIndex::none ? AccessIndex::none : place[shape & 0xffff];
      const auto of_goods = [&](std::uint16_t part) { return part != AccessIndex::none && index_.parts_[part].field >= first_goods_field(); };
      if (b == AccessIndex::none) kinds[0].push_back({a, b});
      else if (of_goods(a) && of_goods(b)) kinds[1].push_back({a, b});
      else kinds[2].push_back(of_goods(b) ? AccessIndex::Shape{b, a} : AccessIndex::Shape{a, b});
    }
    for (const auto& kind : kinds) index_.shapes_.growing().insert(index_.shapes_.growing().end(), kind.begin(), kind.end());
    index_.single_shapes_ = static_cast<std::uint32_t>(kinds[0].size());
    index_.item_shapes_ = static_cast<std::uint32_t>(kinds[1].size());
    index_.shapes_.seal();
  }

  AccessIndex& index_;
  const Program& program_;
  std::span<const std::uint32_t> roots_;
  AccessParts parts_;
  std::vector<std::uint16_t> guard_parts_;
  std::vector<std::uint16_t> parts_of_a_, parts_of_b_;
  struct Possible { std::uint32_t node; Sketch sketch; };
  std::vector<Possible> possible_;  ///< guards of the filing that is looked at
  std::unordered_map<std::uint32_t, std::uint32_t> pair_uses_;
  std::set<std::uint32_t> refused_;
};

void AccessIndex::build(const Program& program, std::span<const std::uint32_t> roots, std::span<const FactSheet> traffic) {
  AccessBuilder(*this, program, roots, traffic).run();
}

}  // namespace rampa::risk
