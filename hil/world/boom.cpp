#include "hil/world/boom.hpp"

#include <algorithm>

namespace rampa::hil {

void SimulatedBoom::raise(bool on) {
  if (on && !raise_on_) direction_ = angle_ < 1 ? 1 : 0;
  raise_on_ = on;
}

void SimulatedBoom::lower(bool on) {
  if (on && !lower_on_) direction_ = angle_ > 0 ? -1 : 0;
  lower_on_ = on;
}

void SimulatedBoom::advance(Duration step) {
  if (direction_ == 0 || stuck) return;
  const double moved = static_cast<double>(step.count()) / (static_cast<double>(travel_.count()) * slow_by);
  angle_ = std::clamp(angle_ + direction_ * moved, 0.0, 1.0);
  if (angle_ <= 0 || angle_ >= 1) direction_ = 0;
}

}  // namespace rampa::hil
