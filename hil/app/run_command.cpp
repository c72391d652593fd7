// `rampa-hil run`: plays scenario files, in virtual time or against real processes.
#include <cstdio>
#include <iostream>

#include "hil/app/commands.hpp"
#include "hil/app/inputs.hpp"
#include "hil/app/outputs.hpp"
#include "hil/bench/virtual_run.hpp"

namespace rampa::hil::app {
namespace {

int complain(const std::string& what) {
  std::cerr << "rampa-hil run: " << what << "\n";
  return 2;
}

int run_virtually(const RunOptions& options) {
  int worst = 0;
  for (const auto& file : options.files) {
    auto scenario = read_scenario(file);
    if (!scenario) {
      worst = complain(scenario.error().what);
      continue;
    }
    if (!scenario->virtual_time && options.json) {
      std::cout << not_played_json(scenario->name, file, "skipped", "only against real processes: " + scenario->why_not_both) << std::endl;
      continue;
    }
    if (!scenario->virtual_time) {
      std::cout << "skipped " << scenario->name << ": only against real processes: " << scenario->why_not_both << "\n";
      continue;
    }
    auto site = read_site_or_say(site_file_of(*scenario), options.icd_directory);
    if (!site) {
      worst = complain(site.error().what);
      continue;
    }
    auto profiles = read_profile_set(site->profiles_file);
    if (!profiles) {
      worst = complain(profiles.error().what);
      continue;
    }
    auto run = play_virtually(*scenario, std::move(*site), std::move(*profiles), options.trace ? (options.json ? stderr : stdout) : nullptr);
    if (!run) {
      worst = complain(run.error().what);
      continue;
    }
    const auto wrong = judge(*scenario, run->report);
    if (!wrong.empty() && worst == 0) worst = 1;
    if (options.json) {
      char hash[17];
      std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(run->trace_hash));
      std::cout << scenario_json(*scenario, run->report, wrong, hash) << std::endl;
      continue;
    }
    for (const auto& crossing : run->report.crossings) std::cout << "  " << one_line(crossing) << "\n";
    for (const auto& line : wrong) std::cout << "  WRONG " << line << "\n";
    std::printf("%s %s (virtual, %.0f s of world time, trace %016llx)\n", wrong.empty() ? "passed" : "FAILED", scenario->name.c_str(),
                run->report.world_s, static_cast<unsigned long long>(run->trace_hash));
    std::fflush(stdout);
  }
  return worst;
}

}  // namespace

int run_on_processes(const RunOptions& options);  // real_run_command.cpp

int run(const RunOptions& options) {
  if (options.virtual_time) return run_virtually(options);
  return run_on_processes(options);
}

}  // namespace rampa::hil::app
