// Names of things, kept apart by type so that a lane's name can't be passed for a device's.
#pragma once

#include <compare>
#include <functional>
#include <string>

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

}  // namespace rampa

template <class Tag>
struct std::hash<rampa::Id<Tag>> {
  std::size_t operator()(const rampa::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.text); }
};
