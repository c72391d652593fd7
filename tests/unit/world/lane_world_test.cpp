// How lorries drive, what sensors could see of them, and what the platform weighs.
#include "tests/unit/world/lane_fixture.hpp"

namespace rampa::hil::tests {
namespace {

using LaneWorldTest = LaneFixture;

TEST_F(LaneWorldTest, a_normal_lorry_waits_at_the_line_until_boom_and_light_let_it_go) {
  lane.add(lorry());
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  run(20s);
  EXPECT_EQ(count("lorry_passed"), 0);
  const Observation waiting = lane.observe();
  EXPECT_TRUE(waiting.loop_entry);
  EXPECT_FALSE(waiting.loop_boom);
  ASSERT_NE(waiting.front_plate, nullptr);
  EXPECT_EQ(waiting.front_plate->plate_front, "BG123AB");
  ASSERT_NE(waiting.rear_plate, nullptr);
  EXPECT_NE(waiting.in_scanner, nullptr);
  EXPECT_FALSE(waiting.scale_moving);
  EXPECT_DOUBLE_EQ(waiting.mass_on_scale_kg, 30'000);
  EXPECT_NEAR(waiting.front_plate->front_m, lane.geometry().stop_line, 0.2);

  lane.output("boom_raise", true);  // the boom alone is not enough: the light is dark
  run(5s);
  EXPECT_DOUBLE_EQ(lane.observe().boom_angle, 1);
  EXPECT_EQ(count("lorry_passed"), 0);
  lane.output("light_green", true);
  ASSERT_TRUE(run_until("lorry_passed", 30s));
  ASSERT_TRUE(run_until("lorry_left", 60s));
  EXPECT_EQ(events.back().detail, "forward");
}

TEST_F(LaneWorldTest, the_platform_swings_while_a_lorry_drives_on_and_settles_exactly) {
  lane.add(lorry("normal", 41'250));
  bool moved = false, other_than_true = false;
  for (int i = 0; i < 400 && count("lorry_at_line") == 0; ++i) {
    run(50ms);
    const auto seen = lane.observe();
    moved = moved || seen.scale_moving;
    other_than_true = other_than_true || (seen.mass_on_scale_kg > 0 && seen.mass_on_scale_kg < 41'000);
  }
  EXPECT_TRUE(moved);
  EXPECT_TRUE(other_than_true) << "a lorry drives on axle by axle";
  run(5s);
  EXPECT_FALSE(lane.observe().scale_moving);
  EXPECT_NEAR(lane.observe().mass_on_scale_kg, 41'250, 0.001);
}

TEST_F(LaneWorldTest, a_second_lorry_on_the_scale_adds_its_front_axle) {
  lane.add(lorry());
  lane.add(lorry("second_on_scale"));
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  run(30s);
  EXPECT_GT(lane.observe().mass_on_scale_kg, 34'000);
}

TEST_F(LaneWorldTest, a_polite_lorry_waits_at_the_mouth_until_the_one_ahead_is_gone) {
  lane.add(lorry());
  lane.add(lorry());
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  run(30s);
  ASSERT_EQ(lane.lorries().size(), 2u);
  EXPECT_NEAR(lane.lorries()[1]->front_m, -1, 0.3);
  EXPECT_EQ(lane.observe().in_portal, nullptr);
  EXPECT_DOUBLE_EQ(lane.observe().mass_on_scale_kg, 30'000);
}

TEST_F(LaneWorldTest, a_lorry_that_stops_short_is_half_on_the_scale_until_told) {
  const auto number = lane.add(lorry("stops_short"));
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  run(5s);
  EXPECT_LT(lane.observe().mass_on_scale_kg, 29'000);
  ASSERT_TRUE(lane.tell_to_go(number));
  run(20s);
  EXPECT_NEAR(lane.observe().mass_on_scale_kg, 30'000, 1);
}

TEST_F(LaneWorldTest, lorries_that_reverse_out_leave_backwards) {
  lane.add(lorry("leaves_before_decision"));
  ASSERT_TRUE(run_until("lorry_left", 120s));
  EXPECT_EQ(events.back().detail, "backward");
  EXPECT_EQ(count("lorry_passed"), 0);
}

TEST_F(LaneWorldTest, wrong_way_reaches_the_exit_loop_first_and_gives_up_at_a_closed_boom) {
  lane.add(lorry("wrong_way"));
  bool exit_seen = false;
  for (int i = 0; i < 600 && !exit_seen; ++i) {
    run(50ms);
    ASSERT_FALSE(lane.observe().loop_boom);
    exit_seen = lane.observe().loop_exit;
  }
  EXPECT_TRUE(exit_seen);
  ASSERT_TRUE(run_until("lorry_left", 120s));
  EXPECT_EQ(events.back().detail, "forward");
  EXPECT_EQ(count("vehicle_hit_boom"), 0);
}

TEST_F(LaneWorldTest, wrong_way_drives_under_an_open_boom) {
  open();
  lane.add(lorry("wrong_way"));
  ASSERT_TRUE(run_until("lorry_left", 120s));
  EXPECT_EQ(events.back().detail, "backward");
}

TEST_F(LaneWorldTest, a_tailgater_goes_through_behind_the_lorry_ahead_although_the_light_is_red) {
  lane.add(lorry());
  lane.add(lorry("tailgates"));
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  open();
  while (count("lorry_passed") == 0) run(50ms);
  lane.output("light_green", false);
  lane.output("light_red", true);
  run(60s);
  EXPECT_EQ(count("lorry_passed"), 2);
}

TEST_F(LaneWorldTest, a_stalled_lorry_stands_under_the_boom_and_goes_on_when_told) {
  const auto number = lane.add(lorry("stalls_under_boom"));
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  open();
  run(25s);
  EXPECT_TRUE(lane.observe().photocell);
  EXPECT_TRUE(lane.observe().loop_boom);
  lane.tell_to_go(number);
  EXPECT_TRUE(run_until("lorry_left", 60s));
}

TEST_F(LaneWorldTest, faults_of_the_plant_change_what_is_sensed_not_what_is_true) {
  EXPECT_TRUE(lane.fault("loop_boom_stuck_on", 0, true));
  EXPECT_TRUE(lane.observe().loop_boom);
  EXPECT_TRUE(lane.fault("loop_boom_stuck_on", 0, false));
  EXPECT_FALSE(lane.observe().loop_boom);
  EXPECT_TRUE(lane.fault("loop_entry_stuck_off", 0, true));
  EXPECT_TRUE(lane.fault("boom_stuck", 0, true));
  EXPECT_FALSE(lane.fault("no_such_fault", 0, true));
  lane.add(lorry());
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  EXPECT_FALSE(lane.observe().loop_entry);
  open();
  run(10s);
  EXPECT_DOUBLE_EQ(lane.observe().boom_angle, 0) << "it acknowledges and does not move";
}

TEST_F(LaneWorldTest, a_loop_with_a_presence_time_forgets_a_standing_lorry) {
  lane.fault("presence_ends", 240, true);
  lane.add(lorry());
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  EXPECT_TRUE(lane.observe().loop_entry);
  run(241s);
  EXPECT_FALSE(lane.observe().loop_entry);
}

class SallyPort : public LaneFixture {
 protected:
  SallyPort() : LaneFixture(true) {}
};

TEST_F(SallyPort, a_lorry_stops_between_the_booms_clear_of_both_loops) {
  lane.add(lorry());
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  open();
  run(25s);
  const auto between = lane.observe();
  EXPECT_FALSE(between.loop_boom);
  EXPECT_FALSE(between.loop_boom_2);
  EXPECT_EQ(count("lorry_passed"), 0);
  close();
  run(4s);
  lane.output("light_green_2", true);
  lane.output("boom_raise_2", true);
  ASSERT_TRUE(run_until("lorry_passed", 40s));
  EXPECT_EQ(count("both_booms_open"), 0);
  lane.output("boom_raise", true);
  run(1s);
  EXPECT_EQ(count("both_booms_open"), 1) << "told once";
}

TEST_F(LaneWorldTest, nobody_turns_back_who_has_driven_under_the_boom) {
  Lorry wavering = lorry("reverses_out");
  wavering.behaviour_s = 8;
  lane.add(wavering);
  ASSERT_TRUE(run_until("lorry_at_line", 60s));
  open();
  ASSERT_TRUE(run_until("lorry_left", 60s));
  EXPECT_EQ(events.back().detail, "forward");
}

TEST_F(LaneWorldTest, the_turn_of_the_boom_is_told) {
  open();
  run(4s);
  pulse("boom_lower");
  EXPECT_EQ(count("boom_turned_round"), 0);
  pulse("boom_raise");
  EXPECT_EQ(count("boom_turned_round"), 1);
}

TEST_F(SallyPort, a_second_lorry_in_a_full_port_can_be_sent_back) {
  lane.add(lorry());
  lane.add(lorry("tailgates"));
  lane.output("light_green", true);
  lane.output("boom_raise", true);
  run(60s);
  EXPECT_TRUE(lane.lorry_stands_in_port());
  EXPECT_TRUE(lane.observe().loop_boom) << "the second one keeps the first boom up";
  lane.send_back_who_followed();
  ASSERT_TRUE(run_until("lorry_left", 60s));
  EXPECT_EQ(events.back().detail, "backward");
  EXPECT_FALSE(lane.observe().loop_boom);
  EXPECT_TRUE(lane.lorry_stands_in_port()) << "the first one waits for its boom";
  EXPECT_EQ(count("vehicle_hit_boom"), 0);
}

}  // namespace
}  // namespace rampa::hil::tests
