// The person at the wheel: where the lorry should stop next, and how a lorry gets there. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hil/world/world.hpp"

namespace rampa::hil {

/// What a driver sees of the lane.
struct DriverView {
  const LaneGeometry* place = nullptr;
  MonoTime now;
  bool green = false, green_2 = false;        ///< light at the boom (the second boom) is green and not red
  double boom_angle = 0, boom_2_angle = 0;
  bool two_booms = false;
  const Lorry* ahead = nullptr;               ///< next lorry in front, whichever way it drives
};

/// What a driver remembers. One per lorry.
struct DriverMemory {
  MonoTime appeared;
  MonoTime stopped_at_line;   ///< 0: not yet
  MonoTime stalled;           ///< 0: not yet
  bool behaviour_done = false;///< the stall is over, or the way back has begun
  bool waved = false;         ///< an officer waves it through: an open boom is enough, whatever the light shows
  bool told_to_go = false;    ///< by the scenario: an abandoned or stalled lorry drives on
};

/// All behaviours a scenario may name.
[[nodiscard]] const std::vector<std::string_view>& behaviours();

/// Where the leading edge should come to rest, metres along the lane; `target_mps` is signed (negative: backwards).
struct DriverWish {
  double stop_at_m = 1e9;
  double target_mps = 0;
};
[[nodiscard]] DriverWish wish(const Lorry& lorry, DriverMemory& memory, const DriverView& view);

/// Moves the lorry for one step with the acceleration and braking of a loaded lorry.
void drive(Lorry& lorry, const DriverWish& wish, Duration step);

}  // namespace rampa::hil
