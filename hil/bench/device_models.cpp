#include "hil/bench/device_models.hpp"

#include <functional>
#include <map>

namespace rampa::hil {
namespace {

using Maker = std::function<Result<DeviceModel>(const icd::Product&, const device::Settings&, LaneWorld&, std::uint64_t seed)>;

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> all{};
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
