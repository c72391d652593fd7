// Risk: facts and an immutable, compiled set of profiles in, an assessment out. Pure: no clock, no disk, no generator.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/crossing/assessment.hpp"
#include "edge/crossing/declaration.hpp"
#include "edge/risk/profile.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::risk {

/// A signed, versioned set of profiles, compiled. Immutable; shared between threads; a crossing finishes on the set it
/// began with. Format: edge/risk/PROFILES.md.
class ProfileSet {
 public:
  virtual ~ProfileSet() = default;
  [[nodiscard]] virtual const std::string& version() const = 0;
  [[nodiscard]] virtual const std::string& sha256() const = 0;  ///< of the set's bytes
  [[nodiscard]] virtual std::size_t size() const = 0;           ///< profiles that are active or shadow
  /// Why its age makes it doubtful (stale, or issued in the future), and what to do; empty where it does not.
  [[nodiscard]] virtual std::string doubt(WallTime now) const {
    (void)now;
    return {};
  }
  [[nodiscard]] virtual std::size_t urgent() const { return 0; }           ///< urgent profiles of the post among them (urgent.hpp)
  [[nodiscard]] virtual std::string stop_waived() const { return {}; }     ///< why its policy's limit of what it may stop does not hold; empty: it does
  [[nodiscard]] virtual std::string stop_raised() const { return {}; }     ///< how far its policy raises that limit above the usual one; empty: it does not
  /// Of one that was read as kept: what a new one would be refused for, a line each as compile()'s errors; empty: nothing.
  [[nodiscard]] virtual std::string outgrown() const { return {}; }
  [[nodiscard]] virtual std::string risk_unit_key() const { return {}; }   ///< PROFILES.md, Policy; empty where the set names none
  [[nodiscard]] virtual std::size_t bytes() const { return 0; }  ///< memory held, instruction texts aside
};

/// Reads and compiles a set. `traffic`: facts of recent questions, from which the compiler learns what is rare; they change how
/// fast the set answers, never what. Errors: invalid, with file-relative path ("profiles[3].when.all[1].op"), cause and remedy;
/// all of them at once, one per line.
[[nodiscard]] Result<std::shared_ptr<const ProfileSet>> compile(const std::string& json, const std::string& sha256,
                                                                const std::vector<Fields>& traffic = {}, PageAdvice advice = nullptr, Reading reading = Reading::fresh);

struct Question {
  Fields facts;                            ///< vehicle and evidence: see PROFILES.md for the names
  std::vector<Declaration> declarations;   ///< all that belong to the lorry; may be empty
  std::vector<std::string> watch_list_hits;///< names of the lists the plates are on
  std::vector<std::string> watch_lists_red, watch_list_instructions;  ///< of them: WatchHits::red and ::instructions
  std::vector<std::string> evidence_missing;
  WallTime now;                            ///< for validity dates
  std::int32_t utc_offset_min = 0;         ///< of the post's local time, for weekly patterns and time.hour
  bool set_frozen = false;                 ///< headquarters no longer confirms the set: the trusted timestamp has expired (sync/bundle/BUNDLES.md)
  std::uint16_t random_of_10000_min = 0;   ///< the site's least random share, whatever the set says
  std::uint64_t draw_key = 0;              ///< key of the random draws; the draws made are in the answer
  /// Recent crossings of the post, and how many of them profiles sent to each channel; for the capacity caps. 0: not known, no cap holds.
  std::int64_t recent = 0, recent_of_channel[4] = {0, 0, 0, 0};
};

/// Facts that say which rules an assessment was made by: each stands in what was assessed since there is the rule, and reassess() keeps to it.
inline constexpr std::string_view goods_codes_are_beginnings = "rules.goods_codes_are_beginnings", values_as_compared = "rules.values_as_compared";
inline constexpr std::array<std::string_view, 6> present_rules{
    "rules.security_open_in_full",         // undetermined security profiles reach their own channel
    "rules.security_weight_open_in_full",  // and their weights, which missing facts leave open, count up to red
    "rules.listed_texts_in_facts_alone",   // reasons name a watch list that is perhaps meant, without the text in it
    goods_codes_are_beginnings,            // a profile that asks for more digits than are declared is undetermined
    "rules.security_score_unreduced",      // the score is never below what security profiles alone make
    values_as_compared};                   // profiles' values count also as facts are compared (comparable.hpp)
/// What every assessment of today has beside its facts: the rules, and which lists have values of several declarations.
void add_rules(Fields& facts);

/// Missing evidence, no declaration, or an undetermined profile never give green. Same question, same set: same answer.
[[nodiscard]] Assessment assess(const ProfileSet& set, const Question& question);

/// Profile and reason of a line of Assessment::declined; an id may have a colon in it.
[[nodiscard]] std::pair<std::string, std::string> declined_parts(const std::string& line);

/// For the capacity caps: the channel that profiles reached, by a hit or by the score, where it is the crossing's. Green where a floor or
/// the random share alone led there, or where it can't be told whether the score or such a one did.
[[nodiscard]] SelectivityChannel reached_by_profiles(const Assessment& assessment);

/// From a stored assessment: the same facts and draws against the set (must be the one it was made with).
[[nodiscard]] Assessment reassess(const ProfileSet& set, const Assessment& stored, WallTime made_at,
                                  const std::vector<std::string>& evidence_missing);

/// What stays the same when a movement is lodged again, and what nobody can declare otherwise (PROFILES.md, Draws).
struct Movement {
  std::string direction;               ///< of the lane: "entry", "exit", or empty
  std::string front_plate;             ///< as read; what cameras confuse counts as the same
  WallTime begun;                      ///< when the plate was first seen at this post since its last release; the day (UTC) counts
  std::int64_t released_that_day = 0;  ///< of this plate at this post, before that
};
/// Key of draws; zeros: none.
using DrawSecret = std::array<std::uint64_t, 2>;
/// The draw key of a movement: the same however often it is lodged again, unknown to whoever has not the secret: the set's or, where it has none,
/// the post's own. Nothing where neither has one, or no plate was read.
[[nodiscard]] std::optional<std::uint64_t> movement_draw_key(const ProfileSet& set, const Movement& movement, const DrawSecret& own = {});

}  // namespace rampa::risk
