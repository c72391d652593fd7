// The figures of sync, each with its goal and its peers in the same run: `./dev bench sync`. Real processes: a post's store
// and uplink, mosquitto over TLS, rampa-hq, and between them a line from hil/proxy.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "edge/runtime/system_clock.hpp"
#include "edge/store/store.hpp"
#include "hil/sync/disk_rate.hpp"
#include "hil/sync/swarm.hpp"
#include "hil/sync/sync_stage.hpp"
#include "hil/world/substream.hpp"
#include "tests/bench/blob_blocks.hpp"
#include "tests/bench/sync_bench_clock.hpp"
#include "tests/bench/sync_bench_figures.hpp"
#include "tests/bench/sync_bench_peers.hpp"

namespace rampa::bench {
namespace {

namespace fs = std::filesystem;
using hil::PostProcessSettings;
using hil::SyncStage;
using hil::fdatasync_rate;
using nlohmann::json;

const runtime::SystemClock machine;

struct Options {
  std::string tree = ".", directory = "build/bench-sync", only;
  bool smoke = false, long_run = false, json = false;
};

double seconds_since(MonoTime begun) { return std::chrono::duration<double>(machine.mono() - begun).count(); }

/// What keeps a section from being measured; main() prints it and goes on with the next.
struct Trouble : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
T need(Result<T> result) {
  if (!result) throw Trouble(result.error().what);
  return std::move(*result);
}
void need(Result<void> result) {
  if (!result) throw Trouble(result.error().what);
}

struct PostStatus {
  std::uint64_t last_sequence = 0, acknowledged = 0, blobs_wanted = 0, attempts = 0, refused = 0, written = 0, evicted_held = 0, evicted_not_held = 0;
  bool up = false;
  std::string trouble;
};

class Play {
 public:
  Play(const Options& options, const std::string& name) {
    const std::string folder = options.directory + "/" + name;
    fs::remove_all(folder);
    stage_ = need(SyncStage::make({options.tree, fs::read_symlink("/proc/self/exe").parent_path().string(), folder, 1}));
  }
  SyncStage& operator*() { return *stage_; }
  SyncStage* operator->() { return stage_.get(); }

  /// A journal of so many records, written with HQ out of sight.
  void write_journal(PostProcessSettings post) {
    need(stage_->start_post(post, false));
    until("the journal is written", 600s, [&] { return status().last_sequence >= post.records; });
    stage_->post()->end(30s);
  }
  void start_hq() {
    need(stage_->start_broker());
    need(stage_->start_hq());
    until("rampa-hq is ready", 20s, [&] { return text_of(stage_->log("hq")).find("\"ready\"") != std::string::npos; });
  }
  [[nodiscard]] PostStatus status() {
    const auto text = stage_->ask_post(R"({"op":"status"})");
    if (!text) {
      if (!stage_->post()->alive()) throw Trouble("the post ended; its log is " + stage_->log("post"));
      return {};
    }
    const json s = json::parse(*text, nullptr, false);
    if (!s.is_object()) return {};
    const auto count = [&](const char* name) { return s.value(name, std::uint64_t{0}); };
    return {count("last_sequence"), count("acknowledged"), count("blobs_wanted"), count("attempts"), count("refused"), count("written"), count("evicted_held"), count("evicted_not_held"),
            s.value("up", false), s.value("trouble", "")};
  }
  json ask(const json& line) {
    json answer = json::parse(need(stage_->ask_post(line.dump())), nullptr, false);
    if (!answer.is_object() || !answer.value("ok", false)) throw Trouble("the post answers " + answer.dump());
    return answer;
  }
  [[nodiscard]] std::uint64_t blobs_missing() {
    const auto text = stage_->hq_tool({"posts"});
    const json posts = text ? json::parse(*text, nullptr, false) : json();
    return posts.is_array() && !posts.empty() ? posts[0].value("blobs_missing", std::uint64_t{1}) : 1;
  }
  [[nodiscard]] bool hq_has(std::uint64_t sequence) {
    const auto text = stage_->hq_tool({"records", "--post", "P1", "--from", std::to_string(sequence), "--limit", "1"});
    const json rows = text ? json::parse(*text, nullptr, false) : json();
    return rows.is_array() && !rows.empty() && rows[0].value("sequence", std::uint64_t{0}) == sequence;
  }
  void until(const std::string& what, Duration patience, const std::function<bool()>& done, Duration every = 2ms) {
    const MonoTime begun = machine.mono();
    while (!done()) {
      if (machine.mono() - begun > patience) throw Trouble("waited in vain until " + what + "; logs are in " + stage_->directory());
      runtime::sleep_for(every);
    }
  }
  static std::string text_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  /// Of the journal, by its own records.
  [[nodiscard]] double mean_record_bytes() {
    auto journal = need(store::open_journal(stage_->post_directory()));
    const auto some = need(journal->read(1, 100));
    double sum = 0;
    for (const auto& raw : some) sum += static_cast<double>(raw.bytes.size());
    return some.empty() ? 0 : sum / static_cast<double>(some.size());
  }
  /// Resident and its own (without the pages of files that it maps), MiB.
  [[nodiscard]] double post_memory_mib() {
    const std::string key = "RssAnon";
    std::istringstream lines(text_of("/proc/" + std::to_string(stage_->post()->pid()) + "/status"));
    for (std::string line; std::getline(lines, line);)
      if (line.rfind(key + ":", 0) == 0) return std::atof(line.c_str() + key.size() + 1) / 1024;
    return 0;
  }

 private:
  std::unique_ptr<SyncStage> stage_;
};

PostProcessSettings records_of_1_kib(std::uint64_t count) {
  PostProcessSettings post;
  post.records = count;
  post.business.record_bytes = 1024;
  return post;
}

// ---- (a) ----------------------------------------------------------------------------------------------------------------
void drain_rate(const Options& options, Figures& figures) {
  const std::uint64_t count = options.smoke ? 2000 : 100'000;
  figures.section("a", "durable to durable: journal -> uplink -> mosquitto (TLS) -> rampa-hq's SQLite -> acknowledgement, " + std::to_string(count) + " records");
  figures.add("the disk's fdatasync (4 KiB overwrites), before", fdatasync_rate(options.directory, options.smoke ? 0.2 : 1.0), "1/s");
  Play play(options, "drain");
  const auto post = records_of_1_kib(count);
  play.write_journal(post);
  figures.add("a record in the journal, mean", play.mean_record_bytes(), "bytes");
  play.start_hq();
  need(play->start_post(post));
  play.until("the post reaches HQ", 30s, [&] { return play.status().up; });
  const MonoTime begun = machine.mono();
  const std::uint64_t already = play.status().acknowledged;
  play.until("HQ has all", 600s, [&] { return play.status().acknowledged >= count; }, 10ms);  // asking oftener takes from what is measured
  const double rate = static_cast<double>(count - already) / seconds_since(begun);
  figures.add("drained", rate, "records/s", "40000", rate >= 40'000);
  const auto bridge_count = std::min<std::uint64_t>(count, bridge_messages_most);
  const auto bridge = mosquitto_bridge_rate(options.directory + "/bridge", bridge_count);
  if (bridge) {
    figures.add("mosquitto bridge, " + std::to_string(bridge_count) + ", in memory on both sides, not durable", *bridge, "messages/s");
    figures.add("ratio to the bridge", rate / *bridge, "x", ">= 1.25", rate / *bridge >= 1.25);
  } else {
    figures.missing("mosquitto bridge", bridge.error().what);
  }
  const std::size_t messages = options.smoke ? 2000 : 20'000;
  const auto rabbit = rabbitmq_quorum_rates(options.directory + "/rabbitmq", messages);
  if (rabbit) {
    const std::string what = "RabbitMQ, one node, " + std::to_string(messages) + " in a durable quorum queue: ";
    figures.add(what + "taken, each confirmed", rabbit->taken, "messages/s");
    figures.add(what + "drained to a subscriber that stores nothing", rabbit->drained, "messages/s");
    figures.add("ratio to what RabbitMQ takes", rate / rabbit->taken, "x");
    figures.add("ratio to what RabbitMQ drains", rate / rabbit->drained, "x");
  } else {
    figures.missing("RabbitMQ quorum queue", rabbit.error().what);
  }
  figures.add("the disk's fdatasync, after", fdatasync_rate(options.directory, options.smoke ? 0.2 : 1.0), "1/s");
}

// ---- (b) ----------------------------------------------------------------------------------------------------------------
void line_use_of(const Options& options, Figures& figures, double rate_bit_s, int rtt_ms, double seconds) {
  Play play(options, "line");
  const auto count = static_cast<std::uint64_t>(rate_bit_s / 8 * seconds / 1024) + 50;
  const auto post = records_of_1_kib(count);
  play.write_journal(post);
  const double record_bytes = play.mean_record_bytes();
  play.start_hq();
  play->line([&](hil::WanRelay& line) {
    line.fault("delay", rtt_ms / 2.0, true);
    line.fault("rate", rate_bit_s, true);
  });
  need(play->start_post(post));
  // The ramp and the tail are not the line's use: from a quarter to nine tenths of the records.
  play.until("HQ has a quarter", 300s, [&] { return play.status().acknowledged >= count / 4; });
  const MonoTime begun = machine.mono();
  const auto acknowledged = play.status().acknowledged;
  const auto given = play->line_statistics().ways[0].given_bytes;
  play.until("HQ has nine tenths", 600s, [&] { return play.status().acknowledged >= count * 9 / 10; });
  const double took = seconds_since(begun);
  const double wire = static_cast<double>(play->line_statistics().ways[0].given_bytes - given) * 8 / took / rate_bit_s * 100;
  const double useful = static_cast<double>(play.status().acknowledged - acknowledged) * record_bytes * 8 / took / rate_bit_s * 100;
  const std::string name = std::to_string(static_cast<long>(rate_bit_s / 1000)) + " kbit/s, RTT " + std::to_string(rtt_ms) + " ms: ";
  figures.add(name + "line in use", wire, "%", ">= 95", wire >= 95);
  figures.add(name + "journal bytes per line's capacity", useful, "%");
}

void line_use(const Options& options, Figures& figures) {
  figures.section("b", "use of a limited line by a backlog of 1 KiB records (router buffer 256 KiB)");
  struct Case { double rate; int rtt; };
  std::vector<Case> cases{{20e6, 50}};
  if (!options.smoke) cases = {{512e3, 100}, {512e3, 600}, {2e6, 50}, {2e6, 600}, {20e6, 50}, {20e6, 600}, {100e6, 50}, {100e6, 600}};
  for (const Case& c : cases) line_use_of(options, figures, c.rate, c.rtt, options.smoke ? 2 : 12);
}

// ---- (c) ----------------------------------------------------------------------------------------------------------------
void verdict_latency_of(const Options& options, Figures& figures, double rate_bit_s, int rtt_ms, int samples) {
  Play play(options, "latency");
  PostProcessSettings post;
  post.business.image_every = 1;
  post.business.image_bytes = 60u << 20;
  post.records = 1 + static_cast<std::uint64_t>(rate_bit_s / 8 * 60 / static_cast<double>(post.business.image_bytes));  // a minute: longer than the measurement
  play.start_hq();
  play->line([&](hil::WanRelay& line) {
    line.fault("delay", rtt_ms / 2.0, true);
    line.fault("rate", rate_bit_s, true);
  });
  need(play->start_post(post));
  play.until("HQ asks for the image", 60s, [&] { return play.status().blobs_wanted > 0; });
  runtime::sleep_for(options.smoke ? 1s : 5s);  // until the image fills the line
  const MonoTime begun = machine.mono();
  const auto given = play->line_statistics().ways[0].given_bytes;
  std::vector<double> over_rtt;
  const auto collect = [&] {
    const json answer = play.ask({{"op", "latencies"}});
    for (const auto& one : answer["latencies"]) over_rtt.push_back(one.value("acknowledged_ms", 0.0) - rtt_ms);
  };
  for (int i = 0; i < samples; ++i) {
    play.ask({{"op", "verdict"}});
    runtime::sleep_for(500ms);
    collect();
  }
  const double took = seconds_since(begun);
  const double wire = static_cast<double>(play->line_statistics().ways[0].given_bytes - given) * 8 / took / rate_bit_s * 100;
  play.until("all verdicts are acknowledged", 120s, [&] {
    collect();
    return over_rtt.size() >= static_cast<std::size_t>(samples);
  }, 50ms);
  const std::string name = std::to_string(static_cast<long>(rate_bit_s / 1000)) + " kbit/s, RTT " + std::to_string(rtt_ms) + " ms: ";
  figures.add(name + "verdict to acknowledgement minus RTT, p50", quantile(over_rtt, 0.5), "ms");
  const double p99 = quantile(over_rtt, 0.99);
  figures.add(name + "p99 of " + std::to_string(samples), p99, "ms", "<= 150", p99 <= 150);
  figures.add(name + "line in use meanwhile", wire, "%", ">= 95", wire >= 95);
}

void verdict_latency(const Options& options, Figures& figures) {
  figures.section("c", "verdicts while an image drains");
  if (options.smoke) return verdict_latency_of(options, figures, 2e6, 50, 4);
  verdict_latency_of(options, figures, 512e3, 100, 60);
  verdict_latency_of(options, figures, 2e6, 600, 60);
  verdict_latency_of(options, figures, 20e6, 50, 60);
  verdict_latency_of(options, figures, 20e6, 600, 60);
}

// ---- (d) ----------------------------------------------------------------------------------------------------------------
void newest_first(const Options& options, Figures& figures) {
  const std::uint64_t count = options.smoke ? 2000 : options.long_run ? 1'000'000 : 100'000;
  constexpr int rtt_ms = 100;
  figures.section("d", "the line returns (20 Mbit/s, RTT 100 ms) with " + std::to_string(count) + " records waiting");
  Play play(options, "backlog");
  auto post = records_of_1_kib(count);
  play.write_journal(post);
  play.start_hq();
  play->line([&](hil::WanRelay& line) {
    line.fault("delay", rtt_ms / 2.0, true);
    line.fault("rate", 20e6, true);
    line.fault("refuse", 0, true);
  });
  need(play->start_post(post));
  play.until("the post is there", 60s, [&] { return play.status().last_sequence >= count; });
  const auto sequence = play.ask({{"op", "verdict"}})["sequence"].get<std::uint64_t>();
  // So long that the pause between two attempts is the longest one.
  if (!options.smoke) runtime::sleep_for(45s);
  const MonoTime returned = machine.mono();
  play->fault("refuse", 0, false);
  play.until("HQ has the newest verdict", 900s, [&] { return play.hq_has(sequence); }, 10ms);
  const double newest = seconds_since(returned) + rtt_ms / 2000.0;
  figures.add("from the line's return: newest verdict committed at HQ and the way back", newest, "s", "<= " + std::to_string(1.5 + rtt_ms / 1000.0).substr(0, 3), newest <= 1.5 + rtt_ms / 1000.0);
  play.until("HQ has all", 1800s, [&] { return play.status().acknowledged > count; }, 20ms);
  figures.add("everything acknowledged", seconds_since(returned), "s");
}

// ---- (e) ----------------------------------------------------------------------------------------------------------------
double image_transfer(Play& play, const PostProcessSettings& post) {
  need(play->start_post(post));
  play.until("the post reaches HQ", 30s, [&] { return play.status().up; });
  const MonoTime begun = machine.mono();
  play.until("HQ has the image", 1800s, [&] {
    const PostStatus status = play.status();
    if (status.acknowledged < post.records) return false;
    // HQ's word counts; it is asked by a program of its own, which would take half the machine all the time.
    return status.blobs_wanted == 0 && play.blobs_missing() == 0;
  }, 1ms);
  return seconds_since(begun);
}

/// Over images under way: so many cuts, `apart` bytes from each other in the mean.
struct CutPlan {
  std::string name;
  std::uint64_t images = 1, cuts = 0;
  std::size_t image_bytes = 0, apart = 0;
};

/// 100 Mbit/s, RTT 20 ms.
void limit(hil::WanRelay& line) {
  line.fault("delay", 10, true);
  line.fault("rate", 100e6, true);
}

/// What goes again after a cut is held against what might be under way at that very cut: the drain's budget, or the one there was when
/// that went (it becomes smaller at once when the line's rate is found), and the one message that may go past it.
/// Each cut is armed while a connection carries slices and falls a random number of bytes later, so that none is spent on a
/// greeting. Begun again with every connection: the line's rate is not known then, and the budget small.
void cut_images_of(const Options& options, Figures& figures, const CutPlan& plan) {
  PostProcessSettings post;
  post.business.image_every = 1;
  post.business.image_bytes = plan.image_bytes;
  post.records = plan.images;
  Play play(options, "cut-" + std::to_string(plan.images));
  play.write_journal(post);
  play.start_hq();
  play->line(limit);
  need(play->start_post(post));
  hil::SubStream draws(1, "cut", plan.cuts);
  std::uint64_t armed_at = 0;
  MonoTime asked = machine.mono();
  const MonoTime begun = asked;
  play.until("HQ has " + std::to_string(plan.images) + " images over a line that is cut", 3600s, [&] {
    const PostStatus status = play.status();
    if (!status.up || status.acknowledged < post.records) return false;
    if (status.blobs_wanted > 0) {
      asked = machine.mono();
      const auto line = play->line_statistics();
      if (line.cuts < plan.cuts && status.attempts != armed_at && line.connections > 0) {
        armed_at = status.attempts;
        play->fault("cut_up", static_cast<double>(draws.whole(1, static_cast<std::int64_t>(2 * plan.apart))), true);
      }
      return false;
    }
    // After a greeting it takes HQ a moment to say what it wants. Its word is asked for by a program of its own, which takes half the machine.
    return machine.mono() - asked > 500ms && play.blobs_missing() == 0;
  }, 1ms);
  const double took = seconds_since(begun);
  const std::uint64_t made = play->line_statistics().cuts;
  const json ended = play.ask({{"op", "connections"}})["ended"];
  if (made == 0 || ended.size() < made) throw Trouble(std::to_string(made) + " cuts fell into the transfer, of " + std::to_string(ended.size()) + " connections");
  std::vector<double> again, budgets;
  double over = 0, over_budget = 0, most = 0, sum = 0;
  for (const json& one : ended) {
    const double bytes = one.value("again_bytes", 0.0), budget = one.value("budget_bytes", 0.0), might = one.value("might_be_under_way", 0.0);
    again.push_back(bytes / 1024);
    budgets.push_back(budget / 1024);
    sum += bytes / 1024;
    over += bytes > might ? 1 : 0;
    over_budget += bytes > budget ? 1 : 0;
    most = std::max(most, bytes / might);
  }
  const std::string name = plan.name + ": ";
  figures.add(name + "cuts made (100 Mbit/s, RTT 20 ms)", static_cast<double>(made), "", std::to_string(plan.cuts), made == plan.cuts);
  figures.add(name + "cuts after which more went again than might be under way", over, "", "0", over == 0);
  figures.add(name + "the most of what might be", most * 100, "%", "<= 100", most <= 1);
  figures.add(name + "cuts after which more than the budget at the cut went again", over_budget, "");
  figures.add(name + "went again after a cut, max", quantile(again, 1), "KiB");
  figures.add(name + "p99", quantile(again, 0.99), "KiB");
  figures.add(name + "mean", sum / static_cast<double>(again.size()), "KiB");
  figures.add(name + "the budget at the cut, least", quantile(budgets, 0), "KiB");
  figures.add(name + "p50", quantile(budgets, 0.5), "KiB");
  figures.add(name + "max", quantile(budgets, 1), "KiB");
  figures.add(name + "took", took, "s");
  std::ofstream(play->directory() + "/connections.json") << ended.dump() << "\n";
}

void cut_images(const Options& options, Figures& figures) {
  const std::size_t image_bytes = options.smoke ? 2u << 20 : 20u << 20;
  figures.section("e", "an image of " + std::to_string(image_bytes >> 20) + " MiB");
  {
    PostProcessSettings post;
    post.business.image_every = 1;
    post.business.image_bytes = image_bytes;
    Play play(options, "images");
    post.records = options.smoke ? 2 : 10;
    play.write_journal(post);
    play.start_hq();
    const double took = image_transfer(play, post);
    const double rate = static_cast<double>(post.records * image_bytes) / 1048576 / took;
    figures.add("loopback, " + std::to_string(post.records) + " of them, durable and hashed", rate, "MiB/s", ">= 150", rate >= 150);
  }
  const std::uint64_t in_one = options.smoke ? 3 : options.long_run ? 1000 : 20;
  cut_images_of(options, figures, {"one image", 1, in_one, image_bytes, image_bytes / in_one});
  // 1,000 cuts of one image leave the line no time to become quick; these do.
  if (options.long_run) cut_images_of(options, figures, {"25 images", 25, 250, image_bytes, 25 * image_bytes / 300});
}

// ---- (f) ----------------------------------------------------------------------------------------------------------------
void at_rest(const Options& options, Figures& figures) {
  const std::uint64_t count = options.smoke ? 2000 : options.long_run ? 1'000'000 : 100'000;
  figures.section("f", "memory and start with " + std::to_string(count) + " records queued");
  Play play(options, "rest");
  const auto post = records_of_1_kib(count);
  play.write_journal(post);
  const auto start = [&](bool with_uplink) {
    const MonoTime begun = machine.mono();
    need(play->start_post(post, with_uplink));
    play.until("the post answers", 120s, [&] { return play.status().last_sequence >= count; }, 1ms);
    return seconds_since(begun);
  };
  const double without_s = start(false);
  runtime::sleep_for(1s);
  const double without_mib = play.post_memory_mib();
  play->post()->end(20s);
  const double with_s = start(true);
  const double start_share = std::max(0.0, with_s - without_s);
  figures.add("start until it answers, the store's own part among it", with_s, "s");
  figures.add("sync's share of the start", start_share, "s", "<= 1", start_share <= 1);
  play.start_hq();
  double most_mib = play.post_memory_mib();
  play.until("HQ has all", 1800s, [&] {
    most_mib = std::max(most_mib, play.post_memory_mib());
    return play.status().acknowledged >= count;
  }, 20ms);
  const double share = most_mib - without_mib;
  figures.add("the post's memory without an uplink", without_mib, "MiB");
  figures.add("sync's share of it at its peak, backlog drained", share, "MiB", "<= 64", share <= 64);
}

// ---- (g) ----------------------------------------------------------------------------------------------------------------
void many_posts(const Options& options, Figures& figures) {
  hil::SwarmSettings settings;
  settings.tree = options.tree;
  settings.binaries = fs::read_symlink("/proc/self/exe").parent_path().string();
  settings.directory = options.directory + "/swarm";
  settings.posts = options.smoke ? 20 : 300;
  settings.records = options.smoke ? 200 : 2000;
  figures.section("g", std::to_string(settings.posts) + " posts into one rampa-hq over PostgreSQL, all of them on this machine's cores");
  const auto report = need(hil::swarm(settings, [](const std::string&) {}, [] { return false; }));
  if (!report.equal()) throw Trouble(report.first_wrong);
  figures.add("committed", report.records_per_s, "records/s", ">= 25000", report.records_per_s >= 25'000);
  figures.add("records of a commit, about", report.records_per_commit, "");
  figures.add("the same rows by bare COPY, as many a commit", report.bare_copy_per_s, "records/s");
  figures.add("ratio to bare COPY", report.records_per_s / report.bare_copy_per_s, "x");
  figures.add("the disk's fdatasync, before", report.fdatasync_before_per_s, "1/s");
  figures.add("the disk's fdatasync, after", report.fdatasync_after_per_s, "1/s");
  for (const auto& [name, seconds] : report.cpu_seconds) figures.add("CPU of " + name, seconds / report.seconds, "cores");
}

// ---- (h) ----------------------------------------------------------------------------------------------------------------
void clocks(const Options& options, Figures& figures) {
  figures.section("h", "clocks that are wrong: 10 years ahead and behind, jumping, fast and slow, restarts out of HQ's sight (RTT 50 ms)");
  need(wrong_clocks({options.tree, fs::read_symlink("/proc/self/exe").parent_path().string(), options.directory + "/clocks", 1}, options.smoke ? 100 : 2000, figures));
}

// ---- (i) ----------------------------------------------------------------------------------------------------------------
void full_of_pictures(const Options& options, Figures& figures) {
  constexpr double mib = 1 << 20;
  PostProcessSettings post;
  post.business.image_bytes = options.smoke ? 2u << 20 : 20u << 20;
  post.business.image_every = 10;  // one of a crossing, eight pictures, and its end
  post.business.picture_every = 1;
  post.business.closes = true;
  post.quota_images_mib = options.smoke ? 40 : 400;  // its hundredth is less than an image
  post.quota_thumbnails_mib = 4;
  const std::uint64_t each = options.smoke ? 600 : options.long_run ? 3000 : 600;  // records: ten for an image
  figures.section("i", "the disk under pictures: quotas of " + std::to_string(post.quota_images_mib) + " MiB for images of " + std::to_string(post.business.image_bytes >> 20) +
                           " MiB and " + std::to_string(post.quota_thumbnails_mib) + " MiB for thumbnails");
  Play play(options, "quota");
  need(play->start_post(post));
  play.until("the post answers", 60s, [&] { return play->ask_post(R"({"op":"status"})").has_value(); });
  BlobBlocks most;
  std::uint64_t most_at_once = 0, looks = 0;
  const auto write = [&](std::uint64_t until, double rate) {
    play.ask({{"op", "write"}, {"until", until}, {"rate", rate}});
    play.until("the pictures are stored", 900s, [&] {
      const BlobBlocks now = blob_blocks(play->post_directory() + "/blobs", play->post()->pid());
      most = most.most(now);
      most_at_once = std::max(most_at_once, now.all());
      ++looks;
      return play.status().written >= until;
    }, 1ms);
  };
  write(each, 0);  // as fast as the disk takes them, HQ out of sight
  const auto without_hq = play.status();
  play.start_hq();
  play.until("HQ has what the post still has", 300s, [&] { return play.status().acknowledged >= without_hq.last_sequence && play.blobs_missing() == 0; }, 100ms);
  write(2 * each, options.smoke ? 100 : 30);  // what HQ holds makes room first
  const auto with_hq = play.status();
  const auto within = [&](const std::string& name, std::uint64_t bytes, std::uint64_t quota_mib) {
    const double goal = static_cast<double>(quota_mib) * 1.01;
    figures.add(name, static_cast<double>(bytes) / mib, "MiB", "<= " + std::to_string(goal).substr(0, 6), static_cast<double>(bytes) / mib <= goal);
  };
  figures.add("looks at the disk while pictures came", static_cast<double>(looks), "");
  within("images, blocks on the disk at most", most.images, post.quota_images_mib);
  within("thumbnails", most.thumbnails, post.quota_thumbnails_mib);
  within("all at once, with what is being written or removed and still open", most_at_once, post.quota_images_mib + post.quota_thumbnails_mib);
  figures.add("made room: HQ held them", static_cast<double>(with_hq.evicted_held), "");
  figures.add("made room with a tombstone, HQ out of sight", static_cast<double>(without_hq.evicted_not_held), "");
  figures.add("and with HQ there", static_cast<double>(with_hq.evicted_not_held - without_hq.evicted_not_held), "");
  figures.add("groups of records refused", static_cast<double>(with_hq.refused), "", "0", with_hq.refused == 0);
  if (without_hq.evicted_not_held == 0 || with_hq.evicted_held == 0) throw Trouble("nothing had to make room: the quotas were not reached");
}

int run(const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);
  fs::create_directories(options.directory);
  Figures figures(options.json);
  const std::vector<std::pair<std::string, void (*)(const Options&, Figures&)>> sections{
      {"a", drain_rate}, {"b", line_use}, {"c", verdict_latency}, {"d", newest_first}, {"e", cut_images}, {"f", at_rest}, {"g", many_posts}, {"h", clocks}, {"i", full_of_pictures}};
  figures.section("-", "the machine");
  double load[1] = {0};
  if (::getloadavg(load, 1) == 1) figures.add("load average of the last minute: other programs slow everything below", load[0], "");
  bool complete = true;
  for (const auto& [name, measure] : sections) {
    if (!options.only.empty() && options.only.find(name) == std::string::npos) continue;
    try {
      measure(options, figures);
    } catch (const std::exception& error) {
      figures.missing("the rest of this section", error.what());
      complete = false;
    }
  }
  if (options.json) std::cout << figures.json() << std::endl;
  if (complete && options.smoke) fs::remove_all(options.directory);
  return complete ? 0 : 1;
}

}  // namespace
}  // namespace rampa::bench

int main(int argc, char** argv) {
  rampa::bench::Options options;
  CLI::App app{"The figures of sync, each with its goal and its peers. Exit codes: 0 everything was measured (goals met or not), 1 something could not be, 2 wrong arguments."};
  app.add_option("--tree", options.tree, "the checkout")->capture_default_str();
  app.add_option("--directory", options.directory, "what the run writes; emptied")->capture_default_str();
  app.add_option("--only", options.only, "sections, for example \"ac\"; all of them: abcdefghi");
  app.add_flag("--smoke", options.smoke, "seconds instead of minutes: shows that the bench works, its figures mean little");
  app.add_flag("--long", options.long_run, "1,000,000 records in d and f, 1,000 cuts of one image and 250 of 25 in e, five times the pictures in i");
  app.add_flag("--json", options.json, "one JSON list");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return rampa::bench::run(options);
}
