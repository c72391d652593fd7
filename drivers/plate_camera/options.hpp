// Numbers of a camera driver, all in milliseconds: the site's option, else the default of the product's ICD.
#pragma once

#include <charconv>
#include <string>

#include "firmware-interfaces/device/settings.hpp"
#include "firmware-interfaces/icd/product.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::drivers::plate_camera {

/// Errors: invalid (the ICD has no such option, not a number, outside the ICD's bounds): names device, key and remedy.
[[nodiscard]] inline Result<Duration> duration_option(const icd::Product& product, const device::Settings& settings, const std::string& key) {
  const icd::OptionSpec* spec = product.option(key);
  if (!spec) return fail(ErrorCode::invalid, "device " + settings.id.text + ": ICD " + product.id + " has no option " + key + "; add it there with a default");
  const auto option = settings.options.find(key);
  const std::string& text = option != settings.options.end() ? option->second : spec->default_value;
  const std::string place = "device " + settings.id.text + ": option " + key + " is '" + text + "'";
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return fail(ErrorCode::invalid, place + "; write a whole number of milliseconds");
  const std::int64_t min = spec->min.value_or(0), max = spec->max.value_or(86'400'000);
  if (value < min || value > max) return fail(ErrorCode::invalid, place + "; it must lie between " + std::to_string(min) + " and " + std::to_string(max));
  return Duration(std::chrono::milliseconds(value));
}

}  // namespace rampa::drivers::plate_camera
