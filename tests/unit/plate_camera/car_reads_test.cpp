#include "drivers/plate_camera/car_reads.hpp"

#include <gtest/gtest.h>

namespace rampa::drivers::plate_camera {
namespace {

AxisEvent event(const std::string& car, CarState state, const std::string& plate, int confidence, std::int64_t captured_ms = 1000) {
  AxisEvent e;
  e.is_car = true;
  e.car_id = car;
  e.state = state;
  e.plate = plate;
  e.confidence_percent = confidence;
  e.captured = WallTime{captured_ms};
  return e;
}

Stamp at(Duration t) { return {MonoTime{t.count()}, WallTime{to_ms(t)}}; }

TEST(CarReads, OneReadPerCarTheBestOfItsEvents) {
  CarReads cars(1500ms);
  EXPECT_FALSE(cars.add(event("1", CarState::seen_new, "TM12AB0", 70), at(1s)));
  auto second = event("1", CarState::update, "TM12ABC", 90, 1300);
  second.direction = "in";
  EXPECT_FALSE(cars.add(second, at(1300ms)));
  EXPECT_FALSE(cars.add(event("1", CarState::update, "TM12A", 60, 1600), at(1600ms)));
  EXPECT_TRUE(cars.due(at(2s).mono).empty()) << "not settled yet";
  auto due = cars.due(at(2500ms).mono);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].best.plate, "TM12ABC");
  EXPECT_EQ(due[0].best.direction, "in");
  EXPECT_EQ(due[0].id, "1-1000");
  EXPECT_EQ(cars.due(at(3s).mono).size(), 1u) << "given until it was delivered";
  cars.delivered("1-1000", at(3s).mono);
  EXPECT_TRUE(cars.due(at(4s).mono).empty());
  EXPECT_FALSE(cars.add(event("1", CarState::lost, "TM12ABC", 90), at(11s)));
  EXPECT_TRUE(cars.due(at(20s).mono).empty());
}

TEST(CarReads, LostEndsACarAtOnce) {
  CarReads cars(15s);
  cars.add(event("1", CarState::seen_new, "A", 70), at(1s));
  EXPECT_TRUE(cars.add(event("1", CarState::lost, "A", 70), at(2s)));
  EXPECT_EQ(cars.due(at(2s).mono).size(), 1u);
}

TEST(CarReads, ACarOfWhichOnlyTheEndWasHeardSaysSo) {
  CarReads cars(1s);
  EXPECT_TRUE(cars.add(event("1", CarState::lost, "A", 70), at(1s)));
  ASSERT_EQ(cars.due(at(1s).mono).size(), 1u);
  EXPECT_TRUE(cars.due(at(1s).mono)[0].only_lost);
  EXPECT_FALSE(cars.add(event("2", CarState::lost, "", 0), at(1s))) << "the end of nothing is nothing";
}

TEST(CarReads, AnUnreadPlateIsStillARead) {
  CarReads cars(1s);
  cars.add(event("1", CarState::seen_new, "", 0), at(1s));
  EXPECT_EQ(cars.due(at(3s).mono).size(), 1u);
}

TEST(CarReads, TheSameNumberAfterARestartIsAnotherCar) {
  CarReads cars(1s);
  cars.add(event("1", CarState::seen_new, "A", 70), at(1s));
  cars.add(event("1", CarState::lost, "A", 70), at(2s));
  cars.delivered("1-1000", at(2s).mono);
  cars.add(event("1", CarState::seen_new, "B", 70, 9000), at(9s));
  auto due = cars.due(at(11s).mono);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].best.plate, "B");
  EXPECT_EQ(due[0].id, "1-9000");
}

TEST(CarReads, AFloodIsBounded) {
  CarReads cars(1h);
  for (int i = 0; i < 5000; ++i) cars.add(event(std::to_string(i), CarState::seen_new, "A", 70), at(Duration(i)));
  EXPECT_LE(cars.pending(), 256u);
}

}  // namespace
}  // namespace rampa::drivers::plate_camera
