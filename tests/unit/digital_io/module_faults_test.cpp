// A module that restarts, trips, freezes or is switched by somebody else: beliefs are void, everything is checked again,
// and nothing is set again by the driver.
#include "tests/unit/digital_io/io_bench.hpp"

using namespace rampa;
using namespace rampa::tests;
using device::Outcome;
using device::Quality;

namespace {
template <class Bench>
struct ModuleFaults : AnyModule<Bench> {};

std::vector<std::string> states(const Collect& out) {
  std::vector<std::string> all;
  for (const auto& e : out.events)
    if (const auto* c = std::get_if<device::DeviceCondition>(&e.body)) all.push_back(std::string(name_of(c->level)) + " " + c->fault);
  return all;
}
bool told(const Collect& out, const std::string& state) {
  const auto all = states(out);
  return std::find(all.begin(), all.end(), state) != all.end();
}
}  // namespace
TYPED_TEST_SUITE(ModuleFaults, AllModules);

TYPED_TEST(ModuleFaults, APowerCycleBetweenTwoPollsVoidsBeliefsAndIsNotReplayed) {
  auto& b = this->bench;
  b.arm();
  b.light(device::Aspect::green);
  b.run(5s);
  ASSERT_TRUE(b.relay(3));
  ASSERT_TRUE(b.model->fault("power_cycle", 0, true));
  b.driver->poll(b.out);
  EXPECT_EQ(b.condition().level, device::ConditionLevel::suspect) << b.state();
  EXPECT_EQ(b.raise().outcome, Outcome::refused);
  b.run(3s);
  EXPECT_EQ(b.ready_state(), "ready ");
  EXPECT_FALSE(b.relay(3)) << "replayed";
  EXPECT_EQ(b.changes("light_green", true), 1);
  EXPECT_EQ(b.light(device::Aspect::green).outcome, Outcome::done);  // when asked again
}

/// The bus renews a lost connection inside an exchange and says nothing. What answers then may be another module.
TYPED_TEST(ModuleFaults, AQuietlyRenewedConnectionIsIdentifiedAndArmedAnew) {
  auto& b = this->bench;
  b.arm();
  b.bus->fault_next("reconnect", 0, 1);
  b.driver->poll(b.out);
  EXPECT_EQ(b.state(), "checking reconnected");
  EXPECT_EQ(b.raise().outcome, Outcome::refused);
  b.run(2s);
  EXPECT_EQ(b.state(), "ready ");
  EXPECT_EQ(b.raise().outcome, Outcome::done);
}

TYPED_TEST(ModuleFaults, NothingIsWrittenOnAConnectionThatTheModuleHasEnded) {
  auto& b = this->bench;
  b.arm();
  b.bus->hang_up();
  const auto writes = b.bus->writes();
  EXPECT_EQ(b.raise().outcome, Outcome::refused);
  EXPECT_EQ(b.bus->writes(), writes);
}

TYPED_TEST(ModuleFaults, ACommandUnderWhichTheConnectionWasRenewedIsUnknown) {
  auto& b = this->bench;
  b.arm();
  b.bus->fault_next("reconnect", 0, 1);
  EXPECT_EQ(b.raise().outcome, Outcome::unknown);
  EXPECT_EQ(b.raise().outcome, Outcome::refused);
}

/// Nothing was on, so no output tells; the up time does.
TEST(ModuleFaults, MoxaRestartIsSeenByItsUpTime) {
  Moxa b;
  b.arm();
  b.run(5s);
  ASSERT_TRUE(b.model->fault("power_cycle", 0, true));
  b.run(1s);
  EXPECT_TRUE(told(b.out, "suspect restarted")) << testing::PrintToString(states(b.out));
  b.run(3s);
  EXPECT_EQ(b.state(), "ready ");
}

TYPED_TEST(ModuleFaults, AnOutageLetsTheOutputsFallAndNothingIsReplayed) {
  auto& b = this->bench;
  b.settings.options["boom_drive"] = "level";
  b.make();
  b.arm();
  b.raise();
  b.run(1s);
  ASSERT_TRUE(b.relay(0));
  b.bus->fault("deaf", 0, true);
  const MonoTime cut = b.clock.mono();
  MonoTime due = cut;
  while (b.clock.mono() < cut + 3s) {  // the module's own time goes on
    if (b.clock.mono() >= due) due = b.clock.mono() + b.driver->poll(b.out);
    b.clock.advance(10ms);
    b.model->advance(b.clock.mono());
  }
  EXPECT_FALSE(b.relay(0));
  ASSERT_EQ(b.changes("boom_raise", false), 1);
  EXPECT_LE(b.world.changes.back().at - cut, 1250ms);
  EXPECT_EQ(b.condition().level, device::ConditionLevel::connecting);
  EXPECT_EQ(b.raise().outcome, Outcome::refused);
  b.bus->fault("deaf", 0, false);
  b.run(5s);
  EXPECT_EQ(b.ready_state(), "ready ");
  EXPECT_FALSE(b.relay(0)) << "replayed";
  EXPECT_EQ(b.changes("boom_raise", true), 1);
  EXPECT_EQ(b.raise().outcome, Outcome::done);
}

TYPED_TEST(ModuleFaults, SomebodyElseSwitchesAnOutput) {
  auto& b = this->bench;
  b.arm();
  b.light(device::Aspect::red);
  b.run(200ms);
  const auto address = b.product.find(b.settings.wiring[8].channel)->address;
  ASSERT_EQ(b.model->write(std::stoi(b.settings.address.query["unit"]), icd::Table::coil, address, {0}), 0);
  b.driver->poll(b.out);
  EXPECT_EQ(b.state(), "suspect output_changed");
  EXPECT_EQ(b.raise().outcome, Outcome::refused);
  b.run(3s);
  EXPECT_EQ(b.ready_state(), "ready ");
}

TYPED_TEST(ModuleFaults, APulseLeftOnByADeadPredecessorIsWithdrawn) {
  auto& b = this->bench;
  b.arm();
  b.raise();
  ASSERT_TRUE(b.relay(0));
  b.make();  // a new process; the relay is still on
  b.run(2500ms);
  EXPECT_FALSE(b.relay(0));
  EXPECT_EQ(b.state(), "ready ");
}

TYPED_TEST(ModuleFaults, SilenceIsNeverFilledWithTheLastInputs) {
  auto& b = this->bench;
  b.arm();
  b.bus->fault("silent", 0, true);
  b.run(5s);
  std::size_t images = 0;
  for (const auto& e : b.out.events) images += std::holds_alternative<device::PointImage>(e.body);
  EXPECT_EQ(images, 0u);
  EXPECT_EQ(b.state(), "connecting timeout");
}

template <class Bench>
void frozen_is_seen(Duration within) {
  Bench b;
  b.arm();
  ASSERT_TRUE(b.model->fault("frozen", 0, true));
  b.world.seen.loop_boom = true;  // a lorry that the frozen module does not show
  const MonoTime froze = b.clock.mono();
  while (!told(b.out, "suspect frozen_heartbeat") && b.clock.mono() < froze + 10s) b.run(50ms);
  EXPECT_LE(b.clock.mono() - froze, within);
  EXPECT_EQ(b.quality(), Quality::suspect);
  EXPECT_EQ(b.lower().outcome, Outcome::refused);
  b.run(2s);
  EXPECT_EQ(b.quality(), Quality::suspect);
  b.model->fault("frozen", 0, false);
  b.run(2s);
  EXPECT_EQ(b.state(), "ready ");
  EXPECT_TRUE(b.point("loop_boom"));
}
TEST(ModuleFaults, FrozenWagoIsSuspect) { frozen_is_seen<Wago>(1200ms); }
TEST(ModuleFaults, FrozenMoxaIsSuspect) { frozen_is_seen<Moxa>(3200ms); }

/// Honest about a limit: the ADAM's known map holds nothing that moves, and its ICD file says so.
TEST(ModuleFaults, FrozenAdamIsNotSeenAndTheIcdSaysSo) {
  Adam b;
  b.arm();
  ASSERT_TRUE(b.model->fault("frozen", 0, true));
  b.world.seen.loop_boom = true;
  b.run(10s);
  EXPECT_EQ(b.quality(), Quality::good);
  bool said = false;
  for (const auto& quirk : b.product.quirks) said |= quirk.find("frozen") != std::string::npos;
  EXPECT_TRUE(said);
}

TYPED_TEST(ModuleFaults, AStuckInputStaysAsItWas) {
  auto& b = this->bench;
  b.arm();
  ASSERT_TRUE(b.model->fault("stuck_bit", 0, true));
  b.world.seen.loop_entry = true;
  b.world.seen.photocell = true;
  b.run(200ms);
  EXPECT_FALSE(b.point("loop_entry"));
  EXPECT_TRUE(b.point("photocell"));
}

template <class Bench>
void trip_is_cleared_and_checked_again() {
  Bench b;
  b.arm();
  b.light(device::Aspect::green);
  b.run(200ms);
  b.clock.advance(1500ms);  // the host's thread stood still
  b.run(100ms);
  EXPECT_TRUE(told(b.out, "suspect watchdog_tripped") || told(b.out, "faulted watchdog_tripped")) << testing::PrintToString(states(b.out));
  b.run(3s);
  EXPECT_EQ(b.ready_state(), "ready ");
  EXPECT_FALSE(b.relay(3)) << "replayed";
}
TEST(ModuleFaults, WagoTripIsCleared) { trip_is_cleared_and_checked_again<Wago>(); }
TEST(ModuleFaults, MoxaTripIsCleared) { trip_is_cleared_and_checked_again<Moxa>(); }

/// The watchdog lives on the driver's poll and on nothing else: commands alone do not keep it alive.
TEST(ModuleFaults, WagoIsFedByThePollOnly) {
  Wago b;
  b.settings.options["boom_drive"] = "level";
  b.make();
  b.arm();
  for (int i = 0; i < 15; ++i) {
    b.light(i % 2 ? device::Aspect::red : device::Aspect::green);
    b.clock.advance(100ms);
  }
  EXPECT_TRUE(b.module().tripped());
}

TYPED_TEST(ModuleFaults, BeliefsAreVoidAfterASingleLostReply) {
  auto& b = this->bench;
  b.arm();
  b.bus->fault_next("silent", 0, 1);
  b.driver->poll(b.out);
  EXPECT_EQ(b.condition().level, device::ConditionLevel::connecting);
  EXPECT_NE(b.condition().fault, "");
  EXPECT_EQ(b.raise().outcome, Outcome::refused);
  b.run(1s);
  EXPECT_EQ(b.state(), "ready ");
}
