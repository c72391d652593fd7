#include "hil/bench/device_models.hpp"

#include <functional>
#include <map>

#include "hil/devices/text_scales/text_scale_models.hpp"

namespace rampa::hil {
namespace {

using Maker = std::function<Result<DeviceModel>(const icd::Product&, const device::Settings&, LaneWorld&, std::uint64_t seed)>;

constexpr double graduation_kg = 20;  // of a 60 t weighbridge

DeviceModel stream(std::unique_ptr<StreamModel> model) {
  DeviceModel made;
  made.stream = std::move(model);
  return made;
}

/// A device's option, or the product's parameter of that name, or nothing.
std::string setting(const icd::Product& product, const device::Settings& settings, const std::string& name) {
  if (auto it = settings.options.find(name); it != settings.options.end()) return it->second;
  if (auto it = product.parameters.find(name); it != product.parameters.end()) return it->second;
  return {};
}

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> all{
      {"toledo_continuous",
       [](const icd::Product& product, const device::Settings& settings, LaneWorld& world, std::uint64_t) -> Result<DeviceModel> {
         return stream(std::make_unique<ToledoModel>(world, graduation_kg, setting(product, settings, "checksum") == "yes"));
       }},
      {"sma", [](const icd::Product&, const device::Settings&, LaneWorld& world, std::uint64_t) -> Result<DeviceModel> {
         return stream(std::make_unique<SmaModel>(world, graduation_kg));
       }},
      {"rincmd", [](const icd::Product&, const device::Settings&, LaneWorld& world, std::uint64_t) -> Result<DeviceModel> {
         return stream(std::make_unique<RinCmdModel>(world, graduation_kg));
       }},
  };
  return all;
}

template <class F>
void each_part(const DeviceModel& model, F&& f) {
  if (model.registers) f(*model.registers);
  if (model.stream) f(*model.stream);
  if (model.push) f(*model.push);
  if (model.picture) f(*model.picture);
}

}  // namespace

bool DeviceModel::fault(std::string_view name, double value, bool on) {
  bool known = false;
  each_part(*this, [&](auto& part) { known = part.fault(name, value, on) || known; });
  return known;
}

std::vector<std::string> DeviceModel::faults() const {
  std::vector<std::string> all;
  each_part(*this, [&](auto& part) {
    for (auto& name : part.faults()) all.push_back(name);
  });
  return all;
}

void DeviceModel::advance(MonoTime now) {
  each_part(*this, [&](auto& part) { part.advance(now); });
}

Result<DeviceModel> make_device_model(const icd::Product& product, const device::Settings& settings, LaneWorld& world,
                                      std::uint64_t seed) {
  const auto it = makers().find(product.driver);
  if (it == makers().end())
    return fail(ErrorCode::not_found, settings.id.text + " (" + product.id + "): the bench has no model of driver family '" +
                                          product.driver + "'");
  return it->second(product, settings, world, seed);
}

std::vector<std::string> modelled_families() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : makers()) names.push_back(name);
  return names;
}

}  // namespace rampa::hil
