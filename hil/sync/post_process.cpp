#include "hil/sync/post_process.hpp"

#include <atomic>
#include <condition_variable>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "edge/runtime/system_clock.hpp"
#include "edge/store/blob_reader.hpp"
#include "edge/store/store.hpp"
#include "firmware-interfaces/hex.hpp"
#include "hil/sync/sent_again.hpp"
#include "hil/wire/line_server.hpp"
#include "sync/uplink.hpp"

namespace rampa::hil {
namespace {

using nlohmann::json;

constexpr std::size_t groups_waiting_max = 16, group_records = 32;
constexpr std::size_t attachment_bytes_waiting_max = 48u << 20;

double milliseconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }

/// The machine's clock made wrong as the settings say. Thread: any.
class WrongClock : public Clock {
 public:
  explicit WrongClock(const PostClockSettings& settings)
      : rate_ppm_(settings.rate_ppm), began_(settings.boot_began_ns) {
    set_offset(settings.offset_s);
  }
  [[nodiscard]] Stamp now() const override { return read().wrong; }
  /// What this clock says, and what the time was then.
  struct Reading { Stamp wrong; WallTime truth; };
  [[nodiscard]] Reading read() const {
    const Stamp stamp = clock_.now();
    const std::int64_t since = stamp.mono.ns - began_;
    return {{MonoTime{since + static_cast<std::int64_t>(static_cast<double>(since) * rate_ppm_ / 1e6)}, WallTime{stamp.wall.ms + offset_ms_}}, stamp.wall};
  }
  void set_offset(double seconds) { offset_ms_ = static_cast<std::int64_t>(seconds * 1000); }
  [[nodiscard]] std::int64_t offset_ms() const { return offset_ms_; }

 private:
  runtime::SystemClock clock_;
  const double rate_ppm_;
  const std::int64_t began_;
  std::atomic<std::int64_t> offset_ms_{0};
};

/// Times verdicts from persist() to HQ's acknowledgement. Thread: any.
class Stopwatch {
 public:
  explicit Stopwatch(const Clock& clock) : clock_(clock) {}
  void durable(std::uint64_t sequence, MonoTime begun) {
    std::lock_guard lock(mutex_);
    waiting_[sequence] = {begun, clock_.mono()};
    settle(clock_.mono());
  }
  void acknowledged(std::uint64_t sequence) {
    std::lock_guard lock(mutex_);
    acknowledged_ = std::max(acknowledged_, sequence);
    settle(clock_.mono());
  }
  [[nodiscard]] json take() {
    std::lock_guard lock(mutex_);
    return std::exchange(done_, json::array());
  }
  [[nodiscard]] std::size_t waiting() const {
    std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  struct Begun { MonoTime asked, durable; };
  void settle(MonoTime now) {
    while (!waiting_.empty() && waiting_.begin()->first <= acknowledged_) {
      const auto& [sequence, begun] = *waiting_.begin();
      done_.push_back({{"sequence", sequence}, {"durable_ms", milliseconds(begun.durable - begun.asked)}, {"acknowledged_ms", milliseconds(now - begun.asked)}});
      waiting_.erase(waiting_.begin());
    }
  }
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Begun> waiting_;
  std::uint64_t acknowledged_ = 0;
  json done_ = json::array();
};

class PostProcess {
 public:
  explicit PostProcess(const PostProcessSettings& settings) : settings_(settings), clock_(settings.clock), stopwatch_(clock_), goal_(settings.records), rate_(settings.rate_per_s) {}
  ~PostProcess() {
    listening_ = nullptr;
    uplink_.reset();
    store_.reset();  // its answers still count here
  }

  Result<void> begin() {
    store::Settings store;
    store.directory = settings_.directory;
    store.post = PostId{settings_.post};
    store.quota_images_bytes = settings_.quota_images_mib << 20;
    store.quota_thumbnails_bytes = settings_.quota_thumbnails_mib << 20;
    store.boot = settings_.clock.boot.empty() ? runtime::os_boot() : array_of_hex<16>(settings_.clock.boot);
    store.wall_quality = [this] { return wall_quality_.load(); };
    auto opened = store::open(store, clock_);
    if (!opened) return tl::unexpected(opened.error());
    store_ = std::move(*opened);
    const auto status = store_->status();
    next_ = status.last_sequence + 1;
    paced_from_ = clock_.mono();
    if (settings_.brokers.empty()) return {};
    sync::UplinkSettings uplink;
    uplink.drain.post = store.post;
    uplink.drain.identity = sync::identity_of(*store_);
    uplink.drain.boot_id = status.boot_id;
    uplink.drain.boot_number = status.boot_number;
    uplink.drain.software = "sync-post";
    uplink.brokers = settings_.brokers;
    uplink.credentials = {settings_.ca_file, settings_.cert_file, settings_.key_file};
    uplink.jitter_seed = runtime::random_bits();
    sync::UplinkCalls calls;
    calls.acknowledged = [this](std::uint64_t sequence) {
      store_->acknowledge(sequence);
      stopwatch_.acknowledged(sequence);
    };
    calls.blob_held = [this](const std::string& sha256, bool held) { store_->blob_held(sha256, held); };
    calls.status = [this](const sync::LinkStatus& link) { sent_again_.status(link); };
    auto started = sync::start_uplink(std::move(uplink), store_->journal_reader(), sent_again_.watch(sync::blobs_of(store::open_blobs(settings_.directory))),
                                      nullptr, status.acknowledged, std::move(calls), clock_);
    if (!started) return tl::unexpected(started.error());
    uplink_ = std::move(*started);
    listening_ = uplink_.get();
    store_->on_durable([this](std::uint64_t last) {
      if (auto* to = listening_.load()) to->durable(last);
    });
    uplink_->durable(store_->status().last_sequence);
    return {};
  }

  /// Hands the store what it may have by now.
  void write() {
    if (failed_groups_ > 0) {  // no space or a full queue: after a pause the next ones
      if (clock_.mono() < again_) return;
      failed_groups_ = 0;
    }
    while (groups_waiting_ < groups_waiting_max && attachment_bytes_ < attachment_bytes_waiting_max && next_ <= goal_) {
      std::uint64_t count = std::min<std::uint64_t>(group_records, goal_ - next_ + 1);
      if (rate_ > 0) {
        const double allowed = std::chrono::duration<double>(clock_.mono() - paced_from_).count() * rate_ - static_cast<double>(paced_);
        if (allowed < 1) return;
        count = std::min(count, static_cast<std::uint64_t>(allowed));
        paced_ += count;
      }
      std::vector<Record> group;
      std::size_t attached = 0;
      for (std::uint64_t i = 0; i < count && attached == 0; ++i) {
        const auto [now, truth] = clock_.read();
        group.push_back(business_record(settings_.business, next_++, now, truth));
        for (const auto& a : group.back().attachments) attached += a.bytes->size();
      }
      ++groups_waiting_;
      attachment_bytes_ += attached;
      store_->persist(std::move(group), [this, attached](const Result<std::vector<std::uint64_t>>& answer) {
        --groups_waiting_;
        attachment_bytes_ -= attached;
        if (answer) return;
        if (answer.error().code == ErrorCode::io) disk_failed_ = true;
        ++refused_;
        ++failed_groups_;
        again_ = clock_.mono() + 100ms;
        rewrite_ = true;
      });
    }
    // Refused groups leave the journal short of the goal: go on behind its end.
    if (groups_waiting_ == 0 && rewrite_.exchange(false)) next_ = store_->status().last_sequence + 1;
  }

  std::string answer(const std::string& line) {
    try {
      const json in = json::parse(line);
      const auto op = in.at("op").get<std::string>();
      if (op == "status") return status().dump(-1, ' ', false, json::error_handler_t::replace);
      if (op == "write") {
        goal_ = in.at("until").get<std::uint64_t>();
        rate_ = in.value("rate", 0.0);
        paced_from_ = clock_.mono();
        paced_ = 0;
      } else if (op == "verdict") {
        return verdict();
      } else if (op == "latencies") {
        return json{{"ok", true}, {"latencies", stopwatch_.take()}}.dump();
      } else if (op == "connections") {
        json ended = json::array();
        for (const EndedConnection& c : sent_again_.ended())
          ended.push_back({{"attempt", c.attempt}, {"budget_bytes", c.budget_bytes}, {"might_be_under_way", c.might_be_under_way()}, {"sent_bytes", c.sent_bytes}, {"again_bytes", c.again_bytes}});
        return json{{"ok", true}, {"ended", std::move(ended)}}.dump();
      } else if (op == "clock") {
        clock_.set_offset(in.at("offset_s").get<double>());
        wall_quality_ = clock_.offset_ms() == 0 ? WallQuality::synchronised : WallQuality::free_running;
      } else if (op == "stop") {
        stop_ = true;
      } else {
        throw std::invalid_argument("unknown op '" + op + "'; known: status, write, verdict, latencies, connections, clock, stop");
      }
      return R"({"ok":true})";
    } catch (const std::exception& error) {
      return json{{"ok", false}, {"error", error.what()}}.dump(-1, ' ', false, json::error_handler_t::replace);
    }
  }

  [[nodiscard]] bool stopped() const { return stop_; }
  [[nodiscard]] bool disk_failed() const { return disk_failed_; }
  [[nodiscard]] bool writing() const { return next_ <= goal_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  json status() {
    const auto stored = store_->status();
    json out{{"ok", true}, {"last_sequence", stored.last_sequence}, {"acknowledged", stored.acknowledged}, {"refused", refused_.load()},
             {"goal", goal_}, {"written", groups_waiting_ == 0 ? next_ - 1 : 0}, {"verdicts_waiting", stopwatch_.waiting()}, {"repaired", stored.repaired}, {"store_trouble", stored.trouble},
             {"evicted_held", stored.room.images.evicted_held + stored.room.thumbnails.evicted_held},
             {"evicted_not_held", stored.room.images.evicted_not_held + stored.room.thumbnails.evicted_not_held}};
    if (uplink_) {
      const auto link = uplink_->status();
      out.update({{"up", link.up}, {"phase", link.phase}, {"trouble", link.trouble}, {"attempts", link.attempts}, {"resends", link.resends},
                  {"blobs_wanted", link.blobs_wanted}, {"quarantined", link.quarantined}});
      out["acknowledged"] = std::max(stored.acknowledged, link.cursor);
    }
    return out;
  }

  std::string verdict() {
    const auto [now, truth] = clock_.read();
    Record record = timed_verdict(now, truth);
    const MonoTime begun = clock_.mono();
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Result<std::vector<std::uint64_t>>> got;
    store_->persist({std::move(record)}, [&](Result<std::vector<std::uint64_t>> result) {
      if (result) stopwatch_.durable(result->front(), begun);
      std::lock_guard lock(mutex);
      got = std::move(result);
      done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return got.has_value(); });
    if (!*got) throw std::runtime_error(got->error().what);
    if (goal_ >= next_) ++goal_;  // the writer's numbers move on by one
    ++next_;
    return json{{"ok", true}, {"sequence", got->value().front()}}.dump();
  }

  const PostProcessSettings& settings_;
  WrongClock clock_;
  Stopwatch stopwatch_;
  SentAgain sent_again_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<sync::Uplink> uplink_;
  std::atomic<sync::Uplink*> listening_{nullptr};
  std::uint64_t next_ = 1, goal_, paced_ = 0;
  double rate_;
  MonoTime paced_from_;
  std::atomic<std::size_t> groups_waiting_{0}, attachment_bytes_{0}, failed_groups_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<WallQuality> wall_quality_{clock_.offset_ms() == 0 ? WallQuality::synchronised : WallQuality::free_running};
  std::atomic<MonoTime> again_{MonoTime{}};
  std::atomic<bool> rewrite_{false}, disk_failed_{false};
  bool stop_ = false;
};

}  // namespace

int run_post_process(const PostProcessSettings& settings, bool (*stop)()) {
  PostProcess post(settings);
  const runtime::SystemClock clock;
  auto control = LineServer::listen("127.0.0.1", settings.control, [&](const std::string& line) { return post.answer(line); }, clock);
  if (!control) {
    std::cerr << "sync-post: " << control.error().what << "\n";
    return 2;
  }
  if (auto begun = post.begin(); !begun) {
    std::cerr << "sync-post: " << begun.error().what << "\n";
    return 2;
  }
  std::cout << "{\"control\":" << (*control)->port() << "}" << std::endl;
  std::vector<WireServer*> servers{control->get()};
  while (!stop() && !post.stopped() && !post.disk_failed()) {
    post.write();
    poll_once(servers, clock, post.writing() ? Duration{2ms} : Duration{50ms});
  }
  if (!post.disk_failed()) return 0;
  std::cerr << "sync-post: the disk failed; a new start goes on from what is durable\n";
  return 3;
}

}  // namespace rampa::hil
