#include "sync/uplink.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "firmware-interfaces/hex.hpp"
#include "sync/link/reach_probe.hpp"

namespace rampa::sync {
namespace {

struct Connected { std::uint64_t attempt; };
struct Subscribed { std::uint64_t attempt; };
struct Broken { std::uint64_t attempt; std::string why; };
struct Message { std::uint64_t attempt; std::string topic; Bytes payload; };
struct Again { std::uint64_t attempt; std::string why; };
struct NotPassedOn { std::uint64_t attempt; std::string why; };
struct LetterDone { std::uint64_t number; LetterOutcome outcome; };
struct LetterRefused { std::uint64_t number; std::string reason; };
struct LetterAnswered { std::uint64_t number; std::string outcome; };
struct Reachable { std::size_t broker; };
using Fact = std::variant<Reachable, Connected, Subscribed, Broken, Again, NotPassedOn, Message, LetterDone, Fetcher::Wanted, LetterRefused, LetterAnswered>;

constexpr Duration wait_max = 1s;          ///< a wake-up too many costs nothing
constexpr Duration metered_look = 10s;     ///< at a broker over a line that is paid by the byte
constexpr std::size_t facts_max = 10'000;  ///< HQ's messages not yet looked at; beyond it the connection is given up

class RunningUplink : public Uplink {
 public:
  RunningUplink(UplinkSettings settings, std::unique_ptr<store::JournalReader> journal, std::unique_ptr<BlobSource> blobs,
                std::unique_ptr<FetchShelf> shelf, std::uint64_t acknowledged, UplinkCalls calls, const Clock& clock)
      : settings_(std::move(settings)), journal_(std::move(journal)), blobs_(std::move(blobs)), shelf_(std::move(shelf)), calls_(std::move(calls)),
        clock_(clock), drain_(settings_.drain, *journal_, *blobs_, shelf_.get(), acknowledged, settings_.jitter_seed), status_(drain_.status()),
        inbox_(std::make_shared<Inbox>()),
        probe_(targets(settings_), [this](std::size_t broker) { put(Reachable{broker}); }, clock_) {
    inbox_->to = this;
    thread_ = std::thread([this] { run(); });
  }

  ~RunningUplink() override {
    {
      std::lock_guard lock(inbox_->mutex);  // a letter that is applied after this is told to nobody; HQ says it again
      inbox_->to = nullptr;
    }
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void durable(std::uint64_t) override {
    {
      std::lock_guard lock(mutex_);
      more_ = true;
      woken_ = true;
    }
    wake_.notify_one();
  }

  void want(const Fetcher::Wanted& wanted) override { put(wanted); }
  void refuse_letter(std::uint64_t number, const std::string& reason) override { put(LetterRefused{number, reason}); }

  void answer_letter(std::uint64_t number, const std::string& outcome) override { put(LetterAnswered{number, outcome}); }

  std::uint64_t beats() const override { return beats_.load(std::memory_order_relaxed); }

  LinkStatus status() const override {
    std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  void put(Fact fact) {
    {
      std::lock_guard lock(mutex_);
      // The loss of a message is noticed by the time-outs; of the post's own facts none may be lost.
      if (facts_.size() >= facts_max && std::holds_alternative<Message>(fact)) return;
      facts_.push_back(std::move(fact));
      woken_ = true;
    }
    wake_.notify_one();
  }

  void run() {
    for (;;) {
      std::deque<Fact> facts;
      bool more = false;
      beats_.fetch_add(1, std::memory_order_relaxed);
      {
        std::unique_lock lock(mutex_);
        const Duration wait = std::clamp<Duration>(drain_.next_wake() - clock_.mono(), Duration{0}, wait_max);
        wake_.wait_for(lock, wait, [this] { return stopping_ || woken_; });
        if (stopping_) break;
        woken_ = false;
        facts.swap(facts_);
        more = std::exchange(more_, false);
      }
      try {
        turn(facts, more);
      } catch (const std::exception& error) {
        // Nothing is known to throw here; if something does, the connection is begun again and people are told.
        link_.reset();
        drain_.link_lost(attempt_, std::string("uplink: ") + error.what(), clock_.now());
      }
    }
    link_.reset();
  }

  void turn(std::deque<Fact>& facts, bool more) {
    if (more) drain_.durable(clock_.now());
    for (Fact& fact : facts) {
      std::visit([this](auto& f) { take(f); }, fact);
      perform();
    }
    drain_.advance(clock_.now());
    perform();
    probe_.watch(drain_.away());
  }

  static std::vector<ReachProbe::Target> targets(const UplinkSettings& settings) {
    std::vector<ReachProbe::Target> out;
    for (const std::string& broker : settings.brokers) out.push_back({broker});
    for (const std::size_t metered : settings.drain.metered)
      if (metered < out.size()) out[metered].every = metered_look;
    return out;
  }

  void take(const Reachable& fact) { drain_.reachable(fact.broker, clock_.now()); }

  void take(const Connected& fact) {
    if (fact.attempt != attempt_ || !link_) return;
    if (const auto asked = link_->subscribe(); !asked) drain_.link_lost(attempt_, asked.error().what, clock_.now());
  }
  void take(const Subscribed& fact) { drain_.link_ready(fact.attempt, clock_.now()); }
  void take(const Broken& fact) { drain_.link_lost(fact.attempt, fact.why, clock_.now()); }
  void take(const Again& fact) {
    if (fact.attempt != attempt_ || !link_) return;
    if (calls_.remark && std::exchange(remarked_, fact.why) != fact.why) calls_.remark(fact.why);  // once, however long the outage
    open_link_to(broker_);
  }
  void take(const NotPassedOn& fact) { drain_.not_passed_on(fact.attempt, fact.why); }
  void take(const Message& fact) { drain_.message(fact.attempt, fact.topic, fact.payload, clock_.now()); }

  void take(const LetterDone& fact) {
    fact.outcome.kept ? drain_.letter_done(fact.number, fact.outcome.refused, clock_.now()) : drain_.letter_failed(fact.number, clock_.now());
  }

  void take(const Fetcher::Wanted& fact) { drain_.want(fact, clock_.now()); }
  void take(const LetterAnswered& fact) { drain_.letter_answered(fact.number, fact.outcome, clock_.now()); }
  void take(const LetterRefused& fact) { drain_.letter_refused(fact.number, fact.reason, clock_.now()); }

  void perform() {
    // An effect that fails (a link that breaks while publishing) makes further effects; they follow in the next round.
    for (auto effects = drain_.take_effects(); !effects.empty(); effects = drain_.take_effects())
      for (Effect& effect : effects) std::visit([this](auto& e) { act(e); }, effect);
  }

  void act(const effect::OpenLink& open) {
    attempt_ = open.attempt;
    broker_ = open.broker;
    open_link_to(broker_);
  }
  void open_link_to(std::size_t broker) {
    link_.reset();
    LinkSettings link{settings_.brokers[broker], "rampa-post-" + settings_.drain.post.text, downlink_filter(settings_.drain.post), settings_.credentials};
    link.versions = versions_;
    const std::uint64_t attempt = attempt_;
    LinkCalls calls{[this, attempt] { put(Connected{attempt}); }, [this, attempt] { put(Subscribed{attempt}); },
                    [this, attempt](std::string why) { put(Broken{attempt, std::move(why)}); },
                    [this, attempt](std::string topic, Bytes payload) {
                      put(Message{attempt, std::move(topic), std::move(payload)});
                    }};
    calls.again = [this, attempt](std::string why) { put(Again{attempt, std::move(why)}); };
    calls.refused = [this, attempt](std::string why) { put(NotPassedOn{attempt, std::move(why)}); };
    auto opened = open_link(link, std::move(calls));
    if (opened) link_ = std::move(*opened);
    else drain_.link_lost(attempt, opened.error().what, clock_.now());
  }
  void act(const effect::CloseLink& close) {
    if (close.attempt == attempt_) link_.reset();
  }
  void act(const effect::Publish& publish) {
    if (publish.attempt != attempt_ || !link_) return;
    if (const auto sent = link_->publish(publish.topic, publish.payload); !sent)
      drain_.link_lost(attempt_, sent.error().what, clock_.now());
  }
  void act(const effect::Acknowledged& e) { if (calls_.acknowledged) calls_.acknowledged(e.sequence); }
  void act(const effect::Quarantined& e) { if (calls_.quarantined) calls_.quarantined(e.record); }
  void act(const effect::ToldLost& e) { if (calls_.lost) calls_.lost(e.records); }
  void act(const effect::BlobHeld& e) { if (calls_.blob_held) calls_.blob_held(e.sha256, e.held); }
  void act(const effect::Fetched& e) { if (calls_.fetched) calls_.fetched(e.sha256, e.trouble); }
  void act(const effect::KeepHqKey& e) { if (calls_.keep_hq_key) calls_.keep_hq_key(e.key); }
  void act(const effect::TakeLetter& e) {
    if (!calls_.letter) return drain_.letter_done(e.letter.number, "this post takes no letters", clock_.now());
    calls_.letter(e.letter, [inbox = inbox_, number = e.letter.number](LetterOutcome outcome) {
      std::lock_guard lock(inbox->mutex);
      if (inbox->to) inbox->to->put(LetterDone{number, std::move(outcome)});
    });
  }
  void act(const effect::StatusChanged&) {
    {
      std::lock_guard lock(mutex_);
      status_ = drain_.status();
    }
    if (calls_.status) calls_.status(drain_.status());
  }

  UplinkSettings settings_;
  std::unique_ptr<store::JournalReader> journal_;
  std::unique_ptr<BlobSource> blobs_;
  std::unique_ptr<FetchShelf> shelf_;
  UplinkCalls calls_;
  const Clock& clock_;
  Drain drain_;                      ///< uplink's thread
  std::unique_ptr<MqttLink> link_;   ///< uplink's thread
  std::uint64_t attempt_ = 0;
  std::size_t broker_ = 0;           ///< of this attempt
  std::string remarked_;             ///< the newest remark
  std::shared_ptr<BrokerVersions> versions_ = std::make_shared<BrokerVersions>();
  std::atomic<std::uint64_t> beats_{0};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Fact> facts_;
  bool more_ = true;  ///< the journal has more than the drain knows
  LinkStatus status_;
  bool stopping_ = false, woken_ = true;
  /// Outlives this object in the hands of who applies letters.
  struct Inbox {
    std::mutex mutex;
    RunningUplink* to = nullptr;
  };
  std::shared_ptr<Inbox> inbox_;
  ReachProbe probe_;  ///< puts facts: ends before what they are put into
  std::thread thread_;
};

class StoredBlobs : public BlobSource {
 public:
  explicit StoredBlobs(std::unique_ptr<store::BlobReader> reader) : reader_(std::move(reader)) {}
  Result<Bytes> read(const std::string& sha256, std::uint64_t offset, std::size_t count) override {
    return reader_->range(sha256, offset, count);
  }
  Result<Manifest> manifest(const std::string& sha256) override {
    auto held = reader_->manifest(sha256);
    if (!held) return tl::unexpected(held.error());
    return Manifest{held->sha256, held->size_bytes, std::move(held->chunks)};
  }

 private:
  std::unique_ptr<store::BlobReader> reader_;
};

}  // namespace

Identity identity_of(const store::Store& store) {
  const store::Status status = store.status();
  Identity identity;
  identity.epoch = array_of_hex<16>(status.epoch).value_or(Epoch{});
  identity.device_key = status.device_key;
  identity.signer = store.signer();
  return identity;
}

Result<std::unique_ptr<Uplink>> start_uplink(UplinkSettings settings, std::unique_ptr<store::JournalReader> journal,
                                             std::unique_ptr<BlobSource> blobs, std::unique_ptr<FetchShelf> shelf, std::uint64_t acknowledged, UplinkCalls calls,
                                             const Clock& clock) {
  if (!usable_as_post(settings.drain.post.text))
    return fail(ErrorCode::invalid, "post \"" + settings.drain.post.text + "\": 1 to 48 letters, digits, - or _, and not \"hq\"");
  if (settings.brokers.empty()) return fail(ErrorCode::invalid, "no broker is named: give at least one mqtts://HOST:PORT");
  settings.drain.brokers = settings.brokers.size();
  try {
    return std::make_unique<RunningUplink>(std::move(settings), std::move(journal), std::move(blobs), std::move(shelf), acknowledged,
                                           std::move(calls), clock);
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, std::string("starting the uplink: ") + error.what());
  }
}

std::unique_ptr<BlobSource> blobs_of(std::unique_ptr<store::BlobReader> reader) {
  return std::make_unique<StoredBlobs>(std::move(reader));
}

}  // namespace rampa::sync
