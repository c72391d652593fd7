// How much may be under way and how fast it may go out: as much as keeps the line busy and no more, because what is queued
// in front of a verdict delays it. A model of the line in the manner of BBR (Cardwell, Cheng, Gunn, Yeganeh, Jacobson:
// "BBR: Congestion-Based Congestion Control", ACM Queue 14(5), 2016; draft-cardwell-iccrg-bbr-congestion-control;
// draft-cheng-iccrg-delivery-rate-estimation), measured from HQ's acknowledgements instead of TCP's:
//   rate   the most that was delivered per time over the last ten round trips in which there was enough to send;
//   trip   the shortest round trip of the last ten to twenty seconds, HQ's commit among it.
// What goes out is paced at that rate, and at most rate x (trip + 40 ms) is under way: the 40 ms are for the unevenness of
// commits, and they bound the queue.
//   starting  twice the rate, until it no longer grows by a quarter in three round trips (BBR) or the trips of a whole round
//             are longer than the queue allows (HyStart++, RFC 9406);
//   resting   nothing goes out while the queue that the phase before has made runs dry: there the shortest trip is seen;
//   cruising  at the rate;
//   probing   for one round trip somewhat faster, as much as makes 40 ms of queue; where the rate grows with it the next probe
//             follows at once and is twice as bold: a line that became faster is found in a few round trips.
// What differs from BBR: bounds in time and not in multiples of the round trip, since at 600 ms a quarter of it would be a
// verdict's whole allowance; and rests of 50 ms in place of ProbeRTT's 200 ms.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "firmware-interfaces/time.hpp"
#include "sync/sent.hpp"

namespace rampa::sync {

/// Thread: the drain's.
class LineBudget {
 public:
  static constexpr std::size_t least = 9u << 10, first = 16u << 10, most = 16u << 20;
  static constexpr std::size_t piece_least = 4u << 10, piece_most = 128u << 10;
  static constexpr Duration queue_allowed{40'000'000};

  /// A new connection: its line is not known.
  void restart() { *this = {}; }
  /// HQ wants no more than this under way.
  void set_credit(std::uint64_t bytes);

  /// Whether another piece may go out now, with so much under way. False: ask again at send_at(), or after the next
  /// acknowledgement.
  [[nodiscard]] bool may_send(std::size_t under_way, MonoTime now);
  /// Not before this; in the past where only acknowledgements are waited for.
  [[nodiscard]] MonoTime send_at() const { return send_at_; }
  /// A message goes out. `under_way`: without it. `paced`: false for what goes past the budget.
  [[nodiscard]] LineMark sending(std::size_t bytes, std::size_t under_way, bool paced, MonoTime now);
  /// There is nothing more to send although there is room.
  void ran_dry(std::size_t under_way) { idle_until_ = std::max<std::uint64_t>(1, delivered_ + under_way); }
  /// These were acknowledged by one message of HQ's.
  void acknowledged(std::span<const Sent> messages, MonoTime now);
  /// Something was lost on a connection that goes on: HQ or the broker had no room for it.
  void lost();

  /// What may be under way.
  [[nodiscard]] std::size_t bytes() const;
  /// What goes at once: 30 ms of the line, 4 to 128 KiB.
  [[nodiscard]] std::size_t piece() const;
  [[nodiscard]] Duration shortest_trip() const { return shortest_ == Duration::max() ? Duration{} : shortest_; }
  [[nodiscard]] double bytes_per_s() const { return rates_.empty() ? 0 : rates_.front().bytes_per_s; }

 private:
  struct Trip {
    Duration took = Duration::max();
    std::size_t bytes = 0;
  };
  enum class Phase { starting, resting, cruising, probing, judging };

  void note_trip(const Sent& sent, MonoTime now);
  void learn_unevenness();
  void note_rate(double bytes_per_s);
  void end_round(bool idle, MonoTime now);
  void rest(Duration queue, MonoTime now);
  void probe(double boldness, MonoTime now);
  void move_on(MonoTime now);
  [[nodiscard]] Duration as_piece(const Trip& trip) const;
  [[nodiscard]] Duration trip() const;
  [[nodiscard]] double pace() const;
  [[nodiscard]] double boldness_first() const;

  std::uint64_t credit_ = most;
  std::uint64_t delivered_ = 0, idle_until_ = 0;
  MonoTime delivered_at_{}, first_sent_{};
  MonoTime send_at_{};

  struct Rate {
    std::uint64_t cycle = 0;
    double bytes_per_s = 0;
  };
  std::deque<Rate> rates_;  ///< falling; the first is the highest of this and of the last cycle
  double last_rate_ = 0;
  std::uint64_t cycle_ = 0;      ///< from one probe to the next
  std::uint64_t round_ends_ = 0; ///< a round is over when what was sent after its beginning is acknowledged
  std::uint64_t round_began_ = 0;
  Duration slack_ = queue_allowed, unevenness_{};
  std::vector<Duration> rest_trips_;
  MonoTime rested_{};            ///< when the last rest ended, while what went out then is looked at; 0: it was
  Duration round_trip_ = Duration::max();     ///< the shortest of this round

  Trip trips_[2];             ///< shortest of this and of the last ten seconds
  MonoTime trips_since_{};
  Duration shortest_ = Duration::max();       ///< of the connection

  Phase phase_ = Phase::starting;
  MonoTime phase_ends_{}, rest_most_{};
  bool rate_is_known_ = false;  ///< a probe has found nothing faster: the next one has time
  double start_budget_ = 0;  ///< twice what the last round delivered
  double full_rate_ = 0;   ///< starting: what the rate was when it last grew
  int rounds_without_growth_ = 0, rounds_with_queue_ = 0, late_in_a_row_ = 0;
  double boldness_ = 0;    ///< probing: so much faster than the rate
  double probed_from_ = 0;
};

}  // namespace rampa::sync
