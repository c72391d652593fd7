// NII-IL/1: lines, assembly, and the scanner driver against the bench's scanner. The radiographs of the shared data go
// through the line stream and come back bit-exact.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <random>

#include "config/site.hpp"
#include "drivers/nii_scanner/nii_scanner.hpp"
#include "drivers/nii_scanner/scan_assembly.hpp"
#include "edge/lane/guard.hpp"
#include "firmware-interfaces/crc32c.hpp"
#include "hil/devices/nii/nii_model.hpp"
#include "hil/devices/registers/sim_bus.hpp"
#include "tests/support/direct_stream.hpp"
#include "tests/support/shared_data.hpp"

using namespace rampa;

namespace {

/// A lane in the one state in which a scan may be permitted.
lane::State scanning_lane(MonoTime now) {
  lane::State s;
  s.phase = lane::Phase::scanning;
  s.crossing = {"L1-1-1"};
  s.scanner = device::ScannerState::ready;
  s.conditions["scanner"].level = device::ConditionLevel::ready;
  for (auto [point, on] : {std::pair{"emergency_stop", false}, {"manual_mode", false}, {"loop_entry", true}, {"loop_boom", false},
                           {"photocell", false}, {"boom_open", false}, {"boom_closed", true}})
    s.points[point] = {on, device::Quality::good, now, now, true};
  return s;
}

struct Bench {
  tests::FlatWorld world;
  tests::VirtualClock clock;
  hil::NiiModel model{world, 3};
  std::shared_ptr<hil::SimModbusBus> bus = std::make_shared<hil::SimModbusBus>(clock, [this](Duration d) { clock.advance(d); });
  std::shared_ptr<tests::DirectStream> lines = std::make_shared<tests::DirectStream>(model.lines(), clock);
  struct Both : tests::OneStream {
    std::shared_ptr<drivers::ModbusBus> modbus_bus;
    Result<std::shared_ptr<drivers::ModbusBus>> modbus(const device::Address&) override { return modbus_bus; }
  } transports;
  icd::Product product;
  device::Settings settings;
  tests::Collect out;
  std::unique_ptr<device::Driver> driver;
  hil::Lorry lorry;
  std::uint64_t commands = 0;
  Bytes pixels;

  Bench() {
    settings.id = {"L1-scanner"};
    settings.options["stream_address"] = "tcp://127.0.0.1:1";
    product = config::read_product("firmware-interfaces/icd/nii-il-1.json").product;
    bus->unit(1, model);
    transports.only = lines;
    transports.modbus_bus = bus;
    driver = *drivers::make_nii_scanner({product, settings, transports, clock});
  }
  void run(Duration time) {
    for (const MonoTime end = clock.mono() + time; clock.mono() < end;) {
      model.advance(clock.mono());
      const Duration wait = driver->poll(out);
      clock.advance(std::min<Duration>(wait, 50ms));
    }
  }
  device::CommandReport withhold(bool yes, Duration wait_before = 0ns) {
    device::Command command{++commands, settings.id, device::WithholdScan{yes}, clock.mono() + 500ms};
    auto permit = lane::Guard::permit(command, scanning_lane(clock.mono()), config_of_lane(), clock.mono());
    EXPECT_TRUE(permit) << permit.error().what;
    clock.advance(wait_before);
    return driver->execute(command, std::move(*permit), out);
  }
  device::CommandReport abort() {
    device::Command command{++commands, settings.id, device::AbortScan{}, clock.mono() + 500ms};
    return driver->execute(command, std::move(*lane::Guard::permit(command, scanning_lane(clock.mono()), config_of_lane(), clock.mono())), out);
  }
  /// "level fault", as published last.
  std::string state() {
    const auto* event = out.last<device::DeviceCondition>();
    if (!event) return "none";
    const auto& c = std::get<device::DeviceCondition>(event->body);
    return std::string(name_of(c.level)) + " " + c.fault;
  }
  /// Polls once at this moment.
  void poll() {
    model.advance(clock.mono());
    (void)driver->poll(out);
  }
  static const lane::Config& config_of_lane() {
    static const lane::Config c = [] {
      lane::Config made;
      made.id = {"L1"};
      made.kind = lane::Kind::nii;
      made.roles = {"io", "scanner"};
      return made;
    }();
    return c;
  }
  const device::ScanImage* image() {
    const auto* event = out.last<device::ScanImage>();
    return event ? &std::get<device::ScanImage>(event->body) : nullptr;
  }
  Bytes stored() {
    Bytes all;
    for (const auto& event : out.events)
      if (std::holds_alternative<device::ScanStrip>(event.body)) all.insert(all.end(), event.attachments.at(0).bytes->begin(), event.attachments.at(0).bytes->end());
    return all;
  }
};

hil::ScanPicture small_picture() { return hil::drawn_lorry(5, 64, 150); }

bool same(const Bytes& bytes, const std::vector<std::uint16_t>& pixels) {
  return bytes.size() == pixels.size() * 2 && std::memcmp(bytes.data(), pixels.data(), bytes.size()) == 0;
}

}  // namespace

TEST(NiiScanner, AWholeScanComesBackBitExact) {
  Bench bench;
  const auto picture = small_picture();
  bench.model.show(picture);
  bench.run(300ms);
  bench.world.seen.in_scanner = &bench.lorry;
  bench.run(500ms);
  EXPECT_EQ(bench.model.scans_started(), 0u) << "withheld until the lane permits";
  ASSERT_EQ(bench.withhold(false).outcome, device::Outcome::done);
  bench.run(3s);
  ASSERT_NE(bench.image(), nullptr);
  EXPECT_TRUE(bench.image()->complete);
  EXPECT_EQ(bench.image()->width_px, 64u);
  EXPECT_EQ(bench.image()->height_px, 150u);
  EXPECT_TRUE(same(bench.stored(), picture.pixels));
  const auto& whole = *bench.out.last<device::ScanImage>();
  EXPECT_EQ(whole.from.quality, device::Quality::good);
  EXPECT_EQ(whole.attachments.at(0).growing_key, bench.image()->scan_id);
}

TEST(NiiScanner, MissingRepeatedAndDamagedLinesAreNeverComplete) {
  for (const char* fault : {"skip_line", "damage"}) {
    Bench bench;
    bench.model.show(small_picture());
    bench.model.fault(fault, 0, true);
    bench.run(300ms);
    bench.world.seen.in_scanner = &bench.lorry;
    bench.withhold(false);
    bench.run(3s);
    ASSERT_NE(bench.image(), nullptr) << fault;
    EXPECT_FALSE(bench.image()->complete) << fault;
    EXPECT_EQ(bench.image()->lines_missing, 1u) << fault;
    EXPECT_EQ(bench.out.last<device::ScanImage>()->from.quality, device::Quality::bad);
    EXPECT_EQ(bench.stored().size(), 64u * 150 * 2) << "holes keep their place";
  }
  Bench bench;
  const auto picture = small_picture();
  bench.model.show(picture);
  bench.model.fault("repeat_line", 0, true);
  bench.run(300ms);
  bench.world.seen.in_scanner = &bench.lorry;
  bench.withhold(false);
  bench.run(3s);
  EXPECT_TRUE(bench.image()->complete) << "a repeated line takes nothing away";
  EXPECT_EQ(bench.image()->lines_repeated, 1u);
  EXPECT_TRUE(same(bench.stored(), picture.pixels));
}

TEST(NiiScanner, WhatItsAidsSayComesAfterTheScan) {
  Bench bench;
  bench.model.show(small_picture());
  bench.model.aids({{"density", 1}, {"empty_or_not", 0}, {"radiation_2", 2}});
  bench.run(300ms);
  bench.world.seen.in_scanner = &bench.lorry;
  bench.withhold(false);
  bench.run(5s);
  ASSERT_NE(bench.image(), nullptr);
  const auto* event = bench.out.last<device::ScanAids>();
  ASSERT_NE(event, nullptr);
  const auto& said = std::get<device::ScanAids>(event->body);
  EXPECT_EQ(said.scan_id, bench.image()->scan_id);
  EXPECT_EQ(said.aids, (std::vector<device::ScanAid>{{"density", device::ScanAidResult::marked}, {"empty_or_not", device::ScanAidResult::nothing}, {"radiation_2", device::ScanAidResult::failed}}));
}

TEST(NiiScanner, AbortedScanIsKeptAndIncomplete) {
  Bench bench;
  bench.model.show(small_picture());
  bench.model.lines_per_second(50);
  bench.run(300ms);
  bench.world.seen.in_scanner = &bench.lorry;
  bench.withhold(false);
  bench.run(1s);
  bench.model.fault("abort", 0, true);
  bench.run(1s);
  ASSERT_NE(bench.image(), nullptr);
  EXPECT_FALSE(bench.image()->complete);
  EXPECT_GT(bench.image()->height_px, 10u);
}

TEST(NiiScanner, LosingRampaNeitherStartsNorProlongs) {
  Bench bench;
  bench.model.lines_per_second(50);
  bench.run(300ms);
  bench.world.seen.in_scanner = &bench.lorry;
  // Rampa dies before permitting: no scan.
  for (int i = 0; i < 100; ++i) {
    bench.clock.advance(100ms);
    bench.model.advance(bench.clock.mono());
  }
  EXPECT_EQ(bench.model.scans_started(), 0u);
  // Permitted, running, then silent: the scanner's own watchdog withholds within its second.
  bench.run(300ms);
  ASSERT_EQ(bench.withhold(false).outcome, device::Outcome::done);
  bench.run(500ms);
  EXPECT_EQ(bench.model.scans_started(), 1u);
  for (int i = 0; i < 12; ++i) {
    bench.clock.advance(100ms);
    bench.model.advance(bench.clock.mono());
  }
  EXPECT_TRUE(bench.model.inhibited());
  // Back again: outputs are not replayed; it stays withheld until the lane asks anew.
  bench.run(1s);
  EXPECT_TRUE(bench.model.inhibited());
  EXPECT_EQ(bench.model.scans_started(), 1u);
}

TEST(NiiScanner, NotArmedWithoutItsWatchdog) {
  Bench bench;
  bench.model.fault("watchdog_off", 0, true);
  bench.run(500ms);
  const auto report = bench.withhold(false);
  EXPECT_EQ(report.outcome, device::Outcome::refused);
  EXPECT_EQ(std::get<device::DeviceCondition>(bench.out.last<device::DeviceCondition>()->body).fault, "watchdog_unarmed");
  EXPECT_TRUE(bench.model.inhibited());
  EXPECT_NE(bench.withhold(true).outcome, device::Outcome::refused) << "withholding is always allowed";
}

TEST(NiiScanner, AnEndedPermitPermitsNothing) {
  Bench bench;
  bench.run(500ms);
  EXPECT_EQ(bench.withhold(false, 600ms).outcome, device::Outcome::refused);
  EXPECT_TRUE(bench.model.inhibited());
}

TEST(NiiScanner, FrozenHeartbeatIsSuspect) {
  Bench bench;
  bench.run(500ms);
  EXPECT_EQ(std::get<device::DeviceCondition>(bench.out.last<device::DeviceCondition>()->body).level, device::ConditionLevel::ready);
  bench.model.fault("frozen", 0, true);
  bench.run(2s);
  EXPECT_EQ(std::get<device::DeviceCondition>(bench.out.last<device::DeviceCondition>()->body).fault, "frozen_heartbeat");
}

TEST(NiiScanner, AHeartbeatThatNeverMovedProvesNothing) {
  Bench bench;
  bench.model.fault("frozen", 0, true);
  bench.run(300ms);
  EXPECT_EQ(bench.state(), "checking heartbeat_unproven");
  EXPECT_EQ(bench.withhold(false).outcome, device::Outcome::refused);
  EXPECT_EQ(bench.out.last<device::ScannerReport>()->from.quality, device::Quality::suspect);
}

TEST(NiiScanner, AFrozenScannerIsPermittedNothing) {
  Bench bench;
  bench.run(500ms);
  ASSERT_EQ(bench.withhold(false).outcome, device::Outcome::done);
  bench.model.fault("frozen", 0, true);
  bench.run(2s);
  EXPECT_EQ(bench.state(), "suspect frozen_heartbeat");
  EXPECT_EQ(bench.withhold(false).outcome, device::Outcome::refused);
  EXPECT_TRUE(bench.model.inhibited());
}

TEST(NiiScanner, AWithholdingThatIsNotInEffectIsSetAgain) {
  Bench bench;
  bench.run(500ms);
  ASSERT_EQ(bench.state(), "ready ");
  bench.model.fault("inhibit_lost", 0, true);
  bench.poll();
  EXPECT_EQ(bench.state(), "suspect output_changed");
  EXPECT_EQ(bench.withhold(false).outcome, device::Outcome::refused);
  bench.run(100ms);
  EXPECT_TRUE(bench.model.inhibited());
  EXPECT_EQ(bench.state(), "ready ");
}

TEST(NiiScanner, AWithholdingThatCannotBeSetIsToldAndTriedOn) {
  Bench bench;
  bench.run(500ms);
  ASSERT_EQ(bench.withhold(false).outcome, device::Outcome::done);
  bench.model.fault("inhibit_stuck", 0, true);
  EXPECT_EQ(bench.withhold(true).outcome, device::Outcome::unknown);
  bench.run(500ms);
  EXPECT_EQ(bench.state(), "suspect not_withheld");
  bench.model.fault("inhibit_stuck", 0, false);
  bench.run(200ms);
  EXPECT_TRUE(bench.model.inhibited());
}

TEST(NiiScanner, AfterAnUnknownOutcomeItWithholdsBeforeAnythingElse) {
  Bench bench;
  bench.run(500ms);
  bench.bus->fault_next("silent", 0, 1);
  EXPECT_EQ(bench.withhold(false).outcome, device::Outcome::unknown);
  EXPECT_FALSE(bench.model.inhibited()) << "it did arrive";
  bench.poll();
  EXPECT_TRUE(bench.model.inhibited());
}

TEST(NiiScanner, AQuietlyRenewedConnectionIsArmedAnew) {
  Bench bench;
  bench.run(500ms);
  ASSERT_EQ(bench.withhold(false).outcome, device::Outcome::done);
  bench.bus->hang_up();
  EXPECT_EQ(bench.withhold(false).outcome, device::Outcome::refused);
  bench.bus->fault_next("reconnect", 0, 1);
  bench.run(200ms);
  EXPECT_TRUE(bench.model.inhibited()) << "a permission is not carried over";
  EXPECT_EQ(bench.withhold(false).outcome, device::Outcome::done);
}

TEST(NiiScanner, AbortIsReadBack) {
  Bench bench;
  bench.model.lines_per_second(50);
  bench.run(300ms);
  bench.world.seen.in_scanner = &bench.lorry;
  ASSERT_EQ(bench.withhold(false).outcome, device::Outcome::done);
  bench.run(500ms);
  ASSERT_EQ(bench.model.state(), 7);
  EXPECT_EQ(bench.abort().outcome, device::Outcome::done);
  bench.run(200ms);
  EXPECT_NE(bench.model.state(), 7);
  bench.bus->fault_next("deaf", 0, 1);
  EXPECT_EQ(bench.abort().outcome, device::Outcome::unknown);
  bench.bus->fault("disconnected", 0, true);
  EXPECT_EQ(bench.abort().outcome, device::Outcome::refused) << "nothing was sent";
}

TEST(NiiScanner, ItsOwnInterlockIsShownAndAnOpenChainIsNotReady) {
  Bench bench;
  bench.run(500ms);
  ASSERT_EQ(bench.state(), "ready ");
  const auto point = [&](const std::string& name) {
    for (const auto& p : std::get<device::PointImage>(bench.out.last<device::PointImage>()->body).points)
      if (p.point == name) return p.on;
    ADD_FAILURE() << name;
    return false;
  };
  EXPECT_TRUE(point("scanner_e_stop_chain"));
  EXPECT_TRUE(point("scanner_door_a"));
  EXPECT_FALSE(point("scanner_person_curtain"));
  bench.world.seen.emergency_stop = true;  // the chain is open before the state follows
  bench.run(200ms);
  EXPECT_FALSE(point("scanner_e_stop_chain"));
  EXPECT_EQ(bench.state(), "faulted emergency_stop");
}

TEST(NiiScanner, AScanWhoseLinesStopIsEndedAndTheStreamOpenedAnew) {
  Bench bench;
  bench.model.show(small_picture());
  bench.model.lines_per_second(20);
  bench.run(300ms);
  bench.world.seen.in_scanner = &bench.lorry;
  bench.withhold(false);
  bench.run(2s);
  bench.model.fault("silent_lines", 0, true);
  bench.run(3s);
  ASSERT_NE(bench.image(), nullptr) << "as a half-open connection looks";
  EXPECT_FALSE(bench.image()->complete);
}

namespace {
wire::NiiLine line_of(std::uint64_t scan, std::uint32_t number) {
  wire::NiiLine line;
  line.scan_id = scan;
  line.line = number;
  line.bits = 16;
  line.pixels = {1, 0};
  return line;
}
}  // namespace

TEST(ScanAssembly, AGapThatIsTooWideEndsTheScanIncomplete) {
  drivers::ScanAssembly assembly("S");
  EXPECT_FALSE(assembly.take(line_of(1, 0)).image);
  const auto out = assembly.take(line_of(1, drivers::ScanAssembly::gap_lines_max + 2));
  ASSERT_TRUE(out.image);
  EXPECT_FALSE(out.image->complete);
  EXPECT_EQ(out.image->height_px, 1u) << "no zeros for what never came";
}

TEST(ScanAssembly, AScanThatDoesNotEndIsEnded) {
  drivers::ScanAssembly assembly("S");
  std::optional<device::ScanImage> image;
  std::uint32_t lines = 0;
  for (; !image && lines < 100'000; ++lines) image = assembly.take(line_of(1, lines)).image;
  ASSERT_TRUE(image);
  EXPECT_FALSE(image->complete);
  EXPECT_EQ(image->height_px, drivers::ScanAssembly::lines_max);
}

namespace {

Bytes aids_message(std::uint64_t scan, const std::vector<std::pair<std::string, int>>& aids) {
  Bytes bytes{'N', 'I', 'L', 'A', 1, static_cast<std::uint8_t>(aids.size()), 0, 0};
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(scan >> 8 * i));
  bytes.insert(bytes.end(), 4, 0);
  for (const auto& [name, result] : aids) {
    bytes.push_back(static_cast<std::uint8_t>(result));
    bytes.push_back(0);
    std::string padded = name;
    padded.resize(32, '\0');
    bytes.insert(bytes.end(), padded.begin(), padded.end());
  }
  const std::uint32_t crc = crc32c({bytes.data() + 20, bytes.size() - 20}, crc32c({bytes.data(), 16}));
  for (std::size_t i = 0; i < 4; ++i) bytes[16 + i] = static_cast<std::uint8_t>(crc >> 8 * i);
  return bytes;
}

}  // namespace

TEST(NiiLines, AidsAreTakenWholeInAnyPiecesAndNothingElseIs) {
  const Bytes good = aids_message(77, {{"density", 1}, {"a_name_of_exactly_thirty_two_sign", 0}});
  for (std::size_t cut = 0; cut <= good.size(); ++cut) {
    wire::NiiLineFramer framer;
    framer.put({good.data(), cut});
    if (cut < good.size()) {
      ASSERT_FALSE(framer.next()) << cut;
    }
    framer.put({good.data() + cut, good.size() - cut});
    const auto message = framer.next();
    ASSERT_TRUE(message) << cut;
    const auto& aids = std::get<wire::NiiAids>(*message);
    EXPECT_EQ(aids.scan_id, 77u);
    ASSERT_EQ(aids.aids.size(), 2u);
    EXPECT_EQ(aids.aids[0].name, "density");
    EXPECT_EQ(aids.aids[0].result, 1);
    EXPECT_FALSE(framer.next());
  }
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = good;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ 1 << bit);
      wire::NiiLineFramer framer;
      framer.put(damaged);
      EXPECT_FALSE(framer.next()) << "byte " << i << " bit " << bit;
    }
  for (const auto& bad : {aids_message(1, {}), aids_message(1, {{"", 0}}), aids_message(1, {{"Density", 0}}), aids_message(1, {{"density", 3}}), aids_message(1, std::vector<std::pair<std::string, int>>(33, {"x", 0}))}) {
    wire::NiiLineFramer framer;
    framer.put(bad);
    EXPECT_FALSE(framer.next());
    framer.put(good);
    EXPECT_TRUE(framer.next()) << "and what follows is found";
  }
}

TEST(NiiLines, RubbishNeverBecomesALine) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    wire::NiiLineFramer framer;
    Bytes rubbish(random() % 3000);
    for (auto& b : rubbish) b = static_cast<std::uint8_t>(random() % 7 == 0 ? "NIL1"[random() % 4] : random());
    framer.put(rubbish);
    EXPECT_FALSE(framer.next());
  }
}

TEST(NiiLines, RadiographsComeBackBitExact) {
  RAMPA_NEEDS_SHARED_DATA();
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(tests::shared_data() + "/radiographs")) {
    if (entry.path().extension() != ".j2k") continue;
    const cv::Mat image = cv::imread(entry.path().string(), cv::IMREAD_UNCHANGED);
    ASSERT_FALSE(image.empty()) << entry.path();
    ASSERT_EQ(image.type(), CV_16UC1) << entry.path();
    hil::ScanPicture picture{static_cast<std::uint32_t>(image.cols), static_cast<std::uint32_t>(image.rows), 16, {}};
    for (int y = 0; y < image.rows; ++y) picture.pixels.insert(picture.pixels.end(), image.ptr<std::uint16_t>(y), image.ptr<std::uint16_t>(y) + image.cols);
    Bench bench;
    bench.model.show(picture);
    bench.model.lines_per_second(1000);
    bench.run(300ms);
    bench.world.seen.in_scanner = &bench.lorry;
    ASSERT_EQ(bench.withhold(false).outcome, device::Outcome::done);
    bench.run(8s);
    ASSERT_NE(bench.image(), nullptr) << entry.path();
    EXPECT_TRUE(bench.image()->complete);
    EXPECT_TRUE(same(bench.stored(), picture.pixels)) << entry.path();
    std::printf("%s: %u x %u pixels, %zu bytes, bit-exact\n", entry.path().filename().c_str(), picture.width, picture.height, picture.pixels.size() * 2);
    ++files;
  }
  EXPECT_GE(files, 3);
}
