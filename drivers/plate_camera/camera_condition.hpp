// A camera's condition: published when it changes, and only then.
#pragma once

#include <string>
#include <utility>

#include "firmware-interfaces/device/events.hpp"

namespace rampa::drivers::plate_camera {

/// Thread: the host's.
class CameraCondition {
 public:
  explicit CameraCondition(DeviceId device) : device_(std::move(device)) {}

  void set(device::DeviceCondition condition, Stamp now, device::EventSink& out) {
    if (published_ && condition.level == last_.level && condition.fault == last_.fault) return;
    last_ = condition;
    published_ = true;
    const bool ready = condition.level == device::ConditionLevel::ready;
    device::Provenance from{device_, now, std::nullopt, ready ? device::Quality::good : device::Quality::suspect, condition.fault};
    out.publish({std::move(from), std::move(condition), {}});
  }

 private:
  DeviceId device_;
  device::DeviceCondition last_;
  bool published_ = false;
};

}  // namespace rampa::drivers::plate_camera
