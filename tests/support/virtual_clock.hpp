// A clock that only the test moves.
#pragma once

#include "firmware-interfaces/time.hpp"

namespace rampa::tests {

class VirtualClock : public Clock {
 public:
  [[nodiscard]] Stamp now() const override { return stamp_; }
  void advance(Duration by) {
    stamp_.mono = stamp_.mono + by;
    stamp_.wall.ms += to_ms(by);
  }
  void step_wall(std::int64_t by_ms) { stamp_.wall.ms += by_ms; }

 private:
  Stamp stamp_{MonoTime{1'000'000'000}, WallTime{1'780'000'000'000}};
};

}  // namespace rampa::tests
