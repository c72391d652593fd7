// Text scales: codecs against golden frames, framing against hostile streams, the driver against the bench's models.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "drivers/text_scale/text_scale.hpp"
#include "firmware-interfaces/wire/decimal_mass.hpp"
#include "firmware-interfaces/wire/rincmd.hpp"
#include "firmware-interfaces/wire/sma.hpp"
#include "firmware-interfaces/wire/toledo_continuous.hpp"
#include "hil/devices/text_scales/text_scale_models.hpp"
#include "tests/support/direct_stream.hpp"

using namespace rampa;

namespace {

Bytes golden(const std::string& name) {
  std::ifstream file("tests/golden/scales/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Calls back before every question that the driver asks, from 1.
struct AskedStream : tests::DirectStream {
  using DirectStream::DirectStream;
  std::function<void(int)> asked;
  int questions = 0, connects = 0;
  Result<void> connect(Duration timeout) override {
    ++connects;
    return DirectStream::connect(timeout);
  }
  Result<void> write(ByteView bytes, Duration timeout) override {
    if (asked) asked(++questions);
    return DirectStream::write(bytes, timeout);
  }
};

struct Bench {
  tests::FlatWorld world;
  tests::VirtualClock clock;
  icd::Product product;
  device::Settings settings;
  tests::OneStream transports;
  tests::Collect out;
  std::unique_ptr<hil::IndicatorModel> model;
  std::shared_ptr<AskedStream> stream;
  std::unique_ptr<device::Driver> driver;

  template <class Model, class Make, class... Args>
  void connect(Make make, Args... args) {
    settings.id = {"L1-scale"};
    settings.options.insert({{"grams_per_count", "1000"}, {"seal_number", "S-77"}, {"calibrated_until", "2027-05-01"}});
    for (auto [name, address] : {std::pair{"adc_sample", 0x20}, {"status", 0x21}, {"gross", 0x26}, {"net", 0x27}, {"tare", 0x28}, {"trace_valid", 0x30}, {"trace_id", 0x31}, {"trace_weight", 0x32}}) {
      icd::Point point;
      point.name = name;
      point.address = static_cast<std::uint16_t>(address);
      point.age_max = 1s;
      if (point.name == "status")
        point.bits = {{"adc_ok", 18}, {"overload", 17}, {"underload", 16}, {"error", 15}, {"setup", 14}, {"calibrating", 13}, {"motion", 12}, {"centre_of_zero", 11}, {"net", 9}};
      product.points.push_back(point);
    }
    model = std::make_unique<Model>(world, 20.0, args...);
    stream = std::make_shared<AskedStream>(*model, clock);
    transports.only = stream;
    auto made = make({product, settings, transports, clock});
    ASSERT_TRUE(made) << made.error().what;
    driver = std::move(*made);
  }
  void run(Duration time) { tests::run_driver(*driver, out, clock, time); }
  const device::DeviceEvent* last_weighing() const { return out.last<device::WeighReading>(); }
  const device::WeighReading& reading() const { return std::get<device::WeighReading>(last_weighing()->body); }
  /// Quality and reason of the last weighing.
  std::string standing() const {
    const auto* event = last_weighing();
    return event ? std::string(name_of(event->from.quality)) + " " + event->from.reason : "none";
  }
  const device::DeviceCondition* last_condition() const {
    const auto* event = out.last<device::DeviceCondition>();
    return event ? &std::get<device::DeviceCondition>(event->body) : nullptr;
  }
};

}  // namespace

// ---- codecs -------------------------------------------------------------------------------------------------------

TEST(Toledo, GoldenFrames) {
  auto good = wire::decode_toledo(golden("toledo-39980kg-stable.bin"), {});
  ASSERT_TRUE(good) << good.error().what;
  EXPECT_EQ(good->gross_g, 39'980'000);
  EXPECT_TRUE(good->usable());
  EXPECT_TRUE(wire::decode_toledo(golden("toledo-39980kg-motion.bin"), {})->motion);
  auto net = wire::decode_toledo(golden("toledo-net-1234.5kg-tare-200.0kg.bin"), {});
  ASSERT_TRUE(net);
  EXPECT_TRUE(net->net_mode);
  EXPECT_EQ(net->net_g, 1'234'500);
  EXPECT_EQ(net->tare_g, 200'000);
  EXPECT_EQ(net->gross_g, 1'434'500);
  EXPECT_EQ(wire::decode_toledo(golden("toledo-x10-tens-of-kg.bin"), {})->gross_g, 39'980'000);
  EXPECT_TRUE(wire::decode_toledo(golden("toledo-over-range.bin"), {})->over_range);
  EXPECT_EQ(wire::decode_toledo(golden("toledo-negative.bin"), {})->gross_g, -20'000);
  EXPECT_TRUE(wire::decode_toledo(golden("toledo-checksum.bin"), {.checksum = true}));
}

TEST(Toledo, DialectAndUnitAreChecked) {
  EXPECT_FALSE(wire::decode_toledo(golden("toledo-fairbanks-b5-zero.bin"), {.status_b5 = true}));
  EXPECT_TRUE(wire::decode_toledo(golden("toledo-fairbanks-b5-zero.bin"), {.status_b5 = false}));
  auto pounds = wire::decode_toledo(golden("toledo-pounds.bin"), {});
  ASSERT_FALSE(pounds);
  EXPECT_EQ(pounds.error().code, ErrorCode::refused);
}

TEST(Toledo, ChecksumCatchesEverySingleBitFlip) {
  const Bytes frame = golden("toledo-checksum.bin");
  for (std::size_t byte = 0; byte < frame.size(); ++byte)
    for (int bit = 0; bit < 7; ++bit) {  // the eighth is the parity's
      Bytes bad = frame;
      bad[byte] = static_cast<std::uint8_t>(bad[byte] ^ (1 << bit));
      EXPECT_FALSE(wire::decode_toledo(bad, {.checksum = true})) << byte << "." << bit;
    }
}

TEST(Toledo, FramerFindsFramesInNoise) {
  std::mt19937 random(1);
  const Bytes frame = golden("toledo-39980kg-stable.bin");
  for (int round = 0; round < 200; ++round) {
    wire::ToledoFramer framer({});
    Bytes noise(random() % 40);
    for (auto& b : noise) b = static_cast<std::uint8_t>(random() % 256);
    framer.put(noise);
    for (int i = 0; i < 4; ++i) framer.put(frame);
    int good = 0;
    while (auto found = framer.next())
      if (*found == frame) ++good;
    // Noise may look like a frame's beginning and swallow one or two real ones, never more.
    EXPECT_GE(good, 2) << "round " << round;
  }
}

TEST(Sma, GoldenFrames) {
  auto body = [](const std::string& name) {
    Bytes b = golden(name);
    return Bytes(b.begin() + 1, b.end() - 1);
  };
  auto stable = wire::decode_sma(body("sma-gross-stable.bin"));
  ASSERT_TRUE(stable) << stable.error().what;
  EXPECT_EQ(stable->mass_g, 39'980'000);
  EXPECT_TRUE(stable->valid);
  EXPECT_TRUE(wire::decode_sma(body("sma-gross-motion.bin"))->motion);
  EXPECT_EQ(wire::decode_sma(body("sma-over.bin"))->status, 'O');
  EXPECT_FALSE(wire::decode_sma(body("sma-initial-zero-error.bin"))->valid);
  EXPECT_EQ(wire::decode_sma(body("sma-pounds.bin")).error().code, ErrorCode::refused);
  EXPECT_EQ(wire::decode_sma(as_bytes("?")).error().code, ErrorCode::refused);
}

TEST(RinCmd, GoldenFrames) {
  wire::RinMessage request;
  request.reply_required = true;
  request.command = 0x16;
  request.reg = 0x26;
  EXPECT_EQ(wire::encode_rin(request, false), std::string(as_text(golden("rincmd-request-gross-decimal.txt"))));
  request.command = 0x11;
  auto number = [&](const std::string& name, bool strip) -> Result<std::int64_t> {
    std::string text(as_text(golden(name)));
    if (strip) text.resize(text.size() - 2);
    auto reply = wire::decode_rin(text);
    if (!reply) return tl::unexpected(reply.error());
    return wire::rin_number(request, *reply);
  };
  EXPECT_EQ(*number("rincmd-reply-gross-hex.txt", true), 39980);
  EXPECT_EQ(*number("rincmd-reply-negative.txt", true), -20);
  EXPECT_EQ(*number("rincmd-reply-checksummed.bin", false), 39980);
  EXPECT_EQ(number("rincmd-reply-menu-in-use.txt", true).error().code, ErrorCode::busy);
  request.reg = 0x27;
  EXPECT_EQ(number("rincmd-reply-gross-hex.txt", true).error().code, ErrorCode::bad_reply) << "another register's reply";
}

TEST(DecimalMass, ExactOrNothing) {
  EXPECT_EQ(wire::grams_of_kg_text("   39980.0"), 39'980'000);
  EXPECT_EQ(wire::grams_of_kg_text("-0.5"), -500);
  EXPECT_EQ(wire::grams_of_kg_text("1.2345"), std::nullopt);
  EXPECT_EQ(wire::grams_of_kg_text("1.2.3"), std::nullopt);
  EXPECT_EQ(wire::grams_of_kg_text("  "), std::nullopt);
}

// ---- the driver against the models --------------------------------------------------------------------------------

template <class Connect>
void weighs_a_lorry(Connect connect) {
  Bench bench;
  connect(bench);
  bench.world.seen.mass_on_scale_kg = 39'987;
  bench.world.seen.scale_moving = true;
  bench.run(1s);
  ASSERT_NE(bench.last_weighing(), nullptr);
  EXPECT_TRUE(std::get<device::WeighReading>(bench.last_weighing()->body).motion);
  bench.world.seen.scale_moving = false;
  bench.run(1s);
  const auto& event = *bench.last_weighing();
  const auto& reading = std::get<device::WeighReading>(event.body);
  EXPECT_EQ(reading.gross_g, 39'980'000) << "the indicator's own graduation of 20 kg";
  EXPECT_TRUE(reading.usable());
  EXPECT_EQ(event.from.quality, device::Quality::good);
  EXPECT_EQ(reading.seal_number, "S-77");
  ASSERT_EQ(event.attachments.size(), 1u);
  EXPECT_EQ(event.attachments[0].name, "raw-frame");
  EXPECT_FALSE(event.attachments[0].bytes->empty());

  // Silence: nothing is published any more, least of all the last value; the condition says so.
  bench.model->fault("silent", 0, true);
  bench.run(500ms);
  const std::size_t before = bench.out.events.size();
  bench.run(5s);
  for (std::size_t i = before; i < bench.out.events.size(); ++i)
    EXPECT_FALSE(std::holds_alternative<device::WeighReading>(bench.out.events[i].body)) << "a value from a silent scale";
  EXPECT_NE(bench.last_condition()->level, device::ConditionLevel::ready);
  bench.model->fault("silent", 0, false);
  bench.run(10s);
  EXPECT_EQ(bench.last_condition()->level, device::ConditionLevel::ready);

  bench.model->fault("garbage", 0, true);
  bench.run(300ms);
  const std::size_t garbage_from = bench.out.events.size();
  bench.run(5s);
  for (std::size_t i = garbage_from; i < bench.out.events.size(); ++i)
    EXPECT_FALSE(std::holds_alternative<device::WeighReading>(bench.out.events[i].body)) << "a value out of rubbish";
}

TEST(TextScale, ToledoWeighs) {
  weighs_a_lorry([](Bench& b) { b.connect<hil::ToledoModel>(drivers::make_toledo_scale, false); });
}
TEST(TextScale, SmaWeighs) {
  weighs_a_lorry([](Bench& b) { b.connect<hil::SmaModel>(drivers::make_sma_scale); });
}
TEST(TextScale, RinCmdWeighs) {
  weighs_a_lorry([](Bench& b) { b.connect<hil::RinCmdModel>(drivers::make_rincmd_scale); });
}

TEST(TextScale, RinCmdKeepsTheAlibiNumber) {
  Bench bench;
  bench.connect<hil::RinCmdModel>(drivers::make_rincmd_scale);
  bench.world.seen.mass_on_scale_kg = 12'000;
  bench.run(1s);
  EXPECT_EQ(std::get<device::WeighReading>(bench.last_weighing()->body).alibi_number, "1");
}

TEST(TextScale, FrozenMeasurementCounterIsSuspect) {
  Bench bench;
  bench.product.timing.heartbeat_max = 1s;
  bench.connect<hil::RinCmdModel>(drivers::make_rincmd_scale);
  bench.world.seen.mass_on_scale_kg = 12'000;
  bench.run(1s);
  EXPECT_EQ(bench.last_weighing()->from.quality, device::Quality::good);
  bench.model->fault("frozen", 0, true);
  bench.run(3s);
  EXPECT_EQ(bench.last_weighing()->from.quality, device::Quality::suspect);
  EXPECT_EQ(bench.last_condition()->fault, "frozen_heartbeat");
}

TEST(TextScale, RinCmdGivesNoAlibiNumberOfAnotherWeighing) {
  Bench bench;
  bench.connect<hil::RinCmdModel>(drivers::make_rincmd_scale);
  bench.world.seen.mass_on_scale_kg = 12'000;
  bench.run(1s);
  ASSERT_EQ(bench.reading().alibi_number, "1");
  bench.model->fault("no_alibi", 0, true);  // its record memory is full: the last lorry's record stays the newest
  bench.world.seen.mass_on_scale_kg = 0;
  bench.run(1s);
  EXPECT_EQ(bench.reading().alibi_number, "");
  bench.world.seen.mass_on_scale_kg = 20'000;
  bench.run(1s);
  ASSERT_EQ(bench.reading().gross_g, 20'000'000);
  EXPECT_EQ(bench.reading().alibi_number, "");
}

TEST(TextScale, RinCmdAlibiRecordThatIsReplacedWhileItIsReadIsNotKept) {
  Bench bench;
  bench.connect<hil::RinCmdModel>(drivers::make_rincmd_scale);
  bench.world.seen.mass_on_scale_kg = 12'000;
  bench.run(1s);
  ASSERT_EQ(bench.reading().alibi_number, "1");
  bench.stream->questions = 0;
  bench.stream->asked = [&](int question) {
    if (question != 9) return;  // counter, status, gross, net, tare, status, valid, id, here: weight
    for (const bool moving : {true, false}) {
      bench.world.seen.scale_moving = moving;
      bench.clock.advance(60ms);
      bench.model->advance(bench.clock.mono());
    }
  };
  bench.driver->poll(bench.out);
  EXPECT_EQ(bench.reading().alibi_number, "");
}

TEST(TextScale, RinCmdMotionThatBeginsBetweenTheQuestionsIsMotion) {
  Bench bench;
  bench.connect<hil::RinCmdModel>(drivers::make_rincmd_scale);
  bench.world.seen.mass_on_scale_kg = 12'000;
  bench.run(1s);
  ASSERT_TRUE(bench.reading().usable());
  bench.stream->questions = 0;
  bench.stream->asked = [&](int question) {
    if (question != 4) return;
    bench.world.seen.scale_moving = true;
    bench.clock.advance(60ms);
  };
  bench.driver->poll(bench.out);
  EXPECT_TRUE(bench.reading().motion);
}

TEST(TextScale, RinCmdStampsWithTheFirstAnswerAndASlowLineIsSuspect) {
  Bench bench;
  bench.product.timing.heartbeat_max = 5s;
  bench.connect<hil::RinCmdModel>(drivers::make_rincmd_scale);
  bench.world.seen.mass_on_scale_kg = 12'000;
  bench.run(1s);
  ASSERT_EQ(bench.standing(), "good ");
  bench.stream->asked = [&](int) { bench.clock.advance(150ms); };
  const MonoTime before = bench.clock.mono();
  bench.driver->poll(bench.out);
  EXPECT_LE(bench.last_weighing()->from.received.mono - before, 200ms);
  EXPECT_EQ(bench.standing(), "suspect too_old");
}

TEST(TextScale, RinCmdWeighsWithChecksums) {
  Bench bench;
  bench.settings.options["checksum"] = "true";
  bench.connect<hil::RinCmdModel>(drivers::make_rincmd_scale);
  bench.world.seen.mass_on_scale_kg = 12'000;
  bench.run(1s);
  ASSERT_EQ(bench.standing(), "good ") << bench.last_condition()->detail;
  EXPECT_EQ(bench.reading().gross_g, 12'000'000);
}

TEST(TextScale, ACounterThatWasNeverSeenToMoveProvesNothing) {
  Bench bench;
  bench.connect<hil::RinCmdModel>(drivers::make_rincmd_scale);
  bench.model->fault("frozen", 0, true);
  bench.run(300ms);
  EXPECT_EQ(bench.standing(), "suspect heartbeat_unproven");
}

TEST(TextScale, WhatTheIndicatorItselfDoubtsIsBad) {
  struct Case {
    const char* fault;
    const char* standing;
  };
  const auto expect = [](auto connect, std::vector<Case> cases) {
    for (const auto& c : cases) {
      Bench bench;
      connect(bench);
      bench.world.seen.mass_on_scale_kg = 12'000;
      std::string faults = c.fault;
      for (std::size_t at = 0; at != std::string::npos;) {
        const auto end = faults.find('+', at);
        ASSERT_TRUE(bench.model->fault(faults.substr(at, end - at), 0, true)) << faults;
        at = end == std::string::npos ? end : end + 1;
      }
      bench.run(1s);
      EXPECT_EQ(bench.standing(), c.standing) << c.fault;
      const bool bad = std::string(c.standing).starts_with("bad");
      EXPECT_EQ(bench.last_condition()->level, bad ? device::ConditionLevel::faulted : device::ConditionLevel::ready) << c.fault;
    }
  };
  expect([](Bench& b) { b.connect<hil::SmaModel>(drivers::make_sma_scale); },
         {{"zero_error", "bad no_valid_weight"},
          {"net+tare_error", "bad no_valid_tare"},
          {"net+level_1", "bad no_valid_tare"},
          {"tare_error", "bad no_valid_tare"},
          {"level_1", "good "},
          {"net", "good "}});
  expect([](Bench& b) { b.connect<hil::ToledoModel>(drivers::make_toledo_scale, false); }, {{"never_zeroed", "bad never_zeroed"}});
  expect([](Bench& b) { b.connect<hil::RinCmdModel>(drivers::make_rincmd_scale); }, {{"adc_failed", "bad no_valid_weight"}});
}

namespace {

/// What a kernel does while nobody reads: keeps. Bytes come in the order in which they were sent.
struct KeptStream : drivers::ByteStream {
  explicit KeptStream(tests::VirtualClock& c) : clock(c) {}
  tests::VirtualClock& clock;
  Bytes kept, while_waiting;
  bool open = false;
  int connects = 0;
  Result<void> connect(Duration) override {
    ++connects;
    open = true;
    return {};
  }
  [[nodiscard]] bool connected() const override { return open; }
  void close() override { open = false; }
  Result<Bytes> read_some(std::size_t max, Duration timeout) override {
    if (kept.empty() && timeout > 0ns) kept = std::exchange(while_waiting, {});
    if (kept.empty()) {
      clock.advance(timeout);
      return fail(ErrorCode::timeout, "nothing arrived");
    }
    const auto count = static_cast<std::ptrdiff_t>(std::min(max, kept.size()));
    Bytes out(kept.begin(), kept.begin() + count);
    kept.erase(kept.begin(), kept.begin() + count);
    return out;
  }
  Result<void> write(ByteView, Duration) override { return {}; }
};

}  // namespace

struct ToledoOnAKeptStream : testing::Test {
  tests::VirtualClock clock;
  icd::Product product;
  device::Settings settings;
  tests::OneStream transports;
  tests::Collect out;
  std::shared_ptr<KeptStream> stream = std::make_shared<KeptStream>(clock);
  std::unique_ptr<device::Driver> driver;
  void SetUp() override {
    transports.only = stream;
    driver = drivers::make_toledo_scale({product, settings, transports, clock}).value();
    stream->while_waiting = golden("toledo-39980kg-stable.bin");
    driver->poll(out);
    ASSERT_NE(out.last<device::WeighReading>(), nullptr);
    out.events.clear();
  }
  void send(const std::string& name, int times) {
    for (int i = 0; i < times; ++i)
      for (const auto byte : golden(name)) stream->kept.push_back(byte);
  }
};

TEST_F(ToledoOnAKeptStream, OfABacklogOnlyTheNewestFrameCounts) {
  send("toledo-39980kg-stable.bin", 600);  // more than one read takes
  send("toledo-39980kg-motion.bin", 1);
  driver->poll(out);
  ASSERT_NE(out.last<device::WeighReading>(), nullptr);
  EXPECT_TRUE(std::get<device::WeighReading>(out.last<device::WeighReading>()->body).motion);
}

TEST_F(ToledoOnAKeptStream, WhatWaitedForLongIsNotPublishedAsFresh) {
  send("toledo-39980kg-stable.bin", 3);  // and then the indicator went silent, while nobody looked
  clock.advance(10s);
  driver->poll(out);
  EXPECT_EQ(out.last<device::WeighReading>(), nullptr);
}

TEST_F(ToledoOnAKeptStream, ASilentConnectionIsOpenedAnew) {
  const int before = stream->connects;
  for (int i = 0; i < 3; ++i) {
    driver->poll(out);
    clock.advance(10s);
  }
  EXPECT_GE(stream->connects, before + 2);
}
