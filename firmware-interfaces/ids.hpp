// Names of things, kept apart by type so that a lane's name can't be passed for a device's.
#pragma once

#include <algorithm>
#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace rampa {

template <class Tag>
struct Id {
  std::string text;
  auto operator<=>(const Id&) const = default;
  bool operator==(const Id&) const = default;
  [[nodiscard]] bool empty() const { return text.empty(); }
};

using PostId = Id<struct PostTag>;          ///< e.g. "RS-BATROVCI"
using LaneId = Id<struct LaneTag>;          ///< e.g. "L1"
using DeviceId = Id<struct DeviceTag>;      ///< e.g. "L1-scale"
using CrossingId = Id<struct CrossingTag>;  ///< "LANE-BOOT-NUMBER", e.g. "L1-7-12": unique at the post for ever
using OfficerId = Id<struct OfficerTag>;    ///< badge number

/// 1 to 48 of A-Z a-z 0-9 - _: safe in a topic, in a file name, in a URL and as a certificate's common name.
[[nodiscard]] inline bool usable_as_name(std::string_view text) {
  return !text.empty() && text.size() <= 48 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace rampa

template <class Tag>
struct std::hash<rampa::Id<Tag>> {
  std::size_t operator()(const rampa::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.text); }
};
