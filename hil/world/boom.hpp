// A boom and its own controller: pulses in, an angle out. It has no protection of its own: that is what the oracle needs,
// because Rampa must not lean on it (a real controller has one, and Rampa may only withhold).
#pragma once

#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

class SimulatedBoom {
 public:
  /// `travel`: from closed to open, and back.
  explicit SimulatedBoom(Duration travel = 2500ms) : travel_(travel) {}

  /// The output changed. A rising edge starts the motion (pulse and level wiring alike); the other direction's edge
  /// reverses at once.
  void raise(bool on);
  void lower(bool on);
  void advance(Duration step);
  /// Something holds it where it is.
  void stop() { direction_ = 0; }

  [[nodiscard]] double angle() const { return angle_; }  ///< 0 closed .. 1 open
  [[nodiscard]] bool raising() const { return direction_ > 0; }
  [[nodiscard]] bool lowering() const { return direction_ < 0; }

  bool stuck = false;    ///< acknowledges, does not move (hydraulics, locked by key: Hikvision's "success" while locked)
  double slow_by = 1;    ///< travel time is this many times longer

 private:
  Duration travel_;
  double angle_ = 0;
  int direction_ = 0;
  bool raise_on_ = false, lower_on_ = false;
};

}  // namespace rampa::hil
