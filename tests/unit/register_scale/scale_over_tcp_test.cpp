// Scale and I/O module over real TCP: production transport, the bench's Modbus server, the models.
#include "edge/runtime/system_clock.hpp"
#include "hil/devices/registers/io_models.hpp"
#include "hil/devices/registers/scale_models.hpp"
#include "hil/wire/modbus_server.hpp"
#include "hil/wire/wire_server.hpp"
#include "tests/support/register_bench.hpp"

using namespace rampa;

namespace {

/// Polls until `done` or 5 s have passed.
template <class Done>
bool poll_until(device::Driver& driver, tests::Collect& out, const Clock& clock, Done done) {
  for (const MonoTime end = clock.mono() + 5s; clock.mono() < end;) {
    driver.poll(out);  // as fast as the wire allows, without the driver's own pauses
    if (done()) return true;
  }
  return false;
}

std::string level(const tests::Collect& out) {
  const auto* event = out.last<device::DeviceCondition>();
  if (!event) return "none";
  const auto& c = std::get<device::DeviceCondition>(event->body);
  return std::string(name_of(c.level)) + " " + c.fault;
}

struct OverTcp : testing::Test {
  runtime::SystemClock clock;
  tests::OutputWorld world{clock};
  tests::Collect out;
  device::Settings settings;

  std::unique_ptr<device::Driver> connect(const icd::Product& product, const hil::ModbusServer& server, drivers::Transports& transports) {
    settings.address = {"modbus+tcp", "127.0.0.1", server.port(), "", {{"unit", "1"}}};
    return drivers::make_driver({product, settings, transports, clock}).value();
  }
};

TEST_F(OverTcp, AScaleWeighsAndComesBackAfterSilence) {
  world.seen.mass_on_scale_kg = 27'300;
  hil::DgtModel model(world, {});
  const auto server = hil::ModbusServer::tcp("127.0.0.1", 0, clock).value();
  server->unit(1, model);
  hil::WireThread thread({server.get()}, clock);
  const auto transports = drivers::make_real_transports(clock);
  const auto product = tests::product_of("dini-argeo-dgt");
  settings.id = {"L1-scale"};
  settings.options["grams_per_count"] = "1000";
  const auto driver = connect(product, *server, *transports);
  ASSERT_TRUE(poll_until(*driver, out, clock, [&] { return out.last<device::WeighReading>() != nullptr; }));
  EXPECT_EQ(std::get<device::WeighReading>(out.last<device::WeighReading>()->body).gross_g, 27'300'000);

  thread.with([&] { server->fault_next("silent", 0, 1); });
  driver->poll(out);
  EXPECT_EQ(level(out), "connecting timeout");
  EXPECT_TRUE(poll_until(*driver, out, clock, [&] { return level(out) == "ready "; }));
}

TEST_F(OverTcp, AScaleWeighsOverASerialLine) {
  world.seen.mass_on_scale_kg = 18'440;
  hil::C500Model model(world, {});
  const auto server = hil::ModbusServer::rtu(clock).value();
  server->unit(3, model);
  hil::WireThread thread({server.get()}, clock);
  const auto transports = drivers::make_real_transports(clock);
  const auto product = tests::product_of("rinstrum-c500");
  settings.id = {"L1-scale"};
  settings.options["grams_per_count"] = "1000";
  settings.address = {"modbus+rtu", "", 0, server->path(), {{"unit", "3"}, {"baud", "115200"}, {"parity", "N"}}};
  const auto driver = drivers::make_driver({product, settings, *transports, clock}).value();
  ASSERT_TRUE(poll_until(*driver, out, clock, [&] { return out.last<device::WeighReading>() != nullptr; })) << level(out);
  EXPECT_EQ(std::get<device::WeighReading>(out.last<device::WeighReading>()->body).gross_g, 18'440'000);
}

TEST_F(OverTcp, AModuleArmsAndARelayMovesOnce) {
  settings.id = {"L1-io"};
  settings.wiring = {{"loop_entry", "DI0", false}, {"boom_raise", "DO0", false}, {"boom_lower", "DO1", false}};
  settings.options = {{"commissioned_by", "test"}, {"commissioned_on", "2026-01-15"}, {"boom_drive", "level"}};
  world.seen.loop_entry = true;
  hil::Wago750Model model(world, settings.wiring);
  const auto server = hil::ModbusServer::tcp("127.0.0.1", 0, clock).value();
  server->unit(1, model);
  hil::WireThread thread({server.get()}, clock);
  const auto transports = drivers::make_real_transports(clock);
  const auto product = tests::product_of("wago-750");
  const auto driver = connect(product, *server, *transports);
  ASSERT_TRUE(poll_until(*driver, out, clock, [&] { return level(out) == "ready "; })) << level(out);
  EXPECT_EQ(std::get<device::PointImage>(out.last<device::PointImage>()->body).points.front(), (device::PointValue{"loop_entry", true}));

  const device::Command command{7, settings.id, device::MoveBoom{}, clock.mono() + 500ms};
  EXPECT_EQ(driver->execute(command, tests::permit_for(command, clock.mono()), out).outcome, device::Outcome::done);
  bool on = false;
  thread.with([&] { on = model.output_on(0); });
  EXPECT_TRUE(on);
}

}  // namespace
