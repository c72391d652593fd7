// `rampa-hil soak-kills`: SIGKILLs of the appliance at random points under traffic. Afterwards: no released crossing without
// its record, nothing lost or doubled at HQ, and how long each restart took until the lanes worked again.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
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
  fs::remove_all(settings.directory);
  auto stage = Stage::make(settings);
  if (!stage) return complain(stage.error().what);
  std::vector<Arrival> arrivals;
  std::vector<Declaration> declarations;
  for (std::uint64_t n = 1; n <= 200; ++n) {
    arrivals.push_back(make_ordinary_arrival(settings.seed, n));
    declarations.insert(declarations.end(), arrivals.back().declarations.begin(), arrivals.back().declarations.end());
  }
  if (auto written = stage->set_declarations(declarations_text(declarations)); !written) return complain(written.error().what);
  ScenarioOfficer habits;
  habits.after_s = 0.5;
  LiveRun run(*stage, habits);
  if (auto up = run.begin(); !up) return complain(up.error().what);

  const runtime::SystemClock clock;
  std::mt19937_64 random(options.seed);
  const std::vector<std::string> lanes{"L1", "L2", "L3", "L4"};
  std::uint64_t sent = 0;
  const auto nobody = [](std::uint64_t) { return std::string{}; };
  // A lane gets its next lorry when the one before is gone, so that traffic never stops while we kill.
  auto keep_traffic = [&]() -> Result<void> {
    if (run.lorries_inside() >= 6) return {};
    auto added = run.add(lanes[sent % lanes.size()], arrivals[sent % arrivals.size()].lorry);
    if (!added) return tl::unexpected(added.error());
    ++sent;
    return {};
  };
  std::vector<Duration> restarts;
  for (int kill = 0; kill < options.kills && !stop_asked(); ++kill) {
    const MonoTime at = clock.mono() + std::chrono::milliseconds(100 + random() % 4000);
    while (clock.mono() < at) {
      if (auto fed = keep_traffic(); !fed) return complain(fed.error().what);
      if (auto stepped = run.step(nobody); !stepped) return complain(stepped.error().what);
    }
    if (auto killed = run.fault("appliance", "kill", 0, true); !killed) return complain(killed.error().what);
    const MonoTime began = clock.mono();
    if (auto back = run.fault("appliance", "kill", 0, false); !back) return complain(back.error().what);
    // Working again: every lane knows its inputs and is in a phase of its own, not starting.
    for (;;) {
      if (auto stepped = run.step(nobody); !stepped) return complain(stepped.error().what);
      const auto& sights = run.lanes();
      if (!sights.empty() && std::none_of(sights.begin(), sights.end(), [](const auto& s) { return s.phase == "starting"; })) break;
      if (clock.mono() - began > 30s) return complain("lanes do not work 30 s after restart " + std::to_string(kill + 1));
    }
    restarts.push_back(clock.mono() - began);
    if (!options.json) std::fprintf(stderr, "\rkill %d of %d, restart %.0f ms  ", kill + 1, options.kills, milliseconds(restarts.back()));
  }
  if (!options.json) std::fprintf(stderr, "\n");
  // Let everybody out, then compare.
  const MonoTime patience = clock.mono() + 120s;
  while (clock.mono() < patience && !(run.lorries_inside() == 0 && run.lanes_idle()))
    if (auto stepped = run.step(nobody); !stepped) return complain(stepped.error().what);
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
  const bool good = hq.all && unrecorded.empty() && without_terminal == 0 && hits == 0 && alarms == 0 && whole && run.lorries_inside() == 0;
  const json report{{"kills", restarts.size()}, {"crossings", crossings->size()}, {"lorries_passed", passed.size()},
                    {"released_without_record", unrecorded.size()}, {"crossings_without_one_terminal_record", without_terminal},
                    {"hq_has_all", hq.all}, {"hq_detail", hq.detail}, {"hq_alarms", alarms}, {"records_compared", hq.records},
                    {"verify", whole ? "whole" : whole.error().what}, {"forbidden_events", hits}, {"lorries_stuck", run.lorries_inside()},
                    {"restart_ms_median", median}, {"restart_ms_max", slowest}, {"good", good}};
  std::cout << (options.json ? report.dump() : report.dump(2)) << std::endl;
  if (good && options.directory.empty()) fs::remove_all(settings.directory);
  return good ? 0 : 1;
}

}  // namespace rampa::hil::app
