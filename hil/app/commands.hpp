// The subcommands of rampa-hil; each returns the process's exit code: 0 as hoped, 1 not as hoped, 2 could not begin
// or could not be played to its end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rampa::hil::app {

struct WorldOptions {
  std::string site, icd_directory;
  double speed = 1;
  std::uint64_t seed = 1;
  int control = -1;      ///< port; 0: the system chooses; -1: none
  double traffic_per_hour = 0;  ///< lorries per lane and hour of world time, drawn from the seed; 0: none
  bool json = false;
};
int world(const WorldOptions& options);

struct WanOptions {
  std::string listen = "127.0.0.1:0", to;
  int control = -1;
  std::uint64_t seed = 1;
  std::vector<std::string> faults;  ///< "NAME=VALUE" at the start
  bool standard_input = false;      ///< control lines there too
  bool json = false;
};
int wan(const WanOptions& options);

struct RunOptions {
  std::vector<std::string> files;
  std::string icd_directory, tree = ".", keep;
  bool virtual_time = false, trace = false, json = false;
};
int run(const RunOptions& options);

struct DemoOptions {
  std::string tree = ".", directory, fault;
  int crossings = 0;      ///< 0: until Ctrl-C
  bool headless = false, json = false;
  std::optional<double> speed;         ///< absent: 4, or what the scenario says
  std::optional<std::uint64_t> seed;   ///< absent: 1, or what the scenario says
};
int demo(const DemoOptions& options);

struct SimulateOptions {
  std::string seeds = "1-10", icd_directory, tree = ".";
  std::vector<std::string> sites;  ///< empty: the three of tests/scenarios/sites
  double hours = 1;
  bool no_faults = false, trace = false, json = false;
};
int simulate(const SimulateOptions& options);

struct SoakOptions {
  std::string tree = ".", directory, preload;
  int kills = 200;
  std::uint64_t seed = 1;
  bool json = false;
  double restart_ms_max = 2000;  ///< from the kill's end to lanes that work; 0: printed, not judged
};
int soak_kills(const SoakOptions& options);

/// One post of a sync run: hil/sync/post_process.hpp.
struct SyncPostOptions {
  std::string directory, post = "P1", ca_file, cert_file, key_file;
  std::vector<std::string> brokers;
  int control = 0;
  std::uint64_t seed = 1, records = 0, image_every = 0, picture_every = 0, quota_images_mib = 0, quota_thumbnails_mib = 0;
  bool closes = false;
  std::size_t record_bytes = 1024, image_bytes = 20u << 20;
  double rate = 0, clock_offset_s = 0, clock_rate_ppm = 0;
  std::string boot;
  std::int64_t boot_began_ns = 0;
};
int sync_post(const SyncPostOptions& options);

struct SoakSyncOptions {
  std::string tree = ".", directory = "build/soak-sync";
  std::uint64_t seed = 1, records = 1'000'000, images = 100;
  std::size_t image_bytes = 20u << 20;
  int faults = 1000;
  bool fresh = false;  ///< what the directory holds is removed first
};
int soak_sync(const SoakSyncOptions& options);

struct SwarmOptions {
  std::string tree = ".", directory = "build/swarm";
  std::uint64_t seed = 1, records = 1000;
  std::size_t record_bytes = 1024;
  int posts = 300, workers = 1, brokers = 1;
  double rate = 0;
  int worker_kills = 0, broker_kills = 0, primary_kills = 0;
  double gap_ms_max = 0;  ///< p99 of the gaps at kills of workers and brokers; 0: not judged
  bool json = false;
};
int swarm(const SwarmOptions& options);

struct BenchOptions {
  std::string tree = ".", directory;
  int lanes = 16;
  double seconds = 120;
  bool json = false;
};
int bench_lanes(const BenchOptions& options);

/// True once SIGINT or SIGTERM came.
[[nodiscard]] bool stop_asked();
void watch_signals();

}  // namespace rampa::hil::app
