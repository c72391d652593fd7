// What waits to be stored: Paho's threads put, the serving thread takes. Every post has a line of its own and gets its turn.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "firmware-interfaces/time.hpp"
#include "sync/envelope.hpp"
#include "sync/hq/group_store.hpp"

namespace rampa::sync::hq {

/// What a waiting message takes beside its payload: a post that sends empty ones fills its line, too.
inline constexpr std::size_t message_overhead_bytes = 512;
/// An envelope of the largest body that does not shrink.
inline constexpr std::size_t message_bytes_max = envelope_body_max + 1024;

struct Connected {};
struct Subscribed {};
struct Lost { std::string why; };
struct LinkFact {
  std::uint64_t attempt = 0;
  std::variant<Connected, Subscribed, Lost> what;
};

/// Facts about the link come first, then messages, one of each post in turn. What has no room is dropped: it was never
/// acknowledged, so it comes again. Thread: any.
class MessageQueue {
 public:
  MessageQueue(std::size_t bytes_max, std::size_t post_bytes_max) : bytes_max_(bytes_max), post_bytes_max_(post_bytes_max) {}
  void put_message(const std::string& topic, Bytes payload, Stamp arrived) {
    const auto parsed = parse_topic(topic);
    if (!parsed || !goes_up(parsed->leaf) || payload.size() > message_bytes_max) return;
    {
      std::lock_guard lock(mutex_);
      const auto found = lines_.find(parsed->post.text);
      const std::size_t waiting = found == lines_.end() ? 0 : found->second.bytes, bytes = cost(payload);
      // One message always has room in its post's line: a large record must get through, however small the line is.
      if (bytes_ + bytes > bytes_max_ || (waiting > 0 && waiting + bytes > post_bytes_max_)) return;
      Line& line = lines_[parsed->post.text];
      bytes_ += bytes;
      line.bytes += bytes;
      line.messages.push_back({*parsed, std::move(payload), arrived});
      ++count_;
    }
    ready_.notify_one();
  }
  void put_fact(LinkFact fact) {
    {
      std::lock_guard lock(mutex_);
      facts_.push_back(std::move(fact));
    }
    ready_.notify_one();
  }
  struct Taken {
    std::vector<LinkFact> facts;
    std::vector<Message> messages;
  };
  /// What is there; waits for the first.
  [[nodiscard]] Taken take(std::size_t count, std::size_t bytes, Duration wait) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, wait, [this] { return !facts_.empty() || count_ > 0; });
    Taken taken;
    taken.facts = std::exchange(facts_, {});
    std::size_t sum = 0;
    while (count_ > 0 && taken.messages.size() < count && sum < bytes) {
      auto at = lines_.upper_bound(turn_);
      if (at == lines_.end()) at = lines_.begin();
      turn_ = at->first;
      Line& line = at->second;
      Message message = std::move(line.messages.front());
      line.messages.pop_front();
      const std::size_t freed = cost(message.payload);
      line.bytes -= freed;
      bytes_ -= freed;
      sum += message.payload.size();
      --count_;
      if (line.messages.empty()) lines_.erase(at);
      taken.messages.push_back(std::move(message));
    }
    return taken;
  }

 private:
  struct Line {
    std::deque<Message> messages;
    std::size_t bytes = 0;
  };
  [[nodiscard]] static std::size_t cost(const Bytes& payload) { return payload.size() + message_overhead_bytes; }
  const std::size_t bytes_max_, post_bytes_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<LinkFact> facts_;
  std::map<std::string, Line> lines_;  ///< only those with messages
  std::string turn_;
  std::size_t bytes_ = 0, count_ = 0;
};

}  // namespace rampa::sync::hq
