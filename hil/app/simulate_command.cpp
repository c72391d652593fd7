// `rampa-hil simulate`: seeds of the deterministic simulation, one JSON object per line.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hil/app/commands.hpp"
#include "hil/app/inputs.hpp"
#include "hil/bench/simulation.hpp"

namespace rampa::hil::app {
namespace {

bool parse_range(const std::string& text, std::uint64_t& first, std::uint64_t& last) {
  const auto dash = text.find('-');
  try {
    first = std::stoull(text.substr(0, dash));
    last = dash == std::string::npos ? first : std::stoull(text.substr(dash + 1));
  } catch (const std::exception&) {
    return false;
  }
  return first <= last;
}

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

void print(const SimulationResult& r, const std::string& site, bool json) {
  if (json) {
    nlohmann::json violations = nlohmann::json::array();
    for (const auto& v : r.violations) violations.push_back({{"name", v.name}, {"lane", v.lane}, {"at_s", v.at_s}, {"detail", v.detail}});
    std::cout << nlohmann::json{{"seed", r.seed},       {"trace_hash", hex(r.trace_hash)}, {"violations", violations},
                                {"site", site},         {"world_s", r.world_s},            {"lorries", r.lorries},
                                {"passed", r.passed},   {"crossings", r.crossings},        {"records", r.records},
                                {"strikes", r.strikes}, {"kills", r.kills},                {"kinds", r.kinds}}
                     .dump()
              << std::endl;
    return;
  }
  std::printf("seed %llu %s: %llu lorries, %llu passed, %llu crossings, %llu records, %llu faults, %llu kills, trace %s\n",
              static_cast<unsigned long long>(r.seed), r.violations.empty() ? "clean" : "VIOLATED",
              static_cast<unsigned long long>(r.lorries), static_cast<unsigned long long>(r.passed),
              static_cast<unsigned long long>(r.crossings), static_cast<unsigned long long>(r.records),
              static_cast<unsigned long long>(r.strikes), static_cast<unsigned long long>(r.kills), hex(r.trace_hash).c_str());
  for (const auto& v : r.violations)
    std::printf("  %s at %.2f s, lane %s: %s\n", v.name.c_str(), v.at_s, v.lane.c_str(), v.detail.c_str());
  std::fflush(stdout);
}

}  // namespace

int simulate(const SimulateOptions& options) {
  std::uint64_t first = 0, last = 0;
  if (!parse_range(options.seeds, first, last)) {
    std::cerr << "rampa-hil simulate: --seeds must be A-B or A\n";
    return 2;
  }
  struct Input {
    config::Site site;
    std::shared_ptr<const risk::ProfileSet> profiles;
    std::string file;
  };
  std::vector<Input> inputs;
  std::vector<std::string> files = options.sites;
  if (files.empty())
    for (const char* name : {"cargo-lane", "sally-port", "nii-lane"}) files.push_back(options.tree + "/tests/scenarios/sites/" + name + ".toml");
  for (const auto& file : files) {
    auto site = read_site_or_say(file, options.icd_directory);
    if (!site) {
      std::cerr << site.error().what << "\n";
      return 2;
    }
    auto profiles = read_profile_set(site->profiles_file);
    if (!profiles) {
      std::cerr << profiles.error().what << "\n";
      return 2;
    }
    inputs.push_back({std::move(*site), std::move(*profiles), file});
  }
  int worst = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const auto& input = inputs[seed % inputs.size()];
    SimulationSetup setup{input.site, input.profiles, seed, options.hours, !options.no_faults, true, options.trace ? stderr : nullptr};
    auto result = hil::simulate(std::move(setup));
    if (!result) {
      std::cerr << "rampa-hil simulate: " << result.error().what << "\n";
      return 2;
    }
    print(*result, input.file, options.json);
    if (!result->violations.empty()) worst = 1;
  }
  return worst;
}

}  // namespace rampa::hil::app
