// `rampa-hil demo`: a post with four lanes on simulated hardware, a broker, HQ and the appliance, with traffic until Ctrl-C or
// for a number of crossings.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "edge/runtime/system_clock.hpp"
#include "hil/app/commands.hpp"
#include "hil/app/outputs.hpp"
#include "hil/stage/declarations_file.hpp"
#include "hil/stage/ground_truth.hpp"
#include "hil/stage/live_run.hpp"
#include "hil/world/traffic.hpp"

namespace rampa::hil::app {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t newest_looked_at = 30;
constexpr double default_speed = 4;
constexpr std::uint64_t lorries_known = 400;  // declarations made before the start; the traffic then begins anew

int complain(const std::string& what) {
  std::cerr << "demo: " << what << "\n";
  return 2;
}

TrafficMix everyday() {
  TrafficMix mix;
  mix.overweight = 0.12;
  mix.no_declaration = 0.12;
  mix.mass_mismatch = 0.08;
  mix.radiation = 0;  // three of the four lanes have no portal
  mix.plate_unreadable = 0.04;
  mix.behaviour = 0;
  return mix;
}

/// "L2-1-3  BG123AB  38640 kg  yellow  MASS-LIMIT  release by 1001  812 ms from trigger to decision  released"
void print_crossing(const CrossingSeen& c) {
  std::string hits;
  for (const auto& hit : c.hits) hits += (hits.empty() ? "" : ",") + hit;
  std::printf("%-8s %-10s %8s kg  %-6s  hits %-28s %s by %-7s %6lld ms trigger to decision  %s\n", c.id.c_str(), c.plate.empty() ? "(no plate)" : c.plate.c_str(),
              c.gross_kg < 0 ? "?" : std::to_string(static_cast<long>(c.gross_kg)).c_str(), c.channel.c_str(), hits.empty() ? "-" : hits.c_str(),
              c.verdict.c_str(), c.decided_by.c_str(), static_cast<long long>(c.decision_ms), c.outcome.c_str());
  std::fflush(stdout);
}

/// How many of these crossings the post does not know to be acknowledged by HQ when the patience is over.
std::size_t without_acknowledgement(const Stage& stage, const std::set<std::string>& ids, Duration patience) {
  const runtime::SystemClock clock;
  const MonoTime give_up = clock.mono() + patience;
  for (;;) {
    std::size_t missing = ids.size();
    if (auto rows = newest_crossings(stage, 100'000))
      for (const auto& row : *rows) missing -= row.acknowledged && ids.contains(row.id);
    if (missing == 0 || clock.mono() >= give_up) return missing;
    runtime::sleep_for(250ms);
  }
}

void print_json(const std::vector<CrossingSeen>& crossings, const HqCheck& hq, std::size_t unacknowledged, double speed, bool good) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& c : crossings)
    list.push_back({{"id", c.id}, {"plate", c.plate}, {"gross_kg", c.gross_kg < 0 ? nlohmann::json(nullptr) : nlohmann::json(c.gross_kg)},
                    {"channel", c.channel}, {"hits", c.hits}, {"verdict", c.verdict}, {"decided_by", c.decided_by},
                    {"decision_ms", c.decision_ms}, {"outcome", c.outcome}});
  const nlohmann::json all{{"crossings", list}, {"hq_has_all", hq.all}, {"hq_detail", hq.detail}, {"records_compared", hq.records},
                           {"records_in_both_chains", hq.verified}, {"not_acknowledged", unacknowledged}, {"world_speed", speed}, {"good", good}};
  std::printf("%s\n", all.dump().c_str());
}

int show_scenario(const DemoOptions& options, StageSettings settings) {
  const std::string file = options.tree + "/tests/scenarios/" + options.fault + ".toml";
  if (!fs::exists(file)) {
    std::string known;
    for (const auto& entry : fs::directory_iterator(options.tree + "/tests/scenarios"))
      if (entry.path().extension() == ".toml") known += " " + entry.path().stem().string();
    return complain("no scenario '" + options.fault + "'; there are:" + known);
  }
  auto scenario = read_scenario(file);
  if (!scenario) return complain(scenario.error().what);
  settings.site_file = (fs::path(file).parent_path() / scenario->site).lexically_normal().string();
  settings.directory += "-" + options.fault;
  fs::remove_all(settings.directory);
  // The scenario says how fast its world runs and what is drawn in it, unless the command line does.
  if (options.speed) scenario->speed = *options.speed;
  if (options.seed) scenario->seed = *options.seed;
  std::FILE* talk = options.json ? stderr : stdout;
  std::fprintf(talk, "%s: %s\nThe world runs %.1f times faster than life.\n", scenario->name.c_str(), scenario->says.c_str(), scenario->speed);
  if (settings.http_port) std::fprintf(talk, "watch it at http://127.0.0.1:%d/ (badge 1003, password bench-password-1)\n", settings.http_port);
  std::fflush(talk);
  auto report = play_on_processes(*scenario, settings, [](const std::string& line) { std::fprintf(stderr, "  %s\n", line.c_str()); });
  if (!report) return complain(report.error().what);
  const auto wrong = judge(*scenario, *report);
  if (options.json) {
    std::printf("%s\n", scenario_json(*scenario, *report, wrong, "").c_str());
    return wrong.empty() ? 0 : 1;
  }
  for (const auto& crossing : report->crossings) print_crossing(crossing);
  for (const auto& line : wrong) std::printf("WRONG %s\n", line.c_str());
  std::printf("%s\n", wrong.empty() ? "as it should be" : "NOT as it should be");
  return wrong.empty() ? 0 : 1;
}

}  // namespace

int demo(const DemoOptions& options) {
  watch_signals();
  StageSettings settings;
  settings.tree = options.tree;
  settings.binaries = fs::read_symlink("/proc/self/exe").parent_path().string();
  settings.site_file = options.tree + "/config/sites/four-lanes.toml";
  settings.directory = options.directory.empty() ? options.tree + "/build/demo" : options.directory;
  settings.speed = options.speed.value_or(default_speed);
  settings.seed = options.seed.value_or(1);
  settings.http_port = options.headless ? 0 : 8080;
  if (!options.fault.empty()) return show_scenario(options, settings);
  fs::remove_all(settings.directory);

  auto stage = Stage::make(settings);
  if (!stage) return complain(stage.error().what);
  std::vector<Arrival> arrivals;
  std::vector<Declaration> declarations;
  for (std::uint64_t n = 1; n <= lorries_known; ++n) {
    arrivals.push_back(make_arrival(settings.seed, n, everyday()));
    declarations.insert(declarations.end(), arrivals.back().declarations.begin(), arrivals.back().declarations.end());
  }
  if (auto written = stage->set_declarations(declarations_text(declarations)); !written) return complain(written.error().what);
  ScenarioOfficer habits;
  habits.after_s = options.headless ? 1 : 6;
  LiveRun run(*stage, habits);
  if (auto up = run.begin(); !up) return complain(up.error().what);
  std::FILE* talk = options.json ? stderr : stdout;
  std::fprintf(talk, "post %s: four lanes, simulated devices on their own protocols, mosquitto, HQ. The world runs %.1f times faster than life.\n",
              stage->post().c_str(), settings.speed);
  if (!options.headless)
    std::fprintf(talk, "terminal page: http://127.0.0.1:%d/   badge 1003, password bench-password-1 (made for this demonstration)\n"
                "logs: %s/*.log   Ctrl-C ends it\n", stage->http_port(), settings.directory.c_str());
  std::fflush(talk);

  const std::vector<std::string> lanes{"L1", "L2", "L3", "L4"};
  const runtime::SystemClock clock;
  std::uint64_t sent = 0;
  std::set<std::string> printed;
  std::vector<CrossingSeen> shown;
  MonoTime next_lorry = clock.mono(), next_look = clock.mono();
  const MonoTime give_up = clock.mono() + (options.crossings ? 60s + 25s * options.crossings : Duration{std::chrono::hours(24 * 365)});
  while (!stop_asked()) {
    const MonoTime now = clock.mono();
    const bool enough = options.crossings && sent >= static_cast<std::uint64_t>(options.crossings);
    if (!enough && now >= next_lorry && run.lorries_inside() < 2 * lanes.size()) {
      Lorry lorry = arrivals[sent % arrivals.size()].lorry;
      if (auto added = run.add(lanes[sent % lanes.size()], lorry); !added) return complain(added.error().what);
      ++sent;
      next_lorry = now + std::chrono::milliseconds(static_cast<std::int64_t>((sent < lanes.size() ? 4000 : 12000) / settings.speed));
    }
    if (auto stepped = run.step([](std::uint64_t) { return std::string{}; }); !stepped) {
      if (stop_asked()) break;  // Ctrl-C at a terminal ends the world that was asked, too
      return complain(stepped.error().what);
    }
    if (now >= next_look) {
      next_look = now + 1s;
      // A lane ends far fewer than so many in a second; older ones were printed when they ended.
      if (auto rows = newest_crossings(*stage, newest_looked_at))
        for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
          if (row->outcome.empty() || printed.contains(row->id)) continue;
          auto crossing = crossing_of(*stage, row->id);
          if (!crossing) continue;  // looked at again in a second
          printed.insert(row->id);
          if (!options.json) print_crossing(*crossing);
          if (options.crossings) shown.push_back(std::move(*crossing));
        }
    }
    if (options.crossings && printed.size() >= static_cast<std::size_t>(options.crossings)) break;
    if (now >= give_up) return complain("only " + std::to_string(printed.size()) + " crossings ended in time; logs: " + settings.directory + "/*.log");
  }
  if (!options.crossings) return 0;
  if (stop_asked()) return complain("stopped before its end");

  const HqCheck hq = compare_with_hq(*stage, 30s);
  const std::size_t unacknowledged = without_acknowledgement(*stage, printed, 30s);
  const bool good = hq.all && unacknowledged == 0;
  if (options.json) {
    print_json(shown, hq, unacknowledged, settings.speed, good);
  } else {
    std::printf("HQ: %s (%zu records compared by sequence and hash, %zu in both chains; %zu of %zu crossings acknowledged%s%s)\n",
                hq.all ? "has all" : "LACKS RECORDS", hq.records, hq.verified, printed.size() - unacknowledged, printed.size(),
                hq.detail.empty() ? "" : "; ", hq.detail.c_str());
  }
  return good ? 0 : 1;
}

}  // namespace rampa::hil::app
