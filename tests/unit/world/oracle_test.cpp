// The oracle must see a boom that comes down on a vehicle, and must not cry where the driver is to blame.
#include "tests/unit/world/lane_fixture.hpp"

namespace rampa::hil::tests {
namespace {

using OracleTest = LaneFixture;

TEST_F(OracleTest, sees_a_boom_that_comes_down_on_a_standing_lorry) {
  lane.add(lorry("stalls_under_boom"));
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  open();
  run(20s);
  ASSERT_TRUE(lane.observe().photocell);
  close();
  run(5s);
  EXPECT_EQ(count("boom_hit_vehicle"), 1);
  EXPECT_EQ(count("lowering_over_vehicle"), 0) << "it hit before it had been lowering for half a second";
  EXPECT_GT(lane.observe().boom_angle, 0.5) << "it lies on the lorry";
}

TEST_F(OracleTest, sees_a_boom_that_keeps_lowering_with_a_vehicle_on_its_loop) {
  lane.add(lorry("stops_on_loop"));
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  open();
  run(25s);
  ASSERT_TRUE(lane.observe().loop_boom);
  ASSERT_FALSE(lane.observe().photocell);
  close();
  run(5s);
  EXPECT_EQ(count("lowering_over_vehicle"), 1);
  EXPECT_EQ(count("boom_hit_vehicle"), 0);
}

TEST_F(OracleTest, is_silent_when_the_boom_is_turned_round_in_time) {
  lane.add(lorry("stops_on_loop"));
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  open();
  run(25s);
  lane.output("boom_raise", false);
  lane.output("boom_lower", true);
  run(200ms);
  lane.output("boom_raise", true);
  run(5s);
  EXPECT_EQ(count("lowering_over_vehicle"), 0);
  EXPECT_EQ(count("boom_hit_vehicle"), 0);
  EXPECT_DOUBLE_EQ(lane.observe().boom_angle, 1);
}

TEST_F(OracleTest, is_silent_for_an_orderly_passage) {
  lane.add(lorry());
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  open();
  ASSERT_TRUE(run_until("lorry_passed", 30s));
  run(6s);
  close();
  run(10s);
  for (const auto* never : {"boom_hit_vehicle", "vehicle_hit_boom", "lowering_over_vehicle"}) EXPECT_EQ(count(never), 0) << never;
  EXPECT_EQ(count("boom_closed"), 1);
}

}  // namespace
}  // namespace rampa::hil::tests
