// May this module move anything? Reads back on every new connection what its ICD demands: identity, watchdog, safe
// values. What the product has no register for must have been verified by a person whom the site file names.
#pragma once

#include <cstdint>
#include <string>

#include "drivers/register_map/register_map.hpp"
#include "firmware-interfaces/device/settings.hpp"

namespace rampa::drivers {

class Arming {
 public:
  Arming(const icd::Product& product, const device::Settings& settings);

  struct Answer {
    bool passed = false;
    std::string fault;    ///< short stable word: wrong_identity, watchdog_unarmed, watchdog_tripped, unsafe_value, not_commissioned
    std::string detail;   ///< with the remedy
  };
  /// Identity alone: before it has passed nothing is written to the device. Wants the connect points read.
  [[nodiscard]] Answer identity(const RegisterMap& map) const;
  /// All checks. Wants the connect points and a poll.
  [[nodiscard]] Answer all(const RegisterMap& map) const;
  /// The checks that are looked at on every poll.
  [[nodiscard]] Answer every_poll(const RegisterMap& map) const;
  /// "safe state of every relay is OFF: verified by NAME on DAY" for each check that a person answers for; empty if none.
  [[nodiscard]] const std::string& attested() const { return attested_; }

 private:
  [[nodiscard]] Answer check(const icd::Check& check, const RegisterMap& map) const;

  const icd::Product& product_;
  bool commissioned_ = false;
  std::string attested_;
};

}  // namespace rampa::drivers
