// Inside edge/risk only: which profiles of a large set can apply to a question at all.
//
// Every profile is filed under the rarest thing (or pair of things) that its condition implies: a value, the beginning of a value, a
// bucket of a number, membership of a named list. A question forms its keys, a bloom word rejects nearly all of them, the table gives
// the few entries left. An entry carries up to two guards, 32-bit sketches of further tests that the profile implies: most of what the key
// alone lets through is refused without a look at the profile itself, which lies in no cache.
// A condition that implies nothing of the kind is looked at always. Where a fact is missing, its profiles may be
// undetermined, so all that are filed under that field are looked at. How rare a thing is comes from sample traffic, or from how
// often the set itself names it; a bad sample costs time, never a result.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "edge/risk/block.hpp"
#include "edge/risk/fact_sheet.hpp"
#include "edge/risk/program.hpp"

namespace rampa::risk {

/// Working memory of candidates(); kept by the caller so that nothing is allocated per question.
struct AccessScratch {
  struct Value { std::uint64_t hash; std::int32_t item; };  ///< item -1: not of one goods item
  std::vector<Value> values;              ///< room for all; value_ends says how many there are
  std::vector<std::uint32_t> value_ends;  ///< by part
  struct Key { std::uint64_t key; std::int32_t item; };
  std::vector<Key> keys;
  std::vector<std::uint32_t> sketches;    ///< by guard: what the question has of that part; ~0 where a fact is missing
  struct Found { std::uint32_t profile, item; };  ///< item: whose goods found it, if goods did: probably those that it asks for
  std::vector<Found> found;               ///< some may be there twice
  /// Profiles found lately, by their low bits: many goods items find the same ones. Of this question where the upper bits are its number.
  std::vector<std::uint64_t> lately;
  std::uint64_t question = 0;
};

class AccessIndex {
 public:
  /// `roots`: the root node of each profile. `traffic`: sample of questions, may be empty.
  void build(const Program& program, std::span<const std::uint32_t> roots, std::span<const FactSheet> traffic);
  /// All profiles whose condition is not "no", and some others, into scratch.found.
  void candidates(const Program& program, const FactSheet& sheet, AccessScratch& scratch) const;

  [[nodiscard]] std::size_t packed_bytes() const {
    return parts_.packed_bytes() + shapes_.packed_bytes() + guards_.packed_bytes() + bounds_.packed_bytes() + bloom_.packed_bytes() + buckets_.packed_bytes() + entries_.packed_bytes();
  }
  void pack(Block& block);
  [[nodiscard]] std::size_t bytes() const;  ///< outside of the block
  [[nodiscard]] std::size_t always() const { return always_.size(); }  ///< profiles that are looked at every time
  [[nodiscard]] std::size_t shapes() const { return shapes_.size(); }

 private:
  friend class AccessParts;
  friend class AccessBuilder;
  /// One way to make a hash from a fact.
  struct Part {
    enum class Kind : std::uint8_t { exact, prefix, bucket, named };
    Kind kind = Kind::exact;
    FieldId field = 0;
    std::uint16_t argument = 0;  ///< prefix: its length in bytes; bucket: how many bounds
    std::uint32_t node = 0;      ///< named: a node that asks for the list; bucket: the first bound
    std::uint64_t seed = 0;
    FieldType type = FieldType::text;
  };
  /// Which parts make a key together.
  struct Shape { std::uint16_t a = 0, b = none; };
  static constexpr std::uint16_t none = 0xffff;
  /// A profile under one key: 16 bytes, so that four are fetched at once.
  struct Entry {
    std::uint32_t check;                    ///< the key's lower half
    std::uint32_t profile : 18;             ///< a set has 200,000 at most
    std::uint32_t guard_a : 7, guard_b : 7; ///< places in guards_, or no_guard
    std::uint32_t mask_a, mask_b;           ///< the sketch must have one of these bits
  };
  static_assert(sizeof(Entry) == 16);
  static constexpr std::uint32_t no_guard = 127, lately_size = 1024;

  /// One bit of 32 for a value. Of a bucket it is the bucket's own (key hashes of buckets end in its number).
  static std::uint32_t sketch_bit(std::uint64_t hash) { return std::uint32_t{1} << (hash & 31); }
  /// Is the fact missing, incomplete, or of another type, for the whole or for any of the goods items?
  [[nodiscard]] static bool lacks(const FactSheet& sheet, FieldId field);

  /// Writes from `to`, which has room for every value there can be; the place after the last.
  AccessScratch::Value* part_values(const Program& program, const Part& part, const FactSheet& sheet, AccessScratch::Value* to) const;
  [[nodiscard]] static std::size_t values_max(const FactSheet& sheet);
  void form_keys(AccessScratch& scratch) const;
  void make_sketches(const FactSheet& sheet, AccessScratch& scratch) const;
  void find(AccessScratch& scratch) const;

  PackedArray<Part> parts_;
  PackedArray<Shape> shapes_;
  PackedArray<std::uint16_t> guards_;      ///< parts whose values guards look at
  PackedArray<std::int64_t> bounds_;       ///< of buckets, those of a field ascending
  PackedArray<std::uint64_t> bloom_;
  PackedArray<std::uint32_t> buckets_;     ///< first entry of each, and the end
  PackedArray<Entry> entries_;
  unsigned bucket_shift_ = 63;
  std::vector<std::uint32_t> always_;
  std::vector<std::pair<FieldId, std::vector<std::uint32_t>>> by_field_;  ///< filed under the field
};

}  // namespace rampa::risk
