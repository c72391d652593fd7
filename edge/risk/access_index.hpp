// Inside edge/risk only: which profiles of a large set can apply to a question at all.
//
// Every profile is filed under the rarest thing (or pair of things) that its condition implies: a value, the beginning of a value, a
// bucket of a number, membership of a named list. A question forms its keys, a bloom word rejects nearly all of them, the table gives
// the few entries left. An entry carries up to two guards, 32-bit sketches of further tests that the profile implies: most of what the key
// alone lets through is refused without a look at the profile itself, which lies in no cache.
// A condition that implies nothing of the kind is looked at always. Where a fact is missing, its profiles may be
// undetermined, so all that are filed under that field are looked at, as far as guards of their own let them through. How rare a thing
// is comes from sample traffic, or from how often the set itself names it; a bad sample costs time, never a result.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/risk/block.hpp"
#include "edge/risk/fact_sheet.hpp"
#include "edge/risk/hashing_internal.hpp"
#include "edge/risk/program.hpp"

namespace rampa::risk {

/// Working memory of candidates(); kept by the caller so that nothing is allocated per question.
struct AccessScratch {
  /// Hashes. First one of each part, then all of the parts that have several: one per goods item, or per text of a list.
  std::vector<std::uint64_t> values;
  struct Place { std::uint32_t begin, count; };
  std::vector<Place> places;            ///< of the values, by part
  std::size_t used = 0;                 ///< how many values there are
  bool several = false;                 ///< has any part several values
  std::vector<std::uint32_t> sketches;  ///< by part + 1: what the question has of it; ~0 where a fact is missing, and at no_guard
  std::array<std::uint64_t, 2> lacking{};  ///< a bit for each field of the sources that is missing
  std::vector<std::uint64_t> formed;    ///< one key for each shape
  struct Key { std::uint64_t key; std::uint32_t item; };
  std::vector<Key> keys;                ///< room; what the bloom words let through
  std::size_t keys_kept = 0;            ///< so many
  struct Passed { std::uint32_t entry, item; };
  std::vector<Passed> passed;           ///< room for the entries that may be right
  struct Found { std::uint32_t profile, item; };  ///< item: whose goods found it, if goods did: probably those that it asks for
  std::vector<Found> found;                 ///< some may be there twice
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
    return sources_.packed_bytes() + parts_.packed_bytes() + shapes_.packed_bytes() + bounds_.packed_bytes() + bloom_.packed_bytes() + buckets_.packed_bytes() + entries_.packed_bytes();
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
    std::uint64_t seed = 0;
    std::uint32_t node = 0;      ///< named: a node that asks for the list; bucket: its row of bounds
    std::uint16_t argument = 0;  ///< prefix: its length in bytes, 1 to 16; bucket: how many bounds
    Kind kind = Kind::exact;
    FieldId field = 0;
  };
  static_assert(sizeof(Part) == 16);
  /// A field and the parts that are made of it, which stand side by side. (Two of them where only some of its parts guard.)
  struct Source {
    std::uint16_t first, last;  ///< parts; last is not included. Those of beginnings come first
    FieldId field;
    FieldType type;
  };
  /// Which parts make a key together; of a whole and goods, the goods are `a`.
  struct Shape { std::uint16_t a = 0, b = none; };
  static constexpr std::uint16_t none = 0xffff;
  struct Filed {  ///< a profile and what guards it
    std::uint32_t profile : 18;             ///< a set has 200,000 at most
    std::uint32_t guard_a : 6, guard_b : 6; ///< part + 1, or no_guard
    std::uint32_t item_a : 1, item_b : 1;   ///< the guard asks for the same goods item that the key is of
    std::uint32_t mask_a, mask_b;           ///< the sketch must have one of these bits
  };
  /// A profile under one key: 16 bytes, so that four are fetched at once.
  struct Entry {
    std::uint32_t check;  ///< the key's lower half
    Filed filed;
  };
  static_assert(sizeof(Entry) == 16);
  static constexpr std::uint32_t no_guard = 0, guards_max = 63, lately_size = 1024;
  static constexpr std::size_t keys_max = 1u << 20;  ///< of one question: goods and lists that are crossed grow with their product
  static constexpr std::size_t bounds_row = 31;  ///< bounds of one field, the rest of the row INT64_MAX

  /// One bit of 32 for a value. Of a bucket it is the bucket's own (key hashes of buckets end in its number).
  static std::uint32_t sketch_bit(std::uint64_t hash) { return std::uint32_t{1} << (hash & 31); }
  /// Is the fact missing, incomplete, or of another type, for the whole or for any of the goods items?
  [[nodiscard]] static bool lacks(const FactSheet& sheet, FieldId field);
  /// A goods code that some profile asks more digits of than are declared: as good as missing.
  [[nodiscard]] bool goes_on(const Fact& fact) const { return fact.beginning && fact.size < longest_code_ && goes_on(fact.text()); }
  [[nodiscard]] bool goes_on(std::string_view code) const;
  /// Stands for a value that is not there: no profile is filed under it. (Were one, it would be looked at in vain.)
  [[nodiscard]] static std::uint64_t nothing(const Part& part) { return ~part.seed; }
  /// One value of a part; the head is looked at only where the part is of a beginning.
  [[nodiscard]] static std::uint64_t value_of(const Program& program, const Part& part, TextHead head, std::string_view text) {
    if (part.kind == Part::Kind::prefix) return text.size() >= part.argument ? hash_head(head, part.argument, part.seed) : nothing(part);
    if (part.kind == Part::Kind::exact) return hash_whole(text, part.seed);
    return program.in_named(program.node(part.node), text) ? part.seed : nothing(part);
  }
  [[nodiscard]] std::uint64_t value_of(const Part& part, std::int64_t number) const {
    if (part.kind != Part::Kind::bucket) return hash_number(number, part.seed);
    // How many bounds the number has reached; without a branch, for nobody can foretell the way.
    const auto* row = bounds_.data() + part.node;
    std::size_t reached = 0;
    for (std::size_t step = (bounds_row + 1) / 2; step > 0; step /= 2) reached += static_cast<std::size_t>(row[reached + step - 1] <= number) * step;
    return bucket_hash(static_cast<std::int64_t>(std::min<std::size_t>(reached, part.argument)), part.seed);
  }
  void make_values(const Program& program, const FactSheet& sheet, AccessScratch& scratch) const;
  void make_several(const Program& program, const Source& source, const FactSheet& sheet, AccessScratch& scratch) const;
  void form_keys(AccessScratch& scratch) const;
  [[nodiscard]] bool form_several(AccessScratch& scratch) const;
  void find(AccessScratch& scratch) const;
  void find_open(AccessScratch& scratch) const;
  /// One or nothing; without a branch, for nobody can foretell it.
  [[nodiscard]] static std::size_t passes(const Filed& filed, const std::uint32_t* sketches) {
    return static_cast<std::size_t>((sketches[filed.guard_a] & filed.mask_a) != 0) & static_cast<std::size_t>((sketches[filed.guard_b] & filed.mask_b) != 0);
  }
  [[nodiscard]] bool item_passes(const Filed& filed, std::uint32_t item, const AccessScratch& scratch) const;
  static void note(std::uint32_t profile, std::uint32_t item, AccessScratch& scratch);
  [[nodiscard]] bool may_be_filed(std::uint64_t key) const {
    const auto word = bloom_[key >> 32 & (bloom_.size() - 1)];
    return (word >> (key & 63) & word >> (key >> 6 & 63) & 1) != 0;
  }

  PackedArray<Source> sources_;
  PackedArray<Part> parts_;                ///< those that guards look at come first
  PackedArray<Shape> shapes_;              ///< of one part, of two parts of the same goods item, of two that are crossed
  PackedArray<std::int64_t> bounds_;       ///< of buckets, in rows of bounds_row, ascending
  PackedArray<std::uint64_t> bloom_;
  PackedArray<std::uint32_t> buckets_;     ///< first entry of each, and the end
  PackedArray<Entry> entries_;
  unsigned bucket_shift_ = 63;
  std::uint32_t single_shapes_ = 0, item_shapes_ = 0, profiles_ = 0;
  std::vector<std::uint32_t> always_;
  std::vector<std::string> codes_;         ///< all that profiles ask of goods codes, ascending
  std::size_t longest_code_ = 0;
  std::vector<std::pair<FieldId, std::vector<Filed>>> by_field_;  ///< filed under the field; guards ask for other fields, of any goods item
};

}  // namespace rampa::risk
