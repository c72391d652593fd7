// The snapshot driver over a fake client: frames only while wanted, frozen pictures, condition.
#include "drivers/camera/snapshot_camera.hpp"

#include <gtest/gtest.h>

#include "config/site.hpp"
#include "drivers/camera/jpeg_marks.hpp"
#include "tests/support/camera_fakes.hpp"
#include "tests/support/permits.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::drivers::camera {
namespace {

/// A JPEG as far as markers go: SOI, a comment, SOS with the "picture", EOI.
Bytes jpeg(const std::string& comment, const std::string& picture) {
  Bytes out{0xFF, 0xD8, 0xFF, 0xFE, 0x00, static_cast<std::uint8_t>(comment.size() + 2)};
  out.insert(out.end(), comment.begin(), comment.end());
  out.insert(out.end(), {0xFF, 0xDA});
  out.insert(out.end(), picture.begin(), picture.end());
  out.insert(out.end(), {0xFF, 0xD9});
  return out;
}

TEST(JpegMarks, PictureWithoutHeader) {
  const Bytes a = jpeg("10:00:00", "picture"), b = jpeg("10:00:01", "picture");
  EXPECT_TRUE(std::ranges::equal(picture_bytes(a), picture_bytes(b)));
  EXPECT_TRUE(is_whole_jpeg(a));
  EXPECT_FALSE(is_whole_jpeg(ByteView(a).first(a.size() - 1)));
  EXPECT_FALSE(is_whole_jpeg(as_bytes("<html>")));
  EXPECT_TRUE(picture_bytes(as_bytes("\xFF\xD8\xFF\xFE\xFF\xFF")).empty());
}

class SnapshotDriver : public ::testing::Test {
 protected:
  SnapshotDriver() {
    auto product = config::read_product("firmware-interfaces/icd/snapshot-camera.json");
    EXPECT_TRUE(product.findings.empty()) << product.findings[0].cause;
    product_ = product.product;
    settings_.id = DeviceId{"L1-front"};
    settings_.role = "plate_front";
    settings_.address.scheme = "http";
    settings_.address.path = "/snapshot.jpg";
    transports_.http_client->answer = [this](const std::string& path) -> Result<HttpReply> {
      EXPECT_EQ(path, "/snapshot.jpg");
      return HttpReply{200, "image/jpeg", jpeg("c", "picture " + std::to_string(frozen_ ? 0 : ++pictures_))};
    };
    driver_ = *make_snapshot_camera(product_, settings_, transports_, clock_);
  }
  device::CommandReport command(device::CommandBody body, Duration age = 0s) {
    device::Command c{7, settings_.id, body, clock_.mono() - age + 1s};
    return driver_->execute(c, tests::empty_permit(), sink_);
  }
  std::vector<device::DeviceEvent> frames() { return sink_.all<device::CameraFrame>(); }
  void run(Duration time) {
    for (const MonoTime end = clock_.mono() + time; clock_.mono() < end;) clock_.advance(driver_->poll(sink_));
  }

  tests::VirtualClock clock_;
  tests::FakeTransports transports_;
  tests::RememberingSink sink_;
  icd::Product product_;
  device::Settings settings_;
  std::unique_ptr<device::Driver> driver_;
  bool frozen_ = false;
  int pictures_ = 0;
};

TEST_F(SnapshotDriver, FramesOnlyWhileWanted) {
  run(5s);
  EXPECT_TRUE(frames().empty());
  EXPECT_EQ(transports_.http_client->gets, 1) << "one look to know that it lives";
  EXPECT_EQ(sink_.condition(), "ready");
  EXPECT_EQ(command(device::TakeFrames{2s}).outcome, device::Outcome::done);
  run(5s);
  EXPECT_EQ(frames().size(), 10u);
  const auto event = frames()[0];
  EXPECT_EQ(std::get<device::CameraFrame>(event.body), (device::CameraFrame{device::PlatePosition::front, 1}));
  EXPECT_EQ(event.from.quality, device::Quality::good);
  ASSERT_EQ(event.attachments.size(), 1u);
  EXPECT_EQ(event.attachments[0].name, "frame");
}

TEST_F(SnapshotDriver, AFrozenPictureIsSuspectUntilItMoves) {
  driver_->poll(sink_);
  command(device::TakeFrames{1s});
  frozen_ = true;
  run(1s);
  EXPECT_EQ(sink_.condition(), "suspect:frozen_picture");
  ASSERT_GE(frames().size(), 3u);
  EXPECT_EQ(frames()[0].from.quality, device::Quality::good) << "differs from the picture before";
  EXPECT_EQ(frames()[1].from.quality, device::Quality::suspect);
  EXPECT_EQ(frames()[1].from.reason, "frozen_picture");
  frozen_ = false;
  run(11s);
  EXPECT_EQ(sink_.condition(), "ready");
}

TEST_F(SnapshotDriver, IsSeenFrozenAlsoWhileNoFramesAreWanted) {
  frozen_ = true;
  run(25s);
  EXPECT_EQ(sink_.condition(), "suspect:frozen_picture");
  EXPECT_TRUE(frames().empty());
}

TEST_F(SnapshotDriver, SilentAndWrongCameras) {
  transports_.http_client->answer = [](const std::string&) -> Result<HttpReply> { return fail(ErrorCode::no_reply, "nobody"); };
  run(1s);
  EXPECT_EQ(sink_.condition(), "connecting:no_reply");
  EXPECT_LE(transports_.http_client->gets, 2) << "back-off";
  transports_.http_client->answer = [](const std::string&) -> Result<HttpReply> { return HttpReply{404, "text/html", {}}; };
  run(6s);
  EXPECT_EQ(sink_.condition(), "faulted:no_picture");
  transports_.http_client->answer = [](const std::string&) -> Result<HttpReply> { return HttpReply{200, "image/jpeg", Bytes{0xFF, 0xD8, 0xFF, 0xE0}}; };
  command(device::TakeFrames{1s});
  run(1s);
  EXPECT_TRUE(frames().empty()) << "half a picture was published";
}

TEST_F(SnapshotDriver, RefusesOtherAndOldCommandsAndBoundsTheTime) {
  EXPECT_EQ(command(device::MoveBoom{}).outcome, device::Outcome::refused);
  EXPECT_EQ(command(device::TakeFrames{1s}, 2s).outcome, device::Outcome::refused);
  EXPECT_EQ(command(device::TakeFrames{24h}).outcome, device::Outcome::done);
  run(40s);
  const auto count = frames().size();
  EXPECT_LE(count, 151u) << "30 s at most";
  run(3s);
  EXPECT_EQ(frames().size(), count);
}

}  // namespace
}  // namespace rampa::drivers::camera
