#include "hil/bench/served_post.hpp"

#include "firmware-interfaces/device/address_rules.hpp"
#include "hil/wire/modbus_server.hpp"
#include "hil/wire/picture_server.hpp"
#include "hil/wire/push_client.hpp"
#include "hil/wire/stream_server.hpp"

namespace rampa::hil {
namespace {

constexpr std::size_t history_max = 200'000;

int unit_of(const device::Address& address) { return device::modbus_unit(address).value_or(1); }

}  // namespace

ServedPost::ServedPost(config::Site site, double speed, const Clock& clock)
    : site_(std::move(site)), speed_(speed), clock_(clock), start_(clock.mono()) {}

ServedPost::~ServedPost() = default;

Result<ServedPost::Made> ServedPost::make(config::Site site, double speed, std::uint64_t seed, const Clock& clock) {
  Made made;
  made.post.reset(new ServedPost(std::move(site), speed, clock));
  ServedPost& post = *made.post;
  for (const auto& config : post.site_.lanes) {
    LaneOptions options;
    options.two_booms = config.kind == lane::Kind::sally_port;
    options.seed = seed;
    options.speed = speed;
    auto world = std::make_unique<SimulatedLane>(config.id.text, LaneGeometry{}, options);
    world->advance(MonoTime{0});
    post.lanes_[config.id.text] = std::move(world);
  }
  for (const auto& settings : post.site_.devices) {
    const auto& product = post.site_.products.at(settings.icd);
    auto model = make_device_model(product, settings, *post.lanes_.at(settings.lane.text), seed, clock.now());
    if (!model) {
      if (model.error().code != ErrorCode::not_found) return tl::unexpected(model.error());
      made.missing.push_back(model.error().what);
      continue;
    }
    auto& device = post.devices_[settings.id.text];
    device.model = std::move(*model);
    if (auto served = post.serve(settings, product, device.model); !served) return tl::unexpected(served.error());
  }
  return made;
}

Result<void> ServedPost::serve(const device::Settings& settings, const icd::Product& product, DeviceModel& model) {
  const auto& address = settings.address;
  auto take = [&](auto server) {
    servers_.push_back(server.get());
    devices_[settings.id.text].wire = server.get();
    owned_.push_back(std::move(server));
  };
  if (model.registers) {
    auto& server = modbus_[address.cable()];
    if (!server) {
      auto made = address.scheme == "modbus+rtu" ? ModbusServer::rtu(clock_, address.path)
                                                 : ModbusServer::tcp(address.host, address.port, clock_);
      if (!made) return tl::unexpected(made.error());
      server = made->get();
      take(std::move(*made));
    }
    auto* modbus = static_cast<ModbusServer*>(server);
    modbus->unit(unit_of(address), *model.registers);
    devices_[settings.id.text].wire = modbus;
  }
  if (model.stream) {
    const auto at = stream_address_of(settings);
    auto made = at.scheme == "serial" ? StreamServer::pty(*model.stream, clock_, at.path)
                                      : StreamServer::tcp(at.host, at.port, *model.stream, clock_);
    if (!made) return tl::unexpected(made.error());
    take(std::move(*made));
  }
  if (model.push) {
    take(std::make_unique<PushClient>(address.host, address.port, *model.push, clock_));
  } else if (model.picture) {
    auto made = PictureServer::listen(address.host, address.port, *model.picture, clock_);
    if (!made) return tl::unexpected(made.error());
    take(std::move(*made));
  }
  served_.push_back(settings.id.text + " " + product.id + " " + address.scheme + " " +
                    (address.host.empty() ? address.path : address.host + ":" + std::to_string(address.port)));
  return {};
}

double ServedPost::world_seconds() const { return std::chrono::duration<double>(clock_.mono() - start_).count() * speed_; }

void ServedPost::move_worlds() {
  const Stamp now = clock_.now();
  const MonoTime world_now{static_cast<std::int64_t>(static_cast<double>((now.mono - start_).count()) * speed_)};
  for (auto& [name, lane] : lanes_) {
    lane->advance(world_now);
    for (auto& event : lane->take_events())
      if (history_.size() < history_max) history_.push_back({std::move(event), now.wall.ms});
  }
}

void ServedPost::step(Duration timeout) {
  move_worlds();
  poll_once(servers_, clock_, timeout);
}

std::vector<std::string> ServedPost::lane_names() const {
  std::vector<std::string> names;
  for (const auto& [name, lane] : lanes_) names.push_back(name);
  return names;
}

SimulatedLane* ServedPost::lane(const std::string& name) {
  const auto it = lanes_.find(name);
  return it == lanes_.end() ? nullptr : it->second.get();
}

std::uint64_t ServedPost::add(const std::string& lane, Lorry lorry) {
  auto* world = this->lane(lane);
  if (!world) return 0;
  // Numbers are unique over all lanes, so that a history tells one lorry from another.
  if (lorry.number == 0) lorry.number = next_lorry_;
  next_lorry_ = std::max(next_lorry_, lorry.number + 1);
  return world->add(std::move(lorry));
}

bool ServedPost::fault(const std::string& target, const std::string& name, double value, bool on) {
  if (target.rfind("world:", 0) == 0) {
    auto* world = lane(target.substr(6));
    if (!world) return false;
    if (name == "emergency_stop") return world->set_emergency_stop(on), true;
    if (name == "manual_mode") return world->set_manual_mode(on), true;
    return world->fault(name, value, on);
  }
  const auto it = devices_.find(target);
  if (it == devices_.end()) return false;
  if (it->second.model.fault(name, value, on)) return true;
  return it->second.wire && it->second.wire->fault(name, value, on);
}

std::vector<std::string> ServedPost::faults_of(const std::string& target) const {
  if (target.rfind("world:", 0) == 0) {
    auto all = SimulatedLane::faults();
    all.insert(all.end(), {"emergency_stop", "manual_mode"});
    return all;
  }
  const auto it = devices_.find(target);
  if (it == devices_.end()) return {};
  auto all = it->second.model.faults();
  if (it->second.wire)
    for (auto& name : it->second.wire->faults()) all.push_back(name);
  return all;
}

std::vector<std::string> ServedPost::targets() const {
  std::vector<std::string> all;
  for (const auto& [name, lane] : lanes_) all.push_back("world:" + name);
  for (const auto& [id, device] : devices_) all.push_back(id);
  return all;
}

}  // namespace rampa::hil
