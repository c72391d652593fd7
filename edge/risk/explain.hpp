// Why a stored assessment came out as it did: for the risk unit, never for the lane. Needs the set's text, for criteria are not
// kept in the open anywhere else. Pure; looks at every profile with the plain evaluator, so near misses are complete.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/crossing/assessment.hpp"
#include "edge/risk/profile.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::risk {

/// A set whose text is read once, for as many explanations as are wanted: reading takes many times as long as one of them.
/// Immutable; thread: any.
class Explainer {
 public:
  /// Errors: invalid (the set does not read).
  [[nodiscard]] static Result<Explainer> of(const std::string& set_json);

  /// JSON text, the same for the same arguments: what matched with its criteria, the facts they looked at, draw and shares, and what the post's record says
  /// became of it (secret profiles under both names); near misses (one test short, and which, in every branch and goods item where one alone is; only the
  /// first 200 items are looked at, and that there are more is said); what was undetermined and for want of what. `stored` was made with this set.
  [[nodiscard]] std::string explain(const Assessment& stored, WallTime made_at) const;
  /// PROFILES.md, Policy; empty where the set names none.
  [[nodiscard]] const std::string& risk_unit_key() const { return head_.policy.risk_unit_key; }

 private:
  /// What is asked, with values as facts are compared, too; nothing where they are written so (comparable.hpp).
  using Compared = std::optional<Condition>;
  struct Told {
    RiskProfile profile;  ///< its scope is in `when`
    Compared compared;
  };
  SetHead head_;
  std::vector<std::unique_ptr<const Told>> profiles_;  ///< active and shadow ones, ascending by id
  std::vector<Compared> green_lists_;                  ///< beside head_.green_lists
};

}  // namespace rampa::risk
