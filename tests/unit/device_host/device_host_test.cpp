// Whose turn it is on a cable that is too slow for all its units. Virtual time: it moves only while a driver polls.
#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "edge/runtime/device_host.hpp"

namespace rampa::tests {
namespace {

class PolledClock : public Clock {
 public:
  [[nodiscard]] Stamp now() const override { return {{ns_.load()}, {0}}; }
  void move(Duration by) { ns_ += by.count(); }

 private:
  std::atomic<std::int64_t> ns_{1};
};

class NoEvents : public device::EventSink {
 public:
  void publish(device::DeviceEvent) override {}
  Result<void> publish_durably(device::DeviceEvent, Duration) override { return {}; }
};

/// Counts all polls of the cable; when they reach the end, everybody stops counting.
struct Cable {
  static constexpr int polls_max = 300;
  PolledClock clock;
  std::atomic<int> polls{0};
  std::array<std::atomic<int>, 3> of{};
};

class SlowUnit : public device::Driver {
 public:
  SlowUnit(Cable& cable, std::size_t index, Duration cost, Duration period)
      : cable_(cable), index_(index), cost_(cost), period_(period) {}
  Duration poll(device::EventSink&) override {
    if (cable_.polls.load() >= Cable::polls_max) return 1h;
    cable_.clock.move(cost_);
    ++cable_.of[index_];
    ++cable_.polls;
    cable_.polls.notify_all();
    return period_;
  }
  device::CommandReport execute(const device::Command& command, device::Permit, device::EventSink&) override {
    return {command.id, device::Outcome::refused, ""};
  }

 private:
  Cable& cable_;
  std::size_t index_;
  Duration cost_, period_;
};

void run(Cable& cable, std::array<Duration, 3> costs) {
  NoEvents nowhere;
  runtime::DeviceHost host("serial:///dev/ttyS0", cable.clock, nowhere);
  for (std::size_t i = 0; i < costs.size(); ++i)
    host.add({std::string(1, static_cast<char>('a' + i))}, std::make_unique<SlowUnit>(cable, i, costs[i], 100ms));
  host.start();
  for (int seen = 0; seen < Cable::polls_max; seen = cable.polls.load()) cable.polls.wait(seen);
  host.stop();
}

TEST(DeviceHost, ThreeUnitsThatTogetherTakeLongerThanTheirPeriodShareTheCableEvenly) {
  Cable cable;
  run(cable, {60ms, 60ms, 60ms});
  for (const auto& polls : cable.of) EXPECT_NEAR(polls.load(), Cable::polls_max / 3, 2);
}

TEST(DeviceHost, AUnitThatIsAlwaysLateDoesNotStarveTheOthers) {
  Cable cable;
  run(cable, {250ms, 5ms, 5ms});
  for (const auto& polls : cable.of) EXPECT_GE(polls.load(), Cable::polls_max / 4);
}

}  // namespace
}  // namespace rampa::tests
