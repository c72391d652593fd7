// What of one stream is to be sent next, what is under way, and what an ack says about both. Pure: numbers only.
//
//   1 ........ through ...[ranges]... | backlog | live ........ last
//                                               ^ the newest few when HQ answered: they and all that come after go first
#pragma once

#include <deque>
#include <optional>

#include "sync/ranges.hpp"
#include "sync/sent.hpp"

namespace rampa::sync {

class StreamSender {
 public:
  static constexpr std::uint64_t live_first = 16;  ///< records of the past that count as live after an outage

  /// HQ has answered a hello: this is where it stands. Nothing is under way.
  void restart(const StreamAck& ack, std::uint64_t last);
  /// More is durable at the post.
  void extend(std::uint64_t last) { last_ = std::max(last_, last); }

  /// Numbers to send next, at most `count` of them; nothing where all is sent. `live`: of the newest.
  struct Piece {
    Range range;
    bool live = false;
  };
  [[nodiscard]] std::optional<Piece> next(std::size_t count) const;
  /// `sent.range` begins where next() said.
  void sent(const Sent& sent);

  struct Outcome {
    std::vector<Sent> delivered;
    std::size_t lost = 0;     ///< messages that will be sent again
    bool went_back = false;   ///< HQ has less than it had: a database that was restored
  };
  /// An ack of this connection. `sent_before`: messages of a lower order that it does not cover are lost, whatever came later
  /// (the hello that it answers went after them); 0: none.
  [[nodiscard]] Outcome acknowledged(const StreamAck& ack, std::uint64_t sent_before);

  /// HQ did not take the message that begins with this number: it is not under way any more and to be sent again.
  void refused(std::uint64_t first);

  /// These cannot be read: they are passed by until they are given back.
  void set_aside(const Range& range);
  /// They can be sent, also such as HQ counts as lost.
  void give_back(const Range& range);
  [[nodiscard]] bool is_aside(std::uint64_t number) const { return aside_.contains(number); }
  /// HQ has it, or counts it as lost or kept apart.
  [[nodiscard]] bool at_hq(std::uint64_t number) const { return (number >= 1 && number <= through_) || held_.contains(number); }
  [[nodiscard]] bool at_hq(const Range& range) const { return range.last <= through_ || held_.covers({std::max(range.first, through_ + 1), range.last}); }

  [[nodiscard]] std::uint64_t through() const { return through_; }
  [[nodiscard]] std::uint64_t last() const { return last_; }
  [[nodiscard]] bool under_way() const { return !flight_.empty(); }
  /// Some of the past is still to be sent, or sent again.
  [[nodiscard]] bool behind() const { return !back_.empty() || !again_.empty(); }
  /// When that message went out; nothing where none is under way.
  [[nodiscard]] std::optional<MonoTime> oldest_under_way() const { return flight_.empty() ? std::nullopt : std::optional(flight_.front().mark.at); }
  [[nodiscard]] std::size_t live_bytes() const { return live_bytes_; }
  [[nodiscard]] std::size_t bulk_bytes() const { return bulk_bytes_; }
  /// Numbers that HQ has not acknowledged.
  [[nodiscard]] std::uint64_t waiting() const { return last_ - std::min(last_, through_) - held_.count(); }

 private:
  void drop(const Sent& sent);

  std::uint64_t last_ = 0, through_ = 0;
  RangeSet held_;                ///< HQ has these beyond through_
  RangeSet back_;                ///< backlog still to be sent
  RangeSet aside_;               ///< cannot be read
  RangeSet again_;               ///< HQ goes on without them and is to get them nevertheless
  std::uint64_t live_next_ = 1;  ///< the next live one
  std::deque<Sent> flight_;      ///< by order
  std::size_t live_bytes_ = 0, bulk_bytes_ = 0;
};

}  // namespace rampa::sync
