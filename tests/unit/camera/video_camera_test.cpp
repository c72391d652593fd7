// The video driver over a fake source and a virtual clock: only young pictures, frozen ones, back-off, who asks.
#include "drivers/camera/video_camera.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "config/site.hpp"
#include "drivers/camera/jpeg_marks.hpp"
#include "drivers/camera/jpeg_picture.hpp"
#include "drivers/transport/video/rtsp_wire.hpp"
#include "tests/support/camera_fakes.hpp"
#include "tests/support/permits.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::drivers::camera {
namespace {

VideoFrame grey(std::uint8_t luma, MonoTime captured) {
  VideoFrame frame{16, 8, Bytes(16 * 8 * 3 / 2, 128), captured};
  std::fill_n(frame.planes.begin(), 16 * 8, luma);
  return frame;
}

TEST(JpegPicture, IsAWholeJpegOrAnError) {
  const auto jpeg = jpeg_of(grey(200, {}));
  ASSERT_TRUE(jpeg) << jpeg.error().what;
  EXPECT_TRUE(is_whole_jpeg(*jpeg));
  auto cut = grey(200, {});
  cut.planes.pop_back();
  EXPECT_FALSE(jpeg_of(cut));
  EXPECT_FALSE(jpeg_of({15, 8, Bytes(180), {}}));
  EXPECT_FALSE(jpeg_of({}));
}

class VideoDriver : public ::testing::Test {
 protected:
  VideoDriver() {
    auto product = config::read_product("firmware-interfaces/icd/video-camera.json");
    EXPECT_TRUE(product.findings.empty()) << product.findings[0].cause;
    product_ = product.product;
    settings_.id = DeviceId{"L1-front"};
    settings_.role = "plate_front";
    settings_.address.scheme = "rtsp";
    transports_.video_source->answer = [this]() -> Result<std::optional<VideoFrame>> {
      return grey(static_cast<std::uint8_t>(frozen_ ? 0 : ++pictures_), clock_.mono() - age_);
    };
    clock_.advance(1s);
  }
  void drive() {
    auto made = make_video_camera(product_, settings_, transports_, clock_);
    ASSERT_TRUE(made) << made.error().what;
    driver_ = std::move(*made);
  }
  device::CommandReport take(Duration time, Duration age = 0s) {
    return driver_->execute({7, settings_.id, device::TakeFrames{time}, clock_.mono() - age + 1s}, tests::empty_permit(), sink_);
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
  Duration age_ = 40ms;
};

TEST_F(VideoDriver, FramesOnlyWhileWantedWithTheTimeOfTheirCapture) {
  drive();
  run(5s);
  EXPECT_TRUE(frames().empty());
  EXPECT_LE(transports_.video_source->looks, 4);
  EXPECT_EQ(sink_.condition(), "ready");
  const Stamp before = clock_.now();
  EXPECT_EQ(take(1s).outcome, device::Outcome::done);
  run(2s);
  ASSERT_EQ(frames().size(), 10u);
  const auto first = frames()[0];
  EXPECT_LE(first.from.received.mono - before.mono, 50ms - age_) << "the first waited for the period, or has the time of its decoding";
  EXPECT_EQ(std::get<device::CameraFrame>(first.body), (device::CameraFrame{device::PlatePosition::front, 1}));
  EXPECT_EQ(first.from.quality, device::Quality::good);
  ASSERT_EQ(first.attachments.size(), 1u);
  EXPECT_EQ(first.attachments[0].name, "frame");
  EXPECT_TRUE(is_whole_jpeg(*first.attachments[0].bytes));
}

TEST_F(VideoDriver, AnOldPictureIsNeverTaken) {
  drive();
  take(20s);
  run(1s);
  const auto count = frames().size();
  age_ = 301ms;
  run(2s);
  EXPECT_EQ(frames().size(), count);
  EXPECT_EQ(sink_.condition(), "ready") << "a pause of a moment";
  run(4s);
  EXPECT_EQ(frames().size(), count);
  EXPECT_EQ(sink_.condition(), "suspect:late_pictures");
  age_ = 300ms;
  run(2s);  // it may be about to begin anew
  EXPECT_GT(frames().size(), count);
  EXPECT_EQ(sink_.condition(), "ready");
}

TEST_F(VideoDriver, ACameraWhoseClockWasSetBackIsBegunAnew) {
  rtsp::RtpTimes times;
  Duration step{};
  auto& video = *transports_.video_source;
  video.answer = [&, run_of = 0]() mutable -> Result<std::optional<VideoFrame>> {
    if (std::exchange(run_of, video.closes) != video.closes) times = {};  // as a new connection does
    const auto ticks = static_cast<std::uint32_t>((Duration{clock_.mono().ns} + 1h + step).count() * 9 / 100'000);
    return grey(static_cast<std::uint8_t>(++pictures_), times.sent(ticks, clock_.mono()));
  };
  drive();
  take(30s);
  run(2s);
  const auto count = frames().size();
  ASSERT_GT(count, 10u);
  step = -1s;
  run(3s);
  EXPECT_EQ(frames().size(), count) << "a picture that looks old was taken";
  EXPECT_EQ(video.closes, 0) << "a pause of a moment";
  run(3s);
  EXPECT_EQ(video.closes, 1);
  EXPECT_GT(frames().size(), count + 5);
  EXPECT_EQ(sink_.condition(), "ready");
}

TEST_F(VideoDriver, OneThatIsAlwaysLateIsBegunAnewWithABackOff) {
  age_ = 301ms;
  drive();
  run(60s);
  EXPECT_EQ(sink_.condition(), "suspect:late_pictures");
  EXPECT_GE(transports_.video_source->closes, 2);
  EXPECT_LE(transports_.video_source->closes, 7) << "back-off";
}

TEST_F(VideoDriver, FrozenOnlyAfterAWhile) {
  drive();
  run(1s);
  take(30s);
  frozen_ = true;
  run(9s);
  EXPECT_EQ(sink_.condition(), "ready") << "an encoder may say that nothing changed";
  run(3s);
  EXPECT_EQ(sink_.condition(), "suspect:frozen_picture");
  EXPECT_EQ(frames().back().from.quality, device::Quality::suspect);
  frozen_ = false;
  run(1s);
  EXPECT_EQ(sink_.condition(), "ready");
  EXPECT_EQ(frames().back().from.quality, device::Quality::good);
}

TEST_F(VideoDriver, NoPictureClosesTheVideoAndBeginsAnewWithABackOff) {
  transports_.video_source->answer = [] { return std::optional<VideoFrame>{}; };
  drive();
  run(3900ms);
  EXPECT_EQ(transports_.video_source->closes, 0);
  run(300ms);
  EXPECT_EQ(transports_.video_source->closes, 1);
  EXPECT_EQ(sink_.condition(), "connecting:timeout");
  transports_.video_source->answer = []() -> Result<std::optional<VideoFrame>> { return fail(ErrorCode::no_reply, "nobody"); };
  const int before = transports_.video_source->looks;
  run(60s);
  EXPECT_EQ(sink_.condition(), "connecting:no_reply");
  EXPECT_LE(transports_.video_source->looks - before, 11) << "back-off";
}

TEST_F(VideoDriver, SaysWhatIsWrong) {
  transports_.video_source->answer = []() -> Result<std::optional<VideoFrame>> { return fail(ErrorCode::refused, "wants a password"); };
  drive();
  run(1s);
  EXPECT_EQ(sink_.condition(), "faulted:refused");
}

TEST_F(VideoDriver, RefusesOtherAndOldCommandsAndBoundsTheTime) {
  drive();
  EXPECT_EQ(driver_->execute({1, settings_.id, device::MoveBoom{}, clock_.mono() + 1s}, tests::empty_permit(), sink_).outcome, device::Outcome::refused);
  EXPECT_EQ(take(1s, 2s).outcome, device::Outcome::refused);
  EXPECT_EQ(take(24h).outcome, device::Outcome::done);
  run(40s);
  const auto count = frames().size();
  EXPECT_LE(count, 301u) << "30 s at most";
  run(3s);
  EXPECT_EQ(frames().size(), count);
}

TEST_F(VideoDriver, UserAndPasswordGoTogether) {
  settings_.options["user"] = "lane";
  EXPECT_FALSE(make_video_camera(product_, settings_, transports_, clock_));
  settings_.options["password_file"] = "/run/secret";
  EXPECT_TRUE(make_video_camera(product_, settings_, transports_, clock_));
  EXPECT_EQ(transports_.asked_by, "lane");
}

}  // namespace
}  // namespace rampa::drivers::camera
