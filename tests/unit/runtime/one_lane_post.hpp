// A reactor with one lane and whatever cameras and portal a test needs; the test is the clock, the devices, the store and the post's lists.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "edge/runtime/reactor.hpp"
#include "tests/unit/risk/sets.hpp"

namespace rampa::tests {

class OneLanePost : public runtime::Ports {
 public:
  /// `roles`: of the lane itself; a device for each of them and of `others`.
  explicit OneLanePost(const std::vector<std::string>& roles, const std::vector<std::string>& others = {}) {
    lane::Config c;
    c.id = LaneId{"L1"};
    c.roles = {roles.begin(), roles.end()};
    c.required_evidence = {"plate_front"};
    c.evidence_deadline = 1s;
    std::vector<device::Settings> devices;
    for (const auto& all : {roles, others})
      for (const auto& role : all) {
        auto& settings = devices.emplace_back();
        settings.id = DeviceId{"L1-" + role};
        settings.lane = c.id;
        settings.role = role;
      }
    reactor = std::make_unique<runtime::Reactor>(std::vector{c}, devices, compiled(""), "7", *this);
  }
  void pass(Duration time, bool loop) {
    namespace points = device::points;
    for (Duration d{}; d < time; d += 50ms) {
      now.mono = now.mono + 50ms;
      now.wall.ms += 50;
      device::PointImage image;
      for (const auto point : {points::loop_boom, points::loop_exit, points::photocell, points::boom_open, points::emergency_stop, points::manual_mode})
        image.points.push_back({std::string(point), false});
      image.points.push_back({std::string(points::boom_closed), true});
      image.points.push_back({std::string(points::loop_entry), loop});
      give("io", image);
      reactor->advance(now);
      answer_all();
    }
  }
  void give(const std::string& role, device::EventBody body) {
    device::DeviceEvent event;
    event.from = {DeviceId{"L1-" + role}, now, std::nullopt, device::Quality::good, ""};
    event.body = std::move(body);
    reactor->handle(std::move(event), now);
    answer_all();
  }
  void answer_all() {
    for (const auto token : std::exchange(tokens, {})) reactor->handle(runtime::PersistDone{token, std::vector<std::uint64_t>{}}, now);
  }
  [[nodiscard]] std::vector<AssessmentMade> assessments() const {
    std::vector<AssessmentMade> found;
    for (const auto& record : records)
      if (const auto* made = std::get_if<AssessmentMade>(&record.body)) found.push_back(*made);
    return found;
  }
  [[nodiscard]] lane::State state() const { return reactor->view(LaneId{"L1"}).state; }

  Stamp now{MonoTime{10'000'000'000}, WallTime{1'780'000'000'000}};
  std::unique_ptr<runtime::Reactor> reactor;
  std::vector<Declaration> declared;
  std::vector<Record> records;
  std::vector<std::uint64_t> tokens;
  std::uint64_t draws = 0;
  int frames_read = 0;

  void persist(std::uint64_t token, std::vector<Record> group) override {
    records.insert(records.end(), group.begin(), group.end());
    tokens.push_back(token);
  }
  void send(device::Command, device::Permit) override {}
  void append_blob(const std::string&, SharedBytes) override {}
  void read_plate(const device::DeviceEvent&) override { ++frames_read; }
  void answer(std::uint64_t, bool, const std::string&) override {}
  void changed(const LaneId&) override {}
  void notify(const LaneId&, int, const std::string&) override {}
  std::vector<Declaration> declarations_for(const std::vector<std::string>&) override { return declared; }
  risk::WatchHits watch_hits(const risk::WatchQuestion&) override { return {}; }
  std::uint64_t draw_key(const CrossingId&) override { return 1000 + ++draws; }
};

}  // namespace rampa::tests
