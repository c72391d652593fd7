// rampa-hil: simulated devices, a bad line and scenarios for Rampa.
#include <CLI/CLI.hpp>

#include "hil/app/commands.hpp"

using namespace rampa::hil::app;

int main(int argc, char** argv) {
  CLI::App app{"Simulated devices, a wide-area line, scenarios and the deterministic simulation for Rampa.\n"
               "Exit codes: 0 as hoped, 1 not as hoped, 2 could not begin or could not be played to its end."};
  app.require_subcommand(1);
  int code = 2;

  WorldOptions world_options;
  auto* world_command = app.add_subcommand("world", "serves all simulated devices of a site on their wires");
  world_command->add_option("--site", world_options.site, "site file (TOML)")->required();
  world_command->add_option("--icd", world_options.icd_directory, "folder of the ICD files; default: RAMPA_ICD_DIR or beside the binary");
  world_command->add_option("--speed", world_options.speed, "the world is this many times faster than life")->check(CLI::Range(0.1, 100.0));
  world_command->add_option("--seed", world_options.seed, "of the traffic");
  world_command->add_option("--traffic", world_options.traffic_per_hour, "lorries per lane and hour of world time")->check(CLI::Range(0.0, 1000.0));
  world_command->add_option("--control", world_options.control, "loopback port for line-JSON control; 0: any free one")->check(CLI::Range(0, 65535));
  world_command->add_flag("--json", world_options.json, "first line of output as JSON");
  world_command->callback([&] { code = world(world_options); });

  WanOptions wan_options;
  auto* wan_command = app.add_subcommand("wan", "a long and bad TCP line on order: delay, rate, bounded buffer, resets, black hole, half-open, byte-exact cuts");
  wan_command->add_option("--listen", wan_options.listen, "HOST:PORT; port 0: any free one");
  wan_command->add_option("--to", wan_options.to, "HOST:PORT of the upstream")->required();
  wan_command->add_option("--fault", wan_options.faults, "NAME or NAME=VALUE, from the start: delay=MS, rate=BITS, buffer=BYTES, ...");
  wan_command->add_option("--control", wan_options.control, "loopback port for line-JSON control; 0: any free one")->check(CLI::Range(0, 65535));
  wan_command->add_option("--seed", wan_options.seed, "of the random faults");
  wan_command->add_flag("--stdin", wan_options.standard_input, "control lines on standard input too");
  wan_command->add_flag("--json", wan_options.json, "first line of output as JSON");
  wan_command->callback([&] { code = wan(wan_options); });

  RunOptions run_options;
  auto* run_command = app.add_subcommand("run", "plays scenario files and judges them");
  run_command->add_option("file", run_options.files, "scenario files (TOML)")->required();
  run_command->add_option("--icd", run_options.icd_directory, "folder of the ICD files; default: RAMPA_ICD_DIR or beside the binary");
  run_command->add_option("--tree", run_options.tree, "the checkout (real processes only)")->capture_default_str();
  run_command->add_option("--keep", run_options.keep, "keeps what the runs wrote, in this folder");
  run_command->add_flag("--virtual", run_options.virtual_time, "in virtual time, in this process alone");
  run_command->add_flag("--trace", run_options.trace, "prints everything that happens (virtual time only)");
  run_command->add_flag("--json", run_options.json, "one JSON object per scenario");
  run_command->callback([&] { code = run(run_options); });

  DemoOptions demo_options;
  auto* demo_command = app.add_subcommand("demo", "a post with four lanes on simulated hardware, broker, HQ and appliance");
  demo_command->add_option("--tree", demo_options.tree, "the checkout")->capture_default_str();
  demo_command->add_option("--directory", demo_options.directory, "what the run writes; default: build/demo in the tree");
  demo_command->add_option("--crossings", demo_options.crossings, "end after so many; 0: go on until Ctrl-C")->check(CLI::Range(0, 100000));
  demo_command->add_flag("--headless", demo_options.headless, "no page; exit code 0 only if HQ has every record");
  demo_command->add_option("--fault", demo_options.fault, "show this scenario of tests/scenarios live");
  demo_command->add_option("--speed", demo_options.speed, "the world is so many times faster than life; default: 4, or what the scenario says")->check(CLI::Range(0.5, 10.0));
  demo_command->add_option("--seed", demo_options.seed, "of the traffic; default: 1, or what the scenario says");
  demo_command->add_flag("--json", demo_options.json, "one JSON object at the end");
  demo_command->callback([&] { code = demo(demo_options); });
  SimulateOptions simulate_options;
  auto* simulate_command = app.add_subcommand("simulate", "the deterministic simulation: seeds of traffic and faults, judged by invariants");
  simulate_command->add_option("--seeds", simulate_options.seeds, "A-B or A");
  simulate_command->add_option("--hours", simulate_options.hours, "virtual hours of faults per seed")->check(CLI::Range(0.01, 1000.0));
  simulate_command->add_option("--site", simulate_options.sites, "site files; seed N runs on number N modulo their count; default: the three of tests/scenarios/sites");
  simulate_command->add_option("--tree", simulate_options.tree, "the checkout with the default sites")->capture_default_str();
  simulate_command->add_option("--icd", simulate_options.icd_directory, "folder of the ICD files; default: RAMPA_ICD_DIR or beside the binary");
  simulate_command->add_flag("--no-faults", simulate_options.no_faults, "traffic alone");
  simulate_command->add_flag("--trace", simulate_options.trace, "everything that happens, on standard error");
  simulate_command->add_flag("--json", simulate_options.json, "one JSON object per seed");
  simulate_command->callback([&] { code = simulate(simulate_options); });

  SoakOptions soak_options;
  auto* soak_command = app.add_subcommand("soak-kills", "SIGKILLs the appliance at random points under traffic, then looks for what is missing");
  soak_command->add_option("--tree", soak_options.tree, "the checkout")->capture_default_str();
  soak_command->add_option("--directory", soak_options.directory, "kept there; default: a temporary folder, kept only if something is wrong");
  soak_command->add_option("--kills", soak_options.kills, "how many")->check(CLI::Range(1, 100000))->capture_default_str();
  soak_command->add_option("--seed", soak_options.seed, "of the moments and the traffic")->capture_default_str();
  soak_command->add_option("--preload", soak_options.preload, "library for the appliance: a disk that loses what was not synced");
  soak_command->add_option("--restart-ms-max", soak_options.restart_ms_max, "a restart may take so long until the lanes work; 0: not judged")
      ->check(CLI::Range(0.0, 60000.0))->capture_default_str();
  soak_command->add_flag("--json", soak_options.json, "one JSON object");
  soak_command->callback([&] { code = soak_kills(soak_options); });

  SyncPostOptions post_options;
  auto* post_command = app.add_subcommand("sync-post", "a post reduced to its store and its uplink, with a control port; the sync runs start it");
  post_command->add_option("--directory", post_options.directory, "of the store")->required();
  post_command->add_option("--post", post_options.post, "its name")->capture_default_str();
  post_command->add_option("--broker", post_options.brokers, "mqtts://HOST:PORT, may be repeated; none: no uplink");
  post_command->add_option("--ca", post_options.ca_file, "PEM: whom to believe");
  post_command->add_option("--cert", post_options.cert_file, "PEM: its certificate");
  post_command->add_option("--key", post_options.key_file, "PEM: its private key");
  post_command->add_option("--control", post_options.control, "loopback port for line-JSON control; 0: any free one")->check(CLI::Range(0, 65535));
  post_command->add_option("--seed", post_options.seed, "of the records");
  post_command->add_option("--records", post_options.records, "writes until the journal holds so many");
  post_command->add_option("--rate", post_options.rate, "records per second; 0: as fast as the store takes them");
  post_command->add_option("--record-bytes", post_options.record_bytes, "about, in the journal")->check(CLI::Range(300, 60000));
  post_command->add_option("--image-every", post_options.image_every, "every so many records one with a scan; 0: none");
  post_command->add_option("--image-bytes", post_options.image_bytes, "of such a scan")->check(CLI::Range(1, 64 << 20));
  post_command->add_option("--picture-every", post_options.picture_every, "every so many records one with a picture of 10 to 200 kB; 0: none");
  post_command->add_flag("--closes", post_options.closes, "each crossing's tenth record ends it");
  post_command->add_option("--quota-images-mib", post_options.quota_images_mib, "of its store; 0: none");
  post_command->add_option("--quota-thumbnails-mib", post_options.quota_thumbnails_mib, "of its store; 0: none");
  post_command->add_option("--clock-offset-s", post_options.clock_offset_s, "its wall clock is so wrong");
  post_command->add_option("--clock-rate-ppm", post_options.clock_rate_ppm, "its monotonic clock runs fast by so much");
  post_command->add_option("--boot", post_options.boot, "32 hex digits: a start of the machine that is only played");
  post_command->add_option("--boot-began-ns", post_options.boot_began_ns, "when that was, by the machine's monotonic clock");
  post_command->callback([&] { code = sync_post(post_options); });

  SoakSyncOptions chaos_options;
  auto* chaos_command = app.add_subcommand("soak-sync", "records and images flow to HQ while processes are killed and the line fails; then the post's journal is compared with HQ");
  chaos_command->add_option("--tree", chaos_options.tree, "the checkout")->capture_default_str();
  chaos_command->add_option("--directory", chaos_options.directory, "kept there; a run that was interrupted goes on")->capture_default_str();
  chaos_command->add_option("--seed", chaos_options.seed, "of records and faults")->capture_default_str();
  chaos_command->add_option("--records", chaos_options.records, "how many")->check(CLI::Range(100, 100'000'000))->capture_default_str();
  chaos_command->add_option("--images", chaos_options.images, "how many of the records carry a scan")->check(CLI::Range(0, 100'000))->capture_default_str();
  chaos_command->add_option("--image-bytes", chaos_options.image_bytes, "of a scan")->check(CLI::Range(1, 64 << 20))->capture_default_str();
  chaos_command->add_option("--faults", chaos_options.faults, "how many")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  chaos_command->add_flag("--fresh", chaos_options.fresh, "removes what the directory holds first");
  chaos_command->callback([&] { code = soak_sync(chaos_options); });

  SwarmOptions swarm_options;
  auto* swarm_command = app.add_subcommand("swarm", "many posts in one process and one HQ over PostgreSQL: committed records per second, kills of HQ's parts, then HQ against the posts, hash by hash");
  swarm_command->add_option("--tree", swarm_options.tree, "the checkout")->capture_default_str();
  swarm_command->add_option("--directory", swarm_options.directory, "what the run writes; emptied")->capture_default_str();
  swarm_command->add_option("--seed", swarm_options.seed, "of records and kills")->capture_default_str();
  swarm_command->add_option("--posts", swarm_options.posts, "how many")->check(CLI::Range(1, 1000))->capture_default_str();
  swarm_command->add_option("--records", swarm_options.records, "of each post; they are kept in memory")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  swarm_command->add_option("--record-bytes", swarm_options.record_bytes, "about, in the journal")->check(CLI::Range(300, 60000))->capture_default_str();
  swarm_command->add_option("--workers", swarm_options.workers, "rampa-hq serve at each broker, all over one database")->check(CLI::Range(1, 8))->capture_default_str();
  swarm_command->add_option("--brokers", swarm_options.brokers, "mosquittos; each post has its own first one")->check(CLI::Range(1, 8))->capture_default_str();
  swarm_command->add_option("--rate", swarm_options.rate, "records per second that become durable at each post; 0: all wait from the start")->capture_default_str();
  swarm_command->add_option("--worker-kills", swarm_options.worker_kills, "SIGKILLs of the rampa-hq that serves the most posts")->check(CLI::Range(0, 1000))->capture_default_str();
  swarm_command->add_option("--broker-kills", swarm_options.broker_kills, "SIGKILLs of a mosquitto")->check(CLI::Range(0, 1000))->capture_default_str();
  swarm_command->add_option("--primary-kills", swarm_options.primary_kills, "1: SIGKILL of the database's primary; its synchronous standby is promoted")->check(CLI::Range(0, 1))->capture_default_str();
  swarm_command->add_option("--gap-ms-max", swarm_options.gap_ms_max, "99 of 100 posts may wait so long for HQ at a kill of a worker or broker; 0: not judged")
      ->check(CLI::Range(0.0, 600000.0))->capture_default_str();
  swarm_command->add_flag("--json", swarm_options.json, "one JSON object at the end");
  swarm_command->callback([&] { code = swarm(swarm_options); });

  BenchOptions bench_options;
  auto* bench_command = app.add_subcommand("bench-lanes", "the appliance's latency, memory and CPU with many busy lanes");
  bench_command->add_option("--tree", bench_options.tree, "the checkout")->capture_default_str();
  bench_command->add_option("--directory", bench_options.directory, "what the run writes");
  bench_command->add_option("--lanes", bench_options.lanes, "lanes of eight devices")->check(CLI::Range(1, 32))->capture_default_str();
  bench_command->add_option("--seconds", bench_options.seconds, "real time under traffic")->check(CLI::Range(5.0, 3600.0))->capture_default_str();
  bench_command->add_flag("--json", bench_options.json, "one JSON object");
  bench_command->callback([&] { code = bench_lanes(bench_options); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int cli = app.exit(error);
    return cli == 0 ? 0 : 2;
  }
  return code;
}
