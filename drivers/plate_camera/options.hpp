// Numbers of a camera driver: the site's option wins over the product's parameter; both are checked for range.
#pragma once

#include <charconv>
#include <string>

#include "firmware-interfaces/device/settings.hpp"
#include "firmware-interfaces/icd/product.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::drivers::plate_camera {

/// `key` ends in _ms. Errors: invalid (missing in both, not a number, out of range): names device, key, remedy.
[[nodiscard]] inline Result<Duration> duration_option(const icd::Product& product, const device::Settings& settings,
                                                      const std::string& key, Duration min, Duration max) {
  const auto option = settings.options.find(key);
  const auto parameter = product.parameters.find(key);
  const bool of_site = option != settings.options.end();
  if (!of_site && parameter == product.parameters.end())
    return fail(ErrorCode::invalid, "device " + settings.id.text + ": ICD " + product.id + " has no parameter " + key + "; add it there");
  const std::string& text = of_site ? option->second : parameter->second;
  const std::string place = "device " + settings.id.text + ": " + key + (of_site ? " (option)" : " (ICD " + product.id + ")");
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return fail(ErrorCode::invalid, place + " is '" + text + "'; write a whole number of milliseconds");
  if (value < to_ms(min) || value > to_ms(max))
    return fail(ErrorCode::invalid, place + " is " + text + "; it must lie between " + std::to_string(to_ms(min)) + " and " + std::to_string(to_ms(max)));
  return Duration(std::chrono::milliseconds(value));
}

}  // namespace rampa::drivers::plate_camera
