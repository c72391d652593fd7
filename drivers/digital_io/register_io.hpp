// Digital I/O modules that are a register map, driven by their ICD alone (family "register_io"): a lane's loops,
// contacts, barrier and lights.
//
// Rows that it looks for in the ICD: bit points that the site's wiring names; commands `pulse` (default width of a boom
// pulse), `feed_watchdog` (written on every poll, and by nothing else), `clear_trip`; checks; safe_state.
// Site options: boom_drive "pulse" or "level", pulse_ms, commissioned_by, commissioned_on.
//
// Until identity, watchdog and safe values were read back on this connection nothing moves (drivers/digital_io/arming).
// Any failed request, a tripped watchdog, a restart of the module or an output that changed behind our back voids what is
// believed about the outputs; everything is checked again, and no output is set again: the lane asks anew.
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/driver.hpp"

namespace rampa::drivers {

/// Errors: invalid (wiring that the product can't carry, a bad option), and what the transport says.
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_register_io(const icd::Product& product,
                                                                       const device::Settings& settings,
                                                                       Transports& transports, const Clock& clock);

}  // namespace rampa::drivers
