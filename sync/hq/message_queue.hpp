// What waits to be stored: Paho's threads put, the serving thread takes. Every post has two lines of its
// own, one for verdicts and what it says is lost, and gets its turn.
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
struct Again { std::string why; };        ///< connect at once: another version of MQTT
struct NotPassedOn { std::string why; };  ///< the broker refuses what is sent
struct LinkFact {
  std::uint64_t attempt = 0;
  std::variant<Connected, Subscribed, Lost, Again, NotPassedOn> what;
};

/// Facts about the link come first, then verdicts, then all else, both one message of each post in turn. An ack tells by
/// stream what is here, so that a post takes nothing for lost because its verdicts overtook its own events; a hello is not
/// overtaken by anything that it went after, for its answer says what of that was lost. Some of each group is left to what is
/// no verdict, so that nobody's hello waits behind another post's flood. What has no room is dropped: it was never
/// acknowledged, so it comes again. Thread: any.
class MessageQueue {
 public:
  MessageQueue(std::size_t bytes_max, std::size_t post_bytes_max) : bytes_max_(bytes_max), post_bytes_max_(post_bytes_max) {}
  void put_message(const std::string& topic, Bytes payload, Stamp arrived) {
    auto parsed = parse_topic(topic);
    if (!parsed || !goes_up(parsed->leaf) || payload.size() > message_bytes_max) return;
    {
      std::lock_guard lock(mutex_);
      const std::string& post = parsed->post.text;
      // What a post says is lost goes with its verdicts: a frame behind the gap must not arrive before the word about it.
      const bool verdict = parsed->leaf == Leaf::verdicts || parsed->leaf == Leaf::lost;
      Lines& lines = verdict ? verdicts_ : others_;
      const std::size_t waiting = lines.bytes_of(post), of_post = verdicts_.bytes_of(post) + others_.bytes_of(post), bytes = cost(payload);
      // The last eighth is kept for verdicts and hellos: pictures alone cannot fill the queue.
      const std::size_t kept = verdict || parsed->leaf == Leaf::hello ? 0 : 1;
      // One verdict and one other message always have room in their post's lines: a large record must get through, however
      // small the line is.
      if (bytes_ + bytes > bytes_max_ - kept * bytes_max_ / 8 || (waiting > 0 && of_post + bytes > post_bytes_max_ - kept * post_bytes_max_ / 8)) {
        ++dropped_;
        return;
      }
      bytes_ += bytes;
      Line& line = lines.of[post];
      line.bytes += bytes;
      line.messages.push_back({++arrivals_, {std::move(*parsed), std::move(payload), arrived}});
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
    std::uint64_t dropped = 0;  ///< since the queue was made
  };
  /// What is there; waits for the first.
  [[nodiscard]] Taken take(std::size_t count, std::size_t bytes, Duration wait) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, wait, [this] { return !facts_.empty() || !verdicts_.of.empty() || !others_.of.empty(); });
    Taken taken;
    taken.facts = std::exchange(facts_, {});
    taken.dropped = dropped_;
    std::size_t sum = 0;
    const auto more = [&](std::size_t kept) {
      return taken.messages.size() < count - kept * count / 8 && sum < bytes - kept * bytes / 8;
    };
    while (!verdicts_.of.empty() && more(others_.of.empty() ? 0 : 1)) sum += move_front(verdicts_, verdicts_.next(), taken.messages);
    while (!others_.of.empty() && more(0)) {
      const auto turn = others_.next();
      if (const Waiting& first = turn->second.messages.front(); first.message.topic.leaf == Leaf::hello)
        for (auto own = verdicts_.of.find(turn->first); own != verdicts_.of.end() && own->second.messages.front().arrival < first.arrival;
             own = verdicts_.of.find(turn->first))
          sum += move_front(verdicts_, own, taken.messages);
      sum += move_front(others_, turn, taken.messages);
    }
    return taken;
  }

 private:
  struct Waiting {
    std::uint64_t arrival = 0;
    Message message;
  };
  struct Line {
    std::deque<Waiting> messages;
    std::size_t bytes = 0;
  };
  struct Lines {
    std::map<std::string, Line> of;  ///< by post; only those with messages
    std::string turn;
    [[nodiscard]] std::size_t bytes_of(const std::string& post) const {
      const auto found = of.find(post);
      return found == of.end() ? 0 : found->second.bytes;
    }
    [[nodiscard]] std::map<std::string, Line>::iterator next() {
      auto at = of.upper_bound(turn);
      if (at == of.end()) at = of.begin();
      turn = at->first;
      return at;
    }
  };
  /// Its payload's size.
  std::size_t move_front(Lines& lines, std::map<std::string, Line>::iterator at, std::vector<Message>& to) {
    Line& line = at->second;
    to.push_back(std::move(line.messages.front().message));
    line.messages.pop_front();
    const std::size_t freed = cost(to.back().payload);
    line.bytes -= freed;
    bytes_ -= freed;
    if (line.messages.empty()) lines.of.erase(at);
    return to.back().payload.size();
  }
  [[nodiscard]] static std::size_t cost(const Bytes& payload) { return payload.size() + message_overhead_bytes; }
  const std::size_t bytes_max_, post_bytes_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<LinkFact> facts_;
  Lines verdicts_, others_;
  std::size_t bytes_ = 0;
  std::uint64_t arrivals_ = 0, dropped_ = 0;
};

}  // namespace rampa::sync::hq
