// One I/O module of each kind with the same lane wired to it.
#pragma once

#include "hil/devices/registers/io_models.hpp"
#include "tests/support/register_bench.hpp"

namespace rampa::tests {

struct IoBench : RegisterBench {
  /// `out_prefix`: channels of the outputs.
  IoBench(const std::string& icd, const std::string& out_prefix) {
    settings.id = {"L1-io"};
    settings.lane = {"L1"};
    settings.role = "io";
    settings.icd = icd;
    settings.wiring = {{"loop_entry", "DI0", false}, {"loop_boom", "DI1", true}, {"loop_exit", "DI2", false},
                       {"photocell", "DI3", false},  {"boom_open", "DI4", false}, {"boom_closed", "DI5", false}};
    int n = 0;
    for (const char* point : {"boom_raise", "boom_lower", "light_red", "light_green"})
      settings.wiring.push_back({point, out_prefix + std::to_string(n++), false});
    settings.options = {{"commissioned_by", "J. Example"}, {"commissioned_on", "2026-05-04"}};
  }
  hil::IoModule& module() { return static_cast<hil::IoModule&>(*model); }
  [[nodiscard]] bool relay(int number) { return module().output_on(number); }
  /// Polls until armed; a heartbeat has to be seen to move first.
  void arm() {
    run(2500ms);
    ASSERT_EQ(state(), "ready ") << condition().detail;
    out.events.clear();
  }
  [[nodiscard]] std::string ready_state() const { return out.last<device::DeviceCondition>() ? state() : "ready "; }
  [[nodiscard]] bool point(const std::string& name) const {
    for (const auto& p : std::get<device::PointImage>(out.last<device::PointImage>()->body).points)
      if (p.point == name) return p.on;
    ADD_FAILURE() << "no point " << name;
    return false;
  }
  [[nodiscard]] device::Quality quality() const { return out.last<device::PointImage>()->from.quality; }
  device::CommandReport raise() { return ask(device::MoveBoom{device::Boom::first, device::Motion::raise}); }
  device::CommandReport lower() { return ask(device::MoveBoom{device::Boom::first, device::Motion::lower}); }
  device::CommandReport light(device::Aspect aspect) { return ask(device::SetLight{device::Boom::first, aspect}); }
  [[nodiscard]] int changes(const std::string& point_name, bool on) const {
    int n = 0;
    for (const auto& c : world.changes) n += c.point == point_name && c.on == on;
    return n;
  }
};

struct Wago : IoBench {
  Wago() : IoBench("wago-750", "DO") { connect("wago-750", std::make_unique<hil::Wago750Model>(world, settings.wiring)); }
};
struct Moxa : IoBench {
  Moxa() : IoBench("moxa-iologik-e1214", "relay") {
    connect("moxa-iologik-e1214", std::make_unique<hil::MoxaE1214Model>(world, settings.wiring));
  }
};
struct Adam : IoBench {
  explicit Adam(bool old_firmware = false) : IoBench("advantech-adam-6060", "relay") {
    connect("advantech-adam-6060", std::make_unique<hil::Adam6060Model>(world, settings.wiring, old_firmware), old_firmware ? 0 : 1);
  }
};

template <class Bench>
struct AnyModule : testing::Test {
  Bench bench;
};
using AllModules = testing::Types<Wago, Moxa, Adam>;

}  // namespace rampa::tests
