// A device's address as written in the site file (forms: firmware-interfaces/device/settings.hpp).
#pragma once

#include <string>
#include <vector>

#include "firmware-interfaces/device/settings.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::config {

/// Errors: invalid, naming what is wrong and the form that is right.
[[nodiscard]] Result<device::Address> parse_address(const std::string& text);

/// The ICD's word for an address scheme ("modbus+tcp" -> "modbus_tcp"), empty if unknown.
[[nodiscard]] std::string transport_of(const std::string& scheme);

[[nodiscard]] const std::vector<std::string>& address_schemes();

}  // namespace rampa::config
