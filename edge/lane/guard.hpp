// The one place where permits are made. A pure function over the lane's state: what may move, and why not.
#pragma once

#include <string_view>

#include "edge/lane/lane.hpp"

namespace rampa::lane {

class Guard {
 public:
  /// A permit for this command, or the reason why it is withheld (refused).
  /// raise: a durable releasing verdict of the present crossing, or a durable officer's order to open;
  /// lower: closing_zone_free for clear_before_lower; sally port: the other boom is confirmed closed before raising.
  [[nodiscard]] static Result<device::Permit> permit(const device::Command& command, const State& state,
                                                     const Config& config, MonoTime now);

  /// What a command is, as far as the decision goes.
  enum class Request { raise, lower, light_green, light_other, scan_permitted, scan_withheld, scan_abort, frames };

  /// Everything the decision hangs on. Read from the state by inputs(); judged by refusal().
  struct Inputs {
    bool in_time = false;          ///< the command's life is not over (S9)
    bool stop_clear = false;       ///< emergency stop chain: fresh, good, closed
    bool stop_pressed = false;     ///< last report, however old, says pressed; or the latch is set
    bool hand_off = false;         ///< key switch: fresh, good, not on manual
    bool hand_on = false;          ///< last report says manual, or the lane is in that mode (S14)
    bool asked_now = false;        ///< the lane is just moving this boom this way (S16)
    bool released = false;         ///< durable releasing verdict of the present crossing (S5)
    bool ordered = false;          ///< durable officer's order to open this boom (S5)
    bool reversing = false;        ///< raising what was being lowered (I7)
    bool zone_free = false;        ///< closing zone: every input fresh, good, free (I1, I2)
    bool clear_long = false;       ///< ... for clear_before_lower (S3)
    bool other_closed = false;     ///< sally port: the other boom is confirmed closed (I3); true with one boom
    bool seen_open = false;        ///< this boom's feedback says open (I4)
    bool interlock = false;        ///< Rampa's part of the scan's interlock holds (S10)
  };

  [[nodiscard]] static Inputs inputs(const device::Command& command, const State& state, const Config& config, MonoTime now);
  [[nodiscard]] static Request request_of(const device::CommandBody& body);
  /// Why not; empty where it is permitted. Pure over its two arguments; tested for every combination.
  [[nodiscard]] static std::string_view refusal(Request request, const Inputs& in);
};

}  // namespace rampa::lane
