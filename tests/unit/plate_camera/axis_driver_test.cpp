// The Axis driver on both its ways, over fakes.
#include "drivers/plate_camera/axis_alpv.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "config/site.hpp"
#include "tests/support/camera_fakes.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::drivers::plate_camera {
namespace {

constexpr std::int64_t event_ms = 1780301730000;

class AxisDriver : public ::testing::TestWithParam<std::string> {
 protected:
  AxisDriver() {
    auto product = config::read_product("firmware-interfaces/icd/axis-alpv.json");
    EXPECT_TRUE(product.findings.empty()) << product.findings[0].cause;
    product_ = product.product;
    settings_.id = DeviceId{"L1-rear"};
    settings_.role = "plate_rear";
    settings_.address.scheme = GetParam();
    settings_.address.path = "/alpv";
    clock_.step_wall(event_ms + 500 - clock_.now().wall.ms);
    auto made = make_axis_alpv(product_, settings_, transports_, clock_);
    EXPECT_TRUE(made) << made.error().what;
    driver_ = std::move(*made);
    driver_->poll(sink_);
    std::istringstream lines(tests::golden("cameras/axis-car.jsonl"));
    for (std::string line; std::getline(lines, line);) events_.push_back(line);
  }
  /// Delivers one event the way under test. The status, or 200 for a stream.
  int give(const std::string& json) {
    if (GetParam() == "push") return transports_.listener->post("/alpv", "application/json", json);
    transports_.byte_stream->incoming += json + "\n";
    driver_->poll(sink_);
    return 200;
  }
  std::vector<device::DeviceEvent> reads() { return sink_.all<device::PlateRead>(); }

  tests::VirtualClock clock_;
  tests::FakeTransports transports_;
  tests::RememberingSink sink_;
  icd::Product product_;
  device::Settings settings_;
  std::unique_ptr<device::Driver> driver_;
  std::vector<std::string> events_;
};

TEST_P(AxisDriver, OneReadPerCarAfterItSettled) {
  EXPECT_EQ(give(events_[0]), 200);
  clock_.advance(300ms);
  EXPECT_EQ(give(events_[1]), 200);
  driver_->poll(sink_);
  EXPECT_TRUE(reads().empty());
  clock_.advance(1300ms);
  driver_->poll(sink_);
  ASSERT_EQ(reads().size(), 1u);
  const auto event = reads()[0];
  const auto& read = std::get<device::PlateRead>(event.body);
  EXPECT_EQ(read.text, "TM12ABC");
  EXPECT_EQ(read.country, "ROU");
  EXPECT_EQ(read.confidence_percent, 94);
  EXPECT_EQ(read.read_id, "102-1780301730000");
  EXPECT_EQ(read.position, device::PlatePosition::rear);
  EXPECT_EQ(read.heading, device::Heading::reverse) << "in = towards the rear camera";
  EXPECT_EQ(event.from.quality, device::Quality::good);
  clock_.advance(9s);
  EXPECT_EQ(give(events_[2]), 200);
  driver_->poll(sink_);
  EXPECT_EQ(reads().size(), 1u);
  EXPECT_EQ(sink_.condition(), "ready");
}

TEST_P(AxisDriver, AFullDiskKeepsTheReadUntilItCanBeWritten) {
  sink_.disk_full(true);
  give(events_[0]);
  const int status = give(events_[2]);
  if (GetParam() == "push") { EXPECT_EQ(status, 503); }
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "suspect:not_durable");
  sink_.disk_full(false);
  driver_->poll(sink_);
  EXPECT_EQ(reads().size(), 1u);
  EXPECT_EQ(sink_.durable(), 1);
  EXPECT_EQ(sink_.condition(), "ready");
}

TEST_P(AxisDriver, AReplayedCarIsSuspect) {
  give(events_[0]);
  give(events_[2]);
  clock_.advance(10min);
  give(events_[0]);
  give(events_[2]);
  driver_->poll(sink_);
  ASSERT_EQ(reads().size(), 2u);
  EXPECT_EQ(reads()[1].from.quality, device::Quality::suspect);
}

TEST_P(AxisDriver, SilenceIsSuspect) {
  give(events_[0]);
  clock_.advance(61s);
  driver_->poll(sink_);
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "suspect:silent");
  give(R"({"heartbeat":1})");
  driver_->poll(sink_);
  EXPECT_NE(sink_.condition(), "suspect:silent");
}

INSTANTIATE_TEST_SUITE_P(Ways, AxisDriver, ::testing::Values("tcp", "push"), [](const auto& test) { return test.param; });

using AxisStreamOnly = AxisDriver;
INSTANTIATE_TEST_SUITE_P(Ways, AxisStreamOnly, ::testing::Values("tcp"));

TEST_P(AxisStreamOnly, AHalfOpenConnectionIsOpenedAnew) {
  give(events_[0]);
  const int before = transports_.byte_stream->connects;
  clock_.advance(61s);
  driver_->poll(sink_);
  driver_->poll(sink_);
  EXPECT_EQ(transports_.byte_stream->connects, before + 1);
  EXPECT_EQ(sink_.condition(), "suspect:silent") << "opened, not heard";
}

TEST_P(AxisStreamOnly, ALostConnectionDropsHalfAnEventAndKeepsWhatWasSeen) {
  give(events_[0]);
  transports_.byte_stream->incoming = events_[1].substr(0, 100);
  transports_.byte_stream->hang_up = true;
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "connecting:no_connection");
  transports_.byte_stream->reachable = false;
  clock_.advance(2s);
  EXPECT_EQ(driver_->poll(sink_), product_.timing.backoff_max);
  EXPECT_EQ(reads().size(), 1u);
  transports_.byte_stream->reachable = true;
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "ready");
}

}  // namespace
}  // namespace rampa::drivers::plate_camera
