#include "sync/line_budget.hpp"

#include <algorithm>

namespace rampa::sync {
namespace {

constexpr Duration trips_window = 10s;
constexpr Duration rest_least = 50ms, rest_most = 2s, rest_step = 5ms;
constexpr Duration rest_deeper = 60ms;    ///< than the shortest trip asks for: it may itself have met a queue
constexpr Duration cruise_least = 5s;
constexpr int cruise_rounds = 8;
constexpr Duration piece_time = 30ms;
constexpr Duration burst = 10ms;           ///< that much may be made up for when the thread came late
constexpr double start_gain = 2.77;        ///< 4 ln 2: BBR's, the least that doubles the rate each round
constexpr double start_budget_gain = 2;
constexpr Duration start_queue = 60ms, short_trip = 80ms;
constexpr int late_most = 8;               ///< HyStart++'s N_RTT_SAMPLE
constexpr double boldness_first_most = 0.25, boldness_most = 1, growth_least = 0.05;
constexpr Duration slack_most = 500ms;
constexpr std::size_t rest_trips_most = 64;
constexpr std::size_t message_overhead_bytes = 256;

double seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }
Duration duration(double seconds) { return Duration{static_cast<std::int64_t>(seconds * 1e9)}; }

}  // namespace

void LineBudget::set_credit(std::uint64_t bytes) { credit_ = std::max<std::uint64_t>(bytes, least); }

/// As if it had been a piece: a small message is through sooner.
Duration LineBudget::as_piece(const Trip& t) const {
  const double rate = bytes_per_s();
  return t.took == Duration::max() || rate <= 0 || t.bytes >= piece() ? t.took : t.took + duration(static_cast<double>(piece() - t.bytes) / rate);
}

Duration LineBudget::trip() const { return std::min(as_piece(trips_[0]), as_piece(trips_[1])); }

std::size_t LineBudget::bytes() const {
  double budget = first;
  if (const double rate = bytes_per_s(); rate > 0) {
    const double path = rate * seconds(trip()), queue = rate * seconds(slack_);
    budget = phase_ == Phase::starting ? std::max({static_cast<double>(first), start_budget_gain * path + queue, start_budget_}) : path + queue;
  }
  const double credit = static_cast<double>(credit_);
  return static_cast<std::size_t>(std::min(credit, std::clamp<double>(budget, least, most)));
}

std::size_t LineBudget::piece() const {
  const double in_time = bytes_per_s() * seconds(piece_time), part = static_cast<double>(credit_) / 4;
  return static_cast<std::size_t>(std::clamp<double>(std::min(in_time, part), piece_least, piece_most));
}

double LineBudget::pace() const {
  const double gain = phase_ == Phase::starting ? start_gain : phase_ == Phase::probing ? 1 + boldness_ : 1.0;
  return gain * bytes_per_s();
}

bool LineBudget::may_send(std::size_t under_way, MonoTime now) {
  if (phase_ == Phase::resting && now >= phase_ends_ && now < rest_most_ &&
      static_cast<double>(under_way) > bytes_per_s() * seconds(std::max(Duration{}, trip() - rest_deeper))) {
    phase_ends_ = send_at_ = now + rest_step;  // what was sent too much is still in front of the line
  }
  move_on(now);
  if (under_way > 0 && under_way + piece() + message_overhead_bytes > bytes()) {
    send_at_ = std::min(send_at_, now);  // an acknowledgement decides
    return false;
  }
  return now >= send_at_;
}

LineMark LineBudget::sending(std::size_t bytes, std::size_t under_way, bool paced, MonoTime now) {
  if (under_way == 0) delivered_at_ = first_sent_ = now;
  if (const double rate = pace(); paced && rate > 0)
    send_at_ = std::max(send_at_, now - burst) + duration(static_cast<double>(bytes) / rate);
  return {delivered_, delivered_at_, first_sent_, idle_until_ != 0 && delivered_ <= idle_until_};
}

void LineBudget::note_trip(const Sent& sent, MonoTime now) {
  const Trip measured{now - sent.at, sent.bytes};
  shortest_ = std::min(shortest_, measured.took);
  if (now - trips_since_ > trips_window) {
    trips_[1] = trips_since_.ns == 0 ? Trip{} : trips_[0];
    trips_[0] = {};
    trips_since_ = now;
  }
  const Duration trip = as_piece(measured);
  if (trip < as_piece(trips_[0])) trips_[0] = measured;
  // What goes out first after a rest meets no queue of ours: what it takes longer than the shortest is HQ's unevenness.
  if (rested_.ns != 0 && sent.at >= rested_) {
    rest_trips_.push_back(trip);
    if (sent.at >= rested_ + this->trip() / 2 || rest_trips_.size() >= rest_trips_most) learn_unevenness();
  }
  round_trip_ = std::min(round_trip_, trip);
  late_in_a_row_ = trip > this->trip() + start_queue ? late_in_a_row_ + 1 : 0;
}

void LineBudget::learn_unevenness() {
  rested_ = {};
  Duration sum{}, least_one = Duration::max();
  for (const Duration t : rest_trips_) sum += t, least_one = std::min(least_one, t);
  if (least_one - trip() < queue_allowed) {  // otherwise there was a queue all the same
    unevenness_ += (sum / static_cast<std::int64_t>(rest_trips_.size()) - trip() - unevenness_) / 4;
    slack_ = std::clamp<Duration>(2 * unevenness_, queue_allowed, slack_most);
  }
  rest_trips_.clear();
}

void LineBudget::note_rate(double rate) {
  while (!rates_.empty() && rates_.front().cycle + 1 < cycle_) rates_.pop_front();
  while (!rates_.empty() && rates_.back().bytes_per_s <= rate) rates_.pop_back();
  rates_.push_back({cycle_, rate});
  last_rate_ = rate;
}

void LineBudget::acknowledged(std::span<const Sent> messages, MonoTime now) {
  if (messages.empty()) return;
  const Sent* newest = &messages.front();
  for (const Sent& sent : messages) {
    delivered_ += sent.bytes;
    if (sent.order > newest->order) newest = &sent;
  }
  for (const Sent& sent : messages) note_trip(sent, now);
  delivered_at_ = now;
  first_sent_ = newest->at;
  // Neither what was sent faster than the line nor acknowledgements that came in a heap may look like a fast line.
  const Duration took = std::max(newest->at - newest->mark.first_sent, now - newest->mark.delivered_at);
  if (took > Duration{}) {
    const double rate = static_cast<double>(delivered_ - newest->mark.delivered) / seconds(took);
    if (!newest->mark.idle || rate >= bytes_per_s()) note_rate(rate);
  }
  if (newest->mark.delivered >= round_ends_) {
    round_ends_ = delivered_;
    end_round(newest->mark.idle, now);
  }
  if (phase_ == Phase::starting && late_in_a_row_ >= late_most && trip() >= short_trip) rest(start_queue, now);
}

void LineBudget::end_round(bool idle, MonoTime now) {
  // What lengthens every trip of a round is a queue; what lengthens some of them is HQ's commit.
  const Duration queue = std::exchange(round_trip_, Duration::max()) - trip();
  if (idle) {
    round_began_ = delivered_;
    return;
  }
  const auto delivered = static_cast<double>(delivered_ - std::exchange(round_began_, delivered_));
  if (phase_ == Phase::starting) {
    // On a short line HQ's commits are longer than the trip: one long round says nothing, and too much under way does little harm.
    const bool is_short = trip() < short_trip;
    rounds_with_queue_ = queue > start_queue ? rounds_with_queue_ + 1 : 0;
    if (is_short || queue < queue_allowed / 2) start_budget_ = std::max(start_budget_, start_budget_gain * delivered);
    if (bytes_per_s() >= full_rate_ * 1.25) full_rate_ = bytes_per_s(), rounds_without_growth_ = 0;
    else ++rounds_without_growth_;
    if (rounds_without_growth_ >= 3 || rounds_with_queue_ >= (is_short ? 3 : 1)) rest(queue, now);
    return;
  }
  if (queue > 2 * queue_allowed && phase_ != Phase::resting) {  // the line is not any more what it was
    rates_.assign(1, {cycle_, last_rate_});
    return rest(queue, now);
  }
}

void LineBudget::rest(Duration queue, MonoTime now) {
  rate_is_known_ = phase_ == Phase::judging;
  phase_ = Phase::resting;
  phase_ends_ = now + std::clamp(queue, rest_least, rest_most);
  rest_most_ = now + rest_most;
  send_at_ = std::max(send_at_, phase_ends_);
}

void LineBudget::probe(double boldness, MonoTime now) {
  phase_ = Phase::probing;
  boldness_ = boldness;
  probed_from_ = bytes_per_s();
  phase_ends_ = now + trip();
  ++cycle_;
}

double LineBudget::boldness_first() const {
  return std::min(boldness_first_most, seconds(queue_allowed) / std::max(1e-3, seconds(trip())));
}

void LineBudget::move_on(MonoTime now) {
  if (phase_ == Phase::starting || now < phase_ends_) return;
  switch (phase_) {
    case Phase::starting: break;
    case Phase::resting:
      phase_ = Phase::cruising;
      rested_ = now;
      phase_ends_ = now + (rate_is_known_ ? std::max(cruise_least, trip() * cruise_rounds) : 2 * trip());
      break;
    case Phase::cruising:
      probe(boldness_first(), now);
      break;
    case Phase::probing:  // what the bold ones did is known a round trip later
      phase_ = Phase::judging;
      phase_ends_ = now + trip() + queue_allowed / 2;
      break;
    case Phase::judging:
      if (bytes_per_s() > probed_from_ * (1 + boldness_ / 2)) probe(std::min(boldness_most, boldness_ * 2), now);
      else if (bytes_per_s() > probed_from_ * (1 + growth_least) && boldness_ > boldness_first()) probe(boldness_first(), now);
      else rest(rest_least, now);
      break;
  }
}

void LineBudget::lost() {
  for (Rate& rate : rates_) rate.bytes_per_s /= 2;
  if (phase_ == Phase::starting) phase_ = Phase::cruising;
}

}  // namespace rampa::sync
