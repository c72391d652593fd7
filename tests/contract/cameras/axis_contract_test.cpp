// The simulated Axis camera on both its ways: a TCP stream and HTTP posts, over real sockets.
#include "drivers/plate_camera/axis_alpv.hpp"
#include "hil/devices/cameras/axis_model.hpp"
#include "hil/devices/cameras/lorry_picture.hpp"
#include "hil/wire/push_client.hpp"
#include "hil/wire/stream_server.hpp"
#include "tests/contract/cameras/camera_bench.hpp"

namespace rampa::tests {
namespace {

class AxisContract : public CameraBench {
 protected:
  AxisContract() {
    use("axis-alpv", "plate_front");
    settings_.options["settle_ms"] = "1000";  // much longer than a busy machine delays an update
    camera_.path = "/L1/plate_front";
    camera_.reading_takes = 10ms;
    camera_.update_after = 30ms;
    camera_.lost_after = 100ms;
    (void)hil::plate_picture("WARM");  // OpenCV's first picture loads libraries for long
  }
  void drive() {
    auto made = drivers::plate_camera::make_axis_alpv(product_, settings_, transports_, clock_);
    ASSERT_TRUE(made) << made.error().what;
    driver_ = std::move(*made);
  }
  /// Polls, as the host does, until so many reads came or real time runs out.
  bool poll_until(std::size_t count) {
    for (const MonoTime end = clock_.mono() + 10s; clock_.mono() < end;) {
      driver_->poll(sink_);
      if (sink_.wait_for<device::PlateRead>(count, std::chrono::milliseconds(10))) return true;
    }
    return false;
  }
  void expect_read(const device::DeviceEvent& event, const std::string& plate) {
    EXPECT_EQ(read_of(event).text, plate);
    EXPECT_EQ(read_of(event).country, "ROU");
    EXPECT_GE(read_of(event).confidence_percent, 90);
    EXPECT_EQ(read_of(event).heading, device::Heading::forward);
    EXPECT_EQ(event.from.quality, device::Quality::good) << event.from.reason;
    EXPECT_EQ(event.attachments.size(), 2u);
  }

  hil::AxisSettings camera_;
  std::unique_ptr<device::Driver> driver_;
};

TEST_F(AxisContract, OneReadPerCarOverTcp) {
  hil::AxisModel model(world_, camera_, 1, clock_.now());
  auto server = hil::StreamServer::tcp("127.0.0.1", 0, model, clock_);
  ASSERT_TRUE(server) << server.error().what;
  hil::WireThread wire({server->get()}, clock_);
  settings_.address.scheme = "tcp";
  settings_.address.host = "127.0.0.1";
  settings_.address.port = (*server)->port();
  drive();
  driver_->poll(sink_);  // connects
  arrive(wire, "TM12ABC", "ROU");
  ASSERT_TRUE(poll_until(1));
  arrive(wire, "AR07XYZ", "ROU");
  ASSERT_TRUE(poll_until(2));
  expect_read(reads()[0], "TM12ABC");
  expect_read(reads()[1], "AR07XYZ");
  EXPECT_NE(read_of(reads()[0]).read_id, read_of(reads()[1]).read_id);
  EXPECT_EQ(sink_.condition(), "ready");
}

TEST_F(AxisContract, NoiseOnTheLineCostsNoLaterCar) {
  hil::AxisModel model(world_, camera_, 1, clock_.now());
  auto server = hil::StreamServer::tcp("127.0.0.1", 0, model, clock_);
  ASSERT_TRUE(server);
  hil::WireThread wire({server->get()}, clock_);
  settings_.address.scheme = "tcp";
  settings_.address.host = "127.0.0.1";
  settings_.address.port = (*server)->port();
  drive();
  driver_->poll(sink_);
  wire.with([&] { model.fault("garbage", 0, true); });
  arrive(wire, "TM12ABC", "ROU");
  // Both its events (after 10 and 40 ms) are rubbish.
  for (const MonoTime end = clock_.mono() + 300ms; clock_.mono() < end;) driver_->poll(sink_);
  EXPECT_TRUE(reads().empty());
  wire.with([&] { model.fault("garbage", 0, false); });
  arrive(wire, "AR07XYZ", "ROU");
  ASSERT_TRUE(poll_until(2));
  for (const auto& event : reads()) {
    if (read_of(event).text == "AR07XYZ") {
      expect_read(event, "AR07XYZ");
    } else {  // of the first car only "lost" was heard, after the second stood there
      EXPECT_EQ(read_of(event).text, "TM12ABC");
      EXPECT_EQ(event.from.quality, device::Quality::suspect);
      EXPECT_TRUE(event.from.reason.starts_with("only_lost"));
    }
  }
}

TEST_F(AxisContract, OneReadPerCarOverHttp) {
  settings_.address.scheme = "push";
  settings_.address.path = camera_.path;
  drive();
  driver_->poll(sink_);
  hil::AxisPushModel model(world_, camera_, 1, clock_.now());
  hil::PushClient client("127.0.0.1", transports_.listener->port(), model, clock_);
  hil::WireThread wire({&client}, clock_);
  arrive(wire, "TM12ABC", "ROU");
  ASSERT_TRUE(poll_until(1));
  arrive(wire, "AR07XYZ", "ROU");
  ASSERT_TRUE(poll_until(2));
  expect_read(reads()[0], "TM12ABC");
  expect_read(reads()[1], "AR07XYZ");
}

}  // namespace
}  // namespace rampa::tests
