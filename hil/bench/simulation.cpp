#include "hil/bench/simulation.hpp"

#include <algorithm>

#include "hil/world/traffic.hpp"

namespace rampa::hil {
namespace {

constexpr double calm_s = 900;      // after the repair: this long until every lane is empty and idle
constexpr double proof_s = 400;     // and this long for an ordinary lorry to get through

/// Counts on top of what the report needs.
class CountingWatcher : public RunWatcher {
 public:
  using RunWatcher::RunWatcher;
  void committed(const Record& record, MonoTime now) override {
    crossings += std::holds_alternative<CrossingOpened>(record.body);
    RunWatcher::committed(record, now);
  }
  void world_event(const WorldEvent& event) override {
    if (event.what == "lorry_passed") passed.insert(event.lorry);
    RunWatcher::world_event(event);
  }
  std::uint64_t crossings = 0;
  std::set<std::uint64_t> passed;
};

class Simulation {
 public:
  explicit Simulation(SimulationSetup setup)
      : setup_(std::move(setup)), watcher_(setup_.site, setup_.profiles), officer_(ScenarioOfficer{}) {
    watcher_.trace = setup_.trace;
    watcher_.keep_crossings = false;
  }

  Result<SimulationResult> run() {
    auto made = VirtualPost::make({setup_.site, setup_.profiles, setup_.seed}, watcher_);
    if (!made) return tl::unexpected(made.error());
    post_ = std::move(*made);
    watcher_.post = post_.get();
    watcher_.patience = [this](const DeviceId& id) { return patience(id); };
    SubStream habits(setup_.seed, "traffic mix", 0);
    mix_.behaviour = habits.between(0, 0.4);
    mix_.no_declaration = habits.between(0, 0.3);
    mix_.radiation = habits.between(0, 0.1);
    mix_.plate_unreadable = habits.between(0, 0.2);
    per_hour_ = habits.between(15, 60);

    const double chaos_s = setup_.hours * 3600;
    Swarm swarm;
    if (setup_.faults) swarm = make_swarm(setup_.seed, targets(), chaos_s);
    result_.kinds = swarm.kinds;
    chaos(std::move(swarm), chaos_s);
    heal();
    result_.seed = setup_.seed;
    result_.trace_hash = watcher_.trace_hash();
    result_.records = watcher_.records();
    result_.crossings = watcher_.crossings;
    result_.passed = watcher_.passed.size();
    result_.world_s = now_s();
    for (const auto& violation : watcher_.invariants.violations())
      if (!excused(violation)) result_.violations.push_back(violation);
    return std::move(result_);
  }

 private:
  [[nodiscard]] double now_s() const { return std::chrono::duration<double>(post_->now() - post_->started()).count(); }

  std::vector<SwarmTarget> targets() {
    std::vector<SwarmTarget> all;
    for (const auto& lane : post_->lane_names()) {
      SwarmTarget world{"world:" + lane, lane, post_->faults_of("world:" + lane)};
      world.faults.push_back("emergency_stop");
      world.faults.push_back("manual_mode");
      all.push_back(std::move(world));
    }
    for (const auto& device : setup_.site.devices) all.push_back({device.id.text, device.lane.text, post_->faults_of(device.id.text)});
    all.push_back({"disk", "", post_->faults_of("disk")});
    all.push_back({"clock", "", {"step"}});
    all.push_back({"appliance", "", {"kill"}});
    return all;
  }

  /// A lying device is not judged by its values while it lies and a moment after; a frozen one only until its heartbeat
  /// must have given it away.
  Duration patience(const DeviceId& id) {
    Duration most{0};
    for (auto it = lies_.lower_bound({id.text, ""}); it != lies_.end() && it->first.first == id.text; ++it)
      if (post_->now() <= it->second.until) most = std::max(most, it->second.patience);
    return most;
  }

  /// Says "free" where the closing zone is not, or moves a boom that nobody told to. A lie about anything else excuses nothing.
  [[nodiscard]] static bool hides_vehicle(const std::string& fault) {
    if (fault == "stuck_bit" || fault == "ack_no_motion" || fault == "presence_ends") return true;
    return fault.ends_with("_stuck_off") && (fault.starts_with("loop_boom") || fault.starts_with("photocell"));
  }

  void note_lie(const Strike& strike, bool on) {
    static const std::set<std::string> wrong_values{"frozen", "stuck_bit", "decimal", "word_order", "motion", "garbage",
                                                    "adc_error", "overload", "gamma_high", "wrong_identity", "setup_mode"};
    if (hides_vehicle(strike.fault) && on) liars_.push_back({strike.lane, now_s(), now_s() + strike.for_s + 10});
    if (!wrong_values.contains(strike.fault)) return;
    Duration wait = 1h;
    for (const auto& device : setup_.site.devices) {
      if (device.id.text != strike.target) continue;
      const auto& product = setup_.site.products.at(device.icd);
      const bool beats = std::any_of(product.points.begin(), product.points.end(), [](const auto& p) { return p.heartbeat; });
      if (strike.fault == "frozen" && beats) wait = product.timing.heartbeat_max + 1s;
    }
    lies_[{strike.target, strike.fault}] = {on ? MonoTime{INT64_MAX} : post_->now() + 5s, wait};
  }

  /// While a sensor lies, a boom may begin to come down beside a vehicle that only the liar could have shown; it must
  /// still not hit one.
  [[nodiscard]] bool excused(const Violation& violation) const {
    if (violation.name != "lowering_over_vehicle") return false;
    const double start_s = std::chrono::duration<double>(post_->started() - MonoTime{0}).count();
    return std::any_of(liars_.begin(), liars_.end(), [&](const Lie& lie) {
      return lie.lane == violation.lane && violation.at_s - start_s >= lie.from_s && violation.at_s - start_s <= lie.to_s;
    });
  }

  void arrive() {
    std::uint64_t lane_number = 0;
    for (const auto& name : post_->lane_names()) {
      ++lane_number;
      auto& [count, next] = arrivals_[name];
      if (now_s() < next || post_->world(name).waiting() > 2) continue;
      SubStream gaps(setup_.seed, "gap " + name, count);
      const std::uint64_t number = lane_number * 1'000'000 + ++count;
      Arrival arrival = make_arrival(setup_.seed, number, mix_);
      for (auto& declaration : arrival.declarations) post_->declare(std::move(declaration));
      post_->world(name).add(std::move(arrival.lorry));
      ++result_.lorries;
      next = now_s() + gaps.between(0.3, 1.7) * 3600 / per_hour_;
    }
  }

  void officer() {
    if (!setup_.officers) return;
    officer_round(*post_, officer_, watcher_.invariants, [&](std::uint64_t lorry) -> std::string {
      if (lorry % 1'000'000 == 999'999) return "release";  // the proof that the lane works
      return SubStream(setup_.seed, "ends", lorry).chance(0.15) ? "refuse" : "release";
    });
  }

  void chaos(Swarm swarm, double until_s) {
    std::size_t next = 0;
    std::vector<Strike> active;
    while (now_s() < until_s) {
      arrive();
      for (; next < swarm.strikes.size() && swarm.strikes[next].at_s <= now_s(); ++next) {
        const Strike& strike = swarm.strikes[next];
        if (!post_->fault(strike.target, strike.fault, strike.value, true)) continue;
        ++result_.strikes;
        result_.kills += strike.fault == "kill";
        note_lie(strike, true);
        active.push_back(strike);
      }
      for (auto it = active.begin(); it != active.end();) {
        if (now_s() < it->at_s + it->for_s) {
          ++it;
          continue;
        }
        // A stepped clock stays stepped: people do not notice either.
        if (it->fault != "step") post_->fault(it->target, it->fault, it->value, false);
        note_lie(*it, false);
        it = active.erase(it);
      }
      officer();
      post_->run_until(post_->now() + 100ms);
    }
    for (const auto& strike : active) {
      if (strike.fault != "step") post_->fault(strike.target, strike.fault, strike.value, false);
      note_lie(strike, false);
    }
  }

  [[nodiscard]] bool at_rest() const {
    for (const auto& name : post_->lane_names()) {
      const auto view = post_->view(name);
      if (!view || view->state.phase != lane::Phase::idle || !post_->world(name).lorries().empty() || post_->world(name).waiting() > 0)
        return false;
    }
    return true;
  }

  void heal() {
    double until = now_s() + calm_s;
    while (now_s() < until && !at_rest()) {
      for (const auto& name : post_->lane_names()) {
        auto& world = post_->world(name);
        world.send_back_who_followed();
        for (const auto& lorry : world.lorries()) world.tell_to_go(lorry->number);
      }
      officer();
      post_->run_until(post_->now() + 100ms);
    }
    if (!at_rest()) stuck("lanes do not come to rest after all faults are repaired");
    else watcher_.invariants.at_rest(post_->now());

    std::set<std::uint64_t> proofs;
    std::uint64_t lane_number = 0;
    for (const auto& name : post_->lane_names()) {
      Arrival arrival = make_ordinary_arrival(setup_.seed, ++lane_number * 1'000'000 + 999'999);
      for (auto& declaration : arrival.declarations) post_->declare(std::move(declaration));
      proofs.insert(post_->world(name).add(std::move(arrival.lorry)));
    }
    until = now_s() + proof_s;
    auto all_through = [&] { return std::includes(watcher_.passed.begin(), watcher_.passed.end(), proofs.begin(), proofs.end()); };
    while (now_s() < until && !(all_through() && at_rest())) {
      officer();
      post_->run_until(post_->now() + 100ms);
    }
    if (!all_through()) stuck("an ordinary lorry does not get through after all faults are repaired");
  }

  void stuck(const std::string& what) {
    std::string phases;
    for (const auto& name : post_->lane_names()) {
      const auto view = post_->view(name);
      phases += " " + name + "=" + (view ? std::string(lane::name_of(view->state.phase)) + " '" + view->state.attention + "'" : "dead") + ", " +
                std::to_string(post_->world(name).lorries().size()) + " lorries";
      for (const auto& lorry : post_->world(name).lorries())
        phases += " (" + std::to_string(lorry->number) + " " + lorry->behaviour + " " + std::to_string(lorry->rear_m()) + ".." +
                  std::to_string(lorry->front_m) + " m)";
    }
    watcher_.invariants.add({"liveness", "", now_s(), what + ":" + phases});
  }

  struct LyingUntil {
    MonoTime until;
    Duration patience{};
  };
  struct Lie {
    std::string lane;
    double from_s = 0, to_s = 0;
  };
  SimulationSetup setup_;
  CountingWatcher watcher_;
  OfficerScript officer_;
  std::unique_ptr<VirtualPost> post_;
  TrafficMix mix_;
  double per_hour_ = 30;
  std::map<std::string, std::pair<std::uint64_t, double>> arrivals_;
  std::map<std::pair<std::string, std::string>, LyingUntil> lies_;  ///< by device and fault
  std::vector<Lie> liars_;
  SimulationResult result_;
};

}  // namespace

Result<SimulationResult> simulate(SimulationSetup setup) { return Simulation(std::move(setup)).run(); }

}  // namespace rampa::hil
