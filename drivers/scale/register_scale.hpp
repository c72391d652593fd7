// Scales that are a register map: driven by their ICD alone (family "register_scale").
//
// The driver looks for these rows and takes what it finds; `gross` and `status` are needed.
//   points   gross, net, tare, error (non-zero: the indicator reports a fault), alibi
//   symbols  of `status`: motion or stable; overload, underload; centre_of_zero; gross_mode or tare_active; tare_preset;
//            gross_negative and net_negative where the map carries absolute values
//   units    g, kg, t, or "count" with the site option grams_per_count
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/driver.hpp"

namespace rampa::drivers {

/// Errors: invalid (a row or option that the driver needs is missing), and what the transport says.
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_register_scale(const icd::Product& product,
                                                                          const device::Settings& settings,
                                                                          Transports& transports, const Clock& clock);

}  // namespace rampa::drivers
