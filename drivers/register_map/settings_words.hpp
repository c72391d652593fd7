// Reading a device's settings. config/ has checked them; a driver that is made without it (a test) gets the same answers.
#pragma once

#include <charconv>
#include <optional>
#include <string>

#include "firmware-interfaces/device/address_rules.hpp"
#include "firmware-interfaces/icd/product.hpp"

namespace rampa::drivers {

/// The site's value, else the ICD's default, else empty.
inline std::string option(const icd::Product& product, const device::Settings& settings, const std::string& name) {
  if (const auto at = settings.options.find(name); at != settings.options.end()) return at->second;
  const auto* spec = product.option(name);
  return spec ? spec->default_value : std::string{};
}

inline std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Modbus unit of an address that the transport has taken.
inline int unit_of(const device::Address& address) { return device::modbus_unit(address).value_or(1); }

}  // namespace rampa::drivers
