// The one place where permits are made. A pure function over the lane's state: what may move, and why not.
#pragma once

#include "edge/lane/lane.hpp"

namespace rampa::lane {

class Guard {
 public:
  /// A permit for this command, or the reason why it is withheld (refused).
  /// raise: a durable releasing verdict of the present crossing, or a durable officer's order to open;
  /// lower: closing_zone_free for clear_before_lower; sally port: the other boom is confirmed closed before raising.
  [[nodiscard]] static Result<device::Permit> permit(const device::Command& command, const State& state,
                                                     const Config& config, MonoTime now);
};

}  // namespace rampa::lane
