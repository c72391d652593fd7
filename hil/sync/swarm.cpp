#include "hil/sync/swarm.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <thread>

#include "edge/runtime/system_clock.hpp"
#include "hil/stage/process.hpp"
#include "hil/stage/sockets.hpp"
#include "hil/sync/disk_rate.hpp"
#include "hil/sync/postgres_stage.hpp"
#include "hil/sync/swarm_post.hpp"
#include "hil/sync/sync_stage.hpp"
#include "hil/world/substream.hpp"
#include "sync/hq/database.hpp"
#include "sync/hq/ledger.hpp"
#include "sync/hq/report.hpp"

namespace rampa::hil {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr Duration tick = 20ms;
constexpr Duration restart_pause = 200ms;     ///< as whoever watches over services waits before a new start
constexpr Duration primary_noticed = 2s;      ///< until whoever watches over the primary promotes the standby
constexpr Duration after_kill = 1s;           ///< so long whoever was killed stays away at least
constexpr Duration between_kills = 1s;
constexpr Duration bare_copy_time = 10s;      ///< at most
constexpr double disk_seconds = 0.5;

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

double milliseconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }

/// 0 <= q <= 1.
double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

/// User and system time that this process and those it has started and seen end have taken.
double cpu_seconds_of(pid_t pid) {
  const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream words(stat.substr(std::min(stat.size(), stat.rfind(')') + 2)));
  std::vector<std::string> field(std::istream_iterator<std::string>(words), {});
  if (field.size() < 15) return 0;
  double ticks = 0;
  for (const std::size_t i : {11, 12, 13, 14}) ticks += std::atof(field[i].c_str());
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const pid_t pid = static_cast<pid_t>(std::atoi(entry.path().filename().c_str()));
    if (pid <= 0) continue;
    const std::string stat = text_of(entry.path().string() + "/stat");
    const std::size_t end = stat.rfind(')');
    if (end != std::string::npos && end + 4 < stat.size() && std::atoi(stat.c_str() + end + 4) == parent) out.push_back(pid);
  }
  return out;
}

class Swarm {
 public:
  Swarm(const SwarmSettings& settings, const std::function<void(const std::string&)>& progress, bool (*stop)())
      : settings_(settings), progress_(progress), stop_(stop), draws_(settings.seed, "kills", 1) {}

  Result<SwarmReport> run() {
    if (auto ready = begin(); !ready) return tl::unexpected(ready.error());
    report_.fdatasync_before_per_s = fdatasync_rate(settings_.directory, disk_seconds);
    if (auto played = play(); !played) return tl::unexpected(played.error());
    crew_.reset();
    for (const auto& post : posts_) report_.resends += post->resends();
    for (const Worker& worker : workers_) count_dropped(worker.log);
    report_.fdatasync_after_per_s = fdatasync_rate(settings_.directory, disk_seconds);
    progress_("the same rows by bare COPY");
    bare_copy();
    progress_("comparing");
    if (auto compared = compare(); !compared) return tl::unexpected(compared.error());
    return report_;
  }

 private:
  struct Broker {
    int port = 0;
    std::string config;
    std::optional<Process> process;
  };
  struct Worker {
    std::size_t broker = 0;
    std::string log;
    std::optional<Process> process;
    MonoTime started{INT64_MIN / 2};
  };

  [[nodiscard]] std::string in(const std::string& name) const { return settings_.directory + "/" + name; }
  [[nodiscard]] std::string url(std::size_t broker) const { return "mqtts://127.0.0.1:" + std::to_string(brokers_[broker].port); }
  [[nodiscard]] sync::hq::Place place() const { return {in("hq"), postgres_->url()}; }

  Result<void> begin() {
    std::error_code problem;
    fs::remove_all(settings_.directory, problem);
    fs::create_directories(settings_.directory, problem);
    if (problem) return fail(ErrorCode::io, settings_.directory + ": " + problem.message());
    progress_("PostgreSQL, certificates, " + std::to_string(settings_.posts) + " journals of " + std::to_string(settings_.records) + " records");
    auto postgres = PostgresStage::start(in("postgres"));
    if (!postgres) return tl::unexpected(postgres.error());
    postgres_ = std::move(*postgres);
    if (settings_.primary_kills > 0)
      if (auto added = postgres_->add_standby(); !added) return added;
    std::vector<std::string> certificates{"sh", settings_.tree + "/sync/hq/make_certificates.sh", in("certificates")};
    for (int i = 1; i <= settings_.posts; ++i) certificates.push_back("P" + std::to_string(i));
    if (auto made = Process::run(certificates, in("certificates.log")); !made) return tl::unexpected(made.error());
    const int ports = free_port_block(settings_.brokers);
    for (int i = 0; i < settings_.brokers; ++i) {
      if (auto made = Process::run({"sh", settings_.tree + "/sync/hq/make_broker_config.sh", in("certificates"), std::to_string(ports + i)}, in("certificates.log")); !made)
        return tl::unexpected(made.error());
      const std::string config = in("certificates/broker-" + std::to_string(i + 1) + ".conf");
      fs::rename(in("certificates/mosquitto.conf"), config, problem);
      brokers_.push_back({ports + i, config, {}});
      if (auto up = start(brokers_.back()); !up) return up;
      for (int w = 0; w < settings_.workers; ++w)
        workers_.push_back({static_cast<std::size_t>(i), in("hq-" + std::to_string(i * settings_.workers + w + 1) + ".log"), {}});
    }
    // Several threads: it is most of the preparation.
    posts_.resize(static_cast<std::size_t>(settings_.posts));
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> writers;
    for (unsigned t = 0; t < std::max(1u, std::thread::hardware_concurrency()); ++t)
      writers.emplace_back([&] {
        for (std::size_t i = next++; i < posts_.size(); i = next++) {
          const std::string name = "P" + std::to_string(i + 1), certificate = in("certificates/" + name);
          SwarmPostSettings post{name, settings_.seed, settings_.records, settings_.record_bytes, {}, in("certificates/ca.pem"), certificate + ".pem", certificate + ".key"};
          for (std::size_t b = 0; b < brokers_.size(); ++b) post.brokers.push_back(brokers_[(i + b) % brokers_.size()].port);
          posts_[i] = std::make_unique<SwarmPost>(post, clock_);
        }
      });
    for (auto& writer : writers) writer.join();
    for (Worker& worker : workers_)
      if (auto up = start(worker); !up) return up;
    for (const Worker& worker : workers_)
      if (auto up = until("rampa-hq is ready", [&] { return text_of(worker.log).find("\"ready\"") != std::string::npos; }); !up) return up;
    for (auto& post : posts_)
      if (auto up = post->begin(); !up) return up;
    crew_ = std::make_unique<SwarmCrew>(posts_, clock_, std::max(1u, std::thread::hardware_concurrency()));
    return until("all posts reach HQ", [&] { return std::all_of(posts_.begin(), posts_.end(), [](const auto& p) { return p->up(); }); });
  }

  Result<void> start(Broker& broker) {
    const std::string mosquitto = ::access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto";
    auto started = Process::start({mosquitto, "-c", broker.config}, in("broker.log"));
    if (!started) return tl::unexpected(started.error());
    broker.process = std::move(*started);
    return until("the broker listens", [&] { return listens(broker.port) || !broker.process->alive(); });
  }

  Result<void> start(Worker& worker) {
    worker.started = clock_.mono();
    auto started = Process::start({settings_.binaries + "/rampa-hq", "--json", "--directory", in("hq"), "--database", postgres_->url(), "serve", "--broker", url(worker.broker), "--ca",
                                   in("certificates/ca.pem"), "--cert", in("certificates/hq.pem"), "--key", in("certificates/hq.key")}, worker.log);
    if (!started) return tl::unexpected(started.error());
    worker.process = std::move(*started);
    return {};
  }

  /// Whoever watches over services: what has ended is started again, but not this one, whose machine is gone for now.
  Result<void> look_after(const void* gone = nullptr) {
    for (Broker& broker : brokers_)
      if (&broker != gone && !broker.process->alive())
        if (auto up = start(broker); !up) return up;
    for (Worker& worker : workers_) {
      if (&worker == gone || worker.process->alive() || clock_.mono() - worker.started < restart_pause) continue;
      if (auto up = start(worker); !up) return up;
    }
    return {};
  }

  Result<void> until(const std::string& what, const std::function<bool()>& done) {
    for (const MonoTime end = clock_.mono() + settings_.patience; !done(); runtime::sleep_for(tick)) {
      if (stop_()) return fail(ErrorCode::refused, "stopped");
      if (clock_.mono() > end) return fail(ErrorCode::timeout, "waited in vain until " + what + "; logs are in " + settings_.directory);
    }
    return {};
  }

  [[nodiscard]] std::uint64_t acknowledged() const {
    std::uint64_t sum = 0;
    for (const auto& post : posts_) sum += post->acknowledged();
    return sum;
  }
  /// Records come until the kills are over, or as many as there are.
  [[nodiscard]] std::uint64_t last_of(const SwarmPost& post) const { return kills_over_ ? post.journal().shown() : post.journal().size(); }
  [[nodiscard]] bool all_here() const {
    return std::all_of(posts_.begin(), posts_.end(), [this](const auto& p) { return p->acknowledged() >= last_of(*p); });
  }

  [[nodiscard]] std::map<std::string, double> cpu() const {
    std::map<std::string, double> out;
    for (const Worker& worker : workers_) out["rampa-hq"] += cpu_seconds_of(worker.process->pid());
    for (const Broker& broker : brokers_) out["mosquitto"] += cpu_seconds_of(broker.process->pid());
    out["postgres"] = cpu_seconds_of(postgres_->primary_pid());
    for (const pid_t child : children_of(postgres_->primary_pid())) out["postgres"] += cpu_seconds_of(child);
    rusage own{};
    ::getrusage(RUSAGE_SELF, &own);
    out["swarm"] = static_cast<double>(own.ru_utime.tv_sec + own.ru_stime.tv_sec) + static_cast<double>(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
    return out;
  }
  [[nodiscard]] double commits() const {
    try {
      const auto database = sync::hq::open_postgres(postgres_->url());
      auto asked = database->query("SELECT xact_commit FROM pg_stat_database WHERE datname = 'postgres'");
      return asked.step() ? static_cast<double>(asked.number(0)) : 0;
    } catch (const sync::hq::DatabaseError&) {
      return 0;
    }
  }

  Result<void> play() {
    const bool whole = settings_.worker_kills + settings_.broker_kills + settings_.primary_kills == 0;
    const auto cpu_before = whole ? cpu() : std::map<std::string, double>{};
    const double commits_before = commits();
    begun_ = progress_at_ = told_at_ = clock_.mono();
    kill_at_ = begun_ + between_kills;
    kills_ = {{"worker", settings_.worker_kills}, {"broker", settings_.broker_kills}, {"primary", std::min(1, settings_.primary_kills)}};
    while (!all_here() || kills_left()) {
      if (stop_()) return fail(ErrorCode::refused, "stopped");
      if (auto looked = look_after(); !looked) return looked;
      show();
      tell();
      const std::uint64_t now_here = acknowledged();
      if (now_here != progress_here_) progress_here_ = now_here, progress_at_ = clock_.mono();
      if (clock_.mono() - progress_at_ > settings_.patience)
        return fail(ErrorCode::timeout, "HQ acknowledges nothing; " + std::to_string(now_here) + " records are there; logs are in " + settings_.directory);
      if (kills_left() && clock_.mono() >= kill_at_) {
        if (all_here()) return fail(ErrorCode::refused, "all records are at HQ before the kills are over: give each post more of them, or a lower rate");
        if (auto killed = kill(); !killed) return killed;
        kill_at_ = clock_.mono() + between_kills;
        kills_over_ = !kills_left();
      }
      runtime::sleep_for(tick);
    }
    report_.seconds = std::chrono::duration<double>(clock_.mono() - begun_).count();
    for (const auto& post : posts_) report_.records += post->journal().shown(), report_.record_bytes += post->journal().bytes() * post->journal().shown() / post->journal().size();
    report_.records_per_s = static_cast<double>(report_.records) / report_.seconds;
    if (const double done = commits() - commits_before; done > 0) report_.records_per_commit = static_cast<double>(report_.records) / done;
    if (whole) report_.cpu_seconds = cpu();  // of who was killed nobody knows
    for (auto& [name, seconds] : report_.cpu_seconds) seconds -= cpu_before.at(name);
    return {};
  }

  [[nodiscard]] bool kills_left() const {
    return std::any_of(kills_.begin(), kills_.end(), [](const auto& kind) { return kind.second > 0; });
  }

  void show() {
    if (kills_over_) return;
    const double seconds = std::chrono::duration<double>(clock_.mono() - begun_).count();
    for (auto& post : posts_) post->show(settings_.rate_per_s > 0 ? static_cast<std::uint64_t>(seconds * settings_.rate_per_s) : post->journal().size());
  }

  void tell() {
    if (clock_.mono() - told_at_ < 5s) return;
    told_at_ = clock_.mono();
    std::uint64_t shown = 0;
    for (const auto& post : posts_) shown += post->journal().shown();
    progress_(std::to_string(acknowledged()) + " of " + std::to_string(shown) + " durable records are at HQ" + (kills_left() ? ", kills are going on" : ""));
  }

  /// Kills one, waits until every post has what it had waiting at that time acknowledged.
  Result<void> kill() {
    std::vector<std::string> kinds;
    for (const auto& [name, left] : kills_)
      if (left > 0) kinds.push_back(name);
    const std::string kind = kinds[static_cast<std::size_t>(draws_.whole(0, static_cast<std::int64_t>(kinds.size()) - 1))];
    --kills_[kind];
    std::vector<std::uint64_t> shown;
    for (auto& post : posts_) shown.push_back(post->journal().shown()), post->watch(clock_.mono());
    const MonoTime killed = clock_.mono();
    std::optional<MonoTime> promote_at;
    const void* gone = nullptr;  // where there is another one, it has to do
    if (kind == "worker") {
      Worker& worker = busiest_worker();
      worker.process->kill();
      if (settings_.workers > 1) gone = &worker;
    } else if (kind == "broker") {
      Broker& broker = brokers_[static_cast<std::size_t>(draws_.whole(0, static_cast<std::int64_t>(brokers_.size()) - 1))];
      broker.process->kill();
      if (brokers_.size() > 1) gone = &broker;
    } else {
      postgres_->kill_primary();
      promote_at = killed + primary_noticed;
    }
    for (;;) {
      if (stop_()) return fail(ErrorCode::refused, "stopped");
      if (promote_at && clock_.mono() >= *promote_at) {
        if (auto promoted = postgres_->promote(); !promoted) return promoted;
        promote_at.reset();
      }
      if (auto looked = look_after(gone); !looked) return looked;
      show();
      bool over = !promote_at;
      for (std::size_t i = 0; over && i < posts_.size(); ++i) over = posts_[i]->acknowledged() >= std::min(shown[i] + 1, posts_[i]->journal().size());
      if (over && clock_.mono() - killed > after_kill) break;
      if (clock_.mono() - killed > settings_.patience) return fail(ErrorCode::timeout, "after the kill of a " + kind + " HQ does not acknowledge everything that waited; logs are in " + settings_.directory);
      runtime::sleep_for(tick);
    }
    auto& gaps = gaps_[kind];
    double longest = 0;
    for (const auto& post : posts_) gaps.push_back(milliseconds(post->longest_gap(clock_.mono()))), longest = std::max(longest, gaps.back());
    SwarmKills& sum = report_.kills[kind];
    ++sum.kills;
    sum.gap_p50_ms = quantile(gaps, 0.5);
    sum.gap_p99_ms = quantile(gaps, 0.99);
    sum.gap_max_ms = quantile(gaps, 1);
    progress_("killed a " + kind + ", number " + std::to_string(sum.kills) + ": the longest gap of a post " + std::to_string(static_cast<int>(longest)) + " ms");
    return {};
  }

  /// A worker that serves nobody is no loss: the one with the most posts.
  Worker& busiest_worker() {
    Worker* best = &workers_.front();
    std::size_t most = 0;
    for (Worker& worker : workers_) {
      const std::string log = text_of(worker.log);
      std::size_t leases = 0;
      for (std::size_t at = std::max<std::size_t>(log.rfind("\"ready\""), 0); at < log.size() && (at = log.find("\"lease\"", at)) != std::string::npos; ++at) ++leases;
      if (worker.process->alive() && leases > most) most = leases, best = &worker;
    }
    return *best;
  }

  void count_dropped(const std::string& log) {
    std::ifstream lines(log);
    for (std::string line; std::getline(lines, line);) {
      const json told = json::parse(line, nullptr, false);
      if (told.is_object() && told.value("event", "") == "dropped") report_.dropped += std::strtoull(told.value("detail", "0").c_str(), nullptr, 10);
    }
  }

  void wrong(std::uint64_t& counter, const std::string& what) {
    ++counter;
    if (report_.first_wrong.empty()) report_.first_wrong = what;
  }

  Result<void> compare() {
    const auto database = sync::hq::open_postgres(postgres_->url());
    for (const auto& post : posts_) {
      if (stop_()) return fail(ErrorCode::refused, "stopped");
      const std::string& name = post->name();
      std::uint64_t next = 1;
      auto rows = database->query("SELECT r.turn - h.id * $1, r.hash FROM histories h JOIN records r ON r.turn >= h.id * $1 AND r.turn < (h.id + 1) * $1"
                                  " WHERE h.post = $2 ORDER BY r.turn", sync::hq::journal_key(1, 0), name);
      while (rows.step()) {
        const std::uint64_t sequence = rows.count(0);
        for (; next < sequence && next <= post->journal().shown(); ++next) wrong(report_.lost, name + ": record " + std::to_string(next) + " is not at HQ");
        const ByteView hash = rows.bytes(1);
        if (sequence < next) wrong(report_.twice, name + ": record " + std::to_string(sequence) + " is at HQ twice");
        else if (sequence > post->journal().shown() || !std::ranges::equal(hash, post->journal().hash_bytes(sequence)))
          wrong(report_.other, name + ": record " + std::to_string(sequence) + " is another one at HQ");
        next = std::max(next, sequence + 1);
      }
      for (; next <= post->journal().shown(); ++next) wrong(report_.lost, name + ": record " + std::to_string(next) + " is not at HQ");
      const auto verified = sync::hq::verify_post(place(), name);
      if (!verified) return tl::unexpected(verified.error());
      if (!verified->sound) wrong(report_.unsound, name + ": rampa-hq verify says " + verified->json);
    }
    const auto alarms = sync::hq::report_alarms(place(), "");
    if (!alarms) return tl::unexpected(alarms.error());
    for (const json& alarm : json::parse(alarms->json)) wrong(report_.alarms, "alarm: " + alarm.dump());
    return {};
  }

  /// What the database does without HQ in front of it.
  void bare_copy() {
    const auto database = sync::hq::open_postgres(postgres_->url());
    database->execute("CREATE TABLE bare(LIKE records INCLUDING ALL)");
    const auto rows = database->bulk("bare", {"id", "turn", "wall_ms", "received_ms", "hash", "kind", "lane", "crossing", "bytes"});
    const auto of_each = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(report_.records_per_commit / static_cast<double>(posts_.size())));
    const auto of_all = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(report_.records_per_commit));
    std::vector<std::uint64_t> done(posts_.size(), 0);
    std::uint64_t count = 0, in_group = 0;
    const MonoTime begun = clock_.mono();
    database->begin();
    for (bool more = true; more && clock_.mono() - begun < bare_copy_time;) {
      more = false;
      for (std::size_t i = 0; i < posts_.size(); ++i) {
        const SwarmJournal& journal = posts_[i]->journal();
        for (std::uint64_t k = 0; k < of_each && done[i] < journal.shown(); ++k, ++count, ++in_group) {
          const std::int64_t key = sync::hq::journal_key(static_cast<std::int64_t>(i) + 1, ++done[i]);
          rows->add(key).add(key).add(std::int64_t{1'780'000'000'000}).add(std::int64_t{1'780'000'000'000}).add(journal.hash_bytes(done[i])).add(std::string_view("passage_seen"))
              .add(std::string_view("L1")).add(std::string_view("L1-1-1")).add(journal.record(done[i]));
          rows->end_row();
          more = true;
        }
        if (in_group < of_all) continue;
        rows->flush();
        database->commit();
        database->begin();
        in_group = 0;
      }
    }
    rows->flush();
    database->commit();
    report_.bare_copy_per_s = static_cast<double>(count) / std::chrono::duration<double>(clock_.mono() - begun).count();
    database->execute("DROP TABLE bare");
  }

  const SwarmSettings& settings_;
  const std::function<void(const std::string&)>& progress_;
  bool (*stop_)();
  const runtime::SystemClock clock_;
  SubStream draws_;
  std::unique_ptr<PostgresStage> postgres_;
  std::vector<Broker> brokers_;
  std::vector<Worker> workers_;
  std::vector<std::unique_ptr<SwarmPost>> posts_;
  std::unique_ptr<SwarmCrew> crew_;  // after the posts: goes before them
  MonoTime begun_{}, progress_at_{}, told_at_{}, kill_at_{};
  std::uint64_t progress_here_ = 0;
  std::map<std::string, int> kills_;  ///< still to come
  bool kills_over_ = false;
  std::map<std::string, std::vector<double>> gaps_;  ///< ms, of every post and kill
  SwarmReport report_;
};

}  // namespace

Result<SwarmReport> swarm(const SwarmSettings& settings, const std::function<void(const std::string&)>& progress, bool (*stop)()) {
  SwarmSettings absolute = settings;
  absolute.directory = fs::absolute(settings.directory).lexically_normal().string();
  absolute.tree = fs::absolute(settings.tree).lexically_normal().string();
  try {
    return Swarm(absolute, progress, stop).run();
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, error.what());
  }
}

std::string swarm_report_json(const SwarmSettings& settings, const SwarmReport& r) {
  json kills = json::object();
  for (const auto& [kind, k] : r.kills)
    kills[kind] = {{"kills", k.kills}, {"gap_p50_ms", k.gap_p50_ms}, {"gap_p99_ms", k.gap_p99_ms}, {"gap_max_ms", k.gap_max_ms}};
  return json{{"posts", settings.posts}, {"workers", settings.workers}, {"brokers", settings.brokers}, {"seed", settings.seed}, {"records", r.records},
              {"record_bytes", r.record_bytes}, {"seconds", r.seconds}, {"records_per_s", r.records_per_s}, {"records_per_commit", r.records_per_commit}, {"bare_copy_per_s", r.bare_copy_per_s},
              {"fdatasync_before_per_s", r.fdatasync_before_per_s}, {"fdatasync_after_per_s", r.fdatasync_after_per_s},
              {"cpu_seconds", r.cpu_seconds}, {"resends", r.resends}, {"dropped", r.dropped}, {"lost", r.lost}, {"twice", r.twice}, {"other", r.other},
              {"alarms", r.alarms}, {"unsound", r.unsound}, {"kills", kills}, {"first_wrong", r.first_wrong}, {"equal", r.equal()}}
      .dump(2);
}

}  // namespace rampa::hil
