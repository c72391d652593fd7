// Which simulated device stands for a product. One table: a product whose model is not in the tree is said so, never
// replaced by something like it.
#pragma once

#include <memory>

#include "firmware-interfaces/device/settings.hpp"
#include "firmware-interfaces/icd/product.hpp"
#include "firmware-interfaces/result.hpp"
#include "hil/devices/model.hpp"

namespace rampa::hil {

/// What a device shows to the outside; one or two of these are set.
struct DeviceModel {
  std::unique_ptr<RegisterModel> registers;
  std::unique_ptr<StreamModel> stream;
  std::unique_ptr<PushModel> push;
  std::unique_ptr<PictureModel> picture;

  /// Tries each part. False: none knows this fault.
  bool fault(std::string_view name, double value, bool on);
  [[nodiscard]] std::vector<std::string> faults() const;
  void advance(MonoTime now);
};

/// `now`: what the device's own clock is set by. `photographs`: files that a plain camera shows (lorry N: photograph N);
/// empty: drawn pictures. Errors: not_found (no model for this product), invalid (wiring it can't carry).
[[nodiscard]] Result<DeviceModel> make_device_model(const icd::Product& product, const device::Settings& settings,
                                                    LaneWorld& world, std::uint64_t seed, Stamp now,
                                                    const std::vector<std::string>& photographs = {});

/// Where the device's byte stream is: its own address, or a second one (option `stream_address`: a scanner's lines).
[[nodiscard]] device::Address stream_address_of(const device::Settings& settings);

/// Ids of the products that have a model.
[[nodiscard]] std::vector<std::string> modelled_products();

}  // namespace rampa::hil
