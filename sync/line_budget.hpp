// How many bytes may be under way, and when the next ones may go: as many as keep the line busy and no more, because what is
// queued in front of a verdict delays it. A model of the line after BBR (Cardwell et al., ACM Queue 14(5), 2016;
// draft-cardwell-iccrg-bbr-congestion-control): its rate is the most that was delivered of late, its length the shortest round
// trip; the budget is their product and a short queue, and what goes is spread over time at that rate.
//
// Other than BBR: HQ says how long it kept what it acknowledges, so rate and trip are measured by when messages arrived there,
// not by when its commit was over; a commit's time is added to the budget and never taken for a queue. And the queue itself is
// watched: where a round trip takes 600 ms, BBR's quarter more or less would be all that a verdict may lose.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "sync/sent.hpp"

namespace rampa::sync {

/// Thread: one owner.
class LineBudget {
 public:
  static constexpr std::size_t first = 16u << 10, most = 16u << 20, piece_least = 3u << 10, piece_most = 128u << 10;
  static constexpr Duration queue_wanted = 40ms;  ///< at most, where the line has no moods: it bridges two acknowledgements
  static constexpr Duration kept_most = 2s;       ///< slower commits are not made up for
  static constexpr Duration put_off_most = 1s;    ///< whatever was measured: pacing holds nothing back for longer

  /// A new connection: its line is not known.
  void restart() { *this = {}; }
  void set_credit(std::uint64_t bytes) { credit_ = bytes; }

  /// Whether the next piece may go, with so many bytes under way. Where only time is missing wake() says until when.
  [[nodiscard]] bool may_send(std::size_t under_way, MonoTime now);
  [[nodiscard]] std::optional<MonoTime> wake() const { return wake_; }
  /// A message goes now; `under_way`: without it. Returns what acknowledged() needs of it.
  [[nodiscard]] LineMark sent(std::size_t bytes, std::size_t under_way, MonoTime now);
  /// There is room, and nothing to send.
  void idle(std::size_t under_way) { idle_until_ = delivered_ + under_way + 1; }
  /// HQ acknowledges these. `held`: how long it kept the newest of them; 0: not told.
  void acknowledged(const std::vector<Sent>& messages, Duration held, MonoTime now);
  /// Something was lost on a connection that goes on: somebody had no room for it.
  void lost();

  [[nodiscard]] std::size_t bytes() const;
  /// What goes at once: 20 ms of the line, 3 to 128 KiB.
  [[nodiscard]] std::size_t piece() const;
  [[nodiscard]] Duration shortest_trip() const { return shortest_ ? shortest_->trip : Duration{}; }

 private:
  /// What the acknowledgements of about one round trip said.
  struct Round {
    double rate = 0;                                                ///< bytes per second, the most
    Duration queue_least = Duration::max(), queue_most{}, kept{};   ///< `kept`: at HQ, the longest
    bool counts = false;                                            ///< the post had enough to send
  };
  struct Trip {
    Duration trip{};
    std::size_t bytes = 0;
    MonoTime measured;
  };
  [[nodiscard]] double rate() const;
  [[nodiscard]] Duration time_of(std::size_t bytes) const;
  [[nodiscard]] Duration way() const;
  [[nodiscard]] Duration kept() const;
  [[nodiscard]] Duration standing() const;
  [[nodiscard]] bool too_long(Duration queue) const { return queue > 2 * queue_wanted + 4 * jitter_; }
  [[nodiscard]] double gain() const;
  [[nodiscard]] double pace() const;
  void take_rate(const LineMark& newest);
  void take_trip(const Sent& newest, Duration trip, MonoTime now);
  void take_queue(const Sent& newest, Duration trip);
  void end_round();
  void watch_queue(const LineMark& newest, MonoTime now);
  void let_run_empty(MonoTime now) { empty_first_ = now + std::min<Duration>(queue_ + way() + kept() + put_off_most, 12 * put_off_most); }

  std::uint64_t credit_ = most;
  std::uint64_t delivered_ = 0, idle_until_ = 0, round_end_ = 0;  ///< bytes since the start
  MonoTime newest_arrived_, newest_sent_;  ///< of what was delivered
  std::deque<Round> rounds_{Round{}};      ///< the last one is not over
  double sample_ = 0;                      ///< of the rate, the newest
  std::optional<Trip> shortest_;
  Duration queue_{}, jitter_{};            ///< that the newest message met; how much that differs from one to the next
  bool start_up_ = true;                   ///< the line's rate is not reached yet
  double grown_to_ = 0;                    ///< start-up: the rate when it last grew...
  int not_grown_ = 0;                      ///< ...and the rounds since
  std::optional<std::uint64_t> lost_in_;   ///< the round in which something was lost last
  int more_ = 0;                           ///< rounds without a queue, each quicker than all before: the line became faster
  std::optional<MonoTime> stands_since_;   ///< a queue that is too long
  std::optional<MonoTime> empty_first_;    ///< nothing goes until nothing is under way, or till then: what was lost never arrives
  std::optional<MonoTime> anew_;           ///< what goes from then on replaces the shortest trip
  MonoTime next_;                          ///< pacing: nothing goes before
  std::optional<MonoTime> wake_;
};

}  // namespace rampa::sync
