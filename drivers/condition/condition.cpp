#include "drivers/condition/condition.hpp"

#include <chrono>
#include <cstdio>

namespace rampa::drivers {

CalibrationNote calibration_note(const std::string& calibrated_until, WallTime now) {
  if (calibrated_until.empty()) return {};
  const std::chrono::year_month_day date(
      std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(now.ms))));
  char today[16];
  std::snprintf(today, sizeof today, "%04d-%02u-%02u", static_cast<int>(date.year()) % 10000, static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (today <= calibrated_until) return {};  // ISO dates sort as they follow
  return {"calibration_ended", "its calibration ended on " + calibrated_until + ": have it renewed; until then its masses prove little"};
}


void Condition::tell(device::ConditionLevel level, std::string fault, std::string detail, Stamp now, device::EventSink& out) {
  if (told_ && told_->level == level && told_->fault == fault) return;
  told_ = device::DeviceCondition{level, std::move(fault), std::move(detail)};
  device::DeviceEvent event;
  event.from = {device_, now, std::nullopt, device::Quality::good, ""};
  event.body = *told_;
  out.publish(std::move(event));
}

void tell_failure(Condition& condition, const Error& error, Stamp now, device::EventSink& out) {
  using device::ConditionLevel;
  switch (error.code) {
    case ErrorCode::bad_reply:
      condition.tell(ConditionLevel::suspect, "bad_reply", error.what, now, out);
      return;
    case ErrorCode::busy:
      condition.tell(ConditionLevel::suspect, "busy", error.what + ": somebody may be in the device's menu", now, out);
      return;
    case ErrorCode::refused:
      condition.tell(ConditionLevel::faulted, "refused",
                     error.what + ": the device does not have what its ICD says; compare model and firmware", now, out);
      return;
    default:
      condition.tell(ConditionLevel::connecting, std::string(name_of(error.code)),
                     error.what + ": look at power, cable and address", now, out);
  }
}

}  // namespace rampa::drivers
