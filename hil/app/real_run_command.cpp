// `rampa-hil run FILE` against real processes: one line per crossing, what is wrong, and a verdict per scenario.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <unistd.h>

#include "hil/app/commands.hpp"
#include "hil/app/outputs.hpp"
#include "hil/bench/report.hpp"
#include "hil/stage/live_run.hpp"

namespace rampa::hil::app {

namespace fs = std::filesystem;

int run_on_processes(const RunOptions& options) {
  watch_signals();
  int worst = 0;
  for (const auto& file : options.files) {
    if (stop_asked()) return 2;
    auto scenario = read_scenario(file);
    if (!scenario) {
      std::cerr << scenario.error().what << "\n";
      worst = 2;
      continue;
    }
    if (!scenario->real_processes && options.json) {
      std::cout << not_played_json(scenario->name, file, "skipped", "only in virtual time: " + scenario->why_not_both) << std::endl;
      continue;
    }
    if (!scenario->real_processes) {
      std::cout << "skipped " << scenario->name << ": only in virtual time: " << scenario->why_not_both << "\n";
      continue;
    }
    StageSettings settings;
    settings.tree = options.tree;
    settings.binaries = fs::read_symlink("/proc/self/exe").parent_path().string();
    settings.site_file = (fs::path(file).parent_path() / scenario->site).lexically_normal().string();
    settings.directory = (options.keep.empty() ? fs::temp_directory_path() / ("rampa-run-" + std::to_string(::getpid())) : fs::path(options.keep)) / fs::path(file).stem();
    fs::remove_all(settings.directory);
    auto report = play_on_processes(*scenario, settings, [](const std::string& line) { std::cerr << "  " << line << "\n"; });
    if (!report) {
      // Nothing was shown either way: the stage did not come up, or fell over.
      if (options.json) std::cout << not_played_json(scenario->name, file, "error", report.error().what) << std::endl;
      else std::cout << "NOT PLAYED " << scenario->name << ": " << report.error().what << " (kept in " << settings.directory << ")" << std::endl;
      worst = 2;
      continue;
    }
    const auto wrong = judge(*scenario, *report);
    if (!wrong.empty()) worst = std::max(worst, 1);
    else if (options.keep.empty()) fs::remove_all(settings.directory);
    if (options.json) {
      std::cout << scenario_json(*scenario, *report, wrong, "") << std::endl;
      continue;
    }
    for (const auto& crossing : report->crossings) std::cout << "  " << one_line(crossing) << "\n";
    for (const auto& line : wrong) std::cout << "  WRONG " << line << "\n";
    std::cout << (wrong.empty() ? "passed " : "FAILED ") << scenario->name << " (real processes, " << static_cast<int>(report->world_s)
              << " s of world time" << (wrong.empty() ? "" : ", kept in " + settings.directory) << ")" << std::endl;
  }
  return worst;
}

}  // namespace rampa::hil::app
