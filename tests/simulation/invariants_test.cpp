// The invariants are trusted only because each of them has been seen to fire: here they are fed what a broken lane would do.
#include "hil/bench/invariants.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

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
    for (const char* point : {"loop_boom", "photocell"}) io.wiring.push_back({.point = point});
    s.devices.push_back(io);
    io.id = {"L1-scale"};
    io.role = "scale";
    s.devices.push_back(io);
    lane::Config lane;
    lane.id = {"L1"};
    s.lanes.push_back(lane);
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
  device::Provenance from;
  from.quality = device::Quality::good;
  record("c1", CaptureTaken{"plate_front", from, read});
  EXPECT_EQ(names(), Names{});
  read.text = "NEW2";
  from.quality = device::Quality::suspect;  // is no evidence
  record("c1", CaptureTaken{"plate_front", from, read});
  EXPECT_EQ(names(), Names{});
  from.quality = device::Quality::good;
  record("c1", CaptureTaken{"plate_front", from, read});
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

TEST_F(InvariantsTest, a_release_is_used_up_when_the_boom_is_down_again) {
  record("c1", CrossingOpened{});
  record("c1", release());
  invariants.world_event(event("boom_raising"), lane);
  invariants.world_event(event("boom_closed"), lane);
  EXPECT_EQ(names(), Names{});
  invariants.world_event(event("boom_raising", 0, "2"), lane);
  EXPECT_EQ(names(), Names{}) << "the same release is for a sally port's second boom too";
  invariants.world_event(event("boom_raising"), lane);
  EXPECT_EQ(names(), Names{"open_without_release"});
}

TEST_F(InvariantsTest, lowering_on_an_input_that_speaks_against_it_is_seen) {
  device::Command lower;
  lower.device = {"L1-io"};
  lower.body = device::MoveBoom{device::Boom::first, device::Motion::lower};
  const auto image = [&](bool loop, bool photocell) {
    auto e = points("loop_boom", loop);
    e.body = device::PointImage{{{"loop_boom", loop}, {"photocell", photocell}}};
    return e;
  };
  const auto seen = [&](const std::function<void(Invariants&)>& before, Duration later = 0ms) {
    Invariants fresh(site(), *risk::compile(R"({"format":1,"version":"t","default_language":"en","profiles":[]})", ""));
    before(fresh);
    fresh.sent(lower, lane.now() + later);
    Names all;
    for (const auto& v : fresh.violations()) all.push_back(v.name + " " + v.detail);
    return all;
  };
  const auto say = [&](bool loop, bool photocell) {
    return [&, loop, photocell](Invariants& i) { i.device_event(image(loop, photocell), 1h); };
  };
  EXPECT_EQ(seen(say(false, false)), Names{});
  EXPECT_EQ(seen(say(false, false), 250ms), Names{}) << "just young enough";
  EXPECT_EQ(seen([](Invariants&) {}).size(), 2u) << "nothing was said yet";
  EXPECT_EQ(seen(say(false, false), 251ms), (Names{"closed_on_input loop_boom is too old", "closed_on_input photocell is too old"}));
  EXPECT_EQ(seen(say(true, false)), Names{"closed_on_input loop_boom says occupied"});
  EXPECT_EQ(seen(say(false, true)), Names{"closed_on_input photocell says occupied"});
  EXPECT_EQ(seen([&](Invariants& i) { say(false, false)(i), i.killed(); }).size(), 2u) << "a new process has been told nothing";
  lower.body = device::MoveBoom{device::Boom::first, device::Motion::raise};
  EXPECT_EQ(seen(say(true, true)), Names{}) << "raising needs no free zone";
}

TEST_F(InvariantsTest, lowering_on_an_input_that_is_not_good_is_seen) {
  auto e = points("loop_boom", false);
  e.body = device::PointImage{{{"loop_boom", false}, {"photocell", false}}};
  e.from.quality = device::Quality::suspect;
  invariants.device_event(e, 1h);
  device::Command lower;
  lower.device = {"L1-io"};
  lower.body = device::MoveBoom{device::Boom::first, device::Motion::lower};
  invariants.sent(lower, lane.now());
  EXPECT_EQ(names(), (Names{"closed_on_input", "closed_on_input"}));
}

TEST_F(InvariantsTest, a_queue_over_its_bound_is_seen) {
  invariants.over_bound("store", 4097, lane.now());
  EXPECT_EQ(names(), Names{"queue_over_bound"});
}

TEST_F(InvariantsTest, a_crossing_without_end_is_seen_when_the_lanes_are_at_rest) {
  record("c1", CrossingOpened{});
  record("c1", CrossingClosed{"released", ""});
  invariants.at_rest(lane.now());
  EXPECT_EQ(names(), Names{});
  record("c2", CrossingOpened{});
  invariants.at_rest(lane.now());
  EXPECT_EQ(names(), Names{"no_terminal_record"});
}

TEST_F(InvariantsTest, who_passes_without_a_release_and_nobody_says_so_is_seen) {
  const auto pass = [&](std::uint64_t lorry, const char* crossing, bool told) {
    invariants.world_event(event("lorry_on_entry", lorry), lane);
    if (crossing) {
      record(crossing, CrossingOpened{});
      record(crossing, release());
    }
    invariants.world_event(event("lorry_passed", lorry), lane);
    if (crossing) record(crossing, CrossingClosed{"released", ""});
    if (told) record("", PassageSeen{"tailgate", "test"});
    lane.advance(lane.now() + 200s);
    invariants.at_rest(lane.now());
  };
  pass(1, "c1", false);
  pass(2, nullptr, true);
  EXPECT_EQ(names(), Names{});
  pass(3, nullptr, false);
  EXPECT_EQ(names(), Names{"passed_untold"});
}

TEST_F(InvariantsTest, a_boom_that_comes_down_beside_a_lorry_is_seen) {
  record("", OfficerActed{"1001", "t", "open_boom", "test", true, ""});
  lane.add(Lorry{});
  lane.output("light_green", true);
  lane.output("boom_raise", true);
  for (int i = 0; i < 600 && !lane.observe().loop_boom; ++i) drive(50ms);
  ASSERT_TRUE(lane.observe().loop_boom && !lane.observe().photocell) << "its bumper is on the loop, not yet under the boom";
  lane.output("boom_lower", true);
  drive(2s);
  EXPECT_THAT(names(), ::testing::Contains("lowering_over_vehicle"));
}

TEST(InvariantsOfTwoBooms, both_open_is_seen) {
  LaneOptions options;
  options.two_booms = true;
  SimulatedLane port("L1", {}, options);
  Invariants invariants({}, *risk::compile(R"({"format":1,"version":"t","default_language":"en","profiles":[]})", ""));
  port.advance(MonoTime{1'000'000'000});
  port.output("boom_raise", true);
  port.output("boom_raise_2", true);
  port.advance(port.now() + 1s);
  for (const auto& e : port.take_events()) invariants.world_event(e, port);
  std::vector<std::string> names;
  for (const auto& v : invariants.violations()) names.push_back(v.name);
  EXPECT_THAT(names, ::testing::Contains("both_booms_open"));
}

}  // namespace
}  // namespace rampa::hil
