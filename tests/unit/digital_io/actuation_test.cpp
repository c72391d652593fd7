// What a command does to the outputs, and when it does nothing.
#include "hil/world/lane_world.hpp"
#include "tests/unit/digital_io/io_bench.hpp"

using namespace rampa;
using namespace rampa::tests;
using device::Outcome;

namespace {
template <class Bench>
struct Actuation : AnyModule<Bench> {};
}  // namespace
TYPED_TEST_SUITE(Actuation, AllModules);

TYPED_TEST(Actuation, APulseHasItsWidth) {
  auto& b = this->bench;
  b.arm();
  const MonoTime asked = b.clock.mono();
  const auto report = b.raise();
  EXPECT_EQ(report.outcome, Outcome::done) << report.detail;
  EXPECT_TRUE(b.relay(0));
  b.run(400ms);
  EXPECT_TRUE(b.relay(0));
  b.run(300ms);
  EXPECT_FALSE(b.relay(0));
  ASSERT_EQ(b.world.changes.size(), 2u);
  const Duration width = b.world.changes[1].at - b.world.changes[0].at;
  EXPECT_GE(width, 500ms);
  EXPECT_LE(width, 560ms);
  EXPECT_LE(b.world.changes[0].at - asked, 10ms);
  EXPECT_EQ(b.ready_state(), "ready ");
}

TYPED_TEST(Actuation, TheSitesPulseWidthIsUsed) {
  auto& b = this->bench;
  b.settings.options["pulse_ms"] = "200";
  b.make();
  b.arm();
  b.raise();
  b.run(1s);
  ASSERT_EQ(b.world.changes.size(), 2u);
  EXPECT_NEAR(static_cast<double>(to_ms(b.world.changes[1].at - b.world.changes[0].at)), 205, 15);
}

TYPED_TEST(Actuation, ALevelStaysAndTheOppositeIsWithdrawnFirst) {
  auto& b = this->bench;
  b.settings.options["boom_drive"] = "level";
  b.make();
  b.arm();
  EXPECT_EQ(b.raise().outcome, Outcome::done);
  b.run(5s);
  EXPECT_TRUE(b.relay(0));
  EXPECT_EQ(b.lower().outcome, Outcome::done);
  EXPECT_FALSE(b.relay(0));
  EXPECT_TRUE(b.relay(1));
  ASSERT_EQ(b.world.changes.size(), 3u);
  EXPECT_EQ(b.world.changes[1].point, "boom_raise");
  EXPECT_EQ(b.world.changes[2].point, "boom_lower");
  EXPECT_EQ(b.ready_state(), "ready ");
}

TYPED_TEST(Actuation, ReversingInAPulseWithdrawsIt) {
  auto& b = this->bench;
  b.arm();
  b.lower();
  b.run(100ms);
  EXPECT_EQ(b.raise().outcome, Outcome::done);
  EXPECT_FALSE(b.relay(1));
  EXPECT_TRUE(b.relay(0));
  b.run(1s);
  EXPECT_FALSE(b.relay(0));
  EXPECT_FALSE(b.relay(1));
}

TYPED_TEST(Actuation, RedAndGreenAreNeverOnTogether) {
  auto& b = this->bench;
  b.arm();
  for (const auto aspect : {device::Aspect::red, device::Aspect::green, device::Aspect::red, device::Aspect::dark, device::Aspect::green}) {
    EXPECT_EQ(b.light(aspect).outcome, Outcome::done);
    EXPECT_EQ(b.relay(2), aspect == device::Aspect::red);
    EXPECT_EQ(b.relay(3), aspect == device::Aspect::green);
  }
  bool red = false, green = false;
  for (const auto& c : b.world.changes) {
    (c.point == "light_red" ? red : green) = c.on;
    EXPECT_FALSE(red && green);
  }
}

TYPED_TEST(Actuation, APermitIsNeeded) {
  auto& b = this->bench;
  b.arm();
  const auto writes = b.bus->writes();
  const auto refused = [&](const device::Command& command, device::Permit permit, const std::string& why) {
    const auto report = b.driver->execute(command, std::move(permit), b.out);
    EXPECT_EQ(report.outcome, Outcome::refused) << why;
  };
  auto command = b.command(device::MoveBoom{});
  auto other = b.command(device::MoveBoom{});
  refused(command, permit_for(other, b.clock.mono()), "permit of another command");
  auto spent = permit_for(command, b.clock.mono());
  [[maybe_unused]] const auto taken = std::move(spent);
  refused(command, std::move(spent), "permit already given away");  // NOLINT: that is the point
  auto late = permit_for(command, b.clock.mono());
  b.clock.advance(501ms);
  refused(command, std::move(late), "too old");
  EXPECT_EQ(b.bus->writes(), writes);
  EXPECT_FALSE(b.relay(0));
}

TYPED_TEST(Actuation, ACommandThatWaitedTooLongDoesNothingEvenWithAFreshPermit) {
  auto& b = this->bench;
  b.arm();
  const auto command = b.command(device::MoveBoom{});
  auto permit = permit_for(command, b.clock.mono());
  b.clock.advance(600ms);
  const auto report = b.driver->execute(command, std::move(permit), b.out);
  EXPECT_EQ(report.outcome, Outcome::refused);
  EXPECT_NE(report.detail.find("too old"), std::string::npos);
}

TYPED_TEST(Actuation, WhatAModuleCanNotCarryIsRefused) {
  auto& b = this->bench;
  b.arm();
  EXPECT_EQ(b.ask(device::WithholdScan{}).outcome, Outcome::refused);
  EXPECT_EQ(b.ask(device::TakeFrames{}).outcome, Outcome::refused);
  const auto second = b.ask(device::MoveBoom{device::Boom::second, device::Motion::raise});
  EXPECT_EQ(second.outcome, Outcome::refused);
  EXPECT_NE(second.detail.find("boom_lower_2 is not wired"), std::string::npos) << second.detail;
}

TYPED_TEST(Actuation, TheAnswerIsLostButTheReadBackTells) {
  auto& b = this->bench;
  b.arm();
  const auto writes = b.bus->writes();
  b.bus->fault_next("silent", 0, 1);
  EXPECT_EQ(b.raise().outcome, Outcome::done);
  EXPECT_EQ(b.bus->writes(), writes + 1) << "sent again";
  EXPECT_TRUE(b.relay(0));
}

TYPED_TEST(Actuation, TheRequestIsLostAndIsNotSentAgain) {
  auto& b = this->bench;
  b.arm();
  const auto writes = b.bus->writes();
  b.bus->fault_next("deaf", 0, 1);
  const auto report = b.raise();
  EXPECT_EQ(report.outcome, Outcome::unknown);
  EXPECT_EQ(b.bus->writes(), writes + 1) << "sent again";
  EXPECT_EQ(b.ready_state(), "suspect output_unconfirmed");
  EXPECT_EQ(b.raise().outcome, Outcome::refused) << "moved before it looked again";
  b.run(1s);
  EXPECT_EQ(b.ready_state(), "ready ");
  EXPECT_EQ(b.changes("boom_raise", true), 0) << "replayed";
}

TYPED_TEST(Actuation, NoAnswerAtAllIsUnknown) {
  auto& b = this->bench;
  b.arm();
  b.bus->fault("silent", 0, true);
  EXPECT_EQ(b.raise().outcome, Outcome::unknown);
  EXPECT_TRUE(b.relay(0));
  b.bus->fault("silent", 0, false);
  b.run(2s);
  EXPECT_FALSE(b.relay(0)) << "a pulse that nobody ended";
  EXPECT_EQ(b.ready_state(), "ready ");
}

TYPED_TEST(Actuation, ALostConnectionSendsNothing) {
  auto& b = this->bench;
  b.arm();
  b.bus->fault("disconnected", 0, true);
  EXPECT_EQ(b.raise().outcome, Outcome::refused);
  EXPECT_FALSE(b.relay(0));
}

/// The write's answer is not the output: what does not read back as written is unknown, and nothing more moves.
TYPED_TEST(Actuation, AcknowledgedAndTheOutputStays) {
  auto& b = this->bench;
  b.arm();
  ASSERT_TRUE(b.model->fault("output_stuck", 0, true));
  EXPECT_EQ(b.raise().outcome, Outcome::unknown);
  EXPECT_EQ(b.ready_state(), "suspect output_unconfirmed");
  EXPECT_EQ(b.raise().outcome, Outcome::refused) << "moved before it looked again";
}

/// A locked barrier answers "success": done means that the output is set, and the lane looks at the contacts.
TYPED_TEST(Actuation, AcknowledgedIsNotMoved) {
  auto& b = this->bench;
  b.arm();
  ASSERT_TRUE(b.model->fault("ack_no_motion", 0, true));
  EXPECT_EQ(b.raise().outcome, Outcome::done);
  b.run(1s);
  EXPECT_TRUE(b.world.changes.empty());
  EXPECT_FALSE(b.point("boom_open"));
}

/// With the bench's moving world: a pulse swings the boom and its contacts tell.
TEST(ActuationInTheWorld, ABoomOpensAndCloses) {
  VirtualClock clock;
  hil::SimulatedLane lane("L1", {}, {});
  lane.advance(clock.mono());
  Wago wired;
  const auto product = product_of("wago-750");
  hil::Wago750Model model(lane, wired.settings.wiring);
  auto bus = std::make_shared<hil::SimModbusBus>(clock, [&](Duration d) {
    clock.advance(d);
    lane.advance(clock.mono());
  });
  bus->unit(1, model);
  hil::SimModbusTransports transports;
  transports.add(wired.settings.address, bus);
  auto driver = drivers::make_driver({product, wired.settings, transports, clock}).value();
  Collect out;
  const auto run = [&](Duration time) {
    for (const MonoTime end = clock.mono() + time; clock.mono() < end;) {
      run_driver(*driver, out, clock, 20ms);
      lane.advance(clock.mono());
    }
  };
  const auto point = [&](const std::string& name) {
    for (const auto& p : std::get<device::PointImage>(out.last<device::PointImage>()->body).points)
      if (p.point == name) return p.on;
    return false;
  };
  run(1s);
  EXPECT_TRUE(point("boom_closed"));
  device::Command up{1, wired.settings.id, device::MoveBoom{device::Boom::first, device::Motion::raise}, clock.mono() + 500ms};
  EXPECT_EQ(driver->execute(up, permit_for(up, clock.mono()), out).outcome, Outcome::done);
  run(1s);
  EXPECT_FALSE(point("boom_closed"));
  EXPECT_FALSE(point("boom_open"));
  run(3s);
  EXPECT_TRUE(point("boom_open"));
  device::Command down{2, wired.settings.id, device::MoveBoom{device::Boom::first, device::Motion::lower}, clock.mono() + 500ms};
  EXPECT_EQ(driver->execute(down, permit_for(down, clock.mono()), out).outcome, Outcome::done);
  run(4s);
  EXPECT_TRUE(point("boom_closed"));
}
