// Register scales against simulated indicators that were written from the manuals, not from the ICD files.
#include "hil/devices/registers/scale_models.hpp"
#include "tests/support/register_bench.hpp"

using namespace rampa;
using device::Quality;
using device::WeighReading;

namespace {

template <class Model>
struct ScaleBench : tests::RegisterBench {
  explicit ScaleBench(const std::string& icd) {
    settings.id = {"L1-scale"};
    settings.role = "scale";
    settings.options = {{"grams_per_count", "1000"}, {"calibrated_until", "2027-04-30"}, {"seal_number", "S-1"}};
    connect(icd, std::make_unique<Model>(world, hil::ScaleOptions{}));
  }
  Model& scale() { return static_cast<Model&>(*model); }
  void put(double kg, bool moving) {
    world.seen.mass_on_scale_kg = kg;
    world.seen.scale_moving = moving;
  }
  const device::DeviceEvent& last() const {
    const auto* event = out.last<WeighReading>();
    EXPECT_NE(event, nullptr);
    static const device::DeviceEvent none{{}, WeighReading{}, {}};
    return event ? *event : none;
  }
  const WeighReading& reading() const { return std::get<WeighReading>(last().body); }
  std::size_t readings() const {
    std::size_t n = 0;
    for (const auto& e : out.events) n += std::holds_alternative<WeighReading>(e.body);
    return n;
  }
};

struct C500 : ScaleBench<hil::C500Model> {
  C500() : ScaleBench("rinstrum-c500") {}
};
struct Dgt : ScaleBench<hil::DgtModel> {
  Dgt() : ScaleBench("dini-argeo-dgt") {}
};
struct Ft13 : ScaleBench<hil::Ft13Model> {
  Ft13() : ScaleBench("flintec-ft-13") {}
};

template <class Bench>
struct AnyScale : testing::Test {
  Bench bench;
};
using All = testing::Types<C500, Dgt, Ft13>;
TYPED_TEST_SUITE(AnyScale, All);

/// Those whose map has a net weight beside the gross one.
template <class Bench>
struct NetScale : AnyScale<Bench> {};
using WithNet = testing::Types<C500, Dgt>;
TYPED_TEST_SUITE(NetScale, WithNet);

}  // namespace

TYPED_TEST(AnyScale, WeighsWhatStandsOnThePlatform) {
  auto& b = this->bench;
  b.put(39'985, false);
  b.run(300ms);
  EXPECT_EQ(b.state(), "ready ");
  EXPECT_EQ(b.last().from.quality, Quality::good);
  EXPECT_EQ(b.reading().gross_g, 39'980'000);  // as displayed: division 20 kg
  EXPECT_EQ(b.reading().net_g, 39'980'000);
  EXPECT_EQ(b.reading().tare_g, 0);
  EXPECT_FALSE(b.reading().motion);
  EXPECT_FALSE(b.reading().net_mode);
  EXPECT_TRUE(b.reading().usable());
  EXPECT_EQ(b.reading().calibrated_until, "2027-04-30");
  EXPECT_EQ(b.reading().seal_number, "S-1");
  EXPECT_EQ(b.reading().alibi_number, "");
}

TYPED_TEST(AnyScale, ACalibrationThatIsOverIsToldAndClosesNothing) {
  auto& b = this->bench;
  b.settings.options["calibrated_until"] = "1969-12-31";
  b.make();
  b.put(39'985, false);
  b.run(300ms);
  EXPECT_EQ(b.state(), "ready calibration_ended");
  EXPECT_NE(b.condition().detail.find("1969-12-31"), std::string::npos);
  EXPECT_EQ(b.last().from.quality, Quality::good);
}

TYPED_TEST(AnyScale, OneRequestPerPoll) {
  auto& b = this->bench;
  b.driver->poll(b.out);
  EXPECT_EQ(b.bus->requests(), 1u);
}

TYPED_TEST(AnyScale, TellsMotionZeroAndOverload) {
  auto& b = this->bench;
  b.run(200ms);
  EXPECT_EQ(b.reading().centre_of_zero, b.product.find("status")->bits.contains("centre_of_zero"));  // FT-13: not told
  b.put(20'000, true);
  b.run(200ms);
  EXPECT_TRUE(b.reading().motion);
  EXPECT_FALSE(b.reading().usable());
  EXPECT_FALSE(b.reading().centre_of_zero);
  b.put(61'000, false);
  b.run(200ms);
  EXPECT_TRUE(b.reading().over_range);
  EXPECT_FALSE(b.reading().usable());
  b.put(-900, false);
  b.run(200ms);
  EXPECT_TRUE(b.reading().under_range);
  EXPECT_FALSE(b.reading().usable());
}

TYPED_TEST(NetScale, NetIsSignedAndTareIsKnown) {
  auto& b = this->bench;
  b.scale().tare(15'000, true);
  b.put(12'000, false);
  b.run(200ms);
  EXPECT_EQ(b.reading().gross_g, 12'000'000);
  EXPECT_EQ(b.reading().net_g, -3'000'000);
  EXPECT_EQ(b.reading().tare_g, 15'000'000);
  EXPECT_TRUE(b.reading().net_mode);
  EXPECT_EQ(b.reading().tare_preset, b.product.id == "dini-argeo-dgt");  // the C500's map does not tell
}

TYPED_TEST(AnyScale, AnUpdateThatSwapsTheWordsIsSeen) {
  auto& b = this->bench;
  b.put(39'980, false);
  ASSERT_TRUE(b.model->fault("word_order", 0, true));
  b.run(200ms);
  EXPECT_EQ(b.last().from.quality, Quality::bad);
  EXPECT_EQ(b.state(), "suspect out_of_range");
}

TYPED_TEST(AnyScale, SomebodyInTheMenuMakesItSuspectAndPublishesNothing) {
  auto& b = this->bench;
  b.put(39'980, false);
  b.run(200ms);
  const auto before = b.readings();
  ASSERT_TRUE(b.model->fault("setup_mode", 0, true));
  b.run(2s);
  EXPECT_EQ(b.readings(), before);
  EXPECT_EQ(b.state(), "suspect busy");
  b.model->fault("setup_mode", 0, false);
  b.run(6s);
  EXPECT_EQ(b.state(), "ready ");
  EXPECT_GT(b.readings(), before);
}

TYPED_TEST(AnyScale, SilenceIsNeverFilledWithTheLastValue) {
  auto& b = this->bench;
  b.put(39'980, false);
  b.run(300ms);
  const auto before = b.readings();
  b.bus->fault("silent", 0, true);
  b.run(10s);
  EXPECT_EQ(b.readings(), before);
  EXPECT_EQ(b.state(), "connecting timeout");
  const auto requests = b.bus->requests();
  b.run(30s);
  EXPECT_LE(b.bus->requests() - requests, 7u);  // back-off of 5 s
  b.bus->fault("silent", 0, false);
  b.put(20'000, false);
  b.run(6s);
  EXPECT_EQ(b.reading().gross_g, 20'000'000);
  EXPECT_EQ(b.state(), "ready ");
}

TYPED_TEST(AnyScale, StampsAreThoseOfTheReply) {
  auto& b = this->bench;
  b.bus->fault("slow", 80, true);
  b.driver->poll(b.out);
  EXPECT_EQ(b.last().from.received, b.clock.now());
  b.clock.advance(1s);
  EXPECT_EQ(b.last().from.received.mono, b.clock.mono() - 1s);
}

TYPED_TEST(AnyScale, CommandsAreRefused) {
  auto& b = this->bench;
  EXPECT_EQ(b.ask(device::MoveBoom{}).outcome, device::Outcome::refused);
}

TEST(C500Scale, AReportedErrorIsAFault) {
  C500 b;
  b.put(39'980, false);
  ASSERT_TRUE(b.model->fault("adc_error", 0, true));
  b.run(200ms);
  EXPECT_EQ(b.state(), "faulted device_error");
  EXPECT_EQ(b.last().from.quality, Quality::bad);
}

TEST(C500Scale, TheWordOrderOptionIsFollowed) {
  C500 b;
  b.settings.options["word_order"] = "little";
  b.make();
  b.put(39'980, false);
  ASSERT_TRUE(b.model->fault("word_order", 0, true));
  b.run(200ms);
  EXPECT_EQ(b.reading().gross_g, 39'980'000);
  EXPECT_EQ(b.last().from.quality, Quality::good);
}

/// The map has the displayed weight alone: net when a tare is set, and it doesn't say which.
TEST(Ft13Scale, ATareMakesTheReadingsBad) {
  Ft13 b;
  b.put(12'000, false);
  b.run(200ms);
  EXPECT_EQ(b.last().from.quality, Quality::good);
  b.scale().tare(15'000, false);
  b.run(200ms);
  EXPECT_EQ(b.last().from.quality, Quality::bad);
  EXPECT_EQ(b.state(), "suspect out_of_range");
  b.scale().tare(0, false);
  b.run(200ms);
  EXPECT_EQ(b.last().from.quality, Quality::good);
  EXPECT_EQ(b.reading().gross_g, 12'000'000);
}

TEST(Ft13Scale, TheCommandRegisterTares) {
  Ft13 b;
  b.put(12'000, false);
  b.run(200ms);
  ASSERT_EQ(b.scale().write(1, icd::Table::holding_register, 8, {2}), 0);
  b.run(200ms);
  EXPECT_EQ(b.reading().tare_g, 12'000'000);
  EXPECT_EQ(b.last().from.quality, Quality::bad);
}

/// What no software can see in these maps: a frozen one looks like a lorry at rest. The ICD says so; this keeps it honest.
TYPED_TEST(AnyScale, AFrozenMapIsNotSeenAndTheIcdSaysSo) {
  auto& b = this->bench;
  b.put(39'980, false);
  b.run(200ms);
  ASSERT_TRUE(b.model->fault("frozen", 0, true));
  b.put(0, true);
  b.run(5s);
  EXPECT_EQ(b.last().from.quality, Quality::good);
  bool said = false;
  for (const auto& quirk : b.product.quirks) said |= quirk.find("frozen") != std::string::npos;
  EXPECT_TRUE(said);
}

/// A product with a heartbeat row: the same map, and a counter that the ICD file declares.
TEST(RegisterScale, AFrozenHeartbeatMakesValuesSuspect) {
  C500 b;
  auto beat = *b.product.find("gross");  // the model has no counter: a weight that drifts stands in for one
  beat.name = "beat";
  beat.heartbeat = true;
  b.product.points.push_back(beat);
  b.make();
  b.put(1'000, false);
  b.run(100ms);
  EXPECT_EQ(b.state(), "suspect heartbeat_unproven");
  b.put(2'000, false);
  b.run(200ms);
  EXPECT_EQ(b.state(), "ready ");
  b.run(2500ms);
  EXPECT_EQ(b.state(), "suspect frozen_heartbeat");
  EXPECT_EQ(b.last().from.quality, Quality::suspect);
}

TEST(RegisterScale, SettingsThatCanNotWorkAreNamed) {
  C500 b;
  b.settings.options.erase("grams_per_count");
  const auto made = drivers::make_driver({b.product, b.settings, b.transports, b.clock});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().what.find("grams_per_count"), std::string::npos);
  b.settings.options["grams_per_count"] = "1000";
  const auto refused = [&b](auto change) {
    const auto whole = b.product;
    for (auto& point : b.product.points)
      if (point.name == "net") change(point);
    const auto wrong = drivers::make_driver({b.product, b.settings, b.transports, b.clock});
    b.product = whole;
    return wrong ? std::string{} : wrong.error().what;
  };
  // Values of different moments make no reading; a row that was not read would count as 0 kg.
  EXPECT_NE(refused([](icd::Point& net) { net.every = 1s; }).find("does not read \"net\" on every poll"), std::string::npos);
  EXPECT_NE(refused([](icd::Point& net) { net.polled = false; }).find("does not read \"net\""), std::string::npos);
  EXPECT_NE(refused([](icd::Point& net) { net.unit = "lb"; }).find("gives net in \"lb\""), std::string::npos);
  b.product.driver = "register_scal";
  const auto unknown = drivers::make_driver({b.product, b.settings, b.transports, b.clock});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().what.find("register_scale"), std::string::npos);
}
