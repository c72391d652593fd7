// One bad device must not slow the others, each on its real device host. A/B in one run: the same devices with one of them
// healthy (A) and not (B).
#include <algorithm>
#include <atomic>
#include <mutex>

#include "edge/runtime/device_host.hpp"
#include "tests/contract/modbus/bus_bench.hpp"

namespace rampa::tests {
namespace {

using icd::Table;

constexpr int kDevices = 20;
constexpr int kPolls = 8;   // per device and phase
constexpr int kRounds = 6;  // of A and B in turn
constexpr int kBatchesMax = 4;
constexpr Duration kReply = 100ms;

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

class NoEvents : public device::EventSink {
 public:
  void publish(device::DeviceEvent) override {}
  Result<void> publish_durably(device::DeviceEvent, Duration) override { return {}; }
};

/// What a unit's polls came to. Thread: any.
struct Polls {
  std::mutex mutex;
  std::vector<MonoTime> good;
  int failed = 0;
};

/// Asks one register, again as soon as it may.
class OneRegister : public device::Driver {
 public:
  OneRegister(std::shared_ptr<drivers::ModbusBus> bus, int unit, const icd::Timing& timing, const Clock& clock, Polls& polls,
              std::function<void(int good)> polled = {})
      : bus_(std::move(bus)), unit_(unit), timing_(timing), clock_(clock), polls_(polls), polled_(std::move(polled)) {}
  Duration poll(device::EventSink&) override {
    if (const auto pause = bus_->pause(unit_); pause > Duration{0}) return std::min<Duration>(pause, 10ms);
    const auto values = bus_->read_registers(unit_, Table::input_register, 0, 1, timing_);
    int good = 0;
    {
      const std::lock_guard lock(polls_.mutex);
      if (values) polls_.good.push_back(clock_.mono());
      else ++polls_.failed;
      good = static_cast<int>(polls_.good.size());
    }
    if (!values) return Duration{0};
    EXPECT_EQ(values->at(0), 42);
    if (polled_) polled_(good);
    return Duration{0};
  }
  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override {
    return {command.id, device::Outcome::refused, ""};
  }

 private:
  std::shared_ptr<drivers::ModbusBus> bus_;
  int unit_;
  const icd::Timing& timing_;
  const Clock& clock_;
  Polls& polls_;
  std::function<void(int)> polled_;
};

/// 20 devices behind TCP, each answering after exactly 100 ms: the poll rate is bound by that latency, not by this
/// machine's cores. A and B alternate, so a noisy machine moves A and B alike; hosts start 5 ms apart, so that they do not
/// queue for the simulator's thread. One per cent is 1 ms of waiting per poll.
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

  /// Polls per second of each healthy device (the first is device 1). `shared_host`: device 0 and 1 on one host (the
  /// control: a design that lets one device wait for another).
  std::vector<double> rates_of_healthy(bool shared_host) {
    NoEvents nowhere;
    std::vector<Polls> polls(kDevices);
    std::atomic<int> left{kDevices - 1};
    const auto driver = [&](int device) {
      const auto index = static_cast<std::size_t>(device);
      return std::make_unique<OneRegister>(buses[index], 1, timing, clock, polls[index], [&left, device](int good) {
        if (device == 0 || good != kPolls + 1) return;
        left.fetch_sub(1);
        left.notify_all();
      });
    };
    std::vector<std::unique_ptr<runtime::DeviceHost>> hosts;
    for (int i = 0; i < kDevices; ++i) {
      if (!(shared_host && i == 1)) hosts.push_back(std::make_unique<runtime::DeviceHost>("cable " + std::to_string(i), clock, nowhere));
      hosts.back()->add({std::to_string(i)}, driver(i));
    }
    for (auto& host : hosts) {
      host->start();
      runtime::sleep_for(5ms);
    }
    for (int n = left.load(); n > 0; n = left.load()) left.wait(n);
    for (auto& host : hosts) host->stop();
    std::vector<double> rates;
    for (std::size_t i = 1; i < polls.size(); ++i)
      rates.push_back(kPolls / std::chrono::duration<double>(polls[i].good[kPolls] - polls[i].good[0]).count());
    return rates;
  }

  /// What one phase came to. This machine's noise moves all devices of a round alike, so a device is compared with the
  /// round's median, and the medians with each other: a victim stands out in the first, a loss of all in the second.
  struct Phase {
    std::vector<double> medians;                ///< by round
    std::vector<std::vector<double>> relative;  ///< by device and round
    void add(const std::vector<double>& round) {
      medians.push_back(median(round));
      relative.resize(round.size());
      for (std::size_t i = 0; i < round.size(); ++i) relative[i].push_back(round[i] / medians.back());
    }
  };

  void compare(const std::string& fault, double value) {
    Phase a, b;
    double all = 1, worst = 1;
    (void)rates_of_healthy(false);  // connects
    // Where the machine's noise still hides the answer, more rounds join the same medians; a true loss stays in them.
    for (int batch = 0; batch < kBatchesMax && (std::abs(all) > 0.01 || std::abs(worst) > 0.01); ++batch) {
      for (int round = 0; round < kRounds; ++round) {
        thread->with([&] { servers[0]->clear_faults(); });
        a.add(rates_of_healthy(false));
        thread->with([&] { ASSERT_TRUE(servers[0]->fault(fault, value, true)); });
        b.add(rates_of_healthy(false));
      }
      all = median(b.medians) / median(a.medians) - 1;
      worst = 0;
      for (std::size_t i = 0; i < a.relative.size(); ++i) {
        const double change = median(b.relative[i]) / median(a.relative[i]) - 1;
        if (std::abs(change) > std::abs(worst)) worst = change;
      }
    }
    std::printf("[ MEASURED ] device 0 %s: the other 19 poll %.2f/s (A %.2f/s): %+.2f %%; the one that differs most from them %+.2f %%\n",
                fault.c_str(), median(b.medians), median(a.medians), all * 100, worst * 100);
    RecordProperty("change_percent", std::to_string(all * 100));
    RecordProperty("worst_device_change_percent", std::to_string(worst * 100));
    EXPECT_GT(median(a.medians), 0.9 / std::chrono::duration<double>(kReply + 5ms).count()) << "the machine is too slow to tell";
    EXPECT_LE(std::abs(all), 0.01);
    EXPECT_LE(std::abs(worst), 0.01) << "one device pays for device 0";
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
  (void)rates_of_healthy(false);
  const double a = rates_of_healthy(false)[0];
  thread->with([&] { servers[0]->fault("deaf", 0, true); });
  const double b = rates_of_healthy(true)[0];
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
    Duration gap_max{};
  };
  const auto run = [&](Duration length) {
    NoEvents nowhere;
    std::map<int, Polls> polls;
    runtime::DeviceHost host("the line", bench.clock, nowhere);
    for (int unit = 1; unit <= 4; ++unit)
      host.add({std::to_string(unit)}, std::make_unique<OneRegister>(bench.bus, unit, timing, bench.clock, polls[unit]));
    const auto from = bench.clock.mono();
    host.start();
    runtime::sleep_for(length);
    host.stop();
    std::map<int, Count> counts;
    for (auto& [unit, of] : polls) {
      auto& count = counts[unit];
      count.good = static_cast<int>(of.good.size());
      count.failed = of.failed;
      MonoTime last = from;
      for (const auto at : of.good) count.gap_max = std::max(count.gap_max, at - std::exchange(last, at));
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
