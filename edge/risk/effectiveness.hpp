// What the profiles brought: records of crossings in, results per profile and version out. Pure; any thread, one at a time per object.
// Definitions for authors and analysts: LEARNING.md.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/crossing/records.hpp"
#include "edge/risk/wilson.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::risk {

enum class Found : std::uint8_t { no_result, nothing, something };
/// Of a ControlRecorded's finding: "suspect", "irregularity" found something; "clear", "nothing_found" nothing; every other word has no result.
[[nodiscard]] Found found_of(std::string_view finding);

/// How a profile took part in an assessment.
struct Part {
  std::string profile;        ///< as the post calls it: a secret one has its S- name
  std::uint32_t version = 0;  ///< 0: not known
  enum class As : std::uint8_t { hit, declined, shadow } as = As::hit;
  std::string reason;         ///< of a declined hit
  auto operator<=>(const Part&) const = default;
};

/// All that the results need of one crossing. Sequences are the journal's; 0: not seen (yet).
struct CrossingTrace {
  struct Assessed {
    std::uint64_t sequence = 0;
    SelectivityChannel channel = SelectivityChannel::green;
    std::vector<Part> parts;
    auto operator<=>(const Assessed&) const = default;
  };
  struct Closed {
    std::uint64_t sequence = 0;
    std::int64_t mono_ms = 0, wall_ms = 0;
    std::string outcome;
    auto operator<=>(const Closed&) const = default;
  };
  std::string lane;
  std::pair<std::uint64_t, std::int64_t> first_assessed;  ///< sequence, ms since boot: when the lorry's wait begins
  Assessed assessed;                                      ///< the last one: it is what the officers went by
  Closed closed;
  std::map<std::uint64_t, Found> controls;                ///< by sequence
  std::map<std::uint64_t, Verdict> overrides;             ///< by sequence
  bool operator==(const CrossingTrace&) const = default;
};

/// A post's store. Where its disk was replaced, sequences and crossings are counted anew under the same name: they are others.
struct StoreName {
  std::string post;
  std::string epoch;  ///< 32 hexadecimal digits (edge/store/FORMAT.md, Epoch); empty: not known, as in files of before
  auto operator<=>(const StoreName&) const = default;
};

/// A stretch of a journal, both ends included.
using Stretch = std::pair<std::uint64_t, std::uint64_t>;

/// Version of a profile (as the post calls it) in the set with this hash; 0: not known. A record says the version of hits alone.
using VersionOf = std::function<std::uint32_t(std::string_view set_sha256, std::string_view profile)>;

/// Crossings of any number of posts, kept crossing by crossing, so that nothing is ever counted twice: folding a record again and merging
/// in any order, with any overlap, gives the same.
class Outcomes {
 public:
  /// `version_of` may be empty.
  void fold(const StoreName& store, const StoredRecord& record, const VersionOf& version_of = {});
  /// Says that all records of this stretch that matter were folded.
  void cover(const StoreName& store, Stretch stretch);
  void merge(const Outcomes& other);

  /// By store and crossing.
  [[nodiscard]] const std::map<StoreName, std::map<std::string, CrossingTrace>>& stores() const { return stores_; }
  /// By store: ascending, neither overlapping nor touching.
  [[nodiscard]] const std::map<StoreName, std::vector<Stretch>>& covered() const { return covered_; }
  /// What whoever reads the results has to know: posts with several stores, and what may be counted twice.
  [[nodiscard]] std::vector<std::string> notices() const;
  bool operator==(const Outcomes&) const = default;

  /// One JSON object, keys sorted; the same outcomes give the same text.
  [[nodiscard]] std::string json() const;
  /// Errors: invalid, with the place.
  [[nodiscard]] static Result<Outcomes> from_json(std::string_view text);

 private:
  std::map<StoreName, std::map<std::string, CrossingTrace>> stores_;
  std::map<StoreName, std::vector<Stretch>> covered_;
};

/// A profile is flagged where even the upper end of its interval is below `rate`, after at least `controls`.
struct Floor {
  double rate = 0.02;
  std::uint64_t controls = 50;
};

/// Days since 1970-01-01 of the Monday (UTC) that a week begins with.
using Week = std::int64_t;

struct ProfileResult {
  std::string profile;
  std::uint32_t version = 0;
  std::uint64_t hits = 0;         ///< crossings it selected
  std::uint64_t shadow_hits = 0;  ///< crossings it would have selected
  std::uint64_t controls = 0;     ///< of the hits: controlled with a result
  std::uint64_t findings = 0;     ///< of the controls: something was found
  std::uint64_t no_result = 0;    ///< of the hits: controlled without any result
  std::map<std::string, std::uint64_t> declined;  ///< by reason: it matched and did not select
  std::uint64_t overridden_release = 0, overridden_hold = 0;  ///< hits that an officer decided otherwise
  std::uint64_t unpriced = 0;     ///< of controls - findings: no lane time can be said
  std::int64_t false_hit_ms = 0;  ///< lane time that controls without a finding took
  Interval interval;
  bool below_floor = false;
  std::map<Week, std::uint64_t> hits_by_week;
  [[nodiscard]] double rate() const { return controls == 0 ? 0 : static_cast<double>(findings) / static_cast<double>(controls); }
};

struct Results {
  std::vector<ProfileResult> profiles;  ///< ascending by id and version
  std::uint64_t crossings = 0;          ///< assessed and closed
  std::uint64_t unfinished = 0;         ///< not closed, or never assessed: not counted
  std::uint64_t controls = 0, findings = 0, unpriced = 0;  ///< each crossing once, selected by whatever
  std::int64_t false_hit_ms = 0;
  Interval interval;
  std::map<Week, std::array<std::uint64_t, 4>> channels_by_week;
  Floor floor;
};
[[nodiscard]] Results results(const Outcomes& outcomes, Floor floor = {});

}  // namespace rampa::risk
