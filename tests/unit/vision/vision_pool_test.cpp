#include "edge/vision/vision_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace rampa::vision {
namespace {

/// Reads the frame's bytes as the plate; waits for the gate first.
class EchoReader : public PlateReader {
 public:
  explicit EchoReader(std::shared_future<void> gate) : gate_(std::move(gate)) {}
  Result<std::vector<device::PlateRead>> read(ByteView jpeg) override {
    gate_.wait();
    const std::string text(as_text(jpeg));
    if (text == "broken") return fail(ErrorCode::invalid, "no picture");
    if (text == "throws") throw std::runtime_error("reader");
    if (text == "none") return std::vector<device::PlateRead>{};
    device::PlateRead read;
    read.text = text;
    read.confidence_percent = 50;
    return std::vector{read};
  }

 private:
  std::shared_future<void> gate_;
};

device::DeviceEvent frame(const std::string& text, std::uint64_t number) {
  const ByteView bytes = as_bytes(text);
  device::Provenance from{DeviceId{"cam"}, {MonoTime{5}, WallTime{1000}}, std::nullopt, device::Quality::suspect, "frozen_picture"};
  return {from, device::CameraFrame{device::PlatePosition::rear, number}, {{"frame", "image/jpeg", std::make_shared<Bytes>(bytes.begin(), bytes.end())}}};
}

class VisionPoolTest : public ::testing::Test {
 protected:
  void start(std::size_t threads, std::size_t queue) {
    auto gate = gate_.get_future().share();
    pool_ = *VisionPool::start([gate]() -> Result<std::unique_ptr<PlateReader>> { return std::make_unique<EchoReader>(gate); }, threads, queue,
                               [this](device::DeviceEvent e) {
                                 std::lock_guard lock(mutex_);
                                 events_.push_back(std::move(e));
                               });
  }
  std::promise<void> gate_;
  std::mutex mutex_;
  std::vector<device::DeviceEvent> events_;
  std::unique_ptr<VisionPool> pool_;
};

TEST_F(VisionPoolTest, AReadKeepsTheFramesStampAndQuality) {
  start(1, 4);
  gate_.set_value();
  pool_->add(frame("SM123AB", 3));
  pool_->wait_idle();
  ASSERT_EQ(events_.size(), 1u);
  const auto& read = std::get<device::PlateRead>(events_[0].body);
  EXPECT_EQ(read.text, "SM123AB");
  EXPECT_EQ(read.position, device::PlatePosition::rear);
  EXPECT_EQ(read.read_id, "cam-1000-3");
  EXPECT_EQ(events_[0].from, frame("", 3).from);
  EXPECT_EQ(events_[0].attachments.at(0).name, "scene.jpg");
}

TEST_F(VisionPoolTest, DropsTheOldestAndCounts) {
  start(1, 2);
  for (std::uint64_t i = 1; i <= 10; ++i) pool_->add(frame("P" + std::to_string(i), i));
  gate_.set_value();
  pool_->wait_idle();
  const auto c = pool_->counters();
  EXPECT_EQ(c.frames, 10u);
  EXPECT_GE(c.dropped, 7u);
  EXPECT_EQ(c.dropped + c.reads, 10u);
  EXPECT_EQ(std::get<device::PlateRead>(events_.back().body).text, "P10") << "the newest was looked at";
}

TEST_F(VisionPoolTest, CountsWhatItCannotRead) {
  start(2, 100);
  gate_.set_value();
  int number = 0;
  for (const char* text : {"none", "broken", "throws", "A1"}) pool_->add(frame(text, static_cast<std::uint64_t>(++number)));
  auto empty = frame("A2", 9);
  empty.attachments.clear();
  pool_->add(empty);
  pool_->add({{}, device::PlateRead{}, {}});  // no frame: ignored
  pool_->wait_idle();
  const auto c = pool_->counters();
  EXPECT_EQ(c.frames, 5u);
  EXPECT_EQ(c.without, 1u);
  EXPECT_EQ(c.undecodable, 3u);
  EXPECT_EQ(c.reads, 1u);
}

TEST_F(VisionPoolTest, EndsWithFramesWaiting) {
  start(2, 100);
  for (std::uint64_t i = 1; i <= 50; ++i) pool_->add(frame("P", i));
  std::thread opener([this] { gate_.set_value(); });
  pool_.reset();
  opener.join();
}

TEST(VisionPool, ReportsAReaderThatDoesNotStart) {
  auto pool = VisionPool::start([]() -> Result<std::unique_ptr<PlateReader>> { return fail(ErrorCode::not_found, "no data"); }, 2, 2, [](auto) {});
  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace rampa::vision
