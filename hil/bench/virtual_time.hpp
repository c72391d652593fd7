// Virtual time. The post's time moves from event to event; a driver's poll takes place at one moment of it and may take
// time of its own, on its cable only: other cables do not wait for it.
#pragma once

#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

/// The post's clock. Only the virtual post moves it. Wall time may step; it decides nothing.
class PostClock : public Clock {
 public:
  [[nodiscard]] Stamp now() const override { return stamp_; }
  void move_to(MonoTime at) {
    stamp_.wall.ms = start_.wall.ms + stepped_ms_ + to_ms(at - start_.mono);
    stamp_.mono = at;
  }
  void step_wall(std::int64_t by_ms) {
    stepped_ms_ += by_ms;
    stamp_.wall.ms += by_ms;
  }

 private:
  Stamp start_{MonoTime{1'000'000'000}, WallTime{1'780'000'000'000}};
  Stamp stamp_ = start_;
  std::int64_t stepped_ms_ = 0;
};

/// One cable's own view: the post's time plus what the poll under way has taken so far.
class CableClock : public Clock {
 public:
  explicit CableClock(const Clock& post) : post_(post) {}
  [[nodiscard]] Stamp now() const override {
    Stamp stamp = post_.now();
    stamp.mono = stamp.mono + spent_;
    stamp.wall.ms += to_ms(spent_);
    return stamp;
  }
  /// A transport waited or transferred for this long.
  void spend(Duration time) { spent_ += time; }
  /// A new poll begins.
  void begin() { spent_ = Duration{0}; }
  [[nodiscard]] Duration spent() const { return spent_; }

 private:
  const Clock& post_;
  Duration spent_{0};
};

}  // namespace rampa::hil
