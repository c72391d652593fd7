// Random traffic on a lane of real lengths: lorries in both directions, road trains with an open drawbar, some that stall, turn
// back, jump a red light, or come from behind while somebody is let go. What the lane records is compared with what the lorries did.
#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;

namespace {

// Metres along the lane, in the direction of traffic. The boom stands at 7.
constexpr double entry_loop[] = {0, 5}, under_boom[] = {7, 10}, exit_loop[] = {11, 16}, stop_line = 6.4, lane_end = 17;
constexpr double step_s = 0.05, walk_m = 0.15;  // 3 m/s at most

enum class Way { forward, backing_out, from_behind, backing_off };

struct Lorry {
  int id = 0;
  Way way = Way::forward;
  double rear = 0, front = 0;          ///< rear < front in the direction of traffic, whichever way it drives
  std::optional<double> drawbar;       ///< share of its length where loops and photocell see nothing
  double waits_until = 0;
  bool will_turn_back = false;
  [[nodiscard]] bool with_traffic() const { return way == Way::forward || way == Way::backing_out; }
  [[nodiscard]] bool over(const double (&place)[2]) const {
    const auto overlaps = [&](double from, double to) { return std::min(place[1], to) > std::max(place[0], from); };
    if (!drawbar) return overlaps(rear, front);
    const double middle = rear + (front - rear) * *drawbar;
    return overlaps(rear, middle - 0.9) || overlaps(middle + 0.9, front);
  }
};

class Traffic {
 public:
  explicit Traffic(unsigned seed) : random_(seed), rig(config()) {
    rig.boom_time = std::chrono::milliseconds(static_cast<int>(draw(800, 4000)));
    next_behind_ = draw(5, 60);
    rig.start();
  }

  /// `seconds` of traffic, then a quiet lane; what was recorded against the truth.
  void play(double seconds) {
    const int lorries = 4 + static_cast<int>(draw(0, 3));
    for (; now_ < seconds; now_ += step_s) {
      if (last_id_ < lorries && now_ > next_forward_) arrive();
      if (now_ > next_behind_ && now_ < seconds * 2 / 3) come_from_behind();
      if (chance(0.002)) queue_until_ = now_ + draw(1, 15);
      for (auto& lorry : lorries_)
        if (lorry.waits_until <= now_) move(lorry);
      leave();
      sense();
      tell_who_stands_there();
      officer();
      compare();
    }
    lorries_.clear();
    sense();
    rig.pass(100s);
    compare();
  }

 private:
  static lane::Config config() {
    auto c = cargo_config();
    c.gap_means_second = false;  // road trains use this lane
    c.boom_travel_max = 8s;
    return c;
  }
  double draw(double from, double to) { return std::uniform_real_distribution<>(from, to)(random_); }
  bool chance(double p) { return draw(0, 1) < p; }

  void arrive() {
    double queue_end = -2;
    for (const auto& other : lorries_)
      if (other.with_traffic()) queue_end = std::min(queue_end, other.rear - 0.8);
    Lorry lorry;
    lorry.id = ++last_id_;
    lorry.front = queue_end - draw(0, 8);
    lorry.rear = lorry.front - draw(8, 20);
    if (chance(0.4)) lorry.drawbar = draw(0.35, 0.65);
    lorry.will_turn_back = chance(0.15);
    lorries_.push_back(lorry);
    next_forward_ = now_ + draw(1, 25);
  }

  void come_from_behind() {
    next_behind_ = now_ + draw(10, 80);
    for (const auto& other : lorries_)
      if (other.front > 20) return;
    Lorry lorry;
    lorry.id = -1;
    lorry.way = Way::from_behind;
    lorry.rear = 24;
    lorry.front = 24 + draw(4, 12);
    lorries_.push_back(lorry);
  }

  void move(Lorry& lorry) {
    if (chance(0.01)) return void(lorry.waits_until = now_ + draw(0.3, 4));
    const double step = walk_m * draw(0.3, 1);
    const auto shift = [&](double by) { lorry.rear += by, lorry.front += by; };
    switch (lorry.way) {
      case Way::forward: {
        const bool before = lorry.front <= stop_line + 0.1;
        if (before && lorry.front > 0 && lorry.will_turn_back && now_ > 60 && chance(0.01)) lorry.way = Way::backing_out;
        double limit = lorry.front > 11 && now_ < queue_until_ ? 15 : 1e9;
        for (const auto& other : lorries_)
          if (&other != &lorry && other.rear >= lorry.front - 0.01) limit = std::min(limit, other.rear - 0.6);
        const bool may = boom_up() && (green() || lorry.will_turn_back || chance(0.002));  // some drive at a red light
        if (before && !may) limit = std::min(limit, stop_line);
        return shift(std::max(0.0, std::min(step, limit - lorry.front)));
      }
      case Way::backing_out: {
        const bool room = std::none_of(lorries_.begin(), lorries_.end(), [&](const auto& o) { return &o != &lorry && o.front <= lorry.rear && o.front > lorry.rear - 1; });
        return shift(room ? -step : 0);
      }
      case Way::from_behind: {
        double limit = boom_up() ? 6.8 : 10.4;  // its nose
        for (const auto& other : lorries_)
          if (other.with_traffic() && other.front < lorry.front) limit = std::max(limit, other.front + 0.5);
        if (lorry.rear - step >= limit) return shift(-step);
        if (chance(0.02)) lorry.way = Way::backing_off;
        return;
      }
      case Way::backing_off: return shift(2 * step);
    }
  }

  void leave() {
    std::erase_if(lorries_, [&](const auto& lorry) {
      const bool drove_on = lorry.way == Way::forward && lorry.rear > lane_end, turned_back = lorry.way == Way::backing_out && lorry.front < -3;
      if (drove_on) passed_.insert(lorry.id);
      if (turned_back) turned_back_.insert(lorry.id);
      return drove_on || turned_back || (lorry.way == Way::backing_off && lorry.rear > 26);
    });
  }

  bool anybody(const double (&place)[2]) const {
    return std::any_of(lorries_.begin(), lorries_.end(), [&](const auto& lorry) { return lorry.over(place); });
  }
  void sense() {
    rig.set(points::loop_entry, anybody(entry_loop));
    for (const auto point : {points::loop_boom, points::photocell}) rig.set(point, anybody(under_boom));
    rig.set(points::loop_exit, anybody(exit_loop));
    rig.pass(50ms);
  }
  bool boom_up() const { return rig.in.at(std::string(points::boom_open)); }
  bool green() const {
    const auto light = rig.state.lights.find(device::Boom::first);
    return light != rig.state.lights.end() && light->second == device::Aspect::green;
  }

  /// The foremost one before the boom; 0: nobody.
  int stands_there() const {
    const Lorry* first = nullptr;
    for (const auto& lorry : lorries_)
      if (lorry.with_traffic() && lorry.front > 0 && lorry.rear < entry_loop[1] && lorry.front < under_boom[0] + 0.1 && (!first || lorry.front > first->front)) first = &lorry;
    return first ? first->id : 0;
  }

  void tell_who_stands_there() {
    const std::string crossing = rig.state.crossing.text;
    if (crossing != last_crossing_ && !crossing.empty()) {
      whose_[crossing] = stands_there();
      evidence_at_ = now_ + draw(0.3, 3);
    }
    last_crossing_ = crossing;
    if (crossing.empty() || rig.state.phase != Phase::gathering || now_ < evidence_at_) return;
    rig.plate("plate_front", "BG" + std::to_string(1000 + whose_[crossing]));
    rig.plate("plate_rear", "BG" + std::to_string(2000 + whose_[crossing]));
    rig.weigh_for(30000, 700ms);
    now_ += 0.7;
    evidence_at_ = 1e9;
  }

  /// Looks, and lets go whom the crossing is about.
  void officer() {
    if (now_ < officer_at_) return;
    const auto act = [&](lane::ActionKind kind) {
      auto action = rig.action(kind);
      action.reason = "looked";
      action.second = OfficerId{"O2"};
      action.verdict = Verdict::release;
      rig.give(action);
      officer_at_ = now_ + draw(3, 10);
    };
    if (rig.state.phase == Phase::open && rig.state.attention.starts_with("the boom stays up")) act(lane::ActionKind::close_boom);
    else if (rig.state.phase == Phase::waiting_officer)
      act(stands_there() == whose_[rig.state.crossing.text] ? lane::ActionKind::override_verdict : lane::ActionKind::vehicle_gone);
  }

  void compare() {
    for (; compared_ < rig.durable.size(); ++compared_) {
      const auto& record = rig.durable[compared_];
      const auto* seen = std::get_if<PassageSeen>(&record.body);
      const auto whose = whose_.find(record.crossing.text);
      if (!seen || whose == whose_.end()) continue;
      const auto lorry = std::find_if(lorries_.begin(), lorries_.end(), [&](const auto& l) { return l.id == whose->second; });
      const bool here = lorry != lorries_.end();
      const bool not_through = turned_back_.contains(whose->second) || (here && (lorry->way == Way::backing_out || lorry->front < under_boom[0] + 0.2));
      const bool through = passed_.contains(whose->second) || (here && lorry->way == Way::forward && lorry->rear > entry_loop[1]);
      EXPECT_FALSE(seen->what == "passed" && not_through) << record.crossing.text << " has not passed; at " << now_ << " s: " << seen->detail;
      EXPECT_FALSE(seen->what == "left_backwards" && through) << record.crossing.text << " has not turned back; at " << now_ << " s: " << seen->detail;
      ++records;
    }
  }

  std::mt19937 random_;
  std::vector<Lorry> lorries_;
  std::set<int> passed_, turned_back_;
  std::map<std::string, int> whose_;
  std::string last_crossing_;
  double now_ = 0, next_forward_ = 0, next_behind_ = 0, queue_until_ = 0, evidence_at_ = 1e9, officer_at_ = 0;
  int last_id_ = 0;
  std::size_t compared_ = 0;

 public:
  Rig rig;
  int records = 0;
};

}  // namespace

TEST(Traffic, WhatIsRecordedOfEachLorryIsWhatItDid) {
  int records = 0, crossings = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Traffic traffic(seed);
    traffic.play(600);
    EXPECT_EQ(traffic.rig.state.phase, Phase::idle) << lane::describe(traffic.rig.state);
    EXPECT_FALSE(traffic.rig.state.wrong_way.has_value());
    EXPECT_EQ(traffic.rig.records<CrossingOpened>().size(), traffic.rig.records<CrossingClosed>().size());
    records += traffic.records;
    crossings += static_cast<int>(traffic.rig.records<CrossingOpened>().size());
  }
  std::cout << crossings << " crossings, " << records << " records of passages compared with the truth\n";
  EXPECT_GT(records, crossings);
}
