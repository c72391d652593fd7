// The explicit list of driver families: ICD field `driver` -> factory. Add a family here; add a product as an ICD file.
#pragma once

#include <memory>

#include "drivers/transport/transport.hpp"
#include "firmware-interfaces/device/driver.hpp"
#include "firmware-interfaces/device/settings.hpp"
#include "firmware-interfaces/icd/product.hpp"

namespace rampa::drivers {

struct DriverNeeds {
  const icd::Product& product;
  const device::Settings& settings;
  Transports& transports;
  const Clock& clock;  ///< outlives the driver
};

/// Errors: invalid (unknown family, wiring that the product can't carry: names device and key), and what the transport says.
[[nodiscard]] Result<std::unique_ptr<device::Driver>> make_driver(const DriverNeeds& needs);

/// Names of all driver families: for make_driver's error, and for the tests that hold every ICD file against them.
[[nodiscard]] std::vector<std::string> driver_families();

}  // namespace rampa::drivers
