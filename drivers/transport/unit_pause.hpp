// When a Modbus unit may be asked again: back-off after failures, and the wait for a reply that it still owes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "firmware-interfaces/icd/product.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::drivers {

/// A value; no clock. One per unit.
class UnitPause {
 public:
  /// Any valid frame of the unit to what it was asked, exceptions included.
  void answered() {
    failures_ = 0;
    ever_answered_ = true;
  }
  /// A request failed. Whoever cost the cable a time-out pauses at once, whoever only answered wrongly from the second
  /// time on: a single bad reply may be asked again with the next poll.
  void failed(MonoTime now, bool cost_a_timeout, const icd::Timing& timing) {
    failures_ = std::min(failures_ + 1, 30);
    const int doublings = failures_ - (cost_a_timeout ? 1 : 2);
    if (doublings < 0) return;
    auto pause = std::max(timing.backoff_min, Duration{0});
    for (int i = 0; i < doublings && pause < timing.backoff_max; ++i) pause *= 2;
    until_ = std::max(until_, now + std::min(pause, timing.backoff_max));
  }
  /// Its reply to `function` may still come: until then nothing may be asked that such a reply could be taken for.
  void owes(std::uint8_t function, MonoTime until) {
    owed_function_ = function;
    owed_until_ = until;
  }
  /// A frame came outside its time: pays the debt if it is the owed one.
  bool pays(std::uint8_t function, MonoTime now) {
    if (owed_until_ <= now || (function & 0x7F) != owed_function_) return false;
    owed_until_ = now;
    return true;
  }
  [[nodiscard]] Duration left(MonoTime now) const { return std::max(std::max(until_, owed_until_) - now, Duration{0}); }
  [[nodiscard]] bool ever_answered() const { return ever_answered_; }

 private:
  MonoTime until_, owed_until_;
  std::uint8_t owed_function_ = 0;
  int failures_ = 0;
  bool ever_answered_ = false;
};

}  // namespace rampa::drivers
