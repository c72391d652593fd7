// What a lane hears of each frame, when several show one vehicle.
#include "edge/vision/camera_votes.hpp"

#include <gtest/gtest.h>

namespace rampa::vision {
namespace {

SeenFrame frame(std::int64_t at_ms, const std::string& text, bool certified = false, double confidence = 0.9, const std::string& camera = "cam") {
  SeenFrame out;
  out.event.from = {DeviceId{camera}, {MonoTime{at_ms * 1'000'000}, WallTime{at_ms}}, std::nullopt, device::Quality::good, ""};
  device::PlateRead read;
  read.text = text;
  read.confidence_percent = static_cast<int>(confidence * 100);
  read.read_id = camera + std::to_string(at_ms);
  read.uncertified = !certified;
  out.event.body = read;
  const ByteView picture = as_bytes(text);
  out.event.attachments = {{"scene.jpg", "image/jpeg", std::make_shared<Bytes>(picture.begin(), picture.end())}};
  out.sighting.at_ms = at_ms;
  out.sighting.certified = certified;
  for (const char sign : text) out.sighting.marks.push_back({sign, confidence});
  return out;
}
const device::PlateRead& read_of(const device::DeviceEvent& event) { return std::get<device::PlateRead>(event.body); }

TEST(CameraVotes, AFrameAloneIsToldAsItIs) {
  CameraVotes votes;
  const auto told = votes.count(frame(0, "BG123AA"));
  EXPECT_EQ(told.body, frame(0, "BG123AA").event.body);
  EXPECT_EQ(told.from, frame(0, "BG123AA").event.from);
}

TEST(CameraVotes, AWrongEarlyReadIsOutvotedAndTheBestPictureTold) {
  CameraVotes votes;
  (void)votes.count(frame(0, "BG128AA", false, 0.95));
  (void)votes.count(frame(300, "BG123AA"));
  const auto told = votes.count(frame(600, "BG123AA"));
  EXPECT_EQ(read_of(told).text, "BG123AA");
  EXPECT_EQ(read_of(told).read_id, "cam600") << "its own id: no replay";
  EXPECT_TRUE(read_of(told).uncertified);
  EXPECT_NE(told.from.received.wall.ms, 0) << "as old as a picture that shows it";
  EXPECT_EQ(as_text(*told.attachments.at(0).bytes), "BG123AA");
  (void)votes.count(frame(900, "BG123AA"));
  EXPECT_EQ(read_of(votes.count(frame(1200, "BG128AA"))).text, "BG123AA") << "two against three";
}

TEST(CameraVotes, ACertificateIsTheFramesOwn) {
  CameraVotes votes;
  EXPECT_FALSE(read_of(votes.count(frame(0, "BG123AA", true))).uncertified);
  EXPECT_TRUE(read_of(votes.count(frame(300, "BG123AA"))).uncertified) << "not handed on";
  EXPECT_FALSE(read_of(votes.count(frame(600, "BG123AA", true))).uncertified);
  EXPECT_TRUE(read_of(votes.count(frame(900, "BG128AA", true))).uncertified) << "two that contradict each other";
}

TEST(CameraVotes, OtherCamerasOtherVehiclesAndDoubtfulFramesHaveNoVote) {
  CameraVotes votes;
  for (int i = 0; i < 3; ++i) (void)votes.count(frame(i * 300, "BG128AA"));
  EXPECT_EQ(read_of(votes.count(frame(900, "BG123AA", false, 0.9, "cam_2"))).text, "BG123AA");
  EXPECT_EQ(read_of(votes.count(frame(1200, "NS456KL"))).text, "NS456KL");
  EXPECT_EQ(read_of(votes.count(frame(9000, "BG123AA"))).text, "BG123AA") << "the others are long gone";
  for (int i = 0; i < 3; ++i) {
    auto doubtful = frame(9300 + i * 300, "BG128AA");
    doubtful.event.from.quality = device::Quality::suspect;
    EXPECT_EQ(read_of(votes.count(doubtful)).text, "BG128AA");
  }
  EXPECT_EQ(read_of(votes.count(frame(10200, "BG123AA"))).text, "BG123AA");
}

}  // namespace
}  // namespace rampa::vision
