#include "drivers/digital_io/arming.hpp"

#include <cmath>

#include "drivers/register_map/settings_words.hpp"

namespace rampa::drivers {
namespace {

std::string fault_of(const icd::Check& check) {
  switch (check.of) {
    case icd::CheckOf::identity: return "wrong_identity";
    case icd::CheckOf::watchdog: return check.each_poll ? "watchdog_tripped" : "watchdog_unarmed";
    case icd::CheckOf::safe_value: return "unsafe_value";
    case icd::CheckOf::status: return "watchdog_tripped";
  }
  return "check_failed";
}

std::string in_words(const icd::Check& check, const PointReading& reading) {
  if (!check.equals_text.empty()) return check.point + " is \"" + reading.text + "\", wanted \"" + check.equals_text + "\"";
  const std::string is = check.point + " is " + std::to_string(std::llround(reading.value)) + ", wanted ";
  return is + (check.at_most ? "1 to " + std::to_string(*check.at_most) : std::to_string(check.equals));
}

bool holds(const icd::Check& check, const PointReading& reading) {
  if (!check.equals_text.empty()) return reading.text.find(check.equals_text) != std::string::npos;
  const std::int64_t value = std::llround(reading.value);
  return check.at_most ? value > 0 && value <= *check.at_most : value == check.equals;
}

}  // namespace

Arming::Arming(const icd::Product& product, const device::Settings& settings) : product_(product) {
  const std::string by = option(product, settings, "commissioned_by"), on = option(product, settings, "commissioned_on");
  commissioned_ = !by.empty() && !on.empty();
  for (const auto& check : product.checks)
    if (check.attested) attested_ += (attested_.empty() ? "" : "; ") + check.meaning + ": verified by " + by + " on " + on;
}

Arming::Answer Arming::check(const icd::Check& check, const RegisterMap& map) const {
  if (check.attested) {
    if (commissioned_) return {true, "", ""};
    return {false, "not_commissioned",
            "nobody has confirmed that " + check.meaning + ", and the module has no register for it: " + check.remedy};
  }
  const PointReading* reading = map.find(check.point);
  if (!reading) return {false, fault_of(check), check.point + " was not read"};
  if (holds(check, *reading)) return {true, "", ""};
  return {false, fault_of(check), in_words(check, *reading) + " (" + check.meaning + "): " + check.remedy};
}

Arming::Answer Arming::identity(const RegisterMap& map) const {
  for (const auto& c : product_.checks)
    if (c.of == icd::CheckOf::identity && !c.attested)
      if (auto answer = check(c, map); !answer.passed) return answer;
  return {true, "", ""};
}

Arming::Answer Arming::all(const RegisterMap& map) const {
  bool identity = false, watchdog = false, safe_value = false;
  for (const auto& c : product_.checks) {
    identity |= c.of == icd::CheckOf::identity;
    watchdog |= c.of == icd::CheckOf::watchdog;
    safe_value |= c.of == icd::CheckOf::safe_value;
    if (auto answer = check(c, map); !answer.passed) return answer;
  }
  // Never a silent pass: an ICD that forgot one of the three arms nothing (the reader refuses it too).
  if (identity && watchdog && safe_value) return {true, "", ""};
  return {false, "unchecked", "the ICD " + product_.id + " does not say how identity, watchdog and safe values are checked"};
}

Arming::Answer Arming::every_poll(const RegisterMap& map) const {
  for (const auto& c : product_.checks)
    if (c.each_poll)
      if (auto answer = check(c, map); !answer.passed) return answer;
  return {true, "", ""};
}

}  // namespace rampa::drivers
