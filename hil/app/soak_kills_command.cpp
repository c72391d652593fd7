// `rampa-hil soak-kills`: SIGKILLs of the appliance at random points under traffic. Afterwards: no released crossing without
// its record, nothing lost or doubled at HQ, and how long each restart took until the lanes worked again.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <unistd.h>

#include "edge/runtime/system_clock.hpp"
#include "hil/app/commands.hpp"
#include "hil/stage/declarations_file.hpp"
#include "hil/stage/ground_truth.hpp"
#include "hil/stage/live_run.hpp"
#include "hil/world/traffic.hpp"

namespace rampa::hil::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

int complain(const std::string& what) {
  std::cerr << "soak-kills: " << what << "\n";
  return 2;
}

double milliseconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }

/// Where in a crossing the kills are to fall. Every second one is aimed at one of these in turn, because they are short; of
/// the others every third lets the traffic flow for a while, so that crossings come to their end between two kills.
const std::vector<std::string> aims{"opening", "open", "closing", "gathering", "lorry_at_line"};
constexpr int phases_needed = 4;  // of the aims: those that the terminal shows

class Kills {
 public:
  Kills(LiveRun& run, std::uint64_t seed, double speed) : run_(run), random_(seed), speed_(speed) {}

  /// Plays, step by step, until the moment of kill number `n` has come.
  Result<void> wait_for(int n, const std::function<Result<void>()>& step) {
    const bool calm = n % 6 == 4, aimed = n % 2 == 1;
    Duration wait = calm ? world_time(15'000, 25'000) : std::chrono::milliseconds(whole(100, aimed ? 800 : 3000));
    if (auto played = play(wait, step); !played || !aimed) return played;
    const std::string& aim = aims[static_cast<std::size_t>(n / 2) % aims.size()];
    const MonoTime give_up = clock_.mono() + 6s;
    const auto begin = run_.world().size();
    while (clock_.mono() < give_up && !seen(aim, begin))
      if (auto stepped = step(); !stepped) return stepped;
    // A verdict comes when the platform has come to rest: up to some seconds of the world after the lorry.
    return play(aim == "lorry_at_line" ? world_time(0, 10'000) : std::chrono::milliseconds(whole(0, 250)), step);
  }

  /// To be called at the moment of the kill.
  void note() {
    std::set<std::string> now;
    for (const auto& sight : run_.lanes()) now.insert(sight.phase);
    for (const auto& phase : now) ++in_phase[phase];
    busy += now.contains("opening") || now.contains("open") || now.contains("closing");
    at_ms.push_back(clock_.now().wall.ms);
    passed_before = passed();
  }

  [[nodiscard]] std::size_t passed() const {
    return static_cast<std::size_t>(std::count_if(run_.world().begin(), run_.world().end(), [](const auto& e) { return e.what == "lorry_passed"; }));
  }

  /// Kills so near to a release's record, before or after it.
  [[nodiscard]] int near_release(const std::vector<CrossingSeen>& crossings, std::int64_t within_ms) const {
    return static_cast<int>(std::count_if(at_ms.begin(), at_ms.end(), [&](std::int64_t kill) {
      return std::any_of(crossings.begin(), crossings.end(), [&](const auto& c) { return c.released_ms && std::abs(c.released_ms - kill) <= within_ms; });
    }));
  }

  /// What the run did not show because the kills fell elsewhere or the traffic stood; empty: enough.
  [[nodiscard]] std::vector<std::string> too_few(int kills, int near_releases) const {
    std::vector<std::string> all;
    auto least = [&](const std::string& what, std::size_t is, int wanted) {
      if (is < static_cast<std::size_t>(wanted)) all.push_back(what + ": " + std::to_string(is) + ", at least " + std::to_string(wanted));
    };
    least("kills with a boom in motion or open", static_cast<std::size_t>(busy), kills / 4);
    least("lorries passed before the last kill", passed_before, kills / 10);
    if (kills < 100) return all;  // too few to ask for every phase
    for (int i = 0; i < phases_needed; ++i) {
      const auto it = in_phase.find(aims[static_cast<std::size_t>(i)]);
      least("kills in phase " + aims[static_cast<std::size_t>(i)], it == in_phase.end() ? 0 : static_cast<std::size_t>(it->second), kills / 20);
    }
    least("kills within 100 ms of a release's record", static_cast<std::size_t>(near_releases), 1);
    return all;
  }

  std::map<std::string, int> in_phase;  ///< kills with at least one lane in it
  int busy = 0;
  std::size_t passed_before = 0;        ///< lorries, when the last kill came
  std::vector<std::int64_t> at_ms;      ///< wall time of each

 private:
  std::uint64_t whole(std::uint64_t from, std::uint64_t to) { return from + random_() % (to - from + 1); }
  Duration world_time(std::uint64_t from_ms, std::uint64_t to_ms) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(whole(from_ms, to_ms)) / speed_));
  }
  Result<void> play(Duration time, const std::function<Result<void>()>& step) {
    for (const MonoTime until = clock_.mono() + time; clock_.mono() < until;)
      if (auto stepped = step(); !stepped) return stepped;
    return {};
  }
  [[nodiscard]] bool seen(const std::string& aim, std::size_t world_from) const {
    if (std::any_of(run_.lanes().begin(), run_.lanes().end(), [&](const auto& s) { return s.phase == aim; })) return true;
    return std::any_of(run_.world().begin() + static_cast<std::ptrdiff_t>(world_from), run_.world().end(), [&](const auto& e) { return e.what == aim; });
  }

  LiveRun& run_;
  std::mt19937_64 random_;
  double speed_;
  runtime::SystemClock clock_;
};

bool works(const LaneSight& sight) {
  return sight.phase != "starting" && sight.phase != "faulted" && sight.phase != "out_of_service" && sight.phase != "emergency_stop";
}

}  // namespace

int soak_kills(const SoakOptions& options) {
  watch_signals();
  StageSettings settings;
  settings.tree = options.tree;
  settings.binaries = fs::read_symlink("/proc/self/exe").parent_path().string();
  settings.site_file = options.tree + "/config/sites/four-lanes.toml";
  settings.directory = options.directory.empty() ? (fs::temp_directory_path() / ("rampa-kills-" + std::to_string(::getpid()))).string() : options.directory;
  settings.speed = 4;
  settings.seed = options.seed;
  settings.preload = options.preload;
  // A camera does not tell again which plate it saw before the kill: such a lorry waits for its evidence until the deadline,
  // and then for an officer. With the deadline of a border most kills would find lorries that only wait.
  settings.lane_settings = {"evidence_deadline_s = 3"};
  fs::remove_all(settings.directory);
  auto stage = Stage::make(settings);
  if (!stage) return complain(stage.error().what);
  std::vector<Arrival> arrivals;
  std::vector<Declaration> declarations;
  for (std::uint64_t n = 1; n <= 400; ++n) {
    arrivals.push_back(make_ordinary_arrival(settings.seed, n));
    declarations.insert(declarations.end(), arrivals.back().declarations.begin(), arrivals.back().declarations.end());
  }
  if (auto written = stage->set_declarations(declarations_text(declarations)); !written) return complain(written.error().what);
  ScenarioOfficer habits;
  habits.after_s = 0.3;
  LiveRun run(*stage, habits);
  if (auto up = run.begin(); !up) return complain(up.error().what);

  const runtime::SystemClock clock;
  const MonoTime begun = clock.mono();
  const std::vector<std::string> lanes{"L1", "L2", "L3", "L4"};
  std::uint64_t sent = 0;
  const auto nobody = [](std::uint64_t) { return std::string{}; };
  const std::function<Result<void>()> look = [&] { return run.step(nobody); };
  // In every lane one lorry and one behind it, so that traffic never stops while we kill. Numbers are never used twice.
  const std::function<Result<void>()> play = [&]() -> Result<void> {
    for (const auto& lane : lanes) {
      if (run.lorries_at(lane) >= 2) continue;
      Lorry lorry = arrivals[sent % arrivals.size()].lorry;
      lorry.number = ++sent;
      if (auto added = run.add(lane, lorry); !added) return tl::unexpected(added.error());
    }
    return look();
  };
  Kills kills(run, options.seed, settings.speed);
  std::vector<Duration> restarts;
  int into_fault = 0;
  for (int kill = 0; kill < options.kills && !stop_asked(); ++kill) {
    if (auto waited = kills.wait_for(kill, play); !waited) return complain(waited.error().what);
    kills.note();
    if (auto killed = run.fault("appliance", "kill", 0, true); !killed) return complain(killed.error().what);
    const MonoTime began = clock.mono();
    if (auto back = run.fault("appliance", "kill", 0, false); !back) return complain(back.error().what);
    for (bool fault_told = false;;) {
      if (auto stepped = look(); !stepped) return complain(stepped.error().what);
      const auto& sights = run.lanes();
      if (!sights.empty() && std::all_of(sights.begin(), sights.end(), works)) break;
      const bool fault = std::any_of(sights.begin(), sights.end(), [](const auto& s) { return s.phase != "starting" && !works(s); });
      if (fault && !fault_told) {
        fault_told = true;
        ++into_fault;
        for (const auto& s : sights) std::fprintf(stderr, "%s%s=%s", s.lane == "L1" ? "\nafter restart: " : " ", s.lane.c_str(), s.phase.c_str());
        std::fprintf(stderr, "\n");
      }
      if (clock.mono() - began > 30s) return complain("lanes do not work 30 s after restart " + std::to_string(kill + 1));
    }
    restarts.push_back(clock.mono() - began);
    if (!options.json) std::fprintf(stderr, "\rkill %d of %d, restart %.0f ms  ", kill + 1, options.kills, milliseconds(restarts.back()));
  }
  const double took_s = std::chrono::duration<double>(clock.mono() - begun).count();
  if (!options.json) std::fprintf(stderr, "\n");
  // Let everybody out, then compare.
  const MonoTime patience = clock.mono() + 120s;
  while (clock.mono() < patience && !(run.lorries_inside() == 0 && run.lanes_idle()))
    if (auto stepped = look(); !stepped) return complain(stepped.error().what);
  const HqCheck hq = compare_with_hq(*stage, 60s);
  auto crossings = crossings_of(*stage);
  if (!crossings) return complain(crossings.error().what);

  std::set<std::uint64_t> released, passed;
  int without_terminal = 0;
  for (const auto& crossing : *crossings) {
    if (crossing.verdict == "release") released.insert(run.lorry_of_crossing(crossing.lane, crossing.opened_ms));
    if (crossing.terminal_records != 1) ++without_terminal;
  }
  int hits = 0;
  for (const auto& event : run.world()) {
    if (event.what == "lorry_passed") passed.insert(event.lorry);
    hits += std::find(always_forbidden().begin(), always_forbidden().end(), event.what) != always_forbidden().end();
  }
  std::vector<std::uint64_t> unrecorded;
  std::set_difference(passed.begin(), passed.end(), released.begin(), released.end(), std::back_inserter(unrecorded));
  const json posts = json::parse(stage->hq_tool({"posts"}).value_or("[]"), nullptr, false);
  const int alarms = posts.is_array() && !posts.empty() ? posts[0].value("alarms", -1) + posts[0].value("quarantined", -1) : -1;
  stage->appliance()->end(10s);
  const auto whole = stage->post_tool({"verify"});

  std::sort(restarts.begin(), restarts.end());
  const double slowest = restarts.empty() ? 0 : milliseconds(restarts.back()), median = restarts.empty() ? 0 : milliseconds(restarts[restarts.size() / 2]);
  const int near_releases = kills.near_release(*crossings, 100);
  const auto too_few = kills.too_few(static_cast<int>(restarts.size()), near_releases);
  const bool restarts_fast = options.restart_ms_max <= 0 || slowest <= options.restart_ms_max;
  const bool good = too_few.empty() && restarts_fast && restarts.size() == static_cast<std::size_t>(options.kills) && hq.all && unrecorded.empty() && without_terminal == 0 && hits == 0 && alarms == 0 && whole && run.lorries_inside() == 0;
  const json report{{"kills", restarts.size()}, {"crossings", crossings->size()}, {"lorries_passed", passed.size()},
                    {"released_without_record", unrecorded.size()}, {"crossings_without_one_terminal_record", without_terminal},
                    {"hq_has_all", hq.all}, {"hq_detail", hq.detail}, {"hq_alarms", alarms}, {"records_compared", hq.records}, {"records_in_both_chains", hq.verified},
                    {"verify", whole ? "whole" : whole.error().what}, {"forbidden_events", hits}, {"lorries_stuck", run.lorries_inside()},
                    {"kills_by_phase", kills.in_phase}, {"kills_with_a_boom_in_motion_or_open", kills.busy},
                    {"kills_within_100_ms_of_a_release", near_releases}, {"lorries_passed_before_the_last_kill", kills.passed_before},
                    {"too_few", too_few}, {"restarts_into_a_fault", into_fault}, {"restart_ms_median", median}, {"restart_ms_max", slowest},
                    {"restart_ms_allowed", options.restart_ms_max}, {"seconds", took_s}, {"good", good}};
  std::cout << (options.json ? report.dump() : report.dump(2)) << std::endl;
  if (good && options.directory.empty()) fs::remove_all(settings.directory);
  return good ? 0 : 1;
}

}  // namespace rampa::hil::app
