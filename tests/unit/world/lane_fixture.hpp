// A lane's world with a hand on the barrier: what tests of the world do instead of an appliance.
#pragma once

#include <gtest/gtest.h>

#include "hil/world/lane_world.hpp"
#include "hil/world/traffic.hpp"

namespace rampa::hil::tests {

class LaneFixture : public ::testing::Test {
 protected:
  explicit LaneFixture(bool two_booms = false) : lane("L1", {}, options(two_booms)) { lane.advance(MonoTime{1}); }

  static LaneOptions options(bool two_booms) {
    LaneOptions o;
    o.two_booms = two_booms;
    return o;
  }
  static Lorry lorry(const char* behaviour = "normal", double gross_kg = 30'000) {
    Lorry l;
    l.plate_front = "BG123AB";
    l.plate_rear = "NS456CD";
    l.behaviour = behaviour;
    l.axles = articulated_axles(gross_kg);
    return l;
  }
  void run(Duration for_time) {
    for (Duration done{0}; done < for_time; done += 50ms) {
      lane.advance(lane.now() + 50ms);
      for (auto& event : lane.take_events()) events.push_back(event);
    }
  }
  bool run_until(const std::string& what, Duration at_most) {
    for (Duration done{0}; done < at_most; done += 50ms) {
      run(50ms);
      if (!events.empty() && count(what) > 0) return true;
    }
    return false;
  }
  int count(const std::string& what) const {
    int n = 0;
    for (const auto& event : events) n += event.what == what;
    return n;
  }
  void pulse(const char* point) {
    lane.output(point, true);
    run(500ms);
    lane.output(point, false);
  }
  void open() {
    lane.output("light_red", false);
    lane.output("light_green", true);
    pulse("boom_raise");
  }
  void close() {
    lane.output("light_green", false);
    lane.output("light_red", true);
    pulse("boom_lower");
  }

  SimulatedLane lane;
  std::vector<WorldEvent> events;
};

}  // namespace rampa::hil::tests
