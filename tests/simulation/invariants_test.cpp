// The invariants are trusted only because each of them has been seen to fire: here they are fed what a broken lane would do.
#include "hil/bench/invariants.hpp"

#include <gtest/gtest.h>

namespace rampa::hil {
namespace {

class InvariantsTest : public ::testing::Test {
 protected:
  InvariantsTest() : lane("L1", {}, {}), invariants(site(), *risk::compile(R"({"format":1,"version":"t","default_language":"en","profiles":[]})", "")) {
    lane.advance(MonoTime{1'000'000'000});
  }
  static config::Site site() {
    config::Site s;
    device::Settings io;
    io.id = {"L1-io"};
    io.lane = {"L1"};
    io.role = "io";
    s.devices.push_back(io);
    io.id = {"L1-scale"};
    io.role = "scale";
    s.devices.push_back(io);
    return s;
  }
  WorldEvent event(const char* what, std::uint64_t lorry = 0, const char* detail = "1") { return {lane.now(), "L1", what, lorry, detail}; }
  void record(const char* crossing, RecordBody body) {
    Record r;
    r.lane = {"L1"};
    r.crossing = {crossing};
    r.at.mono = lane.now();
    r.body = std::move(body);
    invariants.committed(r, lane.now());
  }
  VerdictGiven release() {
    VerdictGiven v;
    v.verdict = Verdict::release;
    return v;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& v : invariants.violations()) all.push_back(v.name);
    return all;
  }
  device::DeviceEvent points(std::string_view point, bool on) {
    device::DeviceEvent e;
    e.from.device = {"L1-io"};
    e.from.received.mono = lane.now();
    e.from.quality = device::Quality::good;
    e.body = device::PointImage{{{std::string(point), on}}};
    return e;
  }
  void drive(Duration time) {
    for (Duration done{0}; done < time; done += 50ms) {
      lane.advance(lane.now() + 50ms);
      for (const auto& e : lane.take_events()) invariants.world_event(e, lane);
      invariants.sample(lane, lane.now());
    }
  }
  using Names = std::vector<std::string>;
  SimulatedLane lane;
  Invariants invariants;
};

TEST_F(InvariantsTest, opening_before_the_release_is_durable_is_seen) {
  record("c1", CrossingOpened{});
  invariants.world_event(event("boom_raising"), lane);
  EXPECT_EQ(names(), Names{"open_without_release"});
}

TEST_F(InvariantsTest, opening_after_a_durable_release_or_an_officers_order_is_fine) {
  record("c1", CrossingOpened{});
  record("c1", release());
  invariants.world_event(event("boom_raising"), lane);
  record("c1", CrossingClosed{"released", ""});
  record("", OfficerActed{"1001", "t", "open_boom", "tow truck", true, ""});
  invariants.world_event(event("boom_raising"), lane);
  EXPECT_EQ(names(), Names{});
  invariants.world_event(event("boom_closed"), lane);
  invariants.world_event(event("boom_raising"), lane);
  EXPECT_EQ(names(), Names{"open_without_release"}) << "the order is used up";
}

TEST_F(InvariantsTest, a_hold_after_a_release_takes_it_back) {
  record("c1", CrossingOpened{});
  record("c1", release());
  record("c1", VerdictGiven{});
  invariants.world_event(event("boom_raising"), lane);
  EXPECT_EQ(names(), Names{"open_without_release"});
}

TEST_F(InvariantsTest, two_ends_two_at_once_and_an_end_without_beginning_are_seen) {
  record("c1", CrossingOpened{});
  record("c2", CrossingOpened{});
  record("c2", CrossingClosed{"released", ""});
  record("c2", CrossingClosed{"released", ""});
  record("c9", CrossingClosed{"released", ""});
  EXPECT_EQ(names(), (Names{"crossing_overlap", "two_terminal_records", "closed_unopened"}));
}

TEST_F(InvariantsTest, a_stale_capture_is_seen) {
  Lorry first;
  first.plate_front = "OLD1";
  Lorry second;
  second.plate_front = "NEW2";
  lane.add(first);
  lane.add(second);
  drive(30s);  // the first waits at the line
  record("c1", CrossingOpened{});
  device::PlateRead read;
  read.text = "OLD1";
  record("c1", CaptureTaken{"plate_front", {}, read});
  EXPECT_EQ(names(), Names{});
  read.text = "NEW2";
  record("c1", CaptureTaken{"plate_front", {}, read});
  EXPECT_EQ(names(), Names{"capture_of_another"});
}

TEST_F(InvariantsTest, old_inputs_published_as_good_are_seen) {
  Lorry lorry;
  lane.add(lorry);
  drive(30s);
  ASSERT_TRUE(lane.observe().loop_entry);
  invariants.device_event(points("loop_entry", true), Duration{0});
  EXPECT_EQ(names(), Names{});
  invariants.device_event(points("loop_entry", false), Duration{0});
  EXPECT_EQ(names(), Names{"stale_as_good"});
}

TEST_F(InvariantsTest, a_mass_that_never_lay_on_the_platform_is_seen) {
  drive(2s);
  device::DeviceEvent e;
  e.from.device = {"L1-scale"};
  e.from.received.mono = lane.now();
  e.from.quality = device::Quality::good;
  device::WeighReading reading;
  reading.gross_g = 20'000;
  e.body = reading;
  invariants.device_event(e, Duration{0});
  EXPECT_EQ(names(), Names{}) << "20 kg is within the graduation";
  reading.gross_g = 38'000'000;
  e.body = reading;
  invariants.device_event(e, Duration{0});
  EXPECT_EQ(names(), Names{"stale_as_good"});
}

TEST_F(InvariantsTest, an_assessment_that_does_not_follow_from_its_facts_is_seen) {
  AssessmentMade made;
  made.assessment.channel = SelectivityChannel::green;  // no declaration among the facts: cannot be
  record("c1", CrossingOpened{});
  record("c1", made);
  EXPECT_EQ(names(), Names{"reassess_differs"});
}

TEST_F(InvariantsTest, the_worlds_oracle_counts) {
  invariants.world_event(event("boom_hit_vehicle", 3), lane);
  EXPECT_EQ(names(), Names{"boom_hit_vehicle"});
}

}  // namespace
}  // namespace rampa::hil
