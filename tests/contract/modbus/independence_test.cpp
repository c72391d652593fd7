// One bad device must not slow the others. A/B in one run: the same devices with one of them healthy (A) and not (B).
#include <algorithm>
#include <thread>

#include "tests/contract/modbus/bus_bench.hpp"

namespace rampa::tests {
namespace {

using icd::Table;

constexpr int kDevices = 20;
constexpr int kPolls = 6;   // per device and phase
constexpr int kRounds = 8;  // of A and B in turn
constexpr int kBatchesMax = 3;
constexpr Duration kReply = 100ms;

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// 20 devices behind TCP, each answering after exactly 100 ms: the poll rate is bound by that latency, not by this
/// machine's cores. A and B alternate and medians are compared, so a noisy machine moves A and B alike; hosts start
/// 5 ms apart, so that they do not queue for the simulator's thread. One per cent is 1 ms of waiting per poll.
struct TwentyDevices : ::testing::Test {
  runtime::SystemClock clock;
  MapModel model;
  icd::Timing timing;
  std::vector<std::unique_ptr<hil::ModbusServer>> servers;
  std::vector<std::shared_ptr<drivers::ModbusBus>> buses;
  std::unique_ptr<hil::WireThread> thread;

  void SetUp() override {
    timing.reply_timeout = 200ms;
    timing.backoff_min = 20ms;
    timing.backoff_max = 100ms;
    model.values = {{{Table::input_register, 0}, 42}};
    std::vector<hil::WireServer*> wires;
    for (int i = 0; i < kDevices; ++i) {
      servers.push_back(hil::ModbusServer::tcp("127.0.0.1", 0, clock).value());
      servers.back()->unit(1, model);
      servers.back()->reply_delay(kReply);
      wires.push_back(servers.back().get());
      buses.push_back(drivers::make_modbus_bus(address_of(*servers.back(), Wire::tcp), clock,
                                               std::make_shared<drivers::Trace>(clock))
                          .value());
    }
    thread = std::make_unique<hil::WireThread>(wires, clock);
  }

  /// Polls device i until `polls` good ones or, for the sick device, until the others are through.
  void poll_many(int device, int polls, const std::atomic<int>* others_left) {
    for (int good = 0; others_left ? others_left->load() > 0 : good < polls;) {
      if (const auto pause = buses[device]->pause(1); pause > Duration{0}) {
        runtime::sleep_for(std::min<Duration>(pause, 10ms));
      } else if (buses[device]->read_registers(1, Table::input_register, 0, 1, timing)) {
        ++good;
      }
    }
  }

  /// Median over the healthy devices of their polls per second. `shared_host`: device 0 and 1 on one thread (the
  /// control: a design that lets one device wait for another).
  double rate_of_healthy(bool shared_host) {
    std::vector<double> rates(kDevices - 1);
    std::atomic<int> left{kDevices - 1};
    std::vector<std::thread> hosts;
    if (!shared_host) hosts.emplace_back([&] { poll_many(0, 0, &left); });
    for (int i = 1; i < kDevices; ++i) {
      hosts.emplace_back([&, i] {
        runtime::sleep_for(i * 5ms);
        const auto from = clock.mono();
        for (int n = 0; n < kPolls; ++n) {
          if (shared_host && i == 1 && n % 3 == 0 && buses[0]->pause(1) == Duration{0})
            (void)buses[0]->read_registers(1, Table::input_register, 0, 1, timing);
          poll_many(i, 1, nullptr);
        }
        rates[i - 1] = kPolls / std::chrono::duration<double>(clock.mono() - from).count();
        left.fetch_sub(1);
      });
    }
    for (auto& host : hosts) host.join();
    return shared_host ? rates[0] : median(rates);
  }

  void compare(const std::string& fault, double value) {
    std::vector<double> a, b;
    double change = 1;
    (void)rate_of_healthy(false);  // connects
    // Where the machine's noise still hides the answer, more rounds join the same medians; a true loss stays in them.
    for (int batch = 0; batch < kBatchesMax && std::abs(change) > 0.01; ++batch) {
      for (int round = 0; round < kRounds; ++round) {
        thread->with([&] { servers[0]->clear_faults(); });
        a.push_back(rate_of_healthy(false));
        thread->with([&] { ASSERT_TRUE(servers[0]->fault(fault, value, true)); });
        b.push_back(rate_of_healthy(false));
      }
      change = median(b) / median(a) - 1;
    }
    std::printf("[ MEASURED ] device 0 %s: the other 19 poll %.2f/s (A %.2f/s): %+.2f %%\n", fault.c_str(), median(b),
                median(a), change * 100);
    RecordProperty("change_percent", std::to_string(change * 100));
    EXPECT_GT(median(a), 0.9 / std::chrono::duration<double>(kReply + 5ms).count())
        << "the machine is too slow to tell";
    EXPECT_LE(std::abs(change), 0.01);
  }
};

TEST_F(TwentyDevices, OneSilentChangesTheOthersByAtMostOnePercent) {
  compare("deaf", 0);
}

TEST_F(TwentyDevices, OneSlowChangesTheOthersByAtMostOnePercent) {
  compare("late", 160);
}

/// The control: were two devices on one host thread, the measure would see it.
TEST_F(TwentyDevices, TheMeasureSeesASharedHost) {
  (void)rate_of_healthy(false);
  const double a = rate_of_healthy(false);
  thread->with([&] { servers[0]->fault("deaf", 0, true); });
  const double b = rate_of_healthy(true);
  EXPECT_LT(b / a - 1, -0.05);
}

/// Four units on one serial cable, one silent. It may cost the others one time-out per back-off period, no more.
TEST(SharedSerialCable, ASilentUnitCostsAtMostOneTimeoutPerBackOffPeriod) {
  BusBench bench(Wire::rtu);
  MapModel model;
  icd::Timing timing;
  timing.reply_timeout = 150ms;  // well over what a busy test machine delays a healthy unit
  timing.reply_late_max = 200ms;
  timing.backoff_min = 400ms;
  timing.backoff_max = 1600ms;
  bench.thread.with([&] {
    model.values = {{{Table::input_register, 0}, 42}};
    for (int unit = 1; unit <= 4; ++unit) bench.server->unit(unit, model);
    bench.server->reply_delay(2ms);
  });
  struct Count {
    int good = 0, failed = 0;
    MonoTime last_good;
    Duration gap_max{};
  };
  const auto run = [&](Duration length) {
    std::map<int, Count> counts;
    const auto from = bench.clock.mono();
    for (int unit = 1; unit <= 4; ++unit) counts[unit].last_good = from;
    while (bench.clock.mono() - from < length) {
      for (int unit = 1; unit <= 4; ++unit) {
        if (bench.bus->pause(unit) > Duration{0}) continue;
        auto& count = counts[unit];
        const auto values = bench.bus->read_registers(unit, Table::input_register, 0, 1, timing);
        const auto now = bench.clock.mono();
        if (!values) {
          ++count.failed;
          continue;
        }
        EXPECT_EQ(values->at(0), 42);
        ++count.good;
        count.gap_max = std::max(count.gap_max, now - count.last_good);
        count.last_good = now;
      }
    }
    return counts;
  };
  const auto healthy = run(2s);
  bench.faults("deaf", 0, -1, 3);
  std::uint64_t asked_before = 0, asked_after = 0;
  bench.thread.with([&] { asked_before = bench.server->requests(3); });
  const auto sick = run(6s);
  bench.thread.with([&] { asked_after = bench.server->requests(3); });
  // Asked at 0, then after 400, 800, 1600, 1600 ms of pause, each time-out 150 ms: at 0, 550, 1500, 3250, 5000 ms.
  const auto asked = asked_after - asked_before;
  std::printf("[ MEASURED ] silent unit asked %llu times in 6 s; others %d polls in 2 s before, %d in 6 s beside it\n",
              static_cast<unsigned long long>(asked), healthy.at(1).good, sick.at(1).good);
  EXPECT_GE(asked, 2u) << "a silent unit is still looked for";
  EXPECT_LE(asked, 5u);
  for (const int unit : {1, 2, 4}) {
    EXPECT_EQ(sick.at(unit).failed, 0) << unit;
    EXPECT_LE(sick.at(unit).gap_max, timing.reply_timeout + 200ms)
        << "unit " << unit << ": one time-out and this machine's noise";
    // What is lost is the time-outs; the silent unit's share of the cable is won, so the rate may even rise.
    const double expected = 3.0 * healthy.at(unit).good * (1 - static_cast<double>(asked) * 0.15 / 6);
    EXPECT_GE(sick.at(unit).good, expected * 0.8) << unit << ": 0.8 for this machine's noise";
  }
  EXPECT_EQ(sick.at(3).good, 0);
}

}  // namespace
}  // namespace rampa::tests
