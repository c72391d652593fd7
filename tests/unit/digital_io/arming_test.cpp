// Nothing moves before identity, watchdog and safe values were read back, or a named person answers for them.
#include "tests/unit/digital_io/io_bench.hpp"

using namespace rampa;
using namespace rampa::tests;

TYPED_TEST_SUITE(AnyModule, AllModules);

TYPED_TEST(AnyModule, ArmsAndSaysWhoAnswersForWhatCanNotBeRead) {
  auto& b = this->bench;
  b.run(2500ms);
  EXPECT_EQ(b.state(), "ready ");
  EXPECT_NE(b.condition().detail.find("verified by J. Example on 2026-05-04"), std::string::npos) << b.condition().detail;
}

TYPED_TEST(AnyModule, ReportsTheLanesPoints) {
  auto& b = this->bench;
  b.world.seen.loop_entry = true;
  b.world.seen.boom_angle = 0;
  b.arm();
  b.run(100ms);
  EXPECT_TRUE(b.point("loop_entry"));
  EXPECT_FALSE(b.point("loop_boom"));  // wired inverted: closed at rest
  EXPECT_TRUE(b.point("boom_closed"));
  EXPECT_FALSE(b.point("boom_open"));
  EXPECT_FALSE(b.point("boom_raise"));  // outputs are read back too
  b.world.seen.loop_boom = true;
  b.run(100ms);
  EXPECT_TRUE(b.point("loop_boom"));
  EXPECT_EQ(b.quality(), device::Quality::good);
}

TYPED_TEST(AnyModule, WithoutCommissioningNothingMoves) {
  auto& b = this->bench;
  b.settings.options.erase("commissioned_by");
  b.make();
  b.run(3s);
  EXPECT_EQ(b.state(), "faulted not_commissioned");
  const auto report = b.raise();
  EXPECT_EQ(report.outcome, device::Outcome::refused);
  EXPECT_NE(report.detail.find("not armed"), std::string::npos);
  EXPECT_FALSE(b.relay(0));
  EXPECT_FALSE(b.point("boom_raise"));  // inputs are reported all the same
}

TYPED_TEST(AnyModule, BeforeTheFirstPollNothingMoves) {
  auto& b = this->bench;
  EXPECT_EQ(b.raise().outcome, device::Outcome::refused);
  EXPECT_EQ(b.bus->requests(), 0u);
}

template <class Bench>
void wrong_identity() {
  Bench b;
  ASSERT_TRUE(b.model->fault("wrong_identity", 0, true));
  b.run(3s);
  EXPECT_EQ(b.state(), "faulted wrong_identity") << b.condition().detail;
  EXPECT_EQ(b.quality(), device::Quality::bad);
  EXPECT_EQ(b.raise().outcome, device::Outcome::refused);
  EXPECT_EQ(b.bus->writes(), 0u) << "somebody else's module was written to";
  b.model->fault("wrong_identity", 0, false);
  b.run(3s);
  EXPECT_EQ(b.state(), "ready ");
}
TEST(Arming, WrongIdentityWago) { wrong_identity<Wago>(); }
TEST(Arming, WrongIdentityMoxa) { wrong_identity<Moxa>(); }

TEST(Arming, WagoRefusesAModuleWhoseWatchdogIsOff) {
  Wago b;
  ASSERT_TRUE(b.model->fault("watchdog_unarmed", 0, true));
  b.run(3s);
  EXPECT_EQ(b.state(), "faulted watchdog_unarmed") << b.condition().detail;
  EXPECT_EQ(b.raise().outcome, device::Outcome::refused);
  EXPECT_FALSE(b.relay(0));
}

TEST(Arming, WagoRefusesAWatchdogThatReadsFeed) {
  Wago b;
  ASSERT_EQ(b.model->write(1, icd::Table::holding_register, 0x1001, {0x0007}), 0);
  b.run(3s);
  EXPECT_EQ(b.state(), "faulted watchdog_unarmed");
  EXPECT_NE(b.condition().detail.find("watchdog_functions is 7"), std::string::npos) << b.condition().detail;
}

TEST(Arming, WagoRefusesATooLongWatchdog) {
  Wago b;
  ASSERT_EQ(b.model->write(1, icd::Table::holding_register, 0x1000, {50}), 0);
  b.run(3s);
  EXPECT_EQ(b.state(), "faulted watchdog_unarmed");
  EXPECT_NE(b.condition().detail.find("5000"), std::string::npos) << b.condition().detail;
}

TEST(Arming, AProductThatForgotACheckNeverArms) {
  Adam b;
  std::erase_if(b.product.checks, [](const icd::Check& c) { return c.of == icd::CheckOf::watchdog; });
  b.make();
  b.run(3s);
  EXPECT_EQ(b.state(), "faulted unchecked");
  EXPECT_EQ(b.raise().outcome, device::Outcome::refused);
}

TEST(Arming, AdamOldFirmwareAnswersUnitZeroOnly) {
  Adam b(true);
  b.run(1s);
  EXPECT_EQ(b.state(), "ready ");
  Adam wrong(true);
  wrong.settings.address.query["unit"] = "1";
  wrong.bus->unit(1, *wrong.model);
  wrong.make();
  wrong.run(1s);
  EXPECT_EQ(wrong.state(), "connecting timeout");
}

TEST(Arming, WiringThatTheProductHasNotIsNamed) {
  Adam b;
  b.settings.wiring.push_back({"beacon", "relay9", false});
  auto made = drivers::make_driver({b.product, b.settings, b.transports, b.clock});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().what.find("beacon"), std::string::npos);
  b.settings.wiring.back() = {"boom_raise_2", "relay5", true};
  made = drivers::make_driver({b.product, b.settings, b.transports, b.clock});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().what.find("inverted"), std::string::npos);
}
