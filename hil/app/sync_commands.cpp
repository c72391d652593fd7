// `rampa-hil sync-post` and `rampa-hil soak-sync`.
#include <filesystem>
#include <iostream>

#include "edge/runtime/system_clock.hpp"
#include "hil/app/commands.hpp"
#include "hil/sync/soak.hpp"

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
  settings.business = {options.seed, options.record_bytes, options.image_every, options.image_bytes, options.picture_every};
  settings.records = options.records;
  settings.rate_per_s = options.rate;
  settings.clock_offset_s = options.clock_offset_s;
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

}  // namespace rampa::hil::app
