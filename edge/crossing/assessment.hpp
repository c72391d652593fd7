// The result of risk::assess: what the profiles selected and everything needed to derive it again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "edge/crossing/field_value.hpp"

namespace rampa {

/// Ordered by severity.
enum class SelectivityChannel { green, blue, yellow, red };

[[nodiscard]] constexpr std::string_view name_of(SelectivityChannel c) {
  switch (c) {
    case SelectivityChannel::green: return "green";
    case SelectivityChannel::blue: return "blue";
    case SelectivityChannel::yellow: return "yellow";
    case SelectivityChannel::red: return "red";
  }
  return "?";
}

/// A control that a hit orders: one line of the officer's checklist. Texts may be empty.
struct ControlOrder {
  std::string control;   ///< "documents", "weighing", "nii", "radiation", "physical", "other" (another authority)
  std::string what;      ///< "the seals"
  std::string where;     ///< "bay 2"
  std::string with;      ///< "hand-held instrument"
  std::string evidence;  ///< what has to be recorded: "photograph of each seal"
  bool operator==(const ControlOrder&) const = default;
};

struct Hit {
  std::string profile;  ///< profile id
  SelectivityChannel channel = SelectivityChannel::green;
  std::string instruction;  ///< what the officer is told, in the set's default language; never the criterion
  std::uint32_t version = 0;  ///< of the profile; 0 where its set does not say
  std::map<std::string, std::string> instructions{};  ///< the same by language; from Assessment::form 1 on
  std::vector<ControlOrder> controls{};               ///< what it orders; from Assessment::form 1 on
  bool operator==(const Hit&) const = default;
};

struct Assessment {
  /// What is in it: 1: hits have checklist and languages. Made again as it was made: an older one has 0 and gets neither.
  std::uint32_t form = 0;
  SelectivityChannel channel = SelectivityChannel::red;
  std::vector<Hit> hits;                   ///< ascending by profile id
  std::int64_t score = 0;                  ///< sum of the weights of the profiles that matched
  std::vector<std::string> declined;       ///< "PROFILE: not drawn": matched and did not select, with the reason
  std::vector<std::string> shadow;         ///< shadow profiles that matched; they change nothing
  std::vector<std::string> undetermined;   ///< "PROFILE: FIELD missing"
  std::vector<std::string> reasons;        ///< why the channel is not greener than it is, beside the hits ("no declaration")
  std::vector<std::string> controls;       ///< ordered controls: "documents", "weighing", "nii", "radiation", "physical"
  std::string profile_set;                 ///< version
  std::string profile_set_sha256;
  std::uint64_t draw_key = 0;              ///< the key of the random draws (an argument of assess)
  std::vector<std::uint32_t> draws;        ///< the draws made, in order, each 0..9999
  Fields facts;                            ///< all facts it was made from
  bool operator==(const Assessment&) const = default;
};

}  // namespace rampa
