// A register driver (from its real ICD file, through the registry) and a bench model on one virtual clock.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "config/site.hpp"
#include "drivers/registry/registry.hpp"
#include "edge/lane/guard.hpp"
#include "hil/devices/registers/sim_bus.hpp"
#include "tests/support/direct_stream.hpp"

namespace rampa::tests {

/// A FlatWorld that remembers what the outputs did.
struct OutputWorld : FlatWorld {
  struct Change {
    MonoTime at;
    std::string point;
    bool on;
  };
  explicit OutputWorld(const Clock& time) : clock(time) {}
  const Clock& clock;
  std::vector<Change> changes;
  std::map<std::string, bool, std::less<>> outputs;
  void output(std::string_view point, bool on) override {
    if (output_state(point) != on) changes.push_back({clock.mono(), std::string(point), on});
    outputs.insert_or_assign(std::string(point), on);
  }
  [[nodiscard]] bool output_state(std::string_view point) const override {
    const auto at = outputs.find(point);
    return at != outputs.end() && at->second;
  }
};

/// A real permit for this command: the guard always allows a red light, and a permit knows its command by number.
inline device::Permit permit_for(const device::Command& command, MonoTime now) {
  device::Command red = command;
  red.body = device::SetLight{device::Boom::first, device::Aspect::red};
  return lane::Guard::permit(red, lane::State{}, lane::Config{}, now).value();
}

inline icd::Product product_of(const std::string& id) {
  auto check = config::read_product("firmware-interfaces/icd/" + id + ".json");
  EXPECT_TRUE(check.findings.empty()) << id;
  return check.product;
}

struct RegisterBench {
  VirtualClock clock;
  OutputWorld world{clock};
  icd::Product product;
  device::Settings settings;
  std::shared_ptr<hil::SimModbusBus> bus = std::make_shared<hil::SimModbusBus>(clock, [this](Duration d) { clock.advance(d); });
  hil::SimModbusTransports transports;
  Collect out;
  std::unique_ptr<hil::RegisterModel> model;
  std::unique_ptr<device::Driver> driver;
  std::uint64_t next_command = 1;

  void connect(const std::string& icd, std::unique_ptr<hil::RegisterModel> device, int unit = 1) {
    product = product_of(icd);
    model = std::move(device);
    settings.address = {"modbus+tcp", "127.0.0.1", 502, "", {{"unit", std::to_string(unit)}}};
    bus->unit(unit, *model);
    transports.add(settings.address, bus);
    make();
  }
  void make() {
    auto made = drivers::make_driver({product, settings, transports, clock});
    ASSERT_TRUE(made) << made.error().what;
    driver = std::move(*made);
  }
  void run(Duration time) { run_driver(*driver, out, clock, time); }

  device::Command command(device::CommandBody body) {
    return {next_command++, settings.id, std::move(body), clock.mono() + 500ms};
  }
  device::CommandReport ask(device::CommandBody body) {
    const auto c = command(std::move(body));
    return driver->execute(c, permit_for(c, clock.mono()), out);
  }
  [[nodiscard]] device::DeviceCondition condition() const {
    const auto* event = out.last<device::DeviceCondition>();
    return event ? std::get<device::DeviceCondition>(event->body) : device::DeviceCondition{};
  }
  /// "level fault", as published last.
  [[nodiscard]] std::string state() const { return std::string(name_of(condition().level)) + " " + condition().fault; }
};

}  // namespace rampa::tests
