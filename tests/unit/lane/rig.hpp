// A lane under test: its machine, a boom that moves, a store that answers, an assessment that is given. Time only moves
// where the test moves it. Everything that happened is kept for looking at.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "edge/lane/guard.hpp"
#include "edge/lane/lane.hpp"

namespace rampa::tests {

namespace points = device::points;
using lane::Phase;

inline lane::Config cargo_config() {
  lane::Config c;
  c.id = LaneId{"L1"};
  c.roles = {"io", "scale", "plate_front", "plate_rear"};
  c.required_evidence = {"scale", "plate_front"};
  return c;
}
inline lane::Config sally_config() {
  auto c = cargo_config();
  c.kind = lane::Kind::sally_port;
  return c;
}
inline lane::Config nii_config() {
  auto c = cargo_config();
  c.kind = lane::Kind::nii;
  c.roles = {"io", "scale", "plate_front", "scanner"};
  c.required_evidence = {"scale", "plate_front", "scanner"};
  return c;
}

class Rig {
 public:
  explicit Rig(lane::Config c = cargo_config()) : config(std::move(c)) {
    for (auto point : {points::loop_entry, points::loop_boom, points::loop_exit, points::photocell, points::boom_open,
                       points::emergency_stop, points::manual_mode})
      in[std::string(point)] = false;
    in[std::string(points::boom_closed)] = true;
    if (config.kind == lane::Kind::sally_port) {
      for (auto point : {points::loop_boom_2, points::photocell_2, points::boom_open_2}) in[std::string(point)] = false;
      in[std::string(points::boom_closed_2)] = true;
    }
  }

  // ---- the world ----
  lane::Config config;
  Stamp now{MonoTime{10'000'000'000}, WallTime{1'780'000'000'000}};
  std::map<std::string, bool> in;
  device::Quality input_quality = device::Quality::good;
  bool io_alive = true;          // false: no images at all
  bool store_answers = true;     // false: Persist stays unanswered
  bool store_fails = false;
  bool boom_moves = true;
  bool boom_reports = true;      // false: CommandReport{unknown}
  bool boom_silent = false;      // no report at all
  bool assess_answers = true;
  Duration boom_time = 1s;
  SelectivityChannel channel = SelectivityChannel::green;
  std::vector<std::string> controls;

  // ---- what happened ----
  lane::State state;
  std::vector<lane::Effect> all;
  std::vector<Record> asked_records;    // in the order of asking
  std::vector<Record> durable;          // in the order of Committed
  std::vector<std::string> permitted, withheld;
  std::vector<lane::Answer> answers;
  std::function<void(const lane::Event&, const lane::Step&)> watch;

  void give(const lane::Event& event) {
    queue_.push_back(event);
    if (busy_) return;
    busy_ = true;
    while (!queue_.empty()) {
      const lane::Event next = queue_.front();
      queue_.erase(queue_.begin());
      one(next);
    }
    busy_ = false;
  }

  void image() {
    if (!io_alive) return;
    device::PointImage points_now;
    for (const auto& [name, on] : in) points_now.points.push_back({name, on});
    give(lane::FromDevice{"io", event("L1-io", points_now, input_quality)});
  }
  /// Lets time pass, 50 ms at a time, with an image of the inputs each time.
  void pass(Duration time) {
    for (Duration d{}; d < time; d += 50ms) {
      now.mono = now.mono + 50ms;
      now.wall.ms += 50;
      move_booms();
      if (io_alive) image();
      else give(lane::Tick{});
    }
  }
  void set(std::string_view point, bool on) { in[std::string(point)] = on; }

  device::DeviceEvent event(const std::string& device, device::EventBody body, device::Quality quality = device::Quality::good) const {
    device::DeviceEvent e;
    e.from = {DeviceId{device}, now, std::nullopt, quality, quality == device::Quality::good ? "" : "test"};
    e.body = std::move(body);
    return e;
  }
  void plate(const std::string& role, const std::string& text, int confidence = 95, const std::string& id = {}, bool uncertified = false) {
    device::PlateRead read;
    read.uncertified = uncertified;
    read.text = text;
    read.confidence_percent = confidence;
    read.read_id = id.empty() ? "read-" + std::to_string(++reads_) : id;
    give(lane::FromDevice{role, event("L1-" + role, read)});
  }
  void weigh(std::int64_t kg, bool motion = false) {
    device::WeighReading reading;
    reading.gross_g = kg * 1000;
    reading.net_g = reading.gross_g;
    reading.motion = motion;
    give(lane::FromDevice{"scale", event("L1-scale", reading)});
  }
  void weigh_for(std::int64_t kg, Duration time) {
    for (Duration d{}; d < time; d += 100ms) {
      weigh(kg);
      pass(100ms);
    }
  }
  void condition(const std::string& role, device::ConditionLevel level, const std::string& fault = {}) {
    give(lane::FromDevice{role, event("L1-" + role, device::DeviceCondition{level, fault, ""})});
  }
  void start() {
    pass(100ms);
  }
  void arrive(bool evidence = true) {
    set(points::loop_entry, true);
    pass(500ms);
    if (!evidence) return;
    plate("plate_front", "BG123AA");
    plate("plate_rear", "BG456BB");
    weigh_for(32000, 700ms);
  }
  /// Drives from the arrival loop under the open boom and away.
  void drive_through() {
    set(points::loop_boom, true);
    set(points::photocell, true);
    pass(500ms);
    set(points::loop_exit, true);
    pass(500ms);
    set(points::loop_entry, false);
    pass(500ms);
    set(points::photocell, false);
    pass(100ms);
    set(points::loop_boom, false);
    pass(300ms);
    set(points::loop_exit, false);
  }
  lane::OfficerAction action(lane::ActionKind kind) const {
    lane::OfficerAction a;
    a.kind = kind;
    a.officer = OfficerId{"O1"};
    a.terminal = "T1";
    a.crossing = state.crossing;
    a.request = 7;
    return a;
  }

  // ---- questions ----
  template <class Body>
  std::vector<Body> records() const {
    std::vector<Body> found;
    for (const auto& record : durable) {
      if (const auto* body = std::get_if<Body>(&record.body)) found.push_back(*body);
    }
    return found;
  }
  std::size_t count(const std::string& permitted_command) const {
    return static_cast<std::size_t>(std::count(permitted.begin(), permitted.end(), permitted_command));
  }
  bool saw(const std::string& what) const {
    for (const auto& seen : records<PassageSeen>()) {
      if (seen.what == what) return true;
    }
    return false;
  }
  /// Answers every Persist that is open.
  void commit_all() {
    for (const auto n : std::exchange(unanswered_, {})) committed(n);
  }
  void fail_all() {
    for (const auto n : std::exchange(unanswered_, {})) give(lane::CommitFailed{n, "disk full"});
  }
  std::vector<std::uint64_t> unanswered() const { return unanswered_; }
  void answer_assessment() {
    AssessmentMade made;
    made.assessment.channel = channel;
    made.assessment.controls = controls;
    made.assessment.profile_set = "test";
    give(lane::Assessed{made, state.crossing});
  }

 private:
  struct Swing { bool up = false; MonoTime done; };
  std::map<device::Boom, Swing> swings_;
  std::vector<lane::Event> queue_;
  bool busy_ = false;
  std::uint64_t reads_ = 0, wire_ = 1000;
  std::vector<std::uint64_t> unanswered_;
  std::map<std::uint64_t, std::vector<Record>> groups_;

  void committed(std::uint64_t n) {
    for (auto& record : groups_[n]) durable.push_back(record);
    groups_.erase(n);
    give(lane::Committed{n});
  }

  void one(const lane::Event& next) {
    auto step = lane::step(std::move(state), next, lane::Context{now, &config, "7"});
    if (watch) watch(next, step);
    state = std::move(step.state);
    for (const auto& effect : step.effects) {
      all.push_back(effect);
      run(effect);
    }
  }

  void run(const lane::Effect& effect) {
    if (const auto* persist = std::get_if<lane::Persist>(&effect)) {
      asked_records.insert(asked_records.end(), persist->records.begin(), persist->records.end());
      groups_[persist->persist] = persist->records;
      unanswered_.push_back(persist->persist);  // the store answers in the order of asking
      if (store_fails) fail_all();
      else if (store_answers) commit_all();
    } else if (const auto* ask = std::get_if<lane::Ask>(&effect)) {
      send(*ask);
    } else if (std::get_if<lane::Assess>(&effect)) {
      if (assess_answers) answer_assessment();
    } else if (const auto* answer = std::get_if<lane::Answer>(&effect)) {
      answers.push_back(*answer);
    }
  }

  void send(const lane::Ask& ask) {
    const std::string text = lane::describe(lane::Effect{ask});
    const std::string what = text.substr(text.find(' ', text.find(' ', 4) + 1) + 1);  // without role and number
    const device::Command command{++wire_, DeviceId{"L1-" + ask.role}, ask.body, now.mono + 500ms};
    auto permit = lane::Guard::permit(command, state, config, now.mono);
    if (!permit || !permit->allows(command, now.mono)) {
      withheld.push_back(what);
      give(lane::FromDevice{ask.role, event("L1-io", device::CommandReport{ask.command, device::Outcome::refused, "withheld"})});
      return;
    }
    permitted.push_back(what);
    if (const auto* move = std::get_if<device::MoveBoom>(&ask.body); move && boom_moves) {
      const bool second = move->boom == device::Boom::second;
      set(second ? points::boom_open_2 : points::boom_open, false);
      set(second ? points::boom_closed_2 : points::boom_closed, false);
      swings_[move->boom] = {move->motion == device::Motion::raise, now.mono + boom_time};
    }
    if (boom_silent && std::holds_alternative<device::MoveBoom>(ask.body)) return;
    if (boom_reports || ask.role != "io")
      give(lane::FromDevice{ask.role, event("L1-" + ask.role, device::CommandReport{ask.command, device::Outcome::done, ""})});
    else
      give(lane::FromDevice{ask.role, event("L1-" + ask.role, device::CommandReport{ask.command, device::Outcome::unknown, "no reply"})});
  }

  void move_booms() {
    for (auto it = swings_.begin(); it != swings_.end();) {
      if (now.mono < it->second.done) { ++it; continue; }
      const bool second = it->first == device::Boom::second;
      set(second ? points::boom_open_2 : points::boom_open, it->second.up);
      set(second ? points::boom_closed_2 : points::boom_closed, !it->second.up);
      it = swings_.erase(it);
    }
  }
};

/// A lorry is released, and the boom is open for it.
inline Rig released() {
  Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  EXPECT_EQ(rig.state.phase, Phase::open);
  return rig;
}

/// How the only crossing ended.
inline std::string outcome(const Rig& rig) {
  const auto closed = rig.records<CrossingClosed>();
  return closed.size() == 1 ? closed[0].outcome : std::to_string(closed.size()) + " terminal records";
}

/// Something of level 3 was told.
inline bool alarmed(const Rig& rig) {
  for (const auto& effect : rig.all)
    if (const auto* n = std::get_if<lane::Notify>(&effect); n && n->level == 3) return true;
  return false;
}

}  // namespace rampa::tests
