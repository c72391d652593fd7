#include "edge/app/learning_commands.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "edge/app/learning_results.hpp"
#include "edge/app/learning_simulate.hpp"
#include "edge/runtime/system_clock.hpp"

namespace rampa::app {

namespace {

std::string site_of_environment() {
  const char* site = std::getenv("RAMPA_SITE");
  return site ? site : "";
}

void add_simulate(CLI::App& profiles, int& code) {
  auto o = std::make_shared<SimulateOptions>();
  auto* command = profiles.add_subcommand("simulate", "what a set would have done to past crossings; refuses profiles that stop too many");
  command->footer("Profiles are treated as active on every day of the past, drafts, approved and shadow ones too; capacity and the set's age are left out.\n"
                  "`rampa profiles sign --simulation` takes what --json prints.\n"
                  "FILE: JSON lines {\"id\",\"at_ms\",\"facts\"} as `rampa profiles history` writes them, or declarations of the public risk workload.");
  command->add_option("set", o->set_file, "profile set (JSON)")->required();
  auto* history = command->add_option("--history", o->history_file, "file of past crossings; - for standard input");
  command->add_option("--site", o->site_file, "the past crossings of this post's store; else RAMPA_SITE")->excludes(history);
  command->add_option("--baseline", o->baseline_file, "the set in force, to compare with: what it stops already is not refused again");
  command->add_option("--examples", o->examples, "crossings named per profile")->check(CLI::Range(std::size_t{0}, std::size_t{1000}))->capture_default_str();
  command->add_option("--max-stop-percent", o->max_stop_percent, "a profile that alone stops more is refused, where that is less than the set's policy.stop_limit says")->check(CLI::Range(0.0, 100.0));
  command->add_flag("--active-only", o->active_only, "try only what is active in the set, as a post does before it installs; else drafts, approved and shadow profiles too");
  command->add_option("--icd-dir", o->icd_directory, "folder of ICD files");
  command->add_flag("--json", o->json, "one JSON object on standard output");
  command->callback([o, &code] {
    if (o->history_file.empty() && o->site_file.empty()) o->site_file = site_of_environment();
    if (o->history_file.empty() && o->site_file.empty()) throw CLI::ValidationError("simulate", "needs --history FILE or --site SITE");
    o->today = runtime::SystemClock().now().wall;
    code = simulate_profiles(*o, std::cout, std::cerr);
  });
}

void add_history(CLI::App& profiles, int& code) {
  auto o = std::make_shared<ExportOptions>();
  o->site_file = site_of_environment();
  auto* command = profiles.add_subcommand("history", "past crossings of a post as JSON lines, for simulate; holds personal fields");
  command->add_option("--site", o->site_file, "the post's site file; else RAMPA_SITE")->required(o->site_file.empty());
  command->add_option("--out", o->out, "file to write, instead of standard output");
  command->add_option("--icd-dir", o->icd_directory, "folder of ICD files");
  command->callback([o, &code] { code = export_history(*o, std::cout, std::cerr); });
}

void add_results(CLI::App& profiles, int& code) {
  auto o = std::make_shared<ResultsOptions>();
  auto percent = std::make_shared<double>(100 * o->floor.rate);
  auto* command = profiles.add_subcommand("results", "what the profiles brought: hits, controls, findings, intervals, lane minutes");
  command->footer("Posts are merged crossing by crossing: nothing counts twice, however often a file or a post is named.");
  command->add_option("--site", o->sites, "site file of a post; may be given several times; else RAMPA_SITE");
  command->add_option("--merge", o->merge, "file that --out wrote elsewhere; may be given several times");
  command->add_option("--out", o->out, "write all merged outcomes to this file, for a further merge (no personal fields)");
  command->add_option("--report", o->report, "write the analysts' page (HTML) to this file");
  command->add_option("--floor-percent", *percent, "flag profiles whose interval lies below")->check(CLI::Range(0.0, 100.0))->capture_default_str();
  command->add_option("--floor-controls", o->floor.controls, "after at least so many controls")->capture_default_str();
  command->add_option("--icd-dir", o->icd_directory, "folder of ICD files");
  command->add_flag("--json", o->json, "one JSON object on standard output");
  command->callback([o, percent, &code] {
    if (o->sites.empty() && o->merge.empty() && !site_of_environment().empty()) o->sites.push_back(site_of_environment());
    if (o->sites.empty() && o->merge.empty()) throw CLI::ValidationError("results", "needs --site SITE or --merge FILE");
    o->floor.rate = *percent / 100;
    code = profile_results(*o, std::cout, std::cerr);
  });
}

}  // namespace

void add_learning_commands(CLI::App& profiles, int& code) {
  add_simulate(profiles, code);
  add_history(profiles, code);
  add_results(profiles, code);
}

}  // namespace rampa::app
