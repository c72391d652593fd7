#include "hil/bench/virtual_wires.hpp"

#include "firmware-interfaces/device/address_rules.hpp"

namespace rampa::hil {
namespace {

int unit_of(const device::Address& address) { return device::modbus_unit(address).value_or(1); }

std::string listener_of(const device::Address& address) { return address.host + ":" + std::to_string(address.port); }

}  // namespace

Result<void> VirtualWires::add(const device::Settings& settings, const icd::Product& product, LaneWorld& world, std::uint64_t seed,
                               const std::vector<std::string>& photographs) {
  auto model = make_device_model(product, settings, world, seed, post_.now(), photographs);
  if (!model) return tl::unexpected(model.error());
  devices_[settings.id.text] = Device{&settings, &product, std::move(*model)};
  return {};
}

VirtualWires::Cable& VirtualWires::cable(const std::string& name) {
  auto& cable = cables_[name];
  if (!cable) cable = std::make_unique<Cable>(*this, post_);
  return *cable;
}

VirtualWires::Device* VirtualWires::find(const std::string& id) {
  const auto it = devices_.find(id);
  return it == devices_.end() ? nullptr : &it->second;
}

VirtualWires::Device* VirtualWires::at(const device::Address& address, bool (*shows)(const DeviceModel&)) {
  for (auto& [id, device] : devices_) {
    if (!shows(device.model)) continue;
    if (device.settings->address.cable() == address.cable() || stream_address_of(*device.settings).cable() == address.cable())
      return &device;
  }
  return nullptr;
}

Result<std::shared_ptr<drivers::ModbusBus>> VirtualWires::Cable::modbus(const device::Address& address) {
  auto& bus = wires_.buses_[address.cable()];
  if (!bus) {
    bus = std::make_shared<SimModbusBus>(clock, [this](Duration time) { clock.spend(time); });
    for (auto& [id, device] : wires_.devices_)
      if (device.model.registers && device.settings->address.cable() == address.cable())
        bus->unit(unit_of(device.settings->address), *device.model.registers);
  }
  return std::shared_ptr<drivers::ModbusBus>(bus);
}

Result<std::shared_ptr<drivers::ByteStream>> VirtualWires::Cable::stream(const device::Address& address) {
  Device* device = wires_.at(address, [](const DeviceModel& m) { return m.stream != nullptr; });
  if (!device) return fail(ErrorCode::not_found, "no simulated stream device at " + address.cable());
  auto& stream = wires_.streams_[device->settings->id.text];
  if (!stream) stream = std::make_shared<SimStream>(*device->model.stream, clock);
  return std::shared_ptr<drivers::ByteStream>(stream);
}

Result<std::shared_ptr<drivers::HttpClient>> VirtualWires::Cable::http(const device::Address& address) {
  Device* device = wires_.at(address, [](const DeviceModel& m) { return m.picture != nullptr; });
  if (!device) return fail(ErrorCode::not_found, "no simulated picture camera at " + address.cable());
  auto& http = wires_.https_[device->settings->id.text];
  if (!http) http = std::make_shared<SimHttp>(*device->model.picture, clock);
  return std::shared_ptr<drivers::HttpClient>(http);
}

Result<std::shared_ptr<drivers::PushListener>> VirtualWires::Cable::push(const device::Address& address) {
  auto& push = wires_.pushes_[listener_of(address)];
  if (!push) push = std::make_shared<SimPush>();
  return std::shared_ptr<drivers::PushListener>(push);
}

void VirtualWires::hang_up() {
  for (auto& [id, stream] : streams_) stream->close();
}

bool VirtualWires::fault(const std::string& id, std::string_view name, double value, bool on) {
  Device* device = find(id);
  if (!device) return false;
  if (device->model.fault(name, value, on)) return true;
  const auto& address = device->settings->address;
  if (auto bus = buses_.find(address.cable()); bus != buses_.end() && bus->second->fault(name, value, on)) return true;
  if (auto stream = streams_.find(id); stream != streams_.end() && stream->second->fault(name, value, on)) return true;
  if (auto http = https_.find(id); http != https_.end() && http->second->fault(name, value, on)) return true;
  if (device->model.push && name == "cut") {
    if (on) unplugged_.insert(id);
    else unplugged_.erase(id);
    return true;
  }
  return false;
}

std::vector<std::string> VirtualWires::faults_of(const std::string& id) {
  Device* device = find(id);
  if (!device) return {};
  auto all = device->model.faults();
  auto more = [&all](const std::vector<std::string>& names) { all.insert(all.end(), names.begin(), names.end()); };
  if (auto bus = buses_.find(device->settings->address.cable()); bus != buses_.end()) more(bus->second->faults());
  if (auto stream = streams_.find(id); stream != streams_.end()) more(stream->second->faults());
  if (device->model.push) all.push_back("cut");
  return all;
}

void VirtualWires::run_posts(MonoTime now, bool alive) {
  for (auto& [id, device] : devices_) {
    // Nobody polls while the appliance is dead; a module's watchdog runs out all the same.
    if (!alive && device.model.registers) device.model.registers->advance(now);
    if (!device.model.push) continue;
    device.model.push->advance(now);
    for (const auto& post : device.model.push->take_posts()) {
      const auto listener = pushes_.find(listener_of(device.settings->address));
      const bool heard = alive && listener != pushes_.end() && !unplugged_.contains(id);
      device.model.push->answered(post.id, heard ? listener->second->post(post, device.settings->address.host) : 0);
    }
  }
}

}  // namespace rampa::hil
