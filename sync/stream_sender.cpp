#include "sync/stream_sender.hpp"

#include <algorithm>

namespace rampa::sync {

void StreamSender::restart(const StreamAck& ack, std::uint64_t last) {
  flight_.clear();
  live_bytes_ = bulk_bytes_ = 0;
  last_ = last;
  through_ = std::min(ack.through, last);
  held_ = RangeSet(ack.ranges);
  back_.clear();
  const std::uint64_t oldest = through_ + 1;
  live_next_ = std::max(oldest, last >= live_first ? last - live_first + 1 : 1);
  if (oldest < live_next_)
    for (const Range& r : held_.missing_in({oldest, live_next_ - 1})) back_.add(r);
  for (const Range& r : aside_.list()) back_.remove(r);
}

std::optional<StreamSender::Piece> StreamSender::next(std::size_t count) const {
  if (count == 0) return {};
  if (live_next_ <= last_) {
    for (const Range& missing : held_.missing_in({live_next_, last_})) {
      const auto readable = aside_.missing_in(missing);
      if (readable.empty()) continue;
      Range range = readable.front();
      range.last = std::min(range.last, range.first + count - 1);
      return Piece{range, true};
    }
  }
  if (back_.empty() && again_.empty()) return {};
  Range range = back_.empty() ? again_.front() : back_.front();
  range.last = std::min(range.last, range.first + count - 1);
  return Piece{range, false};
}

void StreamSender::sent(const Sent& sent) {
  flight_.push_back(sent);
  (sent.live ? live_bytes_ : bulk_bytes_) += sent.bytes;
  if (sent.live) live_next_ = sent.range.last + 1;
  else back_.remove(sent.range), again_.remove(sent.range);
}

void StreamSender::set_aside(const Range& range) {
  aside_.add(range);
  back_.remove(range);
  again_.remove(range);
}

void StreamSender::give_back(const Range& range) {
  aside_.remove(range);
  for (std::uint64_t first = range.first; first <= range.last && first <= last_;) {
    // In parts: what HQ goes on without, what is behind the live ones, what comes as live by itself.
    const bool there = at_hq(first);
    std::uint64_t last = range.last;
    if (first <= through_) last = std::min(last, through_);
    else if (const auto missing = held_.missing_in({first, last}); there) last = missing.empty() ? last : missing.front().first - 1;
    else last = missing.front().last;
    if (!there && first < live_next_) last = std::min(last, live_next_ - 1);
    if (there) again_.add({first, last});
    else if (first < live_next_) back_.add({first, last});
    first = last + 1;
  }
}

void StreamSender::drop(const Sent& sent) { (sent.live ? live_bytes_ : bulk_bytes_) -= sent.bytes; }

StreamSender::Outcome StreamSender::acknowledged(const StreamAck& ack, std::uint64_t sent_before) {
  Outcome outcome;
  const std::uint64_t through = std::min(ack.through, last_);
  outcome.went_back = through < through_;
  if (outcome.went_back) {  // what HQ had is gone there: all from its end on is sent again
    restart(ack, last_);
    return outcome;
  }
  through_ = through;
  held_ = RangeSet(ack.ranges);
  RangeSet there = held_;
  if (through_ > 0) there.add({1, through_});
  back_.remove_through(through_);
  live_next_ = std::max(live_next_, through_ + 1);

  std::uint64_t newest = 0;  // order of the newest message that arrived
  for (const Sent& sent : flight_)
    if (there.covers(sent.range)) newest = std::max(newest, sent.order);
  std::deque<Sent> left;
  for (const Sent& sent : flight_) {
    if (there.covers(sent.range)) {
      outcome.delivered.push_back(sent);
      drop(sent);
    } else if (sent.order < newest || sent.order < sent_before) {
      for (const Range& r : there.missing_in(sent.range)) back_.add(r);
      ++outcome.lost;
      drop(sent);
    } else {
      left.push_back(sent);
    }
  }
  flight_ = std::move(left);
  return outcome;
}

void StreamSender::refused(std::uint64_t first) {
  const auto sent = std::find_if(flight_.begin(), flight_.end(), [first](const Sent& s) { return s.range.first == first; });
  if (sent == flight_.end()) return;
  back_.add(sent->range);
  drop(*sent);
  flight_.erase(sent);
}

}  // namespace rampa::sync
