#include "tests/bench/sync_bench_clock.hpp"

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "edge/runtime/system_clock.hpp"
#include "firmware-interfaces/hex.hpp"
#include "hil/sync/comparison.hpp"

namespace rampa::bench {
namespace {

using nlohmann::json;

constexpr double ten_years_s = 10 * 365.25 * 86'400;
constexpr double records_per_s = 400;

const runtime::SystemClock machine;

class WrongClocks {
 public:
  WrongClocks(hil::SyncStage& stage, std::uint64_t records) : stage_(stage), records_(records) {}

  Result<void> run() {
    stage_.fault("delay", 25, true);
    if (auto up = stage_.start_broker(); !up) return up;
    if (auto up = stage_.start_hq(); !up) return up;
    for (const double years : {1.0, -1.0})
      if (auto played = in_sight({years * ten_years_s, 0, {}, 0}, {}); !played) return played;
    int jumps = 0;
    if (auto played = in_sight({}, [&] { set_clock(++jumps % 2 ? ten_years_s : -ten_years_s); }); !played) return played;
    for (const double ppm : {100.0, -100.0})  // what an oscillator may be off
      if (auto played = in_sight({0, ppm, {}, 0}, {}); !played) return played;
    stage_.fault("black_hole", 0, true);  // restarts of the program, then of the machine, that HQ learns of later
    for (const double years : {1.0, -1.0}) {
      boot({years * ten_years_s, years * 100, {}, 0});
      for (int starts = 0; starts < 2; ++starts)
        if (auto written = write(records_ / 2, [] {}); !written) return written;
    }
    stage_.fault("black_hole", 0, false);
    return in_sight({}, {});
  }

 private:
  void boot(hil::PostClockSettings clock) {
    BootId id{};
    id.fill(++boots_);
    clock.boot = hex_of(ByteView{id});
    clock.boot_began_ns = machine.mono().ns;
    clock_ = clock;
  }
  void set_clock(double offset_s) { (void)stage_.ask_post(json{{"op", "clock"}, {"offset_s", offset_s}}.dump()); }

  /// A boot of the post that reaches HQ twice: the second hello tells when HQ's first answer came.
  Result<void> in_sight(const hil::PostClockSettings& clock, const std::function<void()>& meanwhile) {
    boot(clock);
    const auto half = (written_ += records_ / 2);
    const auto look = [&] { if (meanwhile) meanwhile(); };
    if (auto started = start(); !started) return started;
    if (auto done = until("acknowledged", half, look); !done) return done;
    stage_.fault("reset", 0, true);
    written_ += records_ / 2;
    (void)stage_.ask_post(json{{"op", "write"}, {"until", written_}, {"rate", records_per_s}}.dump());
    if (auto done = until("acknowledged", written_, look); !done) return done;
    stage_.post()->kill();
    stage_.post()->end(Duration{});
    return {};
  }
  /// One start of the program, killed when so many more are durable.
  Result<void> write(std::uint64_t count, const std::function<void()>& meanwhile) {
    written_ += count;
    if (auto started = start(); !started) return started;
    if (auto done = until("last_sequence", written_, meanwhile); !done) return done;
    stage_.post()->kill();
    stage_.post()->end(Duration{});
    return {};
  }
  Result<void> start() {
    hil::PostProcessSettings post;
    post.records = written_;
    post.rate_per_s = records_per_s;
    post.clock = clock_;
    return stage_.start_post(post);
  }
  Result<void> until(const char* what, std::uint64_t count, const std::function<void()>& meanwhile) {
    for (const MonoTime begun = machine.mono(); machine.mono() - begun < 120s; runtime::sleep_for(50ms)) {
      const auto text = stage_.ask_post(R"({"op":"status"})");
      const json status = text ? json::parse(*text, nullptr, false) : json();
      if (status.is_object() && status.value(what, std::uint64_t{0}) >= count) return {};
      meanwhile();
    }
    return fail(ErrorCode::timeout, std::string("waited in vain until ") + what + " is " + std::to_string(count) + "; logs are in " + stage_.directory());
  }

  hil::SyncStage& stage_;
  const std::uint64_t records_;
  std::uint64_t written_ = 0;
  std::uint8_t boots_ = 0;
  hil::PostClockSettings clock_;
};

}  // namespace

Result<void> wrong_clocks(const hil::SyncStageSettings& settings, std::uint64_t records, Figures& figures) {
  std::filesystem::remove_all(settings.directory);
  auto stage = hil::SyncStage::make(settings);
  if (!stage) return tl::unexpected(stage.error());
  if (auto played = WrongClocks(**stage, records).run(); !played) return played;
  const auto compared = hil::compare_post_with_hq(**stage);
  if (!compared) return tl::unexpected(compared.error());
  const hil::Comparison& c = *compared;
  if (c.lost + c.twice + c.corrupt > 0) return fail(ErrorCode::io, c.first_wrong);
  const auto none = [&](const std::string& name, std::uint64_t count) { figures.add(name, static_cast<double>(count), "", "0", count == 0); };
  figures.add("records, each with its true time in it", static_cast<double>(c.records), "");
  none("out of order", c.out_of_order);
  none("true time outside HQ's interval", c.outside_interval);
  none("without an interval, once HQ had met the post", c.without_interval);
  none("alarms", c.alarms);
  figures.add("width of the interval, p50", quantile(c.interval_ms, 0.5), "ms");
  figures.add("p99", quantile(c.interval_ms, 0.99), "ms");
  figures.add("max: boots that never greeted, between their neighbours", quantile(c.interval_ms, 1), "ms");
  return {};
}

}  // namespace rampa::bench
