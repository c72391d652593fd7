// Urgent profiles: what a shift leader may make a post look for at once, without HQ. Ordinary format-2 profiles that stand apart in
// the set ("urgent", beside "profiles") and can only add hits: PROFILES.md, Urgent profiles. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/crossing/assessment.hpp"
#include "edge/risk/condition.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::risk {

/// Ids of urgent profiles begin so, and no others: the reader of sets refuses either otherwise.
inline constexpr std::string_view urgent_id_prefix = "URGENT-";

/// What was said on the telephone. All fields that are filled must fit (and); of several values of one field, one (or).
struct UrgentTip {
  std::vector<std::string> plates;          ///< of the tractor; found on the trailer too
  std::vector<std::string> trailers;        ///< plates of trailers
  std::vector<std::string> containers;      ///< ISO 6346 with check digit
  std::vector<std::string> operators;       ///< EORI or national number: consignor, consignee, declarant or carrier
  std::vector<std::string> documents;       ///< reference of the declaration
  std::vector<std::string> goods_prefixes;  ///< first 4 to 10 digits of the goods code
  bool operator==(const UrgentTip&) const = default;
};
inline constexpr std::size_t urgent_values_max = 20;  ///< per field

/// The tip as it is compared: plates and container codes normal, spaces gone. Errors: invalid, everything that is wrong at once,
/// "plates[1]: cause; remedy" per line.
[[nodiscard]] Result<UrgentTip> normal_tip(const UrgentTip& typed);

/// A field of the tip, and what it is compared with, in the words of the interface. A lorry of which the lane reads none of these and the
/// declaration says none is undetermined: at least yellow, never a silent no.
struct UrgentField {
  std::string_view name;
  std::vector<std::string> UrgentTip::*values;
  std::vector<std::string_view> read;      ///< by a device of this role: "plate_front", "plate_rear", "container_code"
  std::vector<std::string_view> declared;  ///< "tractor", "trailer", "container", "parties", "reference", "goods"
};
[[nodiscard]] const std::vector<UrgentField>& urgent_fields();

/// Of a normal tip; canonical. A plate also fits where a camera confused up to two of its characters (plate_text.hpp, folded()).
[[nodiscard]] Condition condition_of(const UrgentTip& tip);

struct UrgentOrder {
  std::string id;           ///< begins with urgent_id_prefix
  std::string post;         ///< who owns it
  SelectivityChannel channel = SelectivityChannel::yellow;  ///< yellow or red
  std::string instruction;  ///< for the lane; never the criterion
  UrgentTip tip;            ///< normal
};

/// The profile as it stands in a set: a security profile, always selected, without weight.
[[nodiscard]] std::string urgent_profile_json(const UrgentOrder& order);

/// The set with these profiles in it. `set_json` must have compiled and have none yet; its bytes stay as they are but for the end.
[[nodiscard]] std::string with_urgent(std::string_view set_json, const std::vector<std::string>& profiles);

}  // namespace rampa::risk
