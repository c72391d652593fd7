// `rampa-hil sync-post`, `rampa-hil soak-sync` and `rampa-hil swarm`.
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "edge/runtime/system_clock.hpp"
#include "hil/app/commands.hpp"
#include "hil/sync/soak.hpp"
#include "hil/sync/swarm.hpp"

namespace rampa::hil::app {

int sync_post(const SyncPostOptions& options) {
  watch_signals();
  PostProcessSettings settings;
  settings.directory = options.directory;
  settings.post = options.post;
  settings.brokers = options.brokers;
  settings.ca_file = options.ca_file;
  settings.cert_file = options.cert_file;
  settings.key_file = options.key_file;
  settings.control = static_cast<std::uint16_t>(options.control);
  settings.business = {options.seed, options.record_bytes, options.image_every, options.image_bytes, options.picture_every, options.closes};
  settings.quota_images_mib = options.quota_images_mib;
  settings.quota_thumbnails_mib = options.quota_thumbnails_mib;
  settings.records = options.records;
  settings.rate_per_s = options.rate;
  settings.clock = {options.clock_offset_s, options.clock_rate_ppm, options.boot, options.boot_began_ns};
  return run_post_process(settings, stop_asked);
}

int soak_sync(const SoakSyncOptions& options) {
  watch_signals();
  namespace fs = std::filesystem;
  SoakSyncSettings settings;
  settings.stage.tree = options.tree;
  settings.stage.binaries = fs::read_symlink("/proc/self/exe").parent_path().string();
  settings.stage.directory = options.directory;
  settings.stage.seed = options.seed;
  settings.records = options.records;
  settings.images = options.images;
  settings.image_bytes = options.image_bytes;
  settings.faults = options.faults;
  if (options.fresh) fs::remove_all(options.directory);
  const runtime::SystemClock clock;
  const MonoTime began = clock.mono();
  const auto report = hil::soak_sync(settings, [&](const std::string& line) {
    std::cerr << std::chrono::duration_cast<std::chrono::seconds>(clock.mono() - began).count() << " s: " << line << "\n";
  }, stop_asked);
  if (!report) {
    std::cerr << "soak-sync: " << report.error().what << "\n";
    return 2;
  }
  std::cout << soak_report_json(settings, *report) << std::endl;
  if (!report->finished) std::cerr << "interrupted; the same command goes on with it\n";
  return report->good() ? 0 : 1;
}

int swarm(const SwarmOptions& options) {
  watch_signals();
  SwarmSettings settings;
  settings.tree = options.tree;
  settings.binaries = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  settings.directory = options.directory;
  settings.seed = options.seed;
  settings.posts = options.posts;
  settings.records = options.records;
  settings.record_bytes = options.record_bytes;
  settings.workers = options.workers;
  settings.brokers = options.brokers;
  settings.rate_per_s = options.rate;
  settings.worker_kills = options.worker_kills;
  settings.broker_kills = options.broker_kills;
  settings.primary_kills = options.primary_kills;
  const runtime::SystemClock clock;
  const MonoTime began = clock.mono();
  const auto report = hil::swarm(settings, [&](const std::string& line) {
    std::cerr << std::chrono::duration_cast<std::chrono::seconds>(clock.mono() - began).count() << " s: " << line << "\n";
  }, stop_asked);
  if (!report) {
    std::cerr << "swarm: " << report.error().what << "\n";
    return 2;
  }
  bool quick = true;
  for (const auto& [kind, kills] : report->kills) quick &= kind == "primary" || options.gap_ms_max <= 0 || kills.gap_p99_ms <= options.gap_ms_max;
  if (options.json) {
    std::cout << swarm_report_json(settings, *report) << std::endl;
  } else {
    std::printf("%d posts, %llu records, %.1f s: %.0f records/s committed, %.0f a commit; %llu messages sent again, %llu had no room at HQ\n", settings.posts,
                static_cast<unsigned long long>(report->records), report->seconds, report->records_per_s, report->records_per_commit,
                static_cast<unsigned long long>(report->resends), static_cast<unsigned long long>(report->dropped));
    std::printf("  bare COPY of the same rows, as many a commit: %.0f records/s (HQ: %.2f of it); the disk's fdatasync: %.0f/s before, %.0f/s after\n", report->bare_copy_per_s,
                report->records_per_s / report->bare_copy_per_s, report->fdatasync_before_per_s, report->fdatasync_after_per_s);
    for (const auto& [name, seconds] : report->cpu_seconds) std::printf("  %-10s %7.1f s of CPU\n", name.c_str(), seconds);
    for (const auto& [kind, k] : report->kills)
      std::printf("  %d kills of a %s: gap of a post p50 %.0f ms, p99 %.0f ms, max %.0f ms\n", k.kills, kind.c_str(), k.gap_p50_ms, k.gap_p99_ms, k.gap_max_ms);
    std::printf("lost %llu, twice %llu, other %llu, alarms %llu, unsound %llu%s\n", static_cast<unsigned long long>(report->lost),
                static_cast<unsigned long long>(report->twice), static_cast<unsigned long long>(report->other), static_cast<unsigned long long>(report->alarms),
                static_cast<unsigned long long>(report->unsound), report->equal() ? ": HQ has what the posts have" : (": " + report->first_wrong).c_str());
  }
  return report->equal() && quick ? 0 : 1;
}

}  // namespace rampa::hil::app
