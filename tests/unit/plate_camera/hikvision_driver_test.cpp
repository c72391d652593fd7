// The Hikvision driver against a listener in memory: durable before 200, repetitions, replays, silence.
#include "drivers/plate_camera/hikvision_anpr.hpp"

#include <gtest/gtest.h>

#include "config/site.hpp"
#include "tests/support/camera_fakes.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::drivers::plate_camera {
namespace {

constexpr std::int64_t event_ms = 1780301730000;  // dateTime of the golden event

class HikvisionDriver : public ::testing::Test {
 protected:
  HikvisionDriver() {
    auto product = config::read_product("firmware-interfaces/icd/hikvision-anpr.json");
    EXPECT_TRUE(product.findings.empty()) << product.findings[0].cause;
    product_ = product.product;
    settings_.id = DeviceId{"L1-front"};
    settings_.role = "plate_front";
    settings_.address.scheme = "push";
    settings_.address.path = "/anpr";
    clock_.step_wall(event_ms + 2000 - clock_.now().wall.ms);
    make();
  }
  void make() {
    driver_.reset();
    auto made = make_hikvision_anpr(product_, settings_, transports_, clock_);
    ASSERT_TRUE(made) << made.error().what;
    driver_ = std::move(*made);
  }
  int post(const std::string& name, const std::string& peer = "10.0.0.5") {
    return transports_.listener->post("/anpr", tests::golden_line("cameras/" + name + ".type"), tests::golden("cameras/" + name + ".body"), peer);
  }
  std::vector<device::DeviceEvent> reads() { return sink_.all<device::PlateRead>(); }

  tests::VirtualClock clock_;
  tests::FakeTransports transports_;
  tests::RememberingSink sink_;
  icd::Product product_;
  device::Settings settings_;
  std::unique_ptr<device::Driver> driver_;
};

TEST_F(HikvisionDriver, AReadIsDurableBeforeTheCameraIsTold) {
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "connecting:not_heard_yet");
  EXPECT_EQ(post("hikvision-deepinview"), 200);
  EXPECT_EQ(sink_.durable(), 1);
  ASSERT_EQ(reads().size(), 1u);
  const auto event = reads()[0];
  const auto& read = std::get<device::PlateRead>(event.body);
  EXPECT_EQ(read.text, "SM123AB");
  EXPECT_EQ(read.country, "SRB");
  EXPECT_EQ(read.confidence_percent, 93);
  EXPECT_EQ(read.position, device::PlatePosition::front);
  EXPECT_EQ(read.heading, device::Heading::forward);
  EXPECT_EQ(read.read_id, "602cf998-1dd2-11b2-a842-be6ebc977415");
  EXPECT_EQ(read.reader, "camera");
  EXPECT_EQ(event.from.quality, device::Quality::good);
  EXPECT_EQ(event.from.device_time->ms, event_ms);
  EXPECT_EQ(event.from.received, clock_.now());
  EXPECT_EQ(event.attachments.size(), 2u);
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "ready");
}

TEST_F(HikvisionDriver, ADiskThatIsFullIsA503AndTheRepetitionIsTaken) {
  driver_->poll(sink_);
  sink_.disk_full(true);
  EXPECT_EQ(post("hikvision-deepinview"), 503);
  EXPECT_TRUE(reads().empty());
  sink_.disk_full(false);
  EXPECT_EQ(post("hikvision-deepinview"), 200);
  EXPECT_EQ(reads().size(), 1u);
}

TEST_F(HikvisionDriver, ARepetitionIsAnsweredAndPublishedOnce) {
  driver_->poll(sink_);
  EXPECT_EQ(post("hikvision-deepinview"), 200);
  clock_.advance(10s);
  EXPECT_EQ(post("hikvision-deepinview"), 200);
  EXPECT_EQ(reads().size(), 1u);
}

TEST_F(HikvisionDriver, AReplayIsSuspectByIdAndByTime) {
  driver_->poll(sink_);
  post("hikvision-deepinview");
  clock_.advance(10min);
  EXPECT_EQ(post("hikvision-deepinview"), 200);
  ASSERT_EQ(reads().size(), 2u);
  EXPECT_EQ(reads()[1].from.quality, device::Quality::suspect);
  EXPECT_TRUE(reads()[1].from.reason.starts_with("replayed_event"));
  make();  // the appliance restarted and knows no ids
  driver_->poll(sink_);
  EXPECT_EQ(post("hikvision-deepinview"), 200);
  ASSERT_EQ(reads().size(), 3u);
  EXPECT_EQ(reads()[2].from.quality, device::Quality::suspect);
  EXPECT_TRUE(reads()[2].from.reason.starts_with("event_time_off"));
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "suspect:event_time_off");
}

TEST_F(HikvisionDriver, AnOldEventOfAnotherKindDoesNotMakeAnOldPlateGood) {
  driver_->poll(sink_);
  auto motion = tests::golden("cameras/hikvision-heartbeat.body");
  motion.replace(motion.find("videoloss</eventType>"), 21, "VMD</eventType>");
  motion.replace(motion.find("2026-06-01T10:15:40"), 19, "2026-06-01T10:15:31");
  clock_.advance(10min);  // the camera was cut off; now it delivers what it kept, in order
  EXPECT_EQ(transports_.listener->post("/anpr", tests::golden_line("cameras/hikvision-heartbeat.type"), motion), 200);
  EXPECT_EQ(post("hikvision-deepinview"), 200);
  ASSERT_EQ(reads().size(), 1u);
  EXPECT_EQ(reads()[0].from.quality, device::Quality::suspect);
}

TEST_F(HikvisionDriver, APlateThatWasNotReadIsAnEmptyRead) {
  driver_->poll(sink_);
  EXPECT_EQ(post("hikvision-no-plate"), 200);
  const auto read = std::get<device::PlateRead>(reads().at(0).body);
  EXPECT_EQ(read.text, "");
  EXPECT_EQ(read.confidence_percent, 0);
  EXPECT_TRUE(read.char_confidence_percent.empty());
}

TEST_F(HikvisionDriver, HeartbeatsAreSignsOfLifeAndSilenceIsSuspect) {
  driver_->poll(sink_);
  EXPECT_EQ(post("hikvision-heartbeat"), 200);
  EXPECT_TRUE(reads().empty());
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "ready");
  clock_.advance(61s);
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "suspect:silent");
  post("hikvision-heartbeat");
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "ready");
}

TEST_F(HikvisionDriver, GarbageIs400AndMakesTheCameraSuspect) {
  driver_->poll(sink_);
  EXPECT_EQ(transports_.listener->post("/anpr", "multipart/form-data; boundary=b", "--b\r\nhalf"), 400);
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "suspect:garbled");
  EXPECT_TRUE(reads().empty());
}

TEST_F(HikvisionDriver, OnlyTheCameraMayPost) {
  settings_.options["camera_address"] = "10.0.0.5";
  make();
  driver_->poll(sink_);
  EXPECT_EQ(post("hikvision-deepinview", "10.0.0.66"), 403);
  EXPECT_TRUE(reads().empty());
  EXPECT_EQ(post("hikvision-deepinview", "10.0.0.5"), 200);
}

TEST_F(HikvisionDriver, NoListenerIsSaidAndTriedAgain) {
  transports_.can_listen = false;
  EXPECT_EQ(driver_->poll(sink_), product_.timing.backoff_max);
  EXPECT_EQ(sink_.condition(), "connecting:no_listener");
  transports_.can_listen = true;
  driver_->poll(sink_);
  EXPECT_EQ(post("hikvision-deepinview"), 200);
}

TEST_F(HikvisionDriver, LeavesItsPathWhenItGoes) {
  driver_->poll(sink_);
  driver_.reset();
  EXPECT_EQ(post("hikvision-deepinview"), 404);
}

TEST_F(HikvisionDriver, WrongOptionsNameDeviceAndKey) {
  settings_.options["silence_ms"] = "soon";
  auto made = make_hikvision_anpr(product_, settings_, transports_, clock_);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().what.find("L1-front: option silence_ms"), std::string::npos);
  settings_.options["silence_ms"] = "5";
  EXPECT_FALSE(make_hikvision_anpr(product_, settings_, transports_, clock_));
  settings_.options.clear();
  settings_.address.scheme = "http";
  EXPECT_FALSE(make_hikvision_anpr(product_, settings_, transports_, clock_));
}

}  // namespace
}  // namespace rampa::drivers::plate_camera
