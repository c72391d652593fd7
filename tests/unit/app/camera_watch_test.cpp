// From a camera's pictures and its driver's words to the condition that the lane, the terminal and the journal get.
#include "edge/app/camera_watch.hpp"

#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "edge/vision/vision_pool.hpp"
#include "tests/support/post_camera.hpp"
#include "tests/unit/store/live_store.hpp"

namespace rampa::tests {
namespace {

using device::ConditionLevel;

/// Boxes and letters of all sizes: the real photographs are in image_health_test.
cv::Mat drawn(std::uint64_t seed) {
  cv::RNG random(seed);
  cv::Mat out(480, 640, CV_8U, cv::Scalar(random.uniform(80, 150)));
  for (int i = 0; i < 60; ++i) {
    const int width = random.uniform(8, 120), height = random.uniform(8, 90), x = random.uniform(0, 640 - width), y = random.uniform(0, 480 - height);
    out(cv::Rect(x, y, width, height)).setTo(random.uniform(20, 230));
  }
  return out;
}

class NoReader : public vision::PlateReader {
 public:
  Result<std::vector<device::PlateRead>> read(ByteView) override { return std::vector<device::PlateRead>{}; }
};

class CameraWatchTest : public testing::Test {
 protected:
  CameraWatchTest() { start(); }
  void start() {
    pool_.reset();
    watch_ = std::make_unique<app::CameraWatch>(app::CameraWatch::directory_in(scratch_.path()), [this](device::DeviceEvent event) { told_.push_back(std::move(event)); });
    pool_ = *vision::VisionPool::start([] { return Result<std::unique_ptr<vision::PlateReader>>(std::make_unique<NoReader>()); }, 1, 4, [](auto) {},
                                       [this](const device::DeviceEvent& frame) { watch_->look(frame); });
  }
  void vehicles(int count, const CameraTrouble& trouble = {}) {
    for (int i = 0; i < count; ++i) {
      pool_->add(frame(trouble));
      pool_->wait_idle();
    }
  }
  /// Of the next vehicle, a minute later.
  device::DeviceEvent frame(const CameraTrouble& trouble) {
    pass(60s);
    Bytes jpeg;
    cv::imencode(".jpg", camera_.picture(Light::day, trouble), jpeg, {cv::IMWRITE_JPEG_QUALITY, 85});
    return {{id_, now_, std::nullopt, device::Quality::good, ""}, device::CameraFrame{}, {{"frame", "image/jpeg", std::make_shared<const Bytes>(std::move(jpeg))}}};
  }
  void pass(Duration time) { now_ = {now_.mono + time, WallTime{now_.wall.ms + std::chrono::duration_cast<std::chrono::milliseconds>(time).count()}}; }
  void driver(ConditionLevel level, const std::string& fault = "") {
    watch_->take({{id_, now_, std::nullopt, device::Quality::good, ""}, device::DeviceCondition{level, fault, fault}, {}});
  }
  [[nodiscard]] std::string last() const {
    if (told_.empty()) return "nothing";
    const auto& condition = std::get<device::DeviceCondition>(told_.back().body);
    return std::string(name_of(condition.level)) + ":" + condition.fault;
  }
  [[nodiscard]] std::string file() const { return app::CameraWatch::reference_file(app::CameraWatch::directory_in(scratch_.path()), id_); }

  const DeviceId id_{"L1-plate_front"};
  ScratchDirectory scratch_;
  PostCamera camera_{drawn(1), drawn(2), {drawn(3), drawn(4), drawn(5), drawn(6), drawn(7)}, 1};
  Stamp now_{MonoTime{1}, WallTime{1'784'000'000'000}};
  std::vector<device::DeviceEvent> told_;
  std::unique_ptr<app::CameraWatch> watch_;
  std::unique_ptr<vision::VisionPool> pool_;
};

TEST_F(CameraWatchTest, ABlurredCameraIsToldWithItsRemedyAndGoesByItself) {
  driver(ConditionLevel::ready);
  EXPECT_EQ(last(), "ready:");
  vehicles(40);
  EXPECT_EQ(told_.size(), 1u) << last();
  vehicles(15, {.blur_px = 3});
  ASSERT_EQ(last(), "ready:out_of_focus") << "a camera that works does not close the lane";
  EXPECT_EQ(told_.back().from.device, id_);
  EXPECT_EQ(std::get<device::DeviceCondition>(told_.back().body).detail, "the picture is blurred: wipe the glass of camera L1-plate_front, then set its focus");
  vehicles(15);
  EXPECT_EQ(last(), "ready:");
  EXPECT_EQ(told_.size(), 3u);
}

TEST_F(CameraWatchTest, WhatTheDriverComplainsOfComesFirstAndThePictureAfterIt) {
  vehicles(40);
  vehicles(15, {.shift_px = 96});
  ASSERT_EQ(last(), "ready:view_moved") << "plates are still read: no vehicle waits for the officer";
  driver(ConditionLevel::connecting, "timeout");
  EXPECT_EQ(last(), "connecting:timeout");
  driver(ConditionLevel::ready);
  EXPECT_EQ(last(), "ready:view_moved") << "it came back as it was";
  driver(ConditionLevel::connecting, "timeout");
  vehicles(15);
  EXPECT_EQ(last(), "connecting:timeout");
  driver(ConditionLevel::ready);
  EXPECT_EQ(last(), "ready:");
}

TEST_F(CameraWatchTest, TheViewOutlivesARestartUntilItIsConfirmed) {
  vehicles(40);
  ASSERT_TRUE(std::filesystem::exists(file()));
  start();
  vehicles(40, {.shift_px = 96});
  ASSERT_EQ(last(), "ready:view_moved");
  std::filesystem::remove(file());  // what rampa confirm-view does
  vehicles(1, {.shift_px = 96});
  EXPECT_EQ(last(), "ready:");
  vehicles(40, {.shift_px = 96});
  EXPECT_EQ(last(), "ready:");
  EXPECT_TRUE(std::filesystem::exists(file()));
  vehicles(15);
  EXPECT_EQ(last(), "ready:view_moved") << "the old view is the wrong one now";
}

TEST_F(CameraWatchTest, APictureOfAnotherPlaceMakesTheCameraDoubtful) {
  vehicles(40);
  vehicles(20, {.other_view = true});
  EXPECT_TRUE(told_.empty()) << "a night or a snowfall may look so too";
  pass(std::chrono::hours(18));
  vehicles(1, {.other_view = true});
  EXPECT_EQ(last(), "suspect:turned_away");
  vehicles(15);
  EXPECT_EQ(last(), "ready:");
}

TEST_F(CameraWatchTest, AReferenceThatCannotBeWrittenIsTriedAgainEveryTenMinutes) {
  const std::string directory = app::CameraWatch::directory_in(scratch_.path());
  std::ofstream(directory) << "in the way";
  vehicles(24);
  std::filesystem::remove(directory);
  vehicles(9);
  EXPECT_FALSE(std::filesystem::exists(file()));
  vehicles(2);
  EXPECT_TRUE(std::filesystem::exists(file()));
}

TEST_F(CameraWatchTest, WhatThrowsEndsNoThreadOfThePool) {
  int told = 0;
  app::CameraWatch watch(app::CameraWatch::directory_in(scratch_.path()), [&](device::DeviceEvent) {
    ++told;
    throw std::runtime_error("no room");
  });
  for (int i = 0; i < 60; ++i) watch.look(frame(i < 40 ? CameraTrouble{} : CameraTrouble{.blur_px = 3}));
  EXPECT_EQ(told, 1);
}

TEST_F(CameraWatchTest, ADamagedReferenceIsLearnedAnew) {
  std::filesystem::create_directories(app::CameraWatch::directory_in(scratch_.path()));
  std::ofstream(file()) << "{\"format\":1";
  vehicles(40);
  vehicles(15, {.blur_px = 3});
  EXPECT_EQ(last(), "ready:out_of_focus");
}

TEST_F(CameraWatchTest, OtherDevicesAndFramesWithoutPicturesPass) {
  watch_->look({{id_, now_, std::nullopt, device::Quality::good, ""}, device::CameraFrame{}, {}});
  device::DeviceEvent scale{{DeviceId{"L1-scale"}, now_, std::nullopt, device::Quality::good, ""}, device::DeviceCondition{ConditionLevel::ready, "calibration_ended", "x"}, {}};
  watch_->take(scale);
  EXPECT_EQ(last(), "ready:calibration_ended");
  device::DeviceEvent outputs{{DeviceId{"L1-outputs"}, now_, std::nullopt, device::Quality::good, ""}, device::DeviceCondition{ConditionLevel::ready, "", "armed; verified by B. Ilic"}, {}};
  watch_->take(outputs);
  EXPECT_EQ(std::get<device::DeviceCondition>(told_.back().body).detail, "armed; verified by B. Ilic");
}

}  // namespace
}  // namespace rampa::tests
