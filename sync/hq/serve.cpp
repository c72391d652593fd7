#include "sync/hq/serve.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "sync/backoff.hpp"
#include "sync/hq/blob_shelf.hpp"
#include "sync/hq/credit_share.hpp"
#include "sync/hq/group_store.hpp"
#include "sync/hq/hq_key.hpp"
#include "sync/hq/s3_shelf.hpp"
#include "sync/hq/message_queue.hpp"

namespace rampa::sync::hq {
namespace {

constexpr Duration wait_max = 200ms;
constexpr Duration lease_pause = 250ms;
constexpr Duration lease_patience = 3s;   ///< after a hello: whoever has that post may be about to give it up
constexpr Duration announce_again = 500ms;  ///< a hello that went just before the line was up is lost, and its post does not know
constexpr Duration dropped_pause = 1s;    ///< between two words about it
constexpr Duration storing_pause = 1s;  ///< after a commit that failed (disk full): no use in trying at once

/// Two receivers on one directory would each believe in their own cursor.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& directory)
      : descriptor_(::open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640)),
        held_(descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {}
  ~DirectoryLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  [[nodiscard]] bool exists() const { return descriptor_ >= 0; }
  [[nodiscard]] bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_;
};

class Server {
 public:
  Server(const ServeSettings& settings, const std::array<std::uint8_t, 32>& key, std::unique_ptr<ImageStore> images, const Clock& clock)
      : settings_(settings), clock_(clock), queue_(settings.queue_bytes_max, settings.post_queue_bytes_max), ledger_(open_ledger(settings.place)),
        desk_(open_desk(settings.place)), images_(std::move(images)),
        receiver_(*ledger_, *images_, *desk_, {settings.incarnation, key, settings.post_queue_bytes_max / 2}),
        // Half of the queue: what is sent again, and what went out before a credit became smaller, has room, too.
        credit_(settings.queue_bytes_max / 2, settings.post_queue_bytes_max / 2), backoff_(settings.pause_first, settings.pause_last, settings.jitter_seed) {
    // All may be there still, in the middle of their backlogs, when this program comes back.
    for (const std::string& post : ledger_->posts()) credit_.heard(post, clock_.mono());
    receiver_.set_credit(credit_.share(clock_.mono()));
  }

  Result<void> run(const std::atomic<bool>& stop) {
    if (auto confirmed = images_->confirm(some_blobs(), true); !confirmed) return confirmed;
    while (!stop) {
      if (!link_ && clock_.mono() >= connect_at_)
        if (const auto opened = connect(); !opened) return opened;
      MessageQueue::Taken taken = queue_.take(settings_.group_messages_max, settings_.group_bytes_max, receiver_.busy() ? Duration{} : wait_max);
      // Other workers' posts count, too: every worker gets their messages.
      for (const Message& message : taken.messages) credit_.heard(message.topic.post.text, message.arrived.mono);
      const std::uint64_t credit = credit_.share(clock_.mono());
      receiver_.set_credit(credit);
      if (settings_.counts) {
        settings_.counts->credit_bytes = credit;
        settings_.counts->dropped = taken.dropped;
      }
      tell_dropped(taken.dropped);
      for (const LinkFact& fact : taken.facts)
        if (fact.attempt == attempt_ && link_) link_fact(fact);
      bool desk = false;
      if (clock_.mono() >= desk_at_) {
        desk = receiver_.desk_changed();
        desk_at_ = clock_.mono() + wait_max;
      }
      if (ready_ && announce_at_ && clock_.mono() >= *announce_at_) {
        announce_at_.reset();
        announce();
      }
      // Messages of a connection that is gone are as good as any: they were received, so they are stored.
      if (!taken.messages.empty() || desk || receiver_.busy() || receiver_.waiting()) group(taken.messages, desk);
      else if (!greeted_.empty() && clock_.mono() >= store_at_) (void)leased({});
      if (!ready_ && taken.messages.empty() && !leases_.empty()) release();
      if (database_lost_) return fail(ErrorCode::disconnected, *database_lost_);
    }
    return {};
  }

 private:
  /// From all over: where these are all missing, it is not this shelf.
  std::vector<Sha256> some_blobs() {
    std::vector<Sha256> some;
    for (unsigned first = 0; first < 256; first += 16)
      for (const Ledger::HeldBlob& blob : ledger_->held_blobs({static_cast<std::uint8_t>(first)}, 1)) some.push_back(blob.sha256);
    return some;
  }

  /// A wrong setting ends the program; a broker that is away does not.
  Result<void> connect() {
    ++attempt_;
    LinkSettings link{settings_.broker, settings_.client_id, uplink_filter(), settings_.credentials};
    link.versions = versions_;
    const std::uint64_t attempt = attempt_;
    LinkCalls calls{[this, attempt] { queue_.put_fact({attempt, Connected{}}); }, [this, attempt] { queue_.put_fact({attempt, Subscribed{}}); },
                    [this, attempt](std::string why) { queue_.put_fact({attempt, Lost{std::move(why)}}); },
                    [this](std::string topic, Bytes payload) { queue_.put_message(topic, std::move(payload), clock_.now()); }};
    calls.again = [this, attempt](std::string why) { queue_.put_fact({attempt, Again{std::move(why)}}); };
    calls.refused = [this, attempt](std::string why) { queue_.put_fact({attempt, NotPassedOn{std::move(why)}}); };
    auto opened = open_link(link, std::move(calls));
    if (opened) link_ = std::move(*opened);
    else if (opened.error().code == ErrorCode::invalid) return tl::unexpected(opened.error());
    else hang_up(opened.error().what);
    return {};
  }

  void hang_up(const std::string& why) {
    link_.reset();
    ready_ = false;
    connect_at_ = clock_.mono() + backoff_.next();
    tell({"link_lost", "", why, 0});
  }

  void group(std::vector<Message>& messages, bool desk) {
    if (clock_.mono() < store_at_) return;
    if (settings_.place.server() && !leased(messages)) return;
    std::erase_if(messages, [this](const Message& message) { return !wanted(message.topic.post.text); });
    const auto stored = store_.store(messages, desk);
    if (!stored) {
      store_at_ = clock_.mono() + storing_pause;
      if (stored.error().code == ErrorCode::disconnected) database_lost_ = stored.error().what;
      return tell({"alarm", "", "storing failed, nothing is acknowledged: " + stored.error().what, 0});
    }
    if (settings_.after_commit) settings_.after_commit();
    publish(stored->answers);
    for (const Notice& notice : stored->notices) tell(notice);
  }

  /// False: the database is away.
  bool leased(const std::vector<Message>& messages) {
    const auto taken = take_leases(messages);
    if (!taken) database_lost_ = taken.error().what;
    return taken.has_value();
  }

  /// A post that another worker serves is tried again a few times a second: when that one is gone, so is its lock. A post that greets
  /// then says nothing more until it is answered, so it is tried for a while without a word of it.
  Result<void> take_leases(const std::vector<Message>& messages) {
    std::vector<std::string> fresh;
    const auto take = [&](const std::string& post) {
      if (!ready_ || !chosen(post) || leases_.contains(post) || (settings_.posts_max > 0 && leases_.size() >= settings_.posts_max)) return;
      MonoTime& again = lease_again_.try_emplace(post).first->second;
      if (clock_.mono() < again) return;
      again = clock_.mono() + lease_pause;
      if (!ledger_->database().try_lock(post)) return;
      leases_.insert(post);
      fresh.push_back(post);
      tell({"lease", post, "", 0});
    };
    try {
      for (const Message& message : messages) {
        const std::string& post = message.topic.post.text;
        take(post);
        if (message.topic.leaf == Leaf::hello && chosen(post) && !leases_.contains(post)) greeted_.insert_or_assign(post, clock_.mono() + lease_patience);
      }
      for (const auto& [post, until] : greeted_) take(post);
      std::erase_if(greeted_, [this](const auto& one) { return leases_.contains(one.first) || clock_.mono() >= one.second; });
    } catch (const DatabaseError& error) {
      return fail(error.code, error.what());
    }
    if (fresh.empty()) return {};
    if (auto answers = receiver_.announce(clock_, &fresh)) publish(*answers);
    else return tl::unexpected(answers.error());
    return {};
  }

  [[nodiscard]] bool wanted(const std::string& post) const { return chosen(post) && (!settings_.place.server() || leases_.contains(post)); }

  [[nodiscard]] bool chosen(const std::string& post) const {
    return settings_.posts.empty() || std::find(settings_.posts.begin(), settings_.posts.end(), post) != settings_.posts.end();
  }

  void link_fact(const LinkFact& fact) {
    if (const auto* lost = std::get_if<Lost>(&fact.what)) return hang_up(lost->why);
    if (const auto* refused = std::get_if<NotPassedOn>(&fact.what)) return tell({"alarm", "", refused->why, 0});
    if (const auto* again = std::get_if<Again>(&fact.what)) {
      tell({"broker", "", again->why, 0});
      link_.reset();
      connect_at_ = clock_.mono();
      return;
    }
    if (std::holds_alternative<Connected>(fact.what)) {
      if (const auto asked = link_->subscribe(); !asked) hang_up(asked.error().what);
      return;
    }
    backoff_.reset();
    ready_ = true;
    // What came while nobody was subscribed is lost: by another incarnation the posts see that and greet at once.
    receiver_.set_incarnation(settings_.incarnation + "." + std::to_string(attempt_));
    tell({"ready", "", settings_.broker, 0});
    reclaim();
    announce();
    announce_at_ = clock_.mono() + announce_again;
  }

  void announce() {
    const std::vector<std::string> leased(leases_.begin(), leases_.end());
    const auto* named = settings_.place.server() ? &leased : settings_.posts.empty() ? nullptr : &settings_.posts;
    if (auto answers = receiver_.announce(clock_, named)) publish(*answers);
    else tell({"alarm", "", answers.error().what, 0});
  }

  /// This worker's broker is away: a worker at another one may serve its posts.
  void release() {
    try {
      for (const std::string& post : leases_) ledger_->database().unlock(post);
    } catch (const DatabaseError& error) {
      database_lost_ = error.what();
    }
    released_ = std::exchange(leases_, {});
    lease_again_.clear();
    greeted_.clear();
    receiver_.rollback();
  }

  /// Those that no other worker has taken meanwhile; they wait for a word.
  void reclaim() {
    try {
      for (const std::string& post : std::exchange(released_, {}))
        if (ledger_->database().try_lock(post)) leases_.insert(post);
    } catch (const DatabaseError& error) {
      database_lost_ = error.what();
    }
  }

  void publish(const std::vector<Answer>& answers) {
    for (const Answer& answer : answers) {
      if (!link_) return;  // the posts ask again when the line is back
      if (const auto sent = link_->publish(answer.topic, answer.payload); !sent) hang_up(sent.error().what);
    }
  }

  void tell_dropped(std::uint64_t dropped) {
    if (dropped == dropped_told_ || clock_.mono() < dropped_again_) return;
    tell({"dropped", "", std::to_string(dropped - dropped_told_) + " messages had no room in the queue and are sent again", 0});
    dropped_told_ = dropped;
    dropped_again_ = clock_.mono() + dropped_pause;
  }

  void tell(const Notice& notice) {
    if (settings_.counts && notice.event == "refused") ++settings_.counts->refused;
    if (settings_.notice) settings_.notice(notice);
  }

  const ServeSettings& settings_;
  const Clock& clock_;
  MessageQueue queue_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<ImageStore> images_;
  Receiver receiver_;
  GroupStore store_{receiver_, clock_};
  CreditShare credit_;
  Backoff backoff_;
  MonoTime connect_at_{}, store_at_{}, desk_at_{}, dropped_again_{};
  std::uint64_t attempt_ = 0, dropped_told_ = 0;
  std::set<std::string> leases_, released_;  ///< released_: when the link broke
  std::map<std::string, MonoTime> lease_again_;
  std::map<std::string, MonoTime> greeted_;  ///< posts that greeted while another worker had them: until when they are tried
  bool ready_ = false;  ///< connected and subscribed
  std::optional<MonoTime> announce_at_;
  std::optional<std::string> database_lost_;
  std::shared_ptr<BrokerVersions> versions_ = std::make_shared<BrokerVersions>();
  std::unique_ptr<MqttLink> link_;
};

}  // namespace

Result<void> serve(const ServeSettings& settings, const Clock& clock, const std::atomic<bool>& stop) {
  for (const std::string& post : settings.posts)
    if (!usable_as_post(post)) return fail(ErrorCode::invalid, "--post " + post + ": 1 to 48 letters, digits, - or _, and not \"hq\"");
  std::error_code trouble;
  std::filesystem::create_directories(settings.place.directory, trouble);
  const DirectoryLock lock(settings.place.directory);
  if (!lock.exists()) return fail(ErrorCode::io, settings.place.directory + " cannot be written: " + trouble.message());
  if (!lock.held() && !settings.place.server()) return fail(ErrorCode::busy, "another rampa-hq serves " + settings.place.directory);
  try {
    const auto key = hq_key(settings.place.directory);
    if (!key) return tl::unexpected(key.error());
    auto images = open_images(settings.place);
    if (!images) return tl::unexpected(images.error());
    return Server(settings, *key, std::move(*images), clock).run(stop);
  } catch (const DatabaseError& error) {
    return fail(error.code, error.what());
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, error.what());
  }
}

}  // namespace rampa::sync::hq
