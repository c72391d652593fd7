// From many events of one car to one read: the best of new and update, given out when the car is lost or has settled.
// Pure: time is an argument.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "drivers/plate_camera/axis_event.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::drivers::plate_camera {

/// What is known of a car when its read is given out.
struct CarRead {
  AxisEvent best;           ///< the event with the highest confidence (the later one where equal); pictures of any
  std::optional<WallTime> first_captured;
  Stamp first_seen;
  bool only_lost = false;   ///< nothing but its end was heard: it left the view long before, another lorry may stand there now
  std::string id;           ///< "carID-captureTimestamp of its first event": carID alone repeats after a restart of the camera
};

class CarReads {
 public:
  /// `settle`: how long after its first event a car's read is given out; a camera says "lost" about 10 s after the car
  /// stood still in its view, which is too late for a lane.
  explicit CarReads(Duration settle) : settle_(settle) {}

  /// Takes an event. True: this event ended its car, collect due() now.
  bool add(AxisEvent event, Stamp now);
  /// Reads that are complete at `now`. Each is given until delivered() is said for it.
  [[nodiscard]] std::vector<CarRead> due(MonoTime now) const;
  void delivered(const std::string& id, MonoTime now);
  /// Cars that are being watched and not delivered.
  [[nodiscard]] std::size_t pending() const;

 private:
  struct Car {
    CarRead read;
    bool lost = false;
    bool delivered = false;
    MonoTime last_event;
  };
  static constexpr std::size_t cars_max = 256;
  static constexpr Duration forget_after = 60s;
  void forget(MonoTime now);

  const Duration settle_;
  std::map<std::string, Car> cars_;  ///< by carID
};

}  // namespace rampa::drivers::plate_camera
