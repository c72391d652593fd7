// Risk profiles as their authors mean them. Format: PROFILES.md. A set for serving is compiled from them (compiled_set.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "edge/crossing/assessment.hpp"
#include "edge/crossing/field_value.hpp"
#include "edge/risk/condition.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::risk {

enum class Truth : std::uint8_t { no, undetermined, yes };

/// Only active profiles select. A shadow profile is looked at and recorded, and changes nothing.
enum class LifeCycle : std::uint8_t { draft, shadow, approved, active, suspended, expired };

/// Minutes of the week, 0 = Monday 00:00 of the post's local time, to 10079.
struct WeeklyWindow {
  std::uint16_t from = 0, to = 10079;  ///< both included; from > to runs over the week's end
  bool operator==(const WeeklyWindow&) const = default;
};

struct Scope {
  std::vector<std::string> offices, directions, procedures, modes, lanes;  ///< empty: all
  bool operator==(const Scope&) const = default;
};

struct RiskProfile {
  std::string id;
  std::uint32_t version = 0;  ///< 0: the set does not say
  std::string owner, title;
  std::string reason_kind;    ///< "rif", "common", "financial", "priority_area", "national"; may be empty
  std::string reason_number;  ///< of the risk information form, of the criterion
  WallTime reason_ends{INT64_MAX};
  LifeCycle state = LifeCycle::active;
  WallTime valid_from{INT64_MIN};
  WallTime valid_before{INT64_MAX};  ///< not included
  std::vector<WeeklyWindow> weekly;  ///< empty: always
  Scope scope;
  Condition when;                    ///< canonical
  SelectivityChannel channel = SelectivityChannel::yellow;
  std::vector<ControlOrder> controls;
  std::map<std::string, std::string> instruction;  ///< by language
  std::int32_t weight = 0;                         ///< added to the score by a hit
  std::uint16_t sample_of_10000 = 10000;           ///< share of matching crossings that are selected
  std::uint16_t aeo_of_10000 = 10000;              ///< share that stays selected where the operator is authorised
  bool security = false;                           ///< never reduced: not for operators, green lists or capacity
  bool secret = false;                             ///< its id and title are shown to nobody at the post
  bool operator==(const RiskProfile&) const = default;
};

/// Movements that profiles (but for security ones) leave alone.
struct GreenList {
  std::string id;
  WallTime valid_from{INT64_MIN}, valid_before{INT64_MAX};
  std::uint16_t residual_of_10000 = 0;  ///< share that is selected all the same
  Condition when;
  bool operator==(const GreenList&) const = default;
};

struct SetPolicy {
  std::int64_t score_yellow = INT64_MAX, score_red = INT64_MAX;  ///< a score of at least this selects the channel
  /// Largest share of the recent crossings that hits may send to the channel; by channel, 10000 = no cap.
  std::uint16_t cap_of_10000[4] = {10000, 10000, 10000, 10000};
  std::uint16_t random_of_10000 = 0;                             ///< of what nothing selected
  SelectivityChannel random_channel = SelectivityChannel::yellow;
  std::int64_t stale_after_hours = INT64_MAX;                    ///< since the set was issued
  SelectivityChannel stale_floor = SelectivityChannel::yellow;
  /// What the set may do to past crossings before it is refused (explosive.hpp): share that one profile alone stops, that the whole set stops.
  static constexpr std::uint16_t stop_profile_usual = 500, stop_set_usual = 3000;              ///< where the set says nothing
  static constexpr std::uint16_t stop_profile_unreasoned = 2000, stop_set_unreasoned = 6000;   ///< more only with a reason
  std::uint16_t stop_profile_of_10000 = stop_profile_usual, stop_set_of_10000 = stop_set_usual;
  std::string stop_waived;                                       ///< why these limits do not hold for this set; empty: they do
  std::string risk_unit_key;                                     ///< X25519 public key, 64 hexadecimal digits: explanations are sealed to it
  std::uint64_t draw_secret[2] = {0, 0};                         ///< key of the random draws
  bool operator==(const SetPolicy&) const = default;
};

using NamedLists = std::map<std::string, std::vector<std::string>, std::less<>>;  ///< values ascending, each once

/// How a set is held to the rules. One that is new: to all. One that was taken in once (it is in force, or an assessment was made with it): not to
/// those that came later; it keeps the meaning that it had.
enum class Reading : std::uint8_t { fresh, kept };

/// Everything of a set but its profiles.
struct SetHead {
  std::string version, default_language = "en";
  WallTime issued{INT64_MIN};
  SetPolicy policy;
  NamedLists lists;
  std::vector<GreenList> green_lists;
  std::vector<Finding> outgrown;  ///< of a kept one: what a new one would be refused for
  std::size_t urgent = 0;  ///< urgent profiles of the post (urgent.hpp); above 0 `version` ends in "+urgent.N"
};

/// Asks the kernel for large pages behind this memory: advice, which changes how fast a set is read and answers, never what.
using PageAdvice = void (*)(void* memory, std::size_t bytes);

/// Reads a set: `head` is complete before the first call of `on_profile`; profiles come in the file's order, one at a time, so that
/// a large set never lies in memory twice. A set with any finding is of no use. A `json` with 64 bytes of capacity to spare is not copied.
[[nodiscard]] std::vector<Finding> read_set(const std::string& json, SetHead& head, const std::function<void(RiskProfile&&)>& on_profile,
                                            PageAdvice advice = nullptr, Reading reading = Reading::fresh);

/// The whole condition of a profile: its scope and its `when`.
[[nodiscard]] Condition with_scope(const RiskProfile& profile);

/// Which of the lorry's declarations a test asks of what each of them says: profiles want one that is so, green lists all.
enum class Asks { one, all };

/// The plain evaluator: three-valued, over flat facts; the yardstick for the compiled one, with which it shares no code.
/// Names of missing facts that an undetermined outcome hangs on go to `missing`, ascending.
[[nodiscard]] Truth evaluate(const Condition& condition, const Fields& facts, const NamedLists& lists, std::vector<std::string>& missing, Asks asks = Asks::one);

/// Is this minute of the week (0 = Monday 00:00) in one of the windows?
[[nodiscard]] bool in_weekly(const std::vector<WeeklyWindow>& windows, std::uint16_t minute_of_week);
/// Of the post's local time, 0 = Monday 00:00.
[[nodiscard]] std::uint16_t minute_of_week(WallTime now, std::int32_t utc_offset_min);

}  // namespace rampa::risk
