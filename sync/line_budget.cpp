#include "sync/line_budget.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace rampa::sync {
namespace {

constexpr std::size_t rounds_max = 10;    ///< so long a rate is believed
constexpr Duration trip_believed = 10s;
constexpr Duration trip_noise = 2ms;      ///< as much more than the shortest still confirms it
constexpr Duration burst = 10ms;          ///< of the line, at once, where a wake-up came late
constexpr double piece_seconds = 0.020;

double seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }
Duration duration(double seconds) { return Duration{static_cast<std::int64_t>(std::min(seconds, 60.0) * 1e9)}; }

}  // namespace

double LineBudget::rate() const {
  double highest = 0;
  for (const Round& round : rounds_) highest = std::max(highest, round.rate);
  return highest;
}

/// What the line needs for them; 0 as long as its rate is not known.
Duration LineBudget::time_of(std::size_t bytes) const {
  const double r = start_up_ ? 0 : rate();
  return r > 0 ? duration(static_cast<double>(bytes) / r) : Duration{};
}

/// The shortest trip without its message's own length.
Duration LineBudget::way() const { return shortest_ ? std::max<Duration>(shortest_->trip - time_of(shortest_->bytes), 0ns) : Duration{}; }

Duration LineBudget::kept() const {
  Duration longest{};
  for (const Round& round : rounds_) longest = std::max(longest, round.kept);
  return std::min(longest, kept_most);
}

/// The queue that did not go away since this round trip began. Not since the one before: by the time an older one shows in it,
/// as much again has been sent against it.
Duration LineBudget::standing() const {
  const Duration least = rounds_.back().queue_least;
  return least == Duration::max() ? Duration{} : least;
}

std::size_t LineBudget::piece() const {
  const auto some_of_the_credit = std::clamp<std::uint64_t>(credit_ / 4, piece_least, piece_most);
  return std::clamp<std::size_t>(static_cast<std::size_t>(rate() * piece_seconds), piece_least, some_of_the_credit);
}

std::size_t LineBudget::bytes() const {
  const double r = rate(), one_piece = static_cast<double>(piece());
  double sum = static_cast<double>(first);
  if (!start_up_)  // what is on its way, what waits at HQ, and a queue that has at least the piece which the line is at
    sum = r * (gain() * seconds(way()) + seconds(kept())) + std::max(r * seconds(queue_wanted + 2 * jitter_), 1.1 * one_piece);
  else if (r > 0)
    sum = std::max(sum, 2 * r * seconds(shortest_trip() + kept()));
  sum = std::clamp(sum, 2 * one_piece, static_cast<double>(most));
  return std::min(static_cast<std::size_t>(sum), static_cast<std::size_t>(std::max<std::uint64_t>(credit_, piece_least)));
}

/// Above 1 where the line seems to have become faster; so that being wrong costs no more than 150 ms of queue.
double LineBudget::gain() const { return more_ < 3 ? 1 : 1 + std::min(0.25, 0.15 / seconds(way() + kept() + queue_wanted)); }

/// Bytes per second: the line's rate, and as much more or less that the standing queue is what it should be two trips later.
double LineBudget::pace() const {
  // What may be under way, within two thirds of a trip: more than the rate asks for, which is little after a small first message.
  if (start_up_) return shortest_ ? 1.5 * static_cast<double>(bytes()) / seconds(shortest_trip() + kept()) : 0;
  if (const double g = gain(); g > 1) return g * rate();
  const Duration wanted = std::max(queue_wanted, time_of(piece())) / 2 + 2 * jitter_;
  return rate() * std::clamp(1 + seconds(wanted - standing()) / (2 * seconds(way() + kept() + wanted)), 0.5, 1.25);
}

bool LineBudget::may_send(std::size_t under_way, MonoTime now) {
  wake_.reset();
  if (!anew_ && shortest_ && now - shortest_->measured > trip_believed) {
    // The queue is let run out, so that what goes then meets none.
    if (too_long(queue_)) {
      if (!empty_first_) let_run_empty(now);
    } else {
      anew_ = now + std::min<Duration>(std::max(standing(), queue_wanted) + time_of(piece()), put_off_most);
      next_ = std::max(next_, *anew_);
    }
  }
  if (empty_first_ && under_way > 0 && now < *empty_first_) {
    wake_ = empty_first_;
    return false;
  }
  if (std::exchange(empty_first_, std::nullopt)) anew_ = now;
  if (under_way >= bytes()) return false;
  // With nothing under way a piece makes no queue, whatever the line's rate is taken for. That may be far too little: HQ's other worker
  // took over, and what was seconds on its way looked like a slow line.
  if (now >= next_ || under_way == 0) return true;
  wake_ = next_;
  return false;
}

LineMark LineBudget::sent(std::size_t bytes, std::size_t under_way, MonoTime now) {
  if (under_way == 0) newest_arrived_ = newest_sent_ = now;  // the time in which nothing went does not count
  if (const double p = pace(); p > 0)
    next_ = std::min(std::max(next_, now - burst) + duration(static_cast<double>(bytes) / p), now + put_off_most);
  return {now, delivered_, newest_arrived_, newest_sent_, delivered_ < idle_until_};
}

void LineBudget::acknowledged(const std::vector<Sent>& messages, Duration held, MonoTime now) {
  if (messages.empty()) return;
  const auto [oldest, newest] = std::minmax_element(messages.begin(), messages.end(), [](const Sent& a, const Sent& b) { return a.order < b.order; });
  for (const Sent& sent : messages) delivered_ += sent.bytes;
  const MonoTime arrived = std::max(now - held, newest->mark.at + 1us);
  const Duration trip = arrived - newest->mark.at;
  newest_arrived_ = std::max(newest_arrived_, arrived);
  newest_sent_ = std::max(newest_sent_, newest->mark.at);
  if (newest->mark.delivered >= round_end_) {
    end_round();
    round_end_ = delivered_;
  }
  take_rate(newest->mark);
  take_trip(*newest, trip, now);
  take_queue(*newest, trip);
  // What waited for the commit before this one was kept longer than the newest.
  rounds_.back().kept = std::max(rounds_.back().kept, now - oldest->mark.at - trip);
  watch_queue(newest->mark, now);
}

void LineBudget::take_rate(const LineMark& newest) {
  if (newest.delivered > delivered_) return;  // of a connection before
  // Delivered neither faster than it went out nor than it came in.
  const Duration took = std::max({newest.at - newest.newest_sent, newest_arrived_ - newest.newest_arrived, Duration{1us}});
  sample_ = static_cast<double>(delivered_ - newest.delivered) / seconds(took);
  if (!newest.idle || sample_ > rate()) rounds_.back().rate = std::max(rounds_.back().rate, sample_);
  rounds_.back().counts |= !newest.idle;
}

void LineBudget::take_trip(const Sent& newest, Duration trip, MonoTime now) {
  const bool replaces = !shortest_ || (anew_ && newest.mark.at >= *anew_);
  const Duration alone = trip - time_of(newest.bytes);
  if (replaces || alone < way()) shortest_ = {trip, newest.bytes, now};
  else if (alone <= way() + trip_noise) shortest_->measured = now;
  if (replaces) anew_.reset();
}

void LineBudget::take_queue(const Sent& newest, Duration trip) {
  // The whole trips are compared, too: while the rate is taken for too low, the shorter of two messages seems to meet a queue.
  const Duration queue = std::max<Duration>(std::min(trip - time_of(newest.bytes) - way(), trip - shortest_->trip), 0ns);
  Round& round = rounds_.back();
  round.queue_least = std::min(round.queue_least, queue);
  round.queue_most = std::max(round.queue_most, queue);
  jitter_ += (std::min<Duration>(std::chrono::abs(queue - queue_), 2 * queue_wanted) - jitter_) / 16;
  queue_ = queue;
  // What went at once, before anything was known, made its queue itself.
  if (newest.mark.delivered > 0 && queue > queue_wanted * 3 / 2) start_up_ = false;
}

void LineBudget::end_round() {
  const Round& over = rounds_.back();
  if (!over.counts) return;  // a post with little to say learns nothing of the line's rate, and forgets nothing
  if (start_up_ && rate() >= grown_to_ * 1.25) grown_to_ = rate(), not_grown_ = 0;
  else if (start_up_ && ++not_grown_ >= 3) start_up_ = false;
  const bool quickest = std::all_of(rounds_.begin(), rounds_.end(), [&](const Round& round) { return round.rate <= over.rate; });
  more_ = !start_up_ && quickest && over.queue_most < queue_wanted / 4 + jitter_ ? more_ + 1 : 0;
  rounds_.emplace_back();
  if (rounds_.size() > rounds_max) rounds_.pop_front();
}

/// A long one that stays is none that the budget made: the line has become slower or longer. What was known of it is not
/// believed any more; the newest sample of a line with a queue is its rate.
void LineBudget::watch_queue(const LineMark& newest, MonoTime now) {
  if (start_up_ || empty_first_ || anew_ || !too_long(queue_)) return stands_since_.reset();
  if (!stands_since_) stands_since_ = now;
  if (now - *stands_since_ < 2 * (way() + kept()) + 200ms) return;
  if (!newest.idle) rounds_ = {Round{.rate = sample_, .kept = rounds_.back().kept, .counts = true}, Round{}};
  let_run_empty(now);
}

void LineBudget::lost() {
  if (rate() == 0 || lost_in_ == round_end_) return;  // nothing known yet; once in a round trip is enough
  lost_in_ = round_end_;
  start_up_ = false;
  for (Round& round : rounds_) round.rate *= 0.7;
}

}  // namespace rampa::sync
