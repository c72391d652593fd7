#include "drivers/plate_camera/axis_event.hpp"

#include <gtest/gtest.h>

#include <random>

#include "drivers/plate_camera/json_frames.hpp"
#include "tests/support/golden.hpp"

namespace rampa::drivers::plate_camera {
namespace {

std::vector<std::string> frames_of(const std::string& text, std::size_t piece, std::size_t max = 100'000) {
  JsonFrames frames(max);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < text.size(); i += piece) {
    frames.feed(as_bytes(std::string_view(text).substr(i, piece)));
    while (auto frame = frames.next()) out.push_back(*frame);
  }
  return out;
}

TEST(JsonFrames, FindsObjectsInAnyPieces) {
  const std::string text = tests::golden("cameras/axis-variants.jsonl");
  for (std::size_t piece : {1u, 2u, 7u, 1000u}) {
    const auto frames = frames_of(text, piece);
    ASSERT_EQ(frames.size(), 3u) << piece;
    EXPECT_EQ(frames[1], R"({"heartbeat":{"id":5,"camera":"ACCC00000001"}})");
  }
}

TEST(JsonFrames, BracesInsideStringsAndGarbageBetween) {
  const auto frames = frames_of("xx}{\"a\":\"}{\\\"\"}garbage{\"b\":1}", 1);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1], "{\"b\":1}");
}

TEST(JsonFrames, HealsAfterAnObjectThatLostItsEnd) {
  const auto frames = frames_of("{\"a\":\"lost\n{\"b\":1}\n", 3);
  ASSERT_FALSE(frames.empty());
  EXPECT_EQ(frames.back(), "{\"b\":1}");
  EXPECT_TRUE(frames_of("{" + std::string(200, 'x'), 10, 100).empty());
  EXPECT_EQ(frames_of("{" + std::string(200, 'x') + "\n{\"b\":1}", 10, 100).back(), "{\"b\":1}");
  EXPECT_TRUE(frames_of(std::string(1000, '['), 100).empty());
}

TEST(AxisEvent, GoldenCar) {
  const auto frames = frames_of(tests::golden("cameras/axis-car.jsonl"), 4096);
  ASSERT_EQ(frames.size(), 3u);
  auto first = parse_axis_event(frames[0]);
  ASSERT_TRUE(first && first->is_car) << first.error().what;
  EXPECT_EQ(first->car_id, "102");
  EXPECT_EQ(first->state, CarState::seen_new);
  EXPECT_EQ(first->plate, "TM12ABC");
  EXPECT_EQ(first->country, "ROU");
  EXPECT_EQ(first->confidence_percent, 73);
  EXPECT_EQ(first->captured->ms, 1780301730000);
  auto update = parse_axis_event(frames[1]);
  EXPECT_EQ(update->state, CarState::update);
  EXPECT_EQ(update->direction, "in");
  EXPECT_EQ(update->confidence_percent, 94);
  EXPECT_EQ(parse_axis_event(frames[2])->state, CarState::lost);
}

TEST(AxisEvent, Variants) {
  const auto frames = frames_of(tests::golden("cameras/axis-variants.jsonl"), 4096);
  auto number = parse_axis_event(frames[0]);
  ASSERT_TRUE(number);
  EXPECT_EQ(number->car_id, "7");
  EXPECT_EQ(number->plate, "SM123AB");
  EXPECT_EQ(number->confidence_percent, 96);
  EXPECT_FALSE(parse_axis_event(frames[1])->is_car);
  auto updated = parse_axis_event(frames[2]);
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->plate, "SM 123-AB");
  EXPECT_EQ(updated->captured->ms, 1780301730400);
  EXPECT_EQ(updated->confidence_percent, 0) << "an event without a confidence has none";
}

TEST(AxisEvent, PicturesFromBase64) {
  auto e = parse_axis_event(R"({"carID":"1","carState":"new","ImageArray":[{"ImageType":"plate","BinaryImage":"/9j/4AAQ"},{"ImageType":"frame","BinaryImage":"not base64!"}]})");
  ASSERT_TRUE(e);
  ASSERT_EQ(e->pictures.size(), 1u);
  EXPECT_EQ(e->pictures[0].name, "plate.jpg");
  EXPECT_EQ(e->pictures[0].bytes->size(), 6u);
}

TEST(AxisEvent, Refuses) {
  EXPECT_FALSE(parse_axis_event("[]"));
  EXPECT_FALSE(parse_axis_event("{\"carID\":\"1\""));
  EXPECT_FALSE(parse_axis_event("{\"carID\":\"1\",\"carState\":\"gone\"}"));
  EXPECT_FALSE(parse_axis_event("{\"carID\":\"1\"}"));
}

TEST(AxisEvent, RandomDamageNeverCrashes) {
  const std::string whole = tests::golden("cameras/axis-car.jsonl") + tests::golden("cameras/axis-variants.jsonl");
  std::mt19937 random(5);
  for (int round = 0; round < 5000; ++round) {
    std::string text = whole;
    for (int i = 0; i < 5; ++i) text[random() % text.size()] = static_cast<char>(random());
    for (const auto& frame : frames_of(text, 1 + random() % 500)) {
      auto event = parse_axis_event(frame);
      if (event) { EXPECT_LE(event->confidence_percent, 100); }
    }
  }
}

}  // namespace
}  // namespace rampa::drivers::plate_camera
