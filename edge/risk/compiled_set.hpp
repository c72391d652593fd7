// Inside edge/risk only: a set as the lanes use it. Immutable after compile().
#pragma once

#include <span>

#include "edge/risk/access_index.hpp"
#include "edge/risk/block.hpp"
#include "edge/risk/profile.hpp"
#include "edge/risk/program.hpp"
#include "edge/risk/risk.hpp"

namespace rampa::risk {

/// What a decision needs of a profile: first what tells whether it is asked at all, then what is asked of those that match.
struct ProfileHead {
  std::int64_t valid_from = INT64_MIN, valid_before = INT64_MAX;  ///< ms
  std::uint32_t root = 0;
  std::uint32_t weekly = 0;     ///< place in CompiledSet::weeklies, 0: always
  std::uint64_t draw_name = 0;  ///< FNV-1a of the id
  std::int32_t weight = 0;
  std::uint16_t sample_of_10000 = 10000, aeo_of_10000 = 10000;
  SelectivityChannel channel = SelectivityChannel::green;
  bool shadow = false, security = false;
  bool open_in_full = false;  ///< undetermined it reaches its own channel with its controls, and its weight counts: security profiles, but for urgent ones
};

/// What is said about it afterwards.
struct ProfileTexts {
  std::uint32_t id = 0, title = 0, owner = 0, reason_number = 0;  ///< places in Program's arena
  std::uint32_t version = 0;
  std::uint32_t instruction = 0, controls = 0;                    ///< places in CompiledSet's lists
  std::uint8_t reason_kind = 0;
  bool secret = false;
};

struct CompiledGreenList {
  std::string id;
  std::int64_t valid_from, valid_before;
  std::uint16_t residual_of_10000;
  std::uint32_t root;
};

class CompiledSet final : public ProfileSet {
 public:
  [[nodiscard]] const std::string& version() const override { return head.version; }
  [[nodiscard]] const std::string& sha256() const override { return hash; }
  [[nodiscard]] std::size_t size() const override { return heads.size(); }
  [[nodiscard]] std::size_t urgent() const override { return head.urgent; }
  [[nodiscard]] std::string stop_waived() const override { return head.policy.stop_waived; }
  [[nodiscard]] std::string stop_raised() const override;
  [[nodiscard]] std::string outgrown() const override;
  [[nodiscard]] std::string risk_unit_key() const override { return head.policy.risk_unit_key; }
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::string doubt(WallTime now) const override;

  /// What tells whether the profile is asked at all, which may lie in two cache lines.
  void prefetch_head(std::uint32_t profile) const {
    __builtin_prefetch(&heads[profile]);
    __builtin_prefetch(&heads[profile].weekly);
  }
  [[nodiscard]] std::string_view id(std::uint32_t profile) const { return program.at(texts[profile].id); }
  /// What a hit is called at the post: a secret profile has no name there. HQ knows whose it is: it has the key.
  [[nodiscard]] std::string shown_id(std::uint32_t profile) const;
  [[nodiscard]] std::string_view instruction_of(std::uint32_t profile, std::string_view language) const;
  /// Place of the profile, or size() where there is none.
  [[nodiscard]] std::uint32_t find(std::string_view id) const;

  const FieldId aeo_field = *field_id("declaration.aeo");
  Block block;                       ///< the arrays of program, index, heads and texts
  std::string hash;
  SetHead head;                      ///< its lists are in `program`
  Program program;
  AccessIndex index;
  PackedArray<ProfileHead> heads;    ///< ascending by id; only active and shadow profiles
  PackedArray<ProfileTexts> texts;   ///< beside heads
  std::vector<CompiledGreenList> green_lists;
  std::vector<std::vector<WeeklyWindow>> weeklies{{}};
  std::vector<std::map<std::string, std::string, std::less<>>> instructions;
  std::vector<std::vector<ControlOrder>> control_lists;
  /// The same set with its values as they were written alone, for assessments of before; only where that makes a difference.
  std::shared_ptr<const CompiledSet> as_written;
};

/// What is made otherwise than the set says, before it is compiled: a set is tried on the past as it would be, not as it is.
struct Changes {
  std::function<void(RiskProfile&)> profile = nullptr;
  std::function<void(SetPolicy&)> policy = nullptr;  ///< its draw_secret has to stay
};
/// As compile(), with its errors.
[[nodiscard]] Result<std::shared_ptr<const CompiledSet>> compile_changed(const std::string& json, const std::string& sha256, const Changes& changes,
                                                                         const std::vector<Fields>& traffic = {}, PageAdvice advice = nullptr, Reading reading = Reading::fresh);

/// What a decision depends on beside the facts.
struct Circumstances {
  WallTime now;
  std::int32_t utc_offset_min = 0;           ///< of the post's local time
  std::uint64_t draw_key = 0;
  std::uint32_t recent = 0;                  ///< crossings in the window that caps look at
  std::uint32_t recent_of_channel[4] = {0};  ///< of them, sent there by hits
  bool security_open_in_full = true;         ///< false for assessments of before there was the rule
  bool security_weight_open_in_full = true;  ///< as well
  bool security_score_unreduced = true;      ///< as well
};

/// Why a profile that matched did not select.
enum class Declined : std::uint8_t { no, not_drawn, operator_authorised, green_list, cap };

struct ProfileOutcome {
  std::uint32_t profile = 0;
  Declined declined = Declined::no;
  std::uint8_t green_list = 0;
  bool undetermined = false, shadow = false;
  std::uint16_t drawn = 10000;  ///< 10000: no draw was made
};

/// The decision in numbers, before it is put into words. Kept by the caller so that nothing is allocated per question.
struct Decision {
  SelectivityChannel channel = SelectivityChannel::green;
  bool random = false;                   ///< selected by the overall random share
  bool stale = false, score_selected = false;
  std::uint16_t random_drawn = 10000;
  std::int64_t score = 0;
  std::vector<ProfileOutcome> outcomes;  ///< ascending by id: every profile whose condition is not "no"
  AccessScratch scratch;
};

/// Thread: any; the set is immutable.
void decide(const CompiledSet& set, const FactSheet& sheet, const Circumstances& circumstances, Decision& decision);
/// The same by looking at every profile: what the index must agree with.
void decide_by_scan(const CompiledSet& set, const FactSheet& sheet, const Circumstances& circumstances, Decision& decision);

/// Draw 0..9999 of one profile ("" the overall one); depends on the keys and the profile's id only, so profiles do not disturb each other.
[[nodiscard]] std::uint32_t draw(const std::uint64_t secret[2], std::uint64_t key, std::uint64_t name);
[[nodiscard]] std::uint64_t draw_name(std::string_view id);

/// Facts of the declarations and what follows from them and the captures; everything assess looks at.
[[nodiscard]] Fields all_facts(const Question& question);

}  // namespace rampa::risk
