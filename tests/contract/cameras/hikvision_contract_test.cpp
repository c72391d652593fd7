// The simulated Hikvision camera posts over real sockets to the driver. Two independent readings of the protocol meet.
#include "drivers/plate_camera/hikvision_anpr.hpp"
#include "hil/devices/cameras/hikvision_model.hpp"
#include "hil/wire/push_client.hpp"
#include "tests/contract/cameras/camera_bench.hpp"

namespace rampa::tests {
namespace {

class HikvisionContract : public CameraBench {
 protected:
  void start(bool posts_again) {
    use("hikvision-anpr", "plate_front");
    settings_.address.scheme = "push";
    settings_.address.path = "/L1/plate_front";
    auto made = drivers::plate_camera::make_hikvision_anpr(product_, settings_, transports_, clock_);
    ASSERT_TRUE(made) << made.error().what;
    driver_ = std::move(*made);
    driver_->poll(sink_);
    hil::HikvisionSettings camera;
    camera.path = settings_.address.path;
    camera.posts_again = posts_again;
    camera.reading_takes = 10ms;
    camera.repeat_after = 50ms;
    model_ = std::make_unique<hil::HikvisionModel>(world_, camera, 1, clock_.now());
    client_ = std::make_unique<hil::PushClient>("127.0.0.1", transports_.listener->port(), *model_, clock_);
    wire_ = std::make_unique<hil::WireThread>(std::vector<hil::WireServer*>{client_.get()}, clock_);
  }
  void fault(const std::string& name, double value, bool on) {
    wire_->with([&] { EXPECT_TRUE(model_->fault(name, value, on)); });
  }
  std::uint64_t received() {
    std::uint64_t n = 0;
    wire_->with([&] { n = model_->received(); });
    return n;
  }
  /// The next good lorry must come through: whatever happened before has left nothing behind.
  void expect_next(const std::string& plate, std::size_t count) {
    arrive(*wire_, plate);
    ASSERT_TRUE(sink_.wait_for<device::PlateRead>(count));
    EXPECT_EQ(read_of(reads().back()).text, plate);
    EXPECT_EQ(reads().back().from.quality, device::Quality::good);
  }

  std::unique_ptr<device::Driver> driver_;
  std::unique_ptr<hil::HikvisionModel> model_;
  std::unique_ptr<hil::PushClient> client_;
  std::unique_ptr<hil::WireThread> wire_;
};

TEST_F(HikvisionContract, ALorryIsOneRead) {
  start(true);
  arrive(*wire_, "SM123AB");
  ASSERT_TRUE(sink_.wait_for<device::PlateRead>(1));
  const auto event = reads()[0];
  EXPECT_EQ(read_of(event).text, "SM123AB");
  EXPECT_EQ(read_of(event).country, "SRB");
  EXPECT_GE(read_of(event).confidence_percent, 90);
  EXPECT_EQ(read_of(event).char_confidence_percent.size(), 7u);
  EXPECT_EQ(read_of(event).heading, device::Heading::forward);
  EXPECT_EQ(read_of(event).read_id.size(), 36u);
  EXPECT_EQ(event.from.quality, device::Quality::good) << event.from.reason;
  ASSERT_EQ(event.attachments.size(), 2u);
  EXPECT_GT(event.attachments[1].bytes->size(), 2000u);
  driver_->poll(sink_);
  EXPECT_EQ(sink_.condition(), "ready");
}

TEST_F(HikvisionContract, AFullDiskIsPostedAgainUntilItIsDurable) {
  start(true);
  sink_.disk_full(true);
  arrive(*wire_, "SM123AB");
  ASSERT_TRUE(sink_.wait_refused(2)) << "the camera did not post again";
  EXPECT_TRUE(reads().empty());
  sink_.disk_full(false);
  ASSERT_TRUE(sink_.wait_for<device::PlateRead>(1));
  expect_next("BG998XZ", 2);
  EXPECT_EQ(reads().size(), 2u);
}

TEST_F(HikvisionContract, ACameraThatPostsOnceIsNeverToldThatWeHadIt) {
  start(false);
  sink_.disk_full(true);
  arrive(*wire_, "SM123AB");
  ASSERT_TRUE(sink_.wait_refused(1));
  sink_.disk_full(false);
  expect_next("BG998XZ", 1);
}

TEST_F(HikvisionContract, TheSameEventTwiceIsOneRead) {
  start(true);
  fault("duplicate", 0, true);
  arrive(*wire_, "SM123AB");
  ASSERT_TRUE(sink_.wait_for<device::PlateRead>(1));
  fault("duplicate", 0, false);
  expect_next("BG998XZ", 2);
  EXPECT_EQ(reads().size(), 2u);
}

TEST_F(HikvisionContract, AnOldEventOnANewConnectionIsNotPublishedAgain) {
  start(true);
  arrive(*wire_, "SM123AB");
  ASSERT_TRUE(sink_.wait_for<device::PlateRead>(1));
  const auto before = received();
  fault("replay", 0, true);
  while (received() == before) std::this_thread::yield();
  EXPECT_EQ(reads().size(), 1u);
  expect_next("BG998XZ", 2);
}

TEST_F(HikvisionContract, ReadingFaults) {
  start(true);
  fault("misread", 2, true);
  arrive(*wire_, "SM123AB");
  ASSERT_TRUE(sink_.wait_for<device::PlateRead>(1));
  EXPECT_NE(read_of(reads()[0]).text, "SM123AB");
  EXPECT_EQ(read_of(reads()[0]).text.size(), 7u);
  fault("misread", 2, false);
  fault("no_plate", 0, true);
  arrive(*wire_, "SM123AB");
  ASSERT_TRUE(sink_.wait_for<device::PlateRead>(2));
  EXPECT_EQ(read_of(reads()[1]).text, "");
  EXPECT_EQ(read_of(reads()[1]).confidence_percent, 0);
  fault("no_plate", 0, false);
  fault("low_confidence", 25, true);
  arrive(*wire_, "SM123AB");
  ASSERT_TRUE(sink_.wait_for<device::PlateRead>(3));
  EXPECT_EQ(read_of(reads()[2]).confidence_percent, 25);
}

TEST_F(HikvisionContract, GarbageAndHugePostsAreRefusedAndTheNextIsTaken) {
  start(false);
  fault("garbage", 0, true);
  arrive(*wire_, "SM123AB");
  while (transports_.listener->counters().not_taken < 1) std::this_thread::yield();
  fault("garbage", 0, false);
  fault("huge", 0, true);
  arrive(*wire_, "SM123AB");
  while (transports_.listener->counters().refused_malformed < 1) std::this_thread::yield();
  fault("huge", 0, false);
  EXPECT_TRUE(reads().empty());
  expect_next("BG998XZ", 1);
}

TEST_F(HikvisionContract, NamesWithoutNamespace) {
  start(true);
  fault("old_namespace", 0, true);
  expect_next("SM123AB", 1);
}

}  // namespace
}  // namespace rampa::tests
