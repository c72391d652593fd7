// Radiation portal: the line codec against recorded lines, and the driver against the bench's portal.
#include <gtest/gtest.h>

#include <fstream>

#include "drivers/portal_monitor/portal_monitor.hpp"
#include "firmware-interfaces/wire/rpm_lines.hpp"
#include "hil/devices/portal/rpm_model.hpp"
#include "tests/support/direct_stream.hpp"

using namespace rampa;

TEST(RpmLines, ReferenceLines) {
  // tests/golden/portal/reference-lines.txt: the examples printed in the SRLS documentation, see its head.
  std::ifstream file("tests/golden/portal/reference-lines.txt");
  ASSERT_TRUE(file);
  wire::RpmFollower follower;
  std::optional<device::RadiationReading> reading;
  int lines = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    ++lines;
    auto decoded = wire::decode_rpm(line);
    ASSERT_TRUE(decoded) << line << ": " << decoded.error().what;
    auto step = follower.take(*decoded);
    if (step.reading) reading = step.reading;
  }
  EXPECT_GE(lines, 8);
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->gamma_background_cps, 256 + 251 + 260 + 249);
  EXPECT_EQ(reading->occupancy, 1);
  EXPECT_TRUE(reading->gamma_alarm);
  EXPECT_FALSE(reading->neutron_alarm);
  EXPECT_EQ(reading->gamma_peak_cps, 5 * (120 + 118 + 121 + 117));
}

TEST(RpmLines, DamagedLinesAreNotSmallerCounts) {
  for (const char* line : {"GS,00051,000051,000051,000051", "GS,000051,000051,000051", "GS,*****,000051,000051,000051", "XX,000000,000000,000000,000000",
                           "GS,0000051,000051,000051,000051", "GS", "", "GS,-00051,000051,000051,000051"})
    EXPECT_FALSE(wire::decode_rpm(line)) << line;
  EXPECT_TRUE(wire::decode_rpm("GB,000256,000251,000260,000249,12-34-56.789")) << "the daily file's time field";
}

namespace {
struct Bench {
  tests::FlatWorld world;
  tests::VirtualClock clock;
  hil::RpmModel model{world, 7};
  std::shared_ptr<tests::DirectStream> stream = std::make_shared<tests::DirectStream>(model, clock);
  tests::OneStream transports;
  icd::Product product;
  device::Settings settings;
  tests::Collect out;
  std::unique_ptr<device::Driver> driver;
  hil::Lorry lorry;
  Bench() {
    settings.id = {"L1-portal"};
    product.timing.poll = 100ms;
    product.timing.heartbeat_max = 16s;
    transports.only = stream;
    driver = *drivers::make_rpm_portal({product, settings, transports, clock});
  }
  void run(Duration time) { tests::run_driver(*driver, out, clock, time); }
  const device::RadiationReading* pass(double gamma, double neutron) {
    lorry.gamma_cps = gamma;
    lorry.neutron_cps = neutron;
    world.seen.in_portal = &lorry;
    run(4s);
    world.seen.in_portal = nullptr;
    run(1s);
    const auto* event = out.last<device::RadiationReading>();
    return event ? &std::get<device::RadiationReading>(event->body) : nullptr;
  }
};
}  // namespace

TEST(PortalMonitor, CleanLorryGivesACleanReading) {
  Bench bench;
  bench.run(6s);
  const auto* reading = bench.pass(0, 0);
  ASSERT_NE(reading, nullptr);
  EXPECT_FALSE(reading->gamma_alarm || reading->neutron_alarm || reading->portal_fault);
  EXPECT_EQ(bench.out.last<device::RadiationReading>()->from.quality, device::Quality::good);
  EXPECT_FALSE(bench.out.last<device::RadiationReading>()->attachments.at(0).bytes->empty());
  EXPECT_EQ(std::get<device::DeviceCondition>(bench.out.last<device::DeviceCondition>()->body).level, device::ConditionLevel::ready);
}

TEST(PortalMonitor, SourceRaisesTheAlarm) {
  Bench bench;
  bench.run(6s);
  const auto* reading = bench.pass(800, 0);
  ASSERT_NE(reading, nullptr);
  EXPECT_TRUE(reading->gamma_alarm);
  EXPECT_GT(reading->gamma_sigma, 8);
  EXPECT_TRUE(bench.pass(0, 20)->neutron_alarm);
}

TEST(PortalMonitor, TamperAndLostConnectionProveNothing) {
  Bench bench;
  bench.run(6s);
  bench.model.fault("tamper", 0, true);
  bench.run(1s);
  EXPECT_TRUE(bench.pass(0, 0)->portal_fault);
  EXPECT_EQ(bench.out.last<device::RadiationReading>()->from.quality, device::Quality::bad);
  bench.model.fault("tamper", 0, false);
  bench.run(12s);
  EXPECT_FALSE(bench.pass(0, 0)->portal_fault);

  bench.world.seen.in_portal = &bench.lorry;
  bench.run(1s);
  bench.stream->unplugged = true;
  bench.stream->close();
  bench.run(2s);
  EXPECT_TRUE(std::get<device::RadiationReading>(bench.out.last<device::RadiationReading>()->body).portal_fault);
}

TEST(PortalMonitor, ADamagedLineMakesTheOccupancyProveNothing) {
  Bench bench;
  bench.run(6s);
  bench.world.seen.in_portal = &bench.lorry;
  bench.run(1s);
  bench.model.fault("garbage", 0, true);
  bench.run(400ms);  // an alarm may have been in it
  bench.model.fault("garbage", 0, false);
  bench.run(1s);
  bench.world.seen.in_portal = nullptr;
  bench.run(300ms);
  const auto* event = bench.out.last<device::RadiationReading>();
  ASSERT_NE(event, nullptr);
  EXPECT_TRUE(std::get<device::RadiationReading>(event->body).portal_fault);
  EXPECT_EQ(event->from.quality, device::Quality::bad);
  bench.run(6s);  // a background line
  EXPECT_FALSE(bench.pass(0, 0)->portal_fault);
}

TEST(PortalMonitor, ANeutronFaultIsNotClearedByAGammaLine) {
  Bench bench;
  bench.run(6s);
  bench.model.fault("neutron_high", 0, true);
  bench.run(12s);
  EXPECT_TRUE(bench.pass(0, 0)->portal_fault);
  bench.model.fault("neutron_high", 0, false);
  bench.run(12s);
  EXPECT_FALSE(bench.pass(0, 0)->portal_fault);
}

TEST(PortalMonitor, ADamagedLineBeforeTheFirstOfAnOccupancyCountsToIt) {
  wire::RpmFollower follower;
  const auto take = [&](const char* line) { return follower.take(*wire::decode_rpm(line)); };
  (void)take("GB,000256,000251,000260,000249");
  follower.take_undecodable();
  (void)take("GS,000051,000051,000051,000051");
  EXPECT_TRUE(take("GX,000001,004741,000000,000000").reading->portal_fault);
  (void)take("GB,000256,000251,000260,000249");
  (void)take("GS,000051,000051,000051,000051");
  EXPECT_FALSE(take("GX,000002,004741,000000,000000").reading->portal_fault);
}

TEST(PortalMonitor, AnOccupancyThatDoesNotEndDoesNotFillTheMemory) {
  Bench bench;
  bench.run(6s);
  bench.world.seen.in_portal = &bench.lorry;
  bench.run(2h);
  bench.world.seen.in_portal = nullptr;
  bench.run(1s);
  const auto* event = bench.out.last<device::RadiationReading>();
  ASSERT_NE(event, nullptr);
  EXPECT_LE(event->attachments.at(0).bytes->size(), 65'536u);
}

TEST(PortalMonitor, SilenceIsNotCleanliness) {
  Bench bench;
  bench.run(6s);
  bench.model.fault("silent", 0, true);
  bench.run(30s);
  EXPECT_NE(std::get<device::DeviceCondition>(bench.out.last<device::DeviceCondition>()->body).level, device::ConditionLevel::ready);
}
