#include "hil/sync/soak.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "edge/runtime/system_clock.hpp"
#include "firmware-interfaces/hex.hpp"
#include "hil/world/substream.hpp"

namespace rampa::hil {
namespace {

using nlohmann::json;

constexpr Duration look_every = 20ms;

/// What survives an interruption.
struct State {
  std::uint64_t seed = 0, records = 0, images = 0, records_told = 0;
  int faults_done = 0;
  std::map<std::string, int> by_name;
  double seconds = 0;
  PostClockSettings clock;
  std::uint64_t boots = 0;  ///< starts of the post's machine
};

json to_json(const State& s) {
  return {{"seed", s.seed}, {"records", s.records}, {"images", s.images}, {"records_told", s.records_told}, {"faults_done", s.faults_done},
          {"by_name", s.by_name}, {"seconds", s.seconds}, {"clock_offset_s", s.clock.offset_s}, {"boots", s.boots}};
}

class Soak {
 public:
  Soak(const SoakSyncSettings& settings, const std::function<void(const std::string&)>& progress, bool (*stop)())
      : settings_(settings), progress_(progress), stop_(stop) {}

  Result<SoakSyncReport> run() {
    if (auto begun = begin(); !begun) return tl::unexpected(begun.error());
    const MonoTime started = clock_.mono();
    const double seconds_before = state_.seconds;
    while (state_.faults_done < settings_.faults && !stop_()) {
      if (auto played = next_fault(); !played) return tl::unexpected(played.error());
      state_.seconds = seconds_before + std::chrono::duration<double>(clock_.mono() - started).count();
      if (auto kept = keep(); !kept) return tl::unexpected(kept.error());
      if (state_.faults_done % 10 == 0)
        progress_("fault " + std::to_string(state_.faults_done) + " of " + std::to_string(settings_.faults) + ", records " +
                  std::to_string(state_.records_told) + ", acknowledged " + std::to_string(acknowledged_));
    }
    SoakSyncReport report;
    if (!stop_()) {
      progress_("faults are over, waiting for HQ");
      if (auto settled = settle(); !settled) return tl::unexpected(settled.error());
      report.finished = !stop_();
    }
    stage_->post()->end(20s);
    state_.seconds = seconds_before + std::chrono::duration<double>(clock_.mono() - started).count();
    if (auto kept = keep(); !kept) return tl::unexpected(kept.error());
    if (report.finished) {
      progress_("comparing");
      auto compared = compare_post_with_hq(*stage_);
      if (!compared) return tl::unexpected(compared.error());
      report.comparison = *compared;
    }
    report.faults = state_.by_name;
    report.records_told = state_.records_told;
    report.seconds = state_.seconds;
    return report;
  }

 private:
  std::string state_file() const { return settings_.stage.directory + "/soak.json"; }

  Result<void> begin() {
    if (auto loaded = load(); !loaded) return loaded;
    std::signal(SIGXFSZ, SIG_IGN);  // inherited by the children: a write beyond the limit is an error then, not an end
    auto made = SyncStage::make(settings_.stage);
    if (!made) return tl::unexpected(made.error());
    stage_ = std::move(*made);
    stage_->fault("delay", 5, true);
    if (auto up = stage_->start_broker(); !up) return up;
    if (auto up = stage_->start_hq(); !up) return up;
    return start_post();
  }

  Result<void> load() {
    state_ = {settings_.stage.seed, settings_.records, settings_.images, 0, 0, {}, 0, {}, 0};
    std::ifstream in(state_file());
    if (!in) {
      boot();
      return {};
    }
    const json old = json::parse(in, nullptr, false);
    if (!old.is_object() || old.value("seed", std::uint64_t{0}) != state_.seed || old.value("records", std::uint64_t{0}) != state_.records ||
        old.value("images", std::uint64_t{0}) != state_.images)
      return fail(ErrorCode::invalid, state_file() + ": a run with other settings; give it the same --seed, --records and --images or another --directory");
    state_.records_told = old.value("records_told", std::uint64_t{0});
    state_.faults_done = old.value("faults_done", 0);
    state_.by_name = old.value("by_name", std::map<std::string, int>{});
    state_.seconds = old.value("seconds", 0.0);
    state_.clock.offset_s = old.value("clock_offset_s", 0.0);
    state_.boots = old.value("boots", std::uint64_t{0});
    boot();  // whatever became of the real machine meanwhile
    progress_("going on after fault " + std::to_string(state_.faults_done));
    return {};
  }

  Result<void> keep() const {
    {
      std::ofstream out(state_file() + ".new");
      out << to_json(state_).dump(2) << "\n";
      if (!out.flush()) return fail(ErrorCode::io, state_file() + ": cannot be written");
    }
    if (std::rename((state_file() + ".new").c_str(), state_file().c_str()) != 0) return fail(ErrorCode::io, state_file() + ": cannot be written");
    return {};
  }

  /// The writer's goal moves with the faults, so that records are under way at each of them.
  [[nodiscard]] std::uint64_t goal() const {
    return settings_.records * static_cast<std::uint64_t>(std::min(state_.faults_done + 1, settings_.faults)) / static_cast<std::uint64_t>(settings_.faults);
  }

  Result<void> start_post() {
    PostProcessSettings post;
    post.business.seed = settings_.stage.seed;
    post.business.image_every = settings_.images ? settings_.records / settings_.images : 0;
    post.business.image_bytes = settings_.image_bytes;
    post.business.picture_every = 97;
    post.records = goal();
    post.clock = state_.clock;
    return stage_->start_post(post);
  }

  /// Looks at everybody, starts again what ended; false: the post does not answer now.
  Result<bool> look() {
    if (!stage_->broker()->alive())
      if (auto up = stage_->start_broker(); !up) return tl::unexpected(up.error());
    if (!stage_->hq()->alive())
      if (auto up = stage_->start_hq(); !up) return tl::unexpected(up.error());
    if (!stage_->post()->alive()) {
      if (++starts_without_answer_ > 50) return fail(ErrorCode::io, "the post ends again and again; its log is " + stage_->log("post"));
      if (auto up = start_post(); !up) return tl::unexpected(up.error());
    }
    const auto text = stage_->ask_post(R"({"op":"status"})", 2s);
    if (!text) return false;
    starts_without_answer_ = 0;
    const json status = json::parse(*text, nullptr, false);
    if (!status.is_object()) return false;
    const auto told = status.value("last_sequence", std::uint64_t{0});
    if (told < state_.records_told) return fail(ErrorCode::io, "the post had " + std::to_string(state_.records_told) + " durable records and has " + std::to_string(told));
    state_.records_told = told;
    acknowledged_ = status.value("acknowledged", std::uint64_t{0});
    blobs_wanted_ = status.value("blobs_wanted", std::uint64_t{0});
    if (status.value("goal", std::uint64_t{0}) < goal()) (void)stage_->ask_post(json{{"op", "write"}, {"until", goal()}}.dump());
    return true;
  }

  /// Until `done`; `errors` timeout when HQ stands still for longer than the patience.
  Result<void> play_until(const std::function<bool()>& done) {
    MonoTime moved = clock_.mono();
    std::uint64_t acknowledged = acknowledged_, given = stage_->line_statistics().ways[0].given_bytes;
    while (!stop_()) {
      auto looked = look();
      if (!looked) return tl::unexpected(looked.error());
      if (*looked && done()) return {};
      const std::uint64_t given_now = stage_->line_statistics().ways[0].given_bytes;
      if (acknowledged_ != acknowledged || given_now > given + 100'000) {
        acknowledged = acknowledged_;
        given = given_now;
        moved = clock_.mono();
      }
      if (clock_.mono() - moved > settings_.patience)
        return fail(ErrorCode::timeout, "HQ stands at " + std::to_string(acknowledged_) + " of " + std::to_string(state_.records_told) + "; logs are in " + stage_->directory());
      runtime::sleep_for(look_every);
    }
    return {};
  }

  Result<void> wait(Duration time) {
    const MonoTime until = clock_.mono() + time;
    return play_until([&] { return clock_.mono() >= until; });
  }

  /// Draws one fault, lets it happen, and goes on when it is over (not when all is well again).
  Result<void> next_fault() {
    SubStream draws(settings_.stage.seed, "fault", static_cast<std::uint64_t>(state_.faults_done));
    // Not before this fault's share of the records is written: the run spreads them evenly.
    if (auto written = play_until([&] { return state_.records_told + settings_.records / static_cast<std::uint64_t>(settings_.faults) >= goal(); }); !written) return written;
    // And HQ has taken something since the last one, so that faults meet a line at work; a dead line is noticed in 20 s, and
    // some faults come before that.
    const MonoTime latest = clock_.mono() + 8s;
    if (auto moved = play_until([&] { return acknowledged_ > acknowledged_at_fault_ || acknowledged_ >= state_.records_told || clock_.mono() >= latest; }); !moved) return moved;
    if (auto waited = wait(std::chrono::milliseconds(draws.whole(20, 400))); !waited) return waited;
    acknowledged_at_fault_ = acknowledged_;
    const std::string name = soak_fault(settings_.stage.seed, static_cast<std::size_t>(state_.faults_done));
    if (auto done = act(name, draws); !done) return done;
    ++state_.by_name[name];
    ++state_.faults_done;
    return {};
  }

  Result<void> act(const std::string& name, SubStream& draws) {
    const auto lasting = [&](Duration time, const char* fault) -> Result<void> {
      stage_->fault(fault, 0, true);
      auto waited = wait(time);
      stage_->fault(fault, 0, false);
      return waited;
    };
    const Duration some = std::chrono::milliseconds(draws.whole(100, 2500));
    if (name == "kill_post") stage_->post()->kill();
    else if (name == "kill_hq") stage_->hq()->kill();
    else if (name == "kill_broker") stage_->broker()->kill();
    else if (name == "reset") stage_->fault("reset", 0, true);
    else if (name == "black_hole" || name == "half_open_up" || name == "half_open_down") return lasting(some, name.c_str());
    else if (name == "cut_up") stage_->fault(name, static_cast<double>(draws.whole(0, 400'000)), true);
    else if (name == "cut_down") stage_->fault(name, static_cast<double>(draws.whole(0, 4000)), true);
    else if (name == "hq_away") {
      stage_->hq()->kill();
      stage_->hq()->end(0s);
      runtime::sleep_for(some);
    } else if (name == "disk_full_post") return full_disk(*stage_->post(), some);
    else if (name == "disk_full_hq") return full_disk(*stage_->hq(), some);
    else if (name == "clock_jump") {
      constexpr double ten_years_s = 10 * 365.25 * 86'400;
      state_.clock.offset_s = draws.between(-ten_years_s, ten_years_s);
      (void)stage_->ask_post(json{{"op", "clock"}, {"offset_s", state_.clock.offset_s}}.dump());
    } else if (name == "reboots") {  // out of HQ's sight: what is written between two of them is of a boot that never greeted
      stage_->fault("black_hole", 0, true);
      Result<void> played;
      for (std::int64_t left = draws.whole(1, 3); left > 0 && played; --left) {
        stage_->post()->kill();
        stage_->post()->end(0s);
        boot();
        state_.clock.offset_s += draws.between(-3600, 3600);
        played = wait(some / 2);
      }
      stage_->fault("black_hole", 0, false);
      return played;
    }
    return {};
  }

  /// The post's machine starts: another boot id, another zero of the monotonic clock, another rate of its oscillator.
  void boot() {
    SubStream draws(settings_.stage.seed, "boot", ++state_.boots);
    BootId id;
    for (auto& byte : id) byte = static_cast<std::uint8_t>(draws.next());
    state_.clock.boot = hex_of(ByteView{id});
    state_.clock.boot_began_ns = clock_.mono().ns;
    state_.clock.rate_ppm = draws.between(-100, 100);
  }

  /// No file of that process may grow or change for a while (EFBIG at every write).
  Result<void> full_disk(Process& process, Duration time) {
    const pid_t pid = process.pid();
    const rlimit none{1, RLIM_INFINITY}, all{RLIM_INFINITY, RLIM_INFINITY};
    if (pid <= 0 || ::prlimit(pid, RLIMIT_FSIZE, &none, nullptr) != 0) return {};  // it has just ended
    auto waited = wait(time);
    if (process.alive() && process.pid() == pid) ::prlimit(pid, RLIMIT_FSIZE, &all, nullptr);
    return waited;
  }

  Result<void> settle() {
    stage_->line([](WanRelay& line) {
      line.fault("cut_up", 0, false);
      line.fault("cut_down", 0, false);
    });
    if (auto done = play_until([&] { return state_.records_told >= settings_.records && acknowledged_ >= state_.records_told && blobs_wanted_ == 0; }); !done) return done;
    // Blobs of the last records may not be asked for yet: HQ is asked until it lacks none.
    return play_until([&] {
      const auto text = stage_->hq_tool({"posts"});
      const json posts = text ? json::parse(*text, nullptr, false) : json();
      return posts.is_array() && posts.size() == 1 && posts[0].value("blobs_missing", 1) == 0;
    });
  }

  const SoakSyncSettings& settings_;
  const std::function<void(const std::string&)>& progress_;
  bool (*stop_)();
  runtime::SystemClock clock_;
  State state_;
  std::unique_ptr<SyncStage> stage_;
  std::uint64_t acknowledged_ = 0, acknowledged_at_fault_ = 0, blobs_wanted_ = 0;
  int starts_without_answer_ = 0;
};

}  // namespace

const std::vector<std::string>& soak_faults() {
  static const std::vector<std::string> names{"kill_post", "kill_hq", "kill_broker", "reset", "black_hole", "half_open_up", "half_open_down",
                                              "cut_up", "cut_down", "hq_away", "disk_full_post", "disk_full_hq", "clock_jump", "reboots"};
  return names;
}

std::string soak_fault(std::uint64_t seed, std::size_t n) {
  const auto& names = soak_faults();
  const auto below = [](SubStream& draws, std::size_t end) { return static_cast<std::size_t>(draws.whole(0, static_cast<std::int64_t>(end) - 1)); };
  if (n >= names.size()) {
    SubStream draws(seed, "kind", n);
    return names[below(draws, names.size())];
  }
  auto dealt = names;
  SubStream draws(seed, "kind", 0);
  for (std::size_t left = dealt.size(); left > 1; --left) std::swap(dealt[left - 1], dealt[below(draws, left)]);
  return dealt[n];
}

Result<SoakSyncReport> soak_sync(const SoakSyncSettings& settings, const std::function<void(const std::string&)>& progress, bool (*stop)()) {
  return Soak(settings, progress, stop).run();
}

std::string soak_report_json(const SoakSyncSettings& settings, const SoakSyncReport& report) {
  const Comparison& c = report.comparison;
  return json{{"seed", settings.stage.seed}, {"finished", report.finished}, {"faults", report.faults}, {"records", c.records}, {"blobs", c.blobs},
              {"records_told_durable", report.records_told}, {"lost", c.lost}, {"twice", c.twice}, {"corrupt", c.corrupt},
              {"out_of_order", c.out_of_order}, {"outside_interval", c.outside_interval},
              {"without_interval", c.without_interval}, {"interval_ms_max", c.interval_ms.empty() ? 0.0 : *std::max_element(c.interval_ms.begin(), c.interval_ms.end())},
              {"alarms", c.alarms}, {"quarantined", c.quarantined}, {"first_wrong", c.first_wrong},
              {"seconds", report.seconds}, {"good", report.good()}}
      .dump(2);
}

}  // namespace rampa::hil
