// `rampa-hil bench-lanes`: many busy lanes on one appliance. Software's own share of a release (last evidence received to boom
// command handed to the transport, commit included), the disk's fdatasync beside it, memory and CPU of the appliance alone.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

#include "edge/runtime/system_clock.hpp"
#include "hil/app/commands.hpp"
#include "hil/stage/declarations_file.hpp"
#include "hil/stage/live_run.hpp"
#include "hil/world/traffic.hpp"

namespace rampa::hil::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

int complain(const std::string& what) {
  std::cerr << "bench-lanes: " << what << "\n";
  return 2;
}

constexpr int devices_per_lane = 8;

/// The products of the bench with everything asked at 20 Hz, as fast as any of them is asked at a post.
bool write_icds(const std::string& from, const std::string& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.path().extension() != ".json" || entry.path().stem().extension() == ".schema") continue;
    std::ifstream in(entry.path());
    json product = json::parse(in, nullptr, false);
    if (product.is_discarded()) return false;
    if (product.contains("timing")) product["timing"]["poll_ms"] = 50;
    if (!(std::ofstream(to + "/" + entry.path().filename().string()) << product.dump(1))) return false;
  }
  return true;
}

std::string io_module(const char* role, const char* icd, int port, const char* points) {
  return std::string("\n[[lane.device]]\nrole = \"") + role + "\"\nicd = \"" + icd + "\"\naddress = \"modbus+tcp://127.0.0.1:" + std::to_string(port) +
         "?unit=1\"\n[lane.device.points]\n" + points +
         "[lane.device.options]\ncommissioned_by = \"simulated module\"\ncommissioned_on = 2026-01-15\nboom_drive = \"pulse\"\npulse_ms = 500\n";
}

/// A post of cargo lanes, each with four I/O modules of the three makes, Modbus scale, two ANPR cameras and a radiation portal.
std::string site_text(const BenchOptions& options, const std::string& tree) {
  std::ostringstream out;
  out << "[post]\nid = \"RS-BENCH\"\nname = \"Bench\"\ndirectory = \"run\"\nprofiles = \"" << tree << "/config/examples/profiles.json\"\n\n"
      << "[http]\nlisten = \"127.0.0.1\"\nport = 8080\n\n[sync]\nenabled = true\nbrokers = [\"mqtts://127.0.0.1:18883\"]\n"
      << "ca_file = \"x\"\ncertificate_file = \"x\"\nkey_file = \"x\"\n";
  int next_port = 15000;
  for (int lane = 1; lane <= options.lanes; ++lane) {
    const int io = next_port, scale = next_port + 4, portal = next_port + 5;
    next_port += 6;
    out << "\n[[lane]]\nid = \"L" << lane << "\"\nkind = \"cargo\"\ndirection = \"entry\"\npresence_timeout = \"none\"\n"
        << "required_evidence = [\"scale\", \"plate_front\"]\n"
        << io_module("io", "wago-750", io, "boom_open = \"DI0\"\nboom_closed = \"DI1\"\nemergency_stop = { channel = \"DI2\", inverted = true }\nmanual_mode = \"DI3\"\n"
                               "boom_raise = \"DO0\"\nboom_lower = \"DO1\"\nlight_red = \"DO2\"\nlight_green = \"DO3\"\nbeacon = \"DO4\"\n")
        << io_module("io_2", "moxa-iologik-e1214", io + 1, "loop_boom = \"DI0\"\nphotocell = \"DI1\"\n") << io_module("io_3", "advantech-adam-6060", io + 2, "loop_exit = \"DI0\"\n")
        << io_module("io_4", "advantech-adam-6060", io + 3, "loop_entry = \"DI0\"\n")
        << "\n[[lane.device]]\nrole = \"scale\"\nicd = \"rinstrum-c500\"\naddress = \"modbus+tcp://127.0.0.1:" << scale << "?unit=1\"\n[lane.device.options]\ngrams_per_count = 1000\n"
        << "\n[[lane.device]]\nrole = \"plate_front\"\nicd = \"hikvision-anpr\"\naddress = \"push://127.0.0.1:14000/L" << lane << "/front\"\n"
        << "\n[[lane.device]]\nrole = \"plate_rear\"\nicd = \"axis-alpv\"\naddress = \"push://127.0.0.1:14000/L" << lane << "/rear\"\n[lane.device.options]\nsettle_ms = 0\n"  // its wait for a better read is not the software's share
        << "\n[[lane.device]]\nrole = \"portal\"\nicd = \"rpm-portal\"\naddress = \"tcp://127.0.0.1:" << portal << "\"\n";
  }
  return out.str();
}

struct Usage {
  double cpu_s = 0;
  long rss_kb = 0;
};

Usage usage_of(pid_t pid) {
  Usage usage;
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string all((std::istreambuf_iterator<char>(stat)), {});
  std::istringstream rest(all.substr(std::min(all.size(), all.rfind(')') + 2)));
  std::string word;
  for (int i = 3; i <= 15 && rest >> word; ++i)
    if (i >= 14) usage.cpu_s += std::stod(word) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) usage.rss_kb = std::stol(line.substr(6));
  return usage;
}

double metric(const std::string& text, const std::string& name) {
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

}  // namespace

int bench_lanes(const BenchOptions& options) {
  watch_signals();
  const std::string directory = options.directory.empty() ? (fs::temp_directory_path() / ("rampa-bench-" + std::to_string(::getpid()))).string() : options.directory;
  fs::remove_all(directory);
  fs::create_directories(directory);
  const std::string tree = fs::absolute(options.tree).lexically_normal().string();
  std::ofstream(directory + "/bench.toml") << site_text(options, tree);

  StageSettings settings;
  settings.tree = tree;
  settings.binaries = fs::read_symlink("/proc/self/exe").parent_path().string();
  settings.site_file = directory + "/bench.toml";
  settings.directory = directory;
  settings.icd_directory = directory + "/icd";
  if (!write_icds(tree + "/firmware-interfaces/icd", settings.icd_directory)) return complain(tree + "/firmware-interfaces/icd: cannot be copied");
  settings.speed = 4;
  auto stage = Stage::make(settings);
  if (!stage) return complain(stage.error().what);
  std::vector<Arrival> arrivals;
  std::vector<Declaration> declarations;
  for (std::uint64_t n = 1; n <= 600; ++n) {
    arrivals.push_back(make_ordinary_arrival(1, n));
    declarations.insert(declarations.end(), arrivals.back().declarations.begin(), arrivals.back().declarations.end());
  }
  if (auto written = stage->set_declarations(declarations_text(declarations)); !written) return complain(written.error().what);
  ScenarioOfficer habits;
  habits.after_s = 1;
  LiveRun run(*stage, habits);
  if (auto up = run.begin(); !up) return complain(up.error().what);

  const runtime::SystemClock clock;
  const MonoTime begin = clock.mono();
  const pid_t pid = stage->appliance()->pid();
  const auto metrics_now = [&] {
    auto answer = http_call(stage->http_port(), "GET", "/metrics", "", {});
    return answer ? answer->body : std::string{};
  };
  const double polls_before = metric(metrics_now(), "rampa_device_polls_total");
  const Usage before = usage_of(pid);
  std::uint64_t sent = 0;
  long rss_max = before.rss_kb;
  while (clock.mono() - begin < std::chrono::milliseconds(static_cast<std::int64_t>(options.seconds * 1000)) && !stop_asked()) {
    if (run.lorries_inside() < static_cast<std::size_t>(options.lanes) * 3 / 2) {
      if (auto added = run.add("L" + std::to_string(1 + sent % static_cast<std::uint64_t>(options.lanes)), arrivals[sent % arrivals.size()].lorry); !added)
        return complain(added.error().what);
      ++sent;
    }
    if (auto stepped = run.step([](std::uint64_t) { return std::string{}; }); !stepped) return complain(stepped.error().what);
    rss_max = std::max(rss_max, usage_of(pid).rss_kb);
  }
  const double seconds = std::chrono::duration<double>(clock.mono() - begin).count();
  const Usage after = usage_of(pid);
  const std::string text = metrics_now();
  const double devices = options.lanes * devices_per_lane;
  const double p99 = metric(text, "rampa_release_latency_ms{quantile=\"0.99\"}");
  const double rss_mb = static_cast<double>(rss_max) / 1024, cpu = 100 * (after.cpu_s - before.cpu_s) / seconds;
  const auto target = [](double limit, double value) { return json{{"at_most", limit}, {"met", value >= 0 && value <= limit}}; };
  const json report{{"lanes", options.lanes}, {"devices_per_lane", devices_per_lane}, {"seconds", seconds}, {"lorries_sent", sent},
                    {"releases_by_policy", metric(text, "rampa_releases_by_policy_total")},
                    {"release_latency_ms", {{"p50", metric(text, "rampa_release_latency_ms{quantile=\"0.5\"}")},
                                            {"p99", p99},
                                            {"max", metric(text, "rampa_release_latency_ms{quantile=\"1\"}")}}},
                    {"fdatasync_p99_ms", metric(text, "rampa_fdatasync_ms{quantile=\"0.99\"}")},
                    {"telemetry_dropped", metric(text, "rampa_telemetry_dropped_total")},
                    {"polls_per_s_and_device", (metric(text, "rampa_device_polls_total") - polls_before) / seconds / devices},
                    {"rss_mb_max", rss_mb}, {"cpu_of_one_core_percent", cpu},
                    {"targets", {{"release_latency_ms_p99", target(50, p99)}, {"rss_mb_max", target(200, rss_mb)}, {"cpu_of_one_core_percent", target(25, cpu)}}}};
  std::cout << (options.json ? report.dump() : report.dump(2)) << std::endl;
  stage->appliance()->end(10s);
  if (options.directory.empty()) fs::remove_all(directory);
  return metric(text, "rampa_releases_by_policy_total") > 0 ? 0 : 1;
}

}  // namespace rampa::hil::app
