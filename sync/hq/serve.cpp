#include "sync/hq/serve.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <variant>

#include "sync/backoff.hpp"

namespace rampa::sync::hq {
namespace {

constexpr Duration wait_max = 200ms;
constexpr Duration storing_pause = 1s;  ///< after a commit that failed (disk full): no use in trying at once

struct Connected {};
struct Subscribed {};
struct Lost { std::string why; };
struct Message { std::string topic; Bytes payload; };
struct Fact {
  std::uint64_t attempt = 0;
  std::variant<Connected, Subscribed, Lost, Message> what;
};

/// Paho's threads put, the serving thread takes.
class Queue {
 public:
  explicit Queue(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  void put(Fact fact) {
    {
      std::lock_guard lock(mutex_);
      if (const auto* message = std::get_if<Message>(&fact.what)) {
        if (bytes_ + message->payload.size() > bytes_max_) return;  // never acknowledged, so it comes again
        bytes_ += message->payload.size();
      }
      facts_.push_back(std::move(fact));
    }
    ready_.notify_one();
  }
  /// What is there, at most `count`; waits for the first.
  std::vector<Fact> take(std::size_t count, Duration wait) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, wait, [this] { return !facts_.empty(); });
    std::vector<Fact> taken;
    while (!facts_.empty() && taken.size() < count) {
      if (const auto* message = std::get_if<Message>(&facts_.front().what)) bytes_ -= message->payload.size();
      taken.push_back(std::move(facts_.front()));
      facts_.pop_front();
    }
    return taken;
  }

 private:
  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Fact> facts_;
  std::size_t bytes_ = 0;
};

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
  Server(const ServeSettings& settings, const Clock& clock)
      : settings_(settings), clock_(clock), queue_(settings.queue_bytes_max), ledger_(settings.directory),
        shelf_(settings.directory), downlink_(settings.directory), receiver_(ledger_, shelf_, downlink_, settings.incarnation),
        backoff_(settings.pause_first, settings.pause_last, settings.jitter_seed) {}

  Result<void> run(const std::atomic<bool>& stop) {
    while (!stop) {
      if (!link_ && clock_.mono() >= connect_at_)
        if (const auto opened = connect(); !opened) return opened;
      std::vector<Fact> facts = queue_.take(settings_.group_messages_max, wait_max);
      if (!facts.empty()) group(facts);
    }
    return {};
  }

 private:
  /// A wrong setting ends the program; a broker that is away does not.
  Result<void> connect() {
    ++attempt_;
    const LinkSettings link{settings_.broker, "rampa-hq", uplink_filter(), settings_.credentials};
    const std::uint64_t attempt = attempt_;
    auto opened = open_link(link, {[this, attempt] { queue_.put({attempt, Connected{}}); },
                                   [this, attempt] { queue_.put({attempt, Subscribed{}}); },
                                   [this, attempt](std::string why) { queue_.put({attempt, Lost{std::move(why)}}); },
                                   [this, attempt](std::string topic, Bytes payload) {
                                     queue_.put({attempt, Message{std::move(topic), std::move(payload)}});
                                   }});
    if (opened) link_ = std::move(*opened);
    else if (opened.error().code == ErrorCode::invalid) return tl::unexpected(opened.error());
    else hang_up(opened.error().what);
    return {};
  }

  void hang_up(const std::string& why) {
    link_.reset();
    connect_at_ = clock_.mono() + backoff_.next();
    tell({"link_lost", "", why, 0});
  }

  void group(std::vector<Fact>& facts) {
    // Messages of a connection that is gone are as good as any: they were received, so they are stored.
    std::vector<Fact*> messages;
    for (Fact& fact : facts) {
      if (std::holds_alternative<Message>(fact.what)) messages.push_back(&fact);
      else if (fact.attempt == attempt_ && link_) link_fact(fact);
    }
    if (messages.empty()) return;
    if (clock_.mono() < store_at_) return;
    auto answers = store(messages);
    if (!answers) {
      store_at_ = clock_.mono() + storing_pause;
      return tell({"alarm", "", "storing failed, nothing is acknowledged: " + answers.error().what, 0});
    }
    if (settings_.after_commit) settings_.after_commit();
    publish(*answers);
    for (const Notice& notice : receiver_.take_notices()) tell(notice);
  }

  Result<std::vector<Answer>> store(const std::vector<Fact*>& messages) {
    if (const auto begun = receiver_.begin(); !begun) return tl::unexpected(begun.error());
    for (const Fact* fact : messages) {
      const auto& message = std::get<Message>(fact->what);
      const auto topic = parse_topic(message.topic);
      if (!topic || !goes_up(topic->leaf) || !wanted(topic->post.text)) continue;
      if (const auto taken = receiver_.take(*topic, message.payload, clock_.now()); !taken) {
        receiver_.rollback();
        return tl::unexpected(taken.error());
      }
    }
    return receiver_.commit(clock_.now());
  }

  [[nodiscard]] bool wanted(const std::string& post) const {
    return settings_.posts.empty() || std::find(settings_.posts.begin(), settings_.posts.end(), post) != settings_.posts.end();
  }

  void link_fact(const Fact& fact) {
    if (const auto* lost = std::get_if<Lost>(&fact.what)) return hang_up(lost->why);
    if (std::holds_alternative<Connected>(fact.what)) {
      if (const auto asked = link_->subscribe(); !asked) hang_up(asked.error().what);
      return;
    }
    backoff_.reset();
    tell({"ready", "", settings_.broker, 0});
    if (auto answers = receiver_.announce(clock_.now())) publish(*answers);
    else tell({"alarm", "", answers.error().what, 0});
  }

  void publish(const std::vector<Answer>& answers) {
    for (const Answer& answer : answers) {
      if (!link_) return;  // the posts ask again when the line is back
      if (const auto sent = link_->publish(answer.topic, answer.payload); !sent) hang_up(sent.error().what);
    }
  }

  void tell(const Notice& notice) {
    if (settings_.notice) settings_.notice(notice);
  }

  const ServeSettings& settings_;
  const Clock& clock_;
  Queue queue_;
  Ledger ledger_;
  BlobShelf shelf_;
  Downlink downlink_;
  Receiver receiver_;
  Backoff backoff_;
  MonoTime connect_at_{}, store_at_{};
  std::uint64_t attempt_ = 0;
  std::unique_ptr<MqttLink> link_;
};

}  // namespace

Result<void> serve(const ServeSettings& settings, const Clock& clock, const std::atomic<bool>& stop) {
  for (const std::string& post : settings.posts)
    if (!usable_as_post(post)) return fail(ErrorCode::invalid, "--post " + post + ": 1 to 48 letters, digits, - or _, and not \"hq\"");
  std::error_code trouble;
  std::filesystem::create_directories(settings.directory, trouble);
  const DirectoryLock lock(settings.directory);
  if (!lock.exists()) return fail(ErrorCode::io, settings.directory + " cannot be written: " + trouble.message());
  if (!lock.held()) return fail(ErrorCode::busy, "another rampa-hq serves " + settings.directory);
  try {
    return Server(settings, clock).run(stop);
  } catch (const DatabaseError& error) {
    return fail(error.code, error.what());
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, error.what());
  }
}

}  // namespace rampa::sync::hq
