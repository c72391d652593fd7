// Inside edge/risk only, used by access_builder.cpp: the parts that keys and guards can be made of, and how often traffic has their values.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "edge/risk/access_index.hpp"
#include "edge/risk/hashing_internal.hpp"

namespace rampa::risk {

/// How often each hash was seen; a flat table, for it is asked for every value of a set.
class ValueCounts {
 public:
  /// To be counted up by the caller.
  std::uint32_t& count_of(std::uint64_t hash);
  [[nodiscard]] double times(std::uint64_t hash) const { return slots_.empty() ? 0 : slots_[place(slots_, hash)].count; }

 private:
  struct Slot { std::uint64_t hash = 0; std::uint32_t count = 0; };
  static std::size_t place(const std::vector<Slot>& slots, std::uint64_t hash) {
    auto at = hash >> 20 & (slots.size() - 1);
    while (slots[at].count != 0 && slots[at].hash != hash) at = (at + 1) & (slots.size() - 1);
    return at;
  }
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

/// Adds parts to an index as tests ask for them.
class AccessParts {
 public:
  using Part = AccessIndex::Part;
  AccessParts(AccessIndex& index, const Program& program, std::span<const std::uint32_t> roots, std::span<const FactSheet> traffic);

  /// Calls back with (part, hash) for every key that the test implies one of; false where it implies none.
  template <class F>
  bool keys_of(std::uint32_t at, F&& on_key) {
    const Node& n = program_.node(at);
    if (n.negated) return false;
    switch (n.kind) {
      case Node::Kind::texts: {
        const auto p = part(Part::Kind::exact, n.field, 0, at);
        for (std::uint32_t i = 0; i < n.count; ++i) on_key(p, hash_whole(program_.text(n, i), index_.parts_[p].seed));
        return true;
      }
      case Node::Kind::prefixes:
        for (std::uint32_t i = 0; i < n.count; ++i)
          if (program_.text(n, i).empty()) return false;
        for (std::uint32_t i = 0; i < n.count; ++i) {
          const auto text = program_.text(n, i);
          const auto length = even_length(text);
          const auto p = part(Part::Kind::prefix, n.field, static_cast<std::uint16_t>(length), at);
          on_key(p, hash_head(text_head(text.substr(0, length)), length, index_.parts_[p].seed));
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
        if (bound_count_[n.field] == 0) return false;
        const auto [first, last] = buckets_of(n);
        if (last - first > bound_count_[n.field] / 2) return false;
        const auto p = part(Part::Kind::bucket, n.field, bound_count_[n.field], at);
        for (auto b = first; b <= last; ++b) on_key(p, bucket_hash(b, index_.parts_[p].seed));
        return true;
      }
      default: return false;
    }
  }

  /// The parts of the test's keys, each once; without a look at its values, but for the lengths of prefixes. The test implies keys.
  void parts_of(std::uint32_t at, std::vector<std::uint16_t>& parts);

  /// What a guard can say of a test: the question's sketch of `part` has a bit of `mask` wherever the test is not "no".
  struct Sketch { std::uint16_t part; std::uint32_t mask; double pass; std::uint32_t group = 0; };  ///< pass: expected share of questions that it lets through; group: see Factor
  [[nodiscard]] std::optional<Sketch> sketch_of(std::uint32_t at);

  /// Expected share of questions that have the value.
  [[nodiscard]] double share(std::uint16_t part, std::uint64_t hash) const;

 private:
  static constexpr std::size_t parts_max = 60'000;  ///< of named lists; the other kinds make a few thousand at most
  static constexpr std::uint32_t values_enough = 50;  ///< fewer of a set's own values say nothing of their frequency
  static constexpr std::size_t buckets_wanted = 24, prefix_length_max = 16;
  static_assert(buckets_wanted - 1 <= AccessIndex::bounds_row);

  std::uint16_t part(Part::Kind kind, FieldId field, std::uint16_t argument, std::uint32_t node);
  /// Calls back with the hash of each value that the question has for the part.
  template <class F>
  void for_values(const Part& part, const FactSheet& sheet, F&& on_value) const;
  void learn(std::uint16_t part);
  void learn_from_set(std::span<const std::uint32_t> roots);
  [[nodiscard]] double guessed_share(const Part& part) const;
  /// First and last bucket that a comparison of a bounded field reaches into.
  [[nodiscard]] std::pair<std::ptrdiff_t, std::ptrdiff_t> buckets_of(const Node& n) const {
    const auto* bounds = index_.bounds_.data() + bound_place_[n.field];
    const std::ptrdiff_t count = bound_count_[n.field];
    const auto bucket = [&](std::int64_t v) { return std::upper_bound(bounds, bounds + count, v) - bounds; };
    return {n.kind == Node::Kind::le ? 0 : bucket(program_.number(n, 0)),
            n.kind == Node::Kind::ge ? count : bucket(program_.number(n, n.kind == Node::Kind::range ? 1 : 0))};
  }
  void make_bounds(std::span<const std::uint32_t> roots);
  /// Codes are grouped in pairs of digits; other lengths share the key of the next shorter pair.
  static std::size_t even_length(std::string_view prefix) {
    const auto length = std::min(prefix.size(), prefix_length_max);
    return length > 2 ? length - length % 2 : length;
  }

  AccessIndex& index_;
  const Program& program_;
  std::span<const FactSheet> traffic_;
  std::array<std::uint16_t, fields_max> exact_parts_{}, bucket_parts_{};
  std::array<std::array<std::uint16_t, prefix_length_max + 1>, fields_max> prefix_parts_{};
  std::map<std::tuple<FieldId, bool, std::uint32_t>, std::uint16_t> named_parts_;
  std::array<std::uint16_t, fields_max> bound_place_{}, bound_count_{};  ///< count 0: none
  ValueCounts seen_;
  std::vector<std::uint32_t> named_values_;      ///< by part: how many of its values were counted in the set itself
  std::vector<double> guessed_shares_;           ///< by part: of any of its values, where there is no sample
  std::vector<std::array<float, 32>> bit_shares_;  ///< by part: share of the sample whose sketch has the bit
};

}  // namespace rampa::risk
