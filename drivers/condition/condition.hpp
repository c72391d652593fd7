// What every driver does the same way: tell its condition when it changes, and wait longer after every failure.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "firmware-interfaces/device/events.hpp"
#include "firmware-interfaces/icd/product.hpp"

namespace rampa::drivers {

class Condition {
 public:
  explicit Condition(DeviceId device) : device_(std::move(device)) {}
  /// Publishes if level or fault differ from what was told last (a new detail alone is not worth an event).
  void tell(device::ConditionLevel level, std::string fault, std::string detail, Stamp now, device::EventSink& out);
  [[nodiscard]] device::ConditionLevel level() const { return told_ ? told_->level : device::ConditionLevel::connecting; }

 private:
  DeviceId device_;
  std::optional<device::DeviceCondition> told_;
};

/// "calibration_ended" and the words for it, where a device that is well otherwise measures with a calibration that is over by
/// the wall clock's date. Told, not acted upon: a clock that was set wrong must not close a lane, and every ticket carries the date.
struct CalibrationNote {
  std::string fault, detail;
};
[[nodiscard]] CalibrationNote calibration_note(const std::string& calibrated_until, WallTime now);

/// How a failed request looks from outside. Short stable words: timeout, no_reply, disconnected, bad_reply, busy, refused.
void tell_failure(Condition& condition, const Error& error, Stamp now, device::EventSink& out);

/// Doubles from the ICD's backoff_min to its backoff_max.
class Backoff {
 public:
  explicit Backoff(const icd::Timing& timing) : min_(timing.backoff_min), max_(timing.backoff_max) {}
  [[nodiscard]] Duration next() {
    wait_ = wait_ == Duration{} ? min_ : std::min(wait_ * 2, max_);
    return wait_;
  }
  void reset() { wait_ = {}; }

 private:
  Duration min_, max_;
  Duration wait_{};
};

}  // namespace rampa::drivers
