// Radiation portals with the RPM line protocol. Family "rpm_lines".
#pragma once

#include "drivers/registry/registry.hpp"

namespace rampa::drivers {

[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_rpm_portal(const DriverNeeds& needs);

}  // namespace rampa::drivers
