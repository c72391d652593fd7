#include "hil/bench/device_models.hpp"

#include <functional>
#include <map>

#include "config/address.hpp"
#include "hil/devices/cameras/axis_model.hpp"
#include "hil/devices/cameras/hikvision_model.hpp"
#include "hil/devices/cameras/snapshot_model.hpp"
#include "hil/devices/nii/nii_model.hpp"
#include "hil/devices/portal/rpm_model.hpp"
#include "hil/devices/registers/io_models.hpp"
#include "hil/devices/registers/scale_models.hpp"
#include "hil/devices/text_scales/text_scale_models.hpp"

namespace rampa::hil {
namespace {

struct Beginning {
  std::uint64_t seed;
  Stamp now;
  const std::vector<std::string>& photographs;
};
using Maker = std::function<DeviceModel(const icd::Product&, const device::Settings&, LaneWorld&, Beginning)>;

constexpr int graduation_kg = 20;  // of a 60 t weighbridge

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

/// The line stream of a scanner that another object owns.
class NiiLines : public StreamModel {
 public:
  explicit NiiLines(NiiModel& scanner) : lines_(scanner.lines()) {}
  bool fault(std::string_view, double, bool) override { return false; }  // the scanner itself takes them
  [[nodiscard]] std::vector<std::string> faults() const override { return {}; }
  void opened(int connection) override { lines_.opened(connection); }
  void closed(int connection) override { lines_.closed(connection); }
  void received(int connection, ByteView bytes) override { lines_.received(connection, bytes); }
  void advance(MonoTime now) override { lines_.advance(now); }
  [[nodiscard]] std::vector<Out> take_output() override { return lines_.take_output(); }

 private:
  StreamModel& lines_;
};

DeviceModel registers(std::unique_ptr<RegisterModel> model) {
  DeviceModel made;
  made.registers = std::move(model);
  return made;
}

/// Counts the indicator gives for a kilogram, from the site's "grams_per_count" (1 kg where it says nothing).
ScaleOptions scale_options(const device::Settings& settings) {
  ScaleOptions options;
  options.division_kg = graduation_kg;
  if (auto it = settings.options.find("grams_per_count"); it != settings.options.end())
    if (const auto grams = std::stoll(it->second); grams > 0 && grams <= 1000) options.counts_per_kg = 1000 / grams;
  return options;
}

using P = const icd::Product&;
using S = const device::Settings&;
using W = LaneWorld&;
using N = Beginning;

/// Two cameras of one post never give the same event id.
std::uint64_t own_seed(S settings, N beginning) { return SubStream::key(beginning.seed, settings.id.text, 0); }

/// By product id: each stands for one real product.
const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> all{
      {"moxa-iologik-e1214", [](P, S s, W w, N) { return registers(std::make_unique<MoxaE1214Model>(w, s.wiring)); }},
      {"advantech-adam-6060", [](P, S s, W w, N) {
         // The simulated module answers the unit that the site names: 0 as old firmware does, 1 as new.
         const auto unit = s.address.query.find("unit");
         return registers(std::make_unique<Adam6060Model>(w, s.wiring, unit != s.address.query.end() && unit->second == "0"));
       }},
      {"wago-750", [](P, S s, W w, N) { return registers(std::make_unique<Wago750Model>(w, s.wiring)); }},
      {"rinstrum-c500", [](P, S s, W w, N) { return registers(std::make_unique<C500Model>(w, scale_options(s))); }},
      {"dini-argeo-dgt", [](P, S s, W w, N) { return registers(std::make_unique<DgtModel>(w, scale_options(s))); }},
      {"flintec-ft-13", [](P, S s, W w, N) { return registers(std::make_unique<Ft13Model>(w, scale_options(s))); }},
      {"mettler-toledo-continuous", [](P p, S s, W w, N) {
         return stream(std::make_unique<ToledoModel>(w, graduation_kg, setting(p, s, "checksum") == "yes"));
       }},
      {"sma-scale", [](P, S, W w, N) { return stream(std::make_unique<SmaModel>(w, graduation_kg)); }},
      {"rinstrum-rincmd", [](P, S, W w, N) { return stream(std::make_unique<RinCmdModel>(w, graduation_kg)); }},
      {"rpm-portal", [](P, S, W w, N n) { return stream(std::make_unique<RpmModel>(w, n.seed)); }},
      {"nii-il-1", [](P, S, W w, N n) {
         // One device with two faces: the line stream is the register model's.
         auto model = std::make_unique<NiiModel>(w, n.seed);
         DeviceModel made;
         made.stream = std::make_unique<NiiLines>(*model);
         made.registers = std::move(model);
         return made;
       }},
      {"hikvision-anpr", [](P, S s, W w, N n) {
         HikvisionSettings camera;
         camera.path = s.address.path;
         camera.rear = s.role == "plate_rear";
         DeviceModel made;
         made.push = std::make_unique<HikvisionModel>(w, camera, own_seed(s, n), n.now);
         return made;
       }},
      {"axis-alpv", [](P, S s, W w, N n) {
         AxisSettings camera;
         camera.path = s.address.path;
         camera.rear = s.role == "plate_rear";
         DeviceModel made;
         if (s.address.scheme == "push") made.push = std::make_unique<AxisPushModel>(w, camera, own_seed(s, n), n.now);
         else made.stream = std::make_unique<AxisModel>(w, camera, own_seed(s, n), n.now);
         return made;
       }},
      {"snapshot-camera", [](P, S s, W w, N n) {
         SnapshotSettings camera;
         if (!s.address.path.empty()) camera.path = s.address.path;
         camera.rear = s.role == "plate_rear";
         camera.photographs = n.photographs;
         DeviceModel made;
         made.picture = std::make_unique<SnapshotModel>(w, camera, own_seed(s, n));
         return made;
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
                                      std::uint64_t seed, Stamp now, const std::vector<std::string>& photographs) {
  const auto it = makers().find(product.id);
  if (it == makers().end())
    return fail(ErrorCode::not_found, settings.id.text + " (" + product.id + "): the bench has no model of this product");
  return it->second(product, settings, world, {seed, now, photographs});
}

device::Address stream_address_of(const device::Settings& settings) {
  const auto second = settings.options.find("stream_address");
  if (second == settings.options.end()) return settings.address;
  const auto address = config::parse_address(second->second);
  return address ? *address : settings.address;
}

std::vector<std::string> modelled_products() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : makers()) names.push_back(name);
  return names;
}

}  // namespace rampa::hil
