#include "drivers/register_map/heartbeat.hpp"

#include <utility>

namespace rampa::drivers {

void Heartbeat::seen(double value, double range, MonoTime now) {
  if (!last_) {
    last_ = value;
    last_change_ = now;
    return;
  }
  if (*last_ == value) {
    if (now - last_change_ > quiet_max_) {  // seen to stand still; a time without answers is another matter
      stood_still_ = true;
      changes_ = 0;
    }
    return;
  }
  // A wrap goes from the top tenth of the range to its bottom tenth; any other fall is a restart.
  const bool wrapped = *last_ > 0.9 * range && value < 0.1 * range;
  if (value < *last_ && !wrapped) restarted_ = true;
  last_ = value;
  last_change_ = now;
  ++changes_;
}

Heartbeat::State Heartbeat::state(MonoTime now) const {
  if (last_ && now - last_change_ > quiet_max_) return State::frozen;
  // The counter may move before the values behind it do: one step after a standstill proves nothing yet.
  return changes_ >= (stood_still_ ? 2 : 1) ? State::beating : State::unproven;
}

bool Heartbeat::take_restarted() { return std::exchange(restarted_, false); }

}  // namespace rampa::drivers
