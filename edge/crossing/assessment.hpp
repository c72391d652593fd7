// The result of risk::assess: what the profiles selected and everything needed to derive it again.
#pragma once

#include <cstdint>
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

struct Hit {
  std::string profile;  ///< profile id
  SelectivityChannel channel = SelectivityChannel::green;
  std::string instruction;  ///< what the officer is told; never the criterion
  std::uint32_t version = 0;  ///< of the profile; 0 where its set does not say
  bool operator==(const Hit&) const = default;
};

struct Assessment {
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
