// Random days at a lane: sensible lorries mixed with senseless inputs, dead devices, a failing store and officers who press
// everything. The invariants are judged from what went in and came out, not from the machine's own opinion.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using namespace rampa::tests;
using lane::ActionKind;

namespace {

// Judges every step. Knows the rules; knows nothing of phases.
class Judge {
 public:
  explicit Judge(Rig& rig) : rig_(rig) {
    rig.watch = [this](const lane::Event& event, const lane::Step& step) { see(event, step); };
  }
  std::vector<std::string> violations;
  std::set<std::string> opened, closed;

 private:
  struct Seen { bool on = false, good = false; MonoTime at; };

  void violated(const std::string& what) {
    if (violations.size() < 5) violations.push_back(what + " at " + std::to_string(rig_.now.mono.ns / 1000000) + " ms");
  }
  bool fresh(const std::string& point, bool on) const {
    const auto it = seen_.find(point);
    return it != seen_.end() && it->second.good && it->second.on == on && rig_.now.mono - it->second.at <= rig_.config.input_age_max;
  }
  static std::string name(const char* point, device::Boom boom) { return boom == device::Boom::second ? std::string(point) + "_2" : point; }

  void see(const lane::Event& event, const lane::Step& step) {
    if (const auto* from = std::get_if<lane::FromDevice>(&event)) take(from->event);
    if (const auto* done = std::get_if<lane::Committed>(&event)) durable(done->persist);
    for (auto boom : {device::Boom::first, device::Boom::second}) {
      auto& since = free_since_[boom];
      if (!fresh(name("loop_boom", boom), false) || !fresh(name("photocell", boom), false)) since.reset();
      else if (!since) since = rig_.now.mono;
    }
    const std::string crossing = step.state.crossing.text;
    for (const auto& effect : step.effects) {
      if (const auto* persist = std::get_if<lane::Persist>(&effect)) asked(*persist, step.state);
      if (const auto* ask = std::get_if<lane::Ask>(&effect)) judge(*ask, crossing, step.state);
    }
    if (step.state.captures.size() > 40 || step.state.early.size() > 16 || step.state.seen_reads.size() > 256) violated("a list has no bound");
  }

  void take(const device::DeviceEvent& event) {
    if (const auto* image = std::get_if<device::PointImage>(&event.body)) {
      for (const auto& value : image->points) seen_[value.point] = {value.on, event.from.quality == device::Quality::good, event.from.received.mono};
    }
  }

  void asked(const lane::Persist& persist, const lane::State& s) {
    groups_[persist.persist] = persist.records;
    for (const auto& record : persist.records) {
      const std::string id = record.crossing.text;
      if (std::holds_alternative<CrossingOpened>(record.body)) opened.insert(id);
      if (const auto* taken = std::get_if<CaptureTaken>(&record.body); taken && !id.empty()) {
        const auto key = lane::read_key(taken->role, taken->body);
        if (!key.empty() && !owner_.emplace(key, id).second && owner_[key] != id) violated("one reading under two crossings: " + key);
        if (id == s.crossing.text && taken->from.received.mono < s.arrived.mono - rig_.config.look_back) violated("old capture under " + id);
      }
    }
  }

  void durable(std::uint64_t persist) {
    for (const auto& record : groups_[persist]) {
      const std::string id = record.crossing.text;
      if (const auto* verdict = std::get_if<VerdictGiven>(&record.body)) {
        releasing_[id] = verdict->verdict == Verdict::release;
        if (closed.count(id)) violated("verdict after the end of " + id);
      }
      if (!id.empty() && closed.count(id) && std::holds_alternative<CaptureTaken>(record.body)) violated("capture after the end of " + id);
      if (std::holds_alternative<CrossingClosed>(record.body) && !closed.insert(id).second) violated("two terminal records of " + id);
      if (const auto* acted = std::get_if<OfficerActed>(&record.body); acted && acted->accepted && acted->action == "open_boom") order_ = true;
    }
    groups_.erase(persist);
  }

  void judge(const lane::Ask& ask, const std::string& crossing, const lane::State& s) {
    if (s.mode == "by_hand" && !std::holds_alternative<device::WithholdScan>(ask.body)) violated("asks while the lane runs by hand");
    if (const auto* move = std::get_if<device::MoveBoom>(&ask.body)) {
      if (move->motion == device::Motion::raise) raise(*move, crossing);
      else lower(*move);
      last_[move->boom] = move->motion;
    } else if (const auto* light = std::get_if<device::SetLight>(&ask.body)) {
      if (light->aspect == device::Aspect::green && !fresh(name("boom_open", light->at), true)) violated("green before an open boom");
    } else if (const auto* scan = std::get_if<device::WithholdScan>(&ask.body); scan && !scan->withhold) {
      if (rig_.config.kind != lane::Kind::nii || crossing.empty()) violated("scan permitted without a lorry");
      if (!fresh("emergency_stop", false) || !fresh("manual_mode", false) || !fresh("loop_entry", true) || !fresh("boom_closed", true))
        violated("scan permitted without the interlock");
    }
  }

  void raise(const device::MoveBoom& move, const std::string& crossing) {
    const bool released = !crossing.empty() && releasing_.count(crossing) && releasing_.at(crossing);
    const bool reversing = last_.count(move.boom) && last_.at(move.boom) == device::Motion::lower;
    if (!released && !order_ && !reversing) violated("raise without a durable release or order");
    if (rig_.config.kind == lane::Kind::sally_port && !reversing) {
      const auto other = move.boom == device::Boom::first ? device::Boom::second : device::Boom::first;
      if (!fresh(name("boom_closed", other), true)) violated("raise while the other boom is not closed");
    }
  }

  void lower(const device::MoveBoom& move) {
    order_ = false;
    const auto since = free_since_[move.boom];
    if (!since) return violated("lower while the place is occupied, unknown or stale");
    if (rig_.now.mono - *since < rig_.config.clear_before_lower) violated("lower before the place was clear for long enough");
  }

  Rig& rig_;
  std::map<std::string, Seen> seen_;
  std::map<device::Boom, std::optional<MonoTime>> free_since_;
  std::map<std::uint64_t, std::vector<Record>> groups_;
  std::map<std::string, bool> releasing_;
  std::map<std::string, std::string> owner_;
  std::map<device::Boom, device::Motion> last_;
  bool order_ = false;
};

class Day {
 public:
  Day(lane::Config config, unsigned seed) : rig(std::move(config)), judge(rig), random_(seed) {}

  Rig rig;
  Judge judge;

  void run(int steps) {
    rig.condition("scanner", device::ConditionLevel::ready);
    rig.start();
    for (int i = 0; i < steps; ++i) {
      if (upto(100) < 85) sensible();
      else senseless();
      rig.pass(50ms * (1 + upto(30)));
    }
  }

  /// Everything is repaired; officers bring the lane back. True where it ends idle.
  bool recover() {
    rig.store_fails = false;
    rig.store_answers = true;
    rig.commit_all();
    rig.io_alive = rig.boom_moves = rig.boom_reports = rig.assess_answers = true;
    rig.boom_silent = false;
    rig.input_quality = device::Quality::good;
    rig.condition("io", device::ConditionLevel::ready);
    for (auto point : {points::loop_entry, points::loop_boom, points::loop_exit, points::photocell, points::emergency_stop, points::manual_mode})
      rig.set(point, false);
    if (rig.config.kind == lane::Kind::sally_port) for (auto point : {points::loop_boom_2, points::photocell_2}) rig.set(point, false);
    for (int i = 0; i < 60; ++i) {
      rig.pass(5s);
      if (rig.state.phase == Phase::idle) break;
      if (rig.state.phase == Phase::faulted || rig.state.phase == Phase::waiting_officer) close_by_hand();
      for (auto kind : {ActionKind::reset_emergency_stop, ActionKind::return_to_service}) rig.give(action(kind));
      if (rig.state.phase == Phase::waiting_officer) rig.give(action(ActionKind::out_of_service));
    }
    rig.pass(5s);  // what could not be written is written
    return rig.state.phase == Phase::idle;
  }

 private:
  int upto(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  void close_by_hand() {  // somebody cranks the boom down
    rig.set(points::boom_open, false);
    rig.set(points::boom_closed, true);
    if (rig.config.kind == lane::Kind::sally_port) {
      rig.set(points::boom_open_2, false);
      rig.set(points::boom_closed_2, true);
    }
  }

  lane::OfficerAction action(ActionKind kind) {
    auto a = rig.action(kind);
    a.reason = upto(8) ? "r" : "";
    if (upto(4)) a.second = OfficerId{"O2"};
    a.verdict = static_cast<Verdict>(upto(3));
    a.control = rig.config.kind == lane::Kind::nii ? "nii" : upto(2) ? "documents" : "weighing";
    a.finding = a.control == "nii" ? (upto(3) ? "clear" : "recheck") : upto(4) ? "nothing_found" : "irregularity";
    if (upto(12) == 0) a.crossing = CrossingId{"L1-7-1"};
    if (rig.config.kind == lane::Kind::sally_port && upto(2)) a.boom = device::Boom::second;
    return a;
  }

  void sensible() {
    switch (rig.state.phase) {
      case Phase::idle:
        rig.set(points::loop_entry, true);
        break;
      case Phase::gathering:
        rig.channel = static_cast<SelectivityChannel>(upto(3));
        rig.plate("plate_front", "BG" + std::to_string(upto(50)), 50 + upto(50), upto(20) ? "" : "read-" + std::to_string(1 + upto(5)));
        rig.plate("plate_rear", "TR" + std::to_string(upto(50)));
        rig.weigh_for(30000 + upto(5) * 1000, 700ms);
        break;
      case Phase::scanning: {
        device::ScanImage scan;
        scan.scan_id = "S" + std::to_string(++scans_);
        scan.complete = upto(5) != 0;
        rig.give(lane::FromDevice{"scanner", rig.event("L1-scanner", scan)});
        rig.give(action(ActionKind::record_control));
        break;
      }
      case Phase::waiting_officer:
        rig.give(action(static_cast<ActionKind>(upto(8))));
        break;
      case Phase::open:
        if (rig.state.boom == device::Boom::second) {
          rig.set(points::loop_boom_2, upto(2));
          rig.set(points::photocell_2, upto(2));
        } else if (upto(3)) {
          rig.drive_through();
        } else {
          rig.set(points::loop_boom, upto(2));
        }
        break;
      case Phase::faulted:
      case Phase::out_of_service:
        if (upto(3) == 0) close_by_hand();
        rig.give(action(ActionKind::return_to_service));
        break;
      case Phase::emergency_stop:
        rig.set(points::emergency_stop, false);
        rig.pass(100ms);
        rig.give(action(ActionKind::reset_emergency_stop));
        break;
      default: break;
    }
  }

  void senseless() {
    switch (upto(22)) {
      case 0: case 1: case 2: case 3: case 4: {
        auto it = rig.in.begin();
        std::advance(it, upto(static_cast<int>(rig.in.size())));
        if (it->first == "emergency_stop" && upto(6)) break;
        if (it->first == "manual_mode" && upto(3)) break;
        it->second = !it->second;
        break;
      }
      case 5: rig.set(points::photocell, upto(2)); break;
      case 6: rig.io_alive = !rig.io_alive; break;
      case 7: rig.io_alive = true; rig.input_quality = upto(3) ? device::Quality::good : device::Quality::suspect; break;
      case 8: rig.store_fails = upto(4) == 0; break;
      case 9: rig.store_answers = upto(3) != 0; break;
      case 10: rig.commit_all(); break;
      case 11: rig.fail_all(); break;
      case 12: rig.boom_moves = upto(6) != 0; break;
      case 13: rig.boom_reports = upto(4) != 0; rig.boom_silent = upto(8) == 0; break;
      case 14: rig.assess_answers = upto(5) != 0; break;
      case 15: case 16: rig.give(action(static_cast<ActionKind>(upto(lane::action_kinds)))); break;
      case 17: rig.condition("scale", static_cast<device::ConditionLevel>(upto(5)), "x"); break;
      case 18: rig.condition("io", upto(3) ? device::ConditionLevel::ready : device::ConditionLevel::connecting); break;
      case 19: rig.condition("scanner", upto(3) ? device::ConditionLevel::ready : device::ConditionLevel::faulted, "x"); break;
      case 20: {
        device::RadiationReading reading;
        reading.occupancy = upto(100);
        reading.gamma_alarm = upto(5) == 0;
        rig.give(lane::FromDevice{"portal", rig.event("L1-portal", reading)});
        break;
      }
      case 21: rig.set(points::manual_mode, false); rig.set(points::loop_exit, false); break;
      default: break;
    }
  }

  std::mt19937 random_;
  int scans_ = 0;
};

}  // namespace

class Days : public ::testing::TestWithParam<lane::Kind> {};

TEST_P(Days, InvariantsHold) {
  std::size_t raises = 0, lowers = 0, crossings = 0, released = 0;
  // More days: RAMPA_LANE_DAYS=1000.
  const char* wanted = std::getenv("RAMPA_LANE_DAYS");
  const unsigned days = wanted ? static_cast<unsigned>(std::stoul(wanted)) : 10;
  for (unsigned seed = 1; seed <= days; ++seed) {
    const auto config = GetParam() == lane::Kind::cargo ? cargo_config() : GetParam() == lane::Kind::nii ? nii_config() : sally_config();
    Day day(config, seed);
    day.run(200);
    const bool idle = day.recover();
    ASSERT_TRUE(day.judge.violations.empty()) << "seed " << seed << ": " << day.judge.violations.front();
    ASSERT_TRUE(idle) << "seed " << seed << " never becomes idle again\n" << lane::describe(day.rig.state);
    EXPECT_EQ(day.judge.opened, day.judge.closed) << "seed " << seed << ": every crossing ends exactly once";
    for (const auto& withheld : day.rig.withheld) {
      EXPECT_EQ(withheld.find("raise"), std::string::npos) << "seed " << seed << ": the lane asks what its guard withholds";
      EXPECT_EQ(withheld.find("lower"), std::string::npos) << "seed " << seed << ": the lane asks what its guard withholds";
    }
    raises += day.rig.count("raise 1") + day.rig.count("raise 2");
    lowers += day.rig.count("lower 1") + day.rig.count("lower 2");
    crossings += day.judge.opened.size();
    for (const auto& end : day.rig.records<CrossingClosed>()) released += end.outcome == "released";
  }
  std::printf("%u days: %zu crossings, %zu released, %zu raises, %zu lowers\n", days, crossings, released, raises, lowers);
  EXPECT_GT(released, 5u) << "the days must also contain ordinary lorries";
  EXPECT_GT(raises, 20u);
  EXPECT_GT(lowers, 15u);
}

INSTANTIATE_TEST_SUITE_P(Lanes, Days, ::testing::Values(lane::Kind::cargo, lane::Kind::sally_port, lane::Kind::nii),
                         [](const auto& kind) { return std::string(kind.param == lane::Kind::cargo ? "cargo" : kind.param == lane::Kind::nii ? "nii" : "sally_port"); });

TEST(Days, SameSeedSameTrace) {
  const auto trace = [] {
    Day day(cargo_config(), 5);
    day.run(120);
    std::string text = lane::describe(day.rig.state);
    for (const auto& effect : day.rig.all) text += lane::describe(effect) + "\n";
    return text;
  };
  EXPECT_EQ(trace(), trace());
}
