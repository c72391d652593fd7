// `rampa serve`: reads the site, opens the store, starts everything, feeds the watchdog, ends in good order.
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <iostream>
#include <mutex>

#include "config/site.hpp"
#include "edge/api/server.hpp"
#include "edge/app/appliance.hpp"
#include "edge/app/cached_lists.hpp"
#include "edge/app/downlink.hpp"
#include "edge/app/hq_watch_lists.hpp"
#include "edge/app/lanes_first.hpp"
#include "edge/app/line_settings.hpp"
#include "edge/app/profiles_file.hpp"
#include "edge/app/profiles_watch.hpp"
#include "edge/app/service_notify.hpp"
#include "edge/app/tools.hpp"
#include "edge/app/urgent_profiles.hpp"
#include "edge/app/version.hpp"
#include "edge/store/blob_reader.hpp"
#include "edge/store/day_key_reader.hpp"
#include "sync/uplink.hpp"

namespace rampa::app {
namespace {

constexpr Duration uplink_silence_max = 120s;

/// Waits for SIGINT or SIGTERM, waking every second for the watchdog. All other threads have them blocked.
class EndSignal {
 public:
  EndSignal() {
    ::sigemptyset(&set_);
    ::sigaddset(&set_, SIGINT);
    ::sigaddset(&set_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);  // a full quota is an error of write(), not the end of the process
  }
  /// True: asked to end.
  bool wait_a_second() {
    const timespec second{1, 0};
    return ::sigtimedwait(&set_, nullptr, &second) > 0;
  }

 private:
  sigset_t set_{};
};

int complain(const std::string& what, int code) {
  spdlog::error("{}", what);
  service_notify("STATUS=" + what);
  return code;
}

/// What HQ sent in earlier boots, and the site file's lists beside it; a bad line is named and left out, the lanes work
/// with the rest.
Result<void> load_lists(Appliance& appliance) {
  const auto& site = appliance.site();
  auto from_hq = store::read_cached_lists(site.directory);
  if (!from_hq) return tl::unexpected(from_hq.error());
  std::vector<config::Finding> findings;
  auto from_site = read_site_lists(site, findings);
  take_lists(appliance.declarations(), *from_hq, from_site);
  take_site_watch_lists(appliance.declarations(), site);
  for (auto& list : HqWatchLists(store::real_disk(), site.directory + "/watch-lists").all(findings)) appliance.declarations().replace_watch_list(std::move(list));
  for (const auto& f : findings) spdlog::warn("{}:{}: {}; {}", f.file, f.line, f.cause, f.remedy);
  appliance.store().show_site_lists(std::move(from_site));
  return {};
}

/// The uplink, and the store's way to tell it "more is durable". The store outlives the uplink, so the way is cut first.
struct Sync {
  struct Way {
    std::mutex mutex;
    sync::Uplink* to = nullptr;
  };
  std::shared_ptr<Way> way = std::make_shared<Way>();
  std::unique_ptr<sync::Uplink> uplink;
  std::shared_ptr<Downlink> downlink;
  std::uint64_t beats = 0;
  MonoTime last_beat;

  Sync() = default;
  Sync(Sync&&) = default;
  Sync& operator=(Sync&&) = default;
  ~Sync() { stop(); }  // also where serve() ends early: the store goes on telling what is durable
  void stop() {
    if (way) {
      std::lock_guard lock(way->mutex);
      way->to = nullptr;
    }
    if (downlink) downlink->connect({});
    uplink.reset();
  }
  /// A line to HQ may hang in a name server or a broker for a while, and no lane needs it: only a thread that is gone for
  /// longer than any of that is a reason to start anew. What the profiles watch compiles goes in
  /// turns that count as well: meanwhile a busy machine may keep this thread waiting.
  bool alive(MonoTime now) {
    if (!uplink) return true;
    if (const auto seen = uplink->beats() + LanesFirst::turns(); seen != beats || last_beat == MonoTime{}) {
      beats = seen;
      last_beat = now;
    }
    return now - last_beat < (LanesFirst::under_way() ? LanesFirst::longest : uplink_silence_max);
  }
};

Result<Sync> start_sync(Appliance& appliance, runtime::SystemClock& clock) {
  const auto& site = appliance.site();
  const auto status = appliance.store().status();
  sync::UplinkSettings settings = line_settings(site);
  settings.drain.boot_id = status.boot_id;
  settings.drain.boot_number = status.boot_number;
  settings.drain.software = described_version();
  auto downlink = Downlink::open(appliance, clock);
  if (!downlink) return tl::unexpected(downlink.error());
  settings.drain.identity = (*downlink)->identity();
  settings.drain.letters_through = (*downlink)->letters_through();
  settings.drain.letter_desks = (*downlink)->letter_desks();
  if (site.sync.hq_reads_personal)
    settings.drain.day_key = [keys = std::shared_ptr(store::open_day_keys(site.directory))](const sync::DayKeyName& name) {
      return keys->day_key(name.day, name.generation);
    };
  settings.jitter_seed = runtime::random_bits();
  sync::UplinkCalls calls;
  calls.acknowledged = [&appliance](std::uint64_t sequence) { appliance.store().acknowledge(sequence); };
  calls.blob_held = [&appliance](const std::string& sha256, bool held) { appliance.store().blob_held(sha256, held); };
  calls.quarantined = [](const sync::QuarantinedRecord& record) {
    spdlog::error("hq put a record into quarantine: sequence={} {}", record.sequence, record.reason);
  };
  calls.lost = [](const sync::LostRecords& lost) {
    spdlog::error("the journal cannot give {} {} to {}: {}; HQ is told. Run `rampa verify` and restore the segment from the backup: HQ takes what comes back",
                  store::name_of(lost.stream), lost.numbers.first, lost.numbers.last, lost.reason);
  };
  calls.remark = [](const std::string& what) { spdlog::warn("broker {}", what); };
  calls.status = [&appliance](const sync::LinkStatus& link) { appliance.link_changed(link); };
  calls.letter = [downlink = *downlink](const sync::Letter& letter, std::function<void(sync::LetterOutcome)> done) {
    downlink->apply(letter, std::move(done));
  };
  calls.fetched = [downlink = *downlink](const std::string& sha256, const std::string& trouble) { downlink->fetched(sha256, trouble); };
  calls.keep_hq_key = [downlink = *downlink](const std::string& key) { downlink->keep_hq_key(key); };
  auto shelf = (*downlink)->shelf();
  if (!shelf) return tl::unexpected(shelf.error());
  auto uplink = sync::start_uplink(std::move(settings), appliance.store().journal_reader(), sync::blobs_of(store::open_blobs(site.directory)),
                                   std::move(*shelf), status.acknowledged, std::move(calls), clock);
  if (!uplink) return tl::unexpected(uplink.error());
  Sync sync;
  sync.uplink = std::move(*uplink);
  sync.way->to = sync.uplink.get();
  sync.downlink = *downlink;
  sync.downlink->connect({[to = sync.uplink.get()](const sync::Fetcher::Wanted& wanted) { to->want(wanted); },
                          [to = sync.uplink.get()](std::uint64_t number, const std::string& reason) { to->refuse_letter(number, reason); },
                          [to = sync.uplink.get()](std::uint64_t number, const std::string& outcome) { to->answer_letter(number, outcome); }});
  appliance.store().on_durable([way = sync.way](std::uint64_t last) {
    std::lock_guard lock(way->mutex);
    if (way->to) way->to->durable(last);
  });
  sync.uplink->durable(appliance.store().status().last_sequence);  // what became durable before the line above
  return sync;
}

std::string web_directory_of(const config::Site& site) {
  if (!site.http.web_directory.empty()) return site.http.web_directory;
  const char* named = std::getenv("RAMPA_WEB_DIR");
  return named ? named : "";
}

}  // namespace

int serve(const ToolOptions& options, bool simulated) {
  EndSignal end;
  spdlog::set_default_logger(spdlog::stderr_color_mt("rampa"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  spdlog::flush_on(spdlog::level::info);

  auto check = config::read_site(options.site_file, options.icd_directory);
  if (!check.findings.empty()) {
    for (const auto& f : check.findings)
      std::cerr << f.file << ":" << f.line << ": " << f.key << ": " << f.cause << (f.remedy.empty() ? "" : "; " + f.remedy) << "\n";
    return exit_config;
  }
  auto profiles = read_profiles(check.site.profiles_file);
  if (!profiles) return complain("the profile set is refused: " + said_aloud(check.site.profiles_file, profiles.error()), exit_config);
  for (const auto& notice : profiles->notices) spdlog::error("{}: {}", check.site.profiles_file, notice);

  runtime::SystemClock clock;
  std::filesystem::create_directories(check.site.directory);
  store::Settings store_settings;
  store_settings.directory = check.site.directory;
  store_settings.post = check.site.post;
  store_settings.reserve_bytes = check.site.store.reserve_mib << 20;
  store_settings.quota_images_bytes = check.site.store.quota_images_mib << 20;
  store_settings.quota_thumbnails_bytes = check.site.store.quota_thumbnails_mib << 20;
  store_settings.boot = runtime::os_boot();
  store_settings.wall_quality = runtime::wall_quality;
  auto store = store::open(store_settings, clock);
  if (!store) return complain("store: " + store.error().what, exit_found);
  if (const auto status = (*store)->status(); !status.repaired.empty()) spdlog::warn("journal repaired: {}", status.repaired);

  UrgentProfiles urgent({check.site.directory + "/urgent-profiles.json", check.site.post, check.site.urgent_hours_max, UrgentProfiles::present_os_boot()}, *profiles, clock);
  auto in_force = urgent.begin();
  Appliance appliance(std::move(check.site), std::move(in_force.set), std::move(*store), clock, simulated, std::move(in_force.bytes));
  if (auto loaded = load_lists(appliance); !loaded) return complain("declarations and watch lists: " + loaded.error().what, exit_found);
  appliance.profiles_fresh_until(profiles->fresh_until);
  if (auto started = appliance.start(); !started) return complain(started.error().what, exit_found);
  if (profiles->installed)
    if (auto noted = appliance.write_audit_note(*profiles->installed, 10s); !noted) spdlog::error("who signed the profile set is not in the journal: {}", noted.error().what);
  urgent.connect({[&](auto set, auto bytes) { return appliance.use_profiles(std::move(set), std::move(bytes)); },
                  [&](AuditNote note) { return appliance.write_audit_note(std::move(note), 5s); },
                  [&](const auto& set, auto bytes) { return appliance.keep_profiles(set, std::move(bytes)); }});
  appliance.set_urgent(&urgent);

  Sync sync;
  if (appliance.site().sync.enabled) {
    auto made = start_sync(appliance, clock);
    // A post works without HQ; certificates that can't be read are told, not died of.
    if (made) sync = std::move(*made);
    else spdlog::error("no line to HQ: {}", made.error().what);
  }

  api::Settings http;
  http.listen = appliance.site().http.listen;
  http.port = appliance.site().http.port;
  http.secure_cookie = http.trust_forwarded_for = appliance.site().http.behind_proxy;
  http.web_directory = web_directory_of(appliance.site());
  http.officers_file = appliance.site().directory + "/officers.json";
  http.cheap_passwords = simulated && std::getenv("RAMPA_CHEAP_PASSWORDS") != nullptr;
  auto server = api::start(http, appliance, clock);
  if (!server) return complain("http: " + server.error().what, exit_found);
  spdlog::info("post {} serves on http://{}:{}/", appliance.site().post.text, http.listen, (*server)->port());
  if (options.json)
    std::cout << "{\"post\":\"" + appliance.site().post.text + "\",\"url\":\"http://" + http.listen + ":" + std::to_string((*server)->port()) +
                     "/\",\"version\":\"" + described_version() + "\"}\n"
              << std::flush;
  if (const std::string code = (*server)->claim_code(); !code.empty())
    std::cerr << "first start: no account yet. claim code: " + code + "\n" << std::flush;  // one write: other threads log to the same stream

  std::optional<ProfilesWatch> watch;
  ProfilesWatch::Calls watched;
  watched.read = [](const std::string& file) { return read_profiles(file); };
  watched.use = [&urgent](LoadedProfiles loaded) { return urgent.use_base(std::move(loaded)); };
  watched.fresh = [&appliance](std::optional<WallTime> until) { appliance.profiles_fresh_until(until); };
  // Each record says how far the wall clock could be believed; a change is told at once, also at a post where nothing else happens.
  watched.tick = [&urgent, &appliance, known = runtime::wall_quality()]() mutable {
    urgent.tick();
    const WallQuality now = runtime::wall_quality();
    if (now != known && appliance.write_audit_note(AuditNote{"wall_clock", "rampa", std::string(name_of(now)) + ", was " + std::string(name_of(known))}, 5s)) known = now;
  };
  if (sync.downlink) watched.before = [downlink = sync.downlink] { downlink->work(); };
  watch.emplace(appliance.site().profiles_file, urgent.base_sha256(), std::move(watched));
  if (sync.downlink) sync.downlink->work_by([&watch] { watch->wake(); });
  service_notify("READY=1");
  while (!end.wait_a_second())
    if (appliance.all_threads_alive() && sync.alive(clock.mono()) && watch->alive(clock.mono())) service_notify("WATCHDOG=1");
  service_notify("STOPPING=1");
  spdlog::info("ending");
  if (sync.downlink) sync.downlink->work_by({});
  watch.reset();
  server->reset();
  appliance.stop();
  sync.stop();
  return exit_ok;
}

}  // namespace rampa::app
