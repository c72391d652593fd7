// Inside edge/risk only: which profiles of a large set can apply to a question at all.
//
// Every profile is filed under the rarest thing (or pair of things) that its condition implies: a value, the beginning of a value, a
// bucket of a number, membership of a named list. A question forms its keys, a bloom word rejects nearly all of them, the table gives
// the few profiles left. A condition that implies nothing of the kind is looked at always. Where a fact is missing, its profiles may be
// undetermined, so all that are filed under that field are looked at. How rare a thing is comes from sample traffic; a bad sample costs
// time, never a result.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "edge/risk/fact_sheet.hpp"
#include "edge/risk/program.hpp"

namespace rampa::risk {

/// Working memory of candidates(); kept by the caller so that nothing is allocated per question.
struct AccessScratch {
  struct Value { std::uint64_t hash; std::int32_t item; };  ///< item -1: not of one goods item
  std::vector<Value> values;              ///< room for all; value_ends says how many there are
  std::vector<std::uint32_t> value_ends;  ///< by part
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> found;       ///< places of profiles; some may be there twice
};

class AccessIndex {
 public:
  /// `roots`: the root node of each profile. `traffic`: sample of questions, may be empty.
  void build(const Program& program, std::span<const std::uint32_t> roots, std::span<const FactSheet> traffic);
  /// All profiles whose condition is not "no", and some others, into scratch.found.
  void candidates(const Program& program, const FactSheet& sheet, AccessScratch& scratch) const;

  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t always() const { return always_.size(); }  ///< profiles that are looked at every time
  [[nodiscard]] std::size_t shapes() const { return shapes_.size(); }

 private:
  friend class AccessBuilder;
  /// One way to make a hash from a fact.
  struct Part {
    enum class Kind : std::uint8_t { exact, prefix, bucket, named };
    Kind kind = Kind::exact;
    FieldId field = 0;
    std::uint16_t argument = 0;  ///< prefix: its length in bytes; bucket: place in bounds_
    std::uint32_t node = 0;      ///< named: a node that asks for the list
    std::uint64_t seed = 0;
    FieldType type = FieldType::text;
  };
  /// Which parts make a key together.
  struct Shape { std::uint16_t a = 0, b = none; };
  static constexpr std::uint16_t none = 0xffff;
  struct Entry { std::uint32_t check, profile; };

  /// Writes from `to`, which has room for every value there can be; the place after the last.
  AccessScratch::Value* part_values(const Program& program, const Part& part, const FactSheet& sheet, AccessScratch::Value* to) const;
  [[nodiscard]] static std::size_t values_max(const FactSheet& sheet);
  void form_keys(AccessScratch& scratch) const;

  std::vector<Part> parts_;
  std::vector<Shape> shapes_;
  std::vector<std::vector<std::int64_t>> bounds_;  ///< of buckets, ascending
  std::vector<std::uint64_t> bloom_;
  std::vector<std::uint32_t> buckets_;             ///< first entry of each, and the end
  std::vector<Entry> entries_;
  unsigned bucket_shift_ = 63;
  std::vector<std::uint32_t> always_;
  std::vector<std::pair<FieldId, std::vector<std::uint32_t>>> by_field_;  ///< filed under the field
};

}  // namespace rampa::risk
