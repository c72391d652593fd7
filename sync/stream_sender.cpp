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
}

std::optional<StreamSender::Piece> StreamSender::next(std::size_t count) const {
  if (count == 0) return {};
  if (live_next_ <= last_) {
    const auto missing = held_.missing_in({live_next_, last_});
    if (!missing.empty()) {
      Range range = missing.front();
      range.last = std::min(range.last, range.first + count - 1);
      return Piece{range, true};
    }
  }
  if (back_.empty()) return {};
  Range range = back_.front();
  range.last = std::min(range.last, range.first + count - 1);
  return Piece{range, false};
}

void StreamSender::sent(const Sent& sent) {
  flight_.push_back(sent);
  (sent.live ? live_bytes_ : bulk_bytes_) += sent.bytes;
  if (sent.live) live_next_ = sent.range.last + 1;
  else back_.remove(sent.range);
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
