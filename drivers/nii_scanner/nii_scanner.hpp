// X-ray scanners behind NII-IL/1. Family "nii_il_1": interlock image over Modbus, detector lines over TCP (option `stream_address`).
#pragma once

#include "drivers/registry/registry.hpp"

namespace rampa::drivers {

[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_nii_scanner(const DriverNeeds& needs);

}  // namespace rampa::drivers
