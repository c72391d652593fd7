// The Modbus bus on real cables: requests in the words of registers and bits, on a checked line.
#pragma once

#include <memory>

#include "drivers/transport/trace.hpp"
#include "drivers/transport/transport.hpp"

namespace rampa::drivers {

/// For "modbus+tcp" and "modbus+rtu" addresses; connects with the first request. The clock outlives the bus.
/// Errors: invalid (names the key).
[[nodiscard]] Result<std::shared_ptr<ModbusBus>> make_modbus_bus(const device::Address& address, const Clock& clock,
                                                                 std::shared_ptr<Trace> trace);

}  // namespace rampa::drivers
