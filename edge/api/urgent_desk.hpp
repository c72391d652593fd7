// Urgent profiles as the HTTP interface needs them: edge/app/urgent_profiles.* keeps them. What they are: edge/risk/PROFILES.md, Urgent profiles.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "edge/crossing/assessment.hpp"
#include "edge/risk/urgent.hpp"
#include "firmware-interfaces/ids.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::api {

inline constexpr std::int64_t urgent_hours_default = 12;

struct UrgentProposal {
  risk::UrgentTip tip;      ///< as typed
  SelectivityChannel channel = SelectivityChannel::yellow;  ///< yellow or red
  std::string instruction;  ///< for the lane
  std::string reason;       ///< who said what; for HQ
  std::int64_t hours = urgent_hours_default;  ///< of life, from the confirmation on
  bool operator==(const UrgentProposal&) const = default;
};

/// One urgent profile's life.
enum class UrgentState { proposed, active, withdrawn, expired, lapsed };
[[nodiscard]] constexpr std::string_view name_of(UrgentState s) {
  constexpr std::string_view names[] = {"proposed", "active", "withdrawn", "expired", "lapsed"};
  return names[static_cast<int>(s)];
}

struct UrgentProfile {
  std::string id;
  UrgentState state = UrgentState::proposed;
  UrgentProposal proposal;  ///< its tip is normal
  Duration left{};          ///< of an active one's life, or until a proposal lapses; 0 once it is over
  OfficerId proposed_by, confirmed_by, ended_by, ended_second;
  WallTime proposed, confirmed, ended;  ///< 0: not yet
  std::string end_reason;
  bool operator==(const UrgentProfile&) const = default;
};

/// Thread: any. Who may do it (role, password) is judged before; that two persons are two is judged here too.
class UrgentDesk {
 public:
  virtual ~UrgentDesk() = default;
  [[nodiscard]] virtual std::int64_t hours_max() const = 0;
  /// The living ones and those that ended lately, newest first.
  [[nodiscard]] virtual std::vector<UrgentProfile> list() const = 0;
  /// What does not work at present, and goes on being tried; empty: nothing. Without criteria: any officer may read it.
  [[nodiscard]] virtual std::string trouble() const = 0;

  // Asked again after outcome_unknown, each of these finds out: what has happened is not done twice, what has not is done now.
  /// Its id; nothing is looked for yet. The same proposal of the same person, not yet confirmed, is one. Errors: invalid (everything that is wrong
  /// with the proposal), refused (too many), outcome_unknown, io, busy...
  [[nodiscard]] virtual Result<std::string> propose(const UrgentProposal& proposal, const OfficerId& who) = 0;
  /// From the next crossing on lanes look for it. Errors: not_found, refused (the proposer himself; not a proposal any more), outcome_unknown
  /// (the store did not answer in time; or it is confirmed, but the lanes have not got it yet, and the post goes on trying), io, busy...
  [[nodiscard]] virtual Result<void> confirm(const std::string& id, const OfficerId& second) = 0;
  /// An active one needs two persons: control is lowered. A proposal is taken back by one. Errors: as confirm().
  [[nodiscard]] virtual Result<void> withdraw(const std::string& id, const OfficerId& who, const OfficerId& second, const std::string& reason) = 0;
};

}  // namespace rampa::api
