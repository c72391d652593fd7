#include "sync/fetcher.hpp"

#include <algorithm>

namespace rampa::sync {

void Fetcher::want(const Wanted& wanted) {
  if (!shelf_) return;
  const auto known = std::find_if(wanted_.begin(), wanted_.end(), [&](const Wanted& w) { return w.sha256 == wanted.sha256; });
  if (known == wanted_.end()) return wanted_.push_back({wanted});
  if (wanted.over == Over::any_line) known->over = wanted.over;
  if (wanted.turn == Turn::ahead) known->turn = wanted.turn;
}

/// While an answer is awaited the one that it is for stays the first. What is there of the others stays on the shelf.
void Fetcher::take_turns(bool metered) {
  // What may not come over this line stands behind what may, or nothing would come.
  const auto place = [&](const Wanted& w) { return (may_come(w, metered) ? 0 : 2) + (w.turn == Turn::ahead ? 0 : 1); };
  std::stable_sort(wanted_.begin(), wanted_.end(), [&](const Wanted& a, const Wanted& b) { return place(a) < place(b); });
}

std::size_t Fetcher::waiting(bool metered) const {
  return static_cast<std::size_t>(std::count_if(wanted_.begin(), wanted_.end(), [&](const Wanted& w) { return !may_come(w, metered); }));
}

std::optional<Fetcher::Done> Fetcher::complete(bool metered, MonoTime now) {
  if (wanted_.empty() || asked_ || (pause_ && now < *pause_)) return {};
  take_turns(metered);
  const Wanted& w = wanted_.front();
  return w.size_bytes > 0 && shelf_->have(w.sha256) >= w.size_bytes ? finish(now) : std::nullopt;
}

std::optional<Fetch> Fetcher::next(bool metered, MonoTime now) {
  if (wanted_.empty() || (pause_ && now < *pause_)) return {};
  pause_.reset();
  if (asked_ && now < asked_->heard + patience) return {};
  take_turns(metered);
  if (!may_come(wanted_.front(), metered)) {
    asked_.reset();
    return {};
  }
  if (asked_) piece_ = std::max(piece_least, piece_ / 2);  // no answer: less at once
  const Wanted& w = wanted_.front();
  const std::uint64_t have = shelf_->have(w.sha256);
  const auto bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(piece_, w.size_bytes - std::min(have, w.size_bytes)));
  asked_ = Asked{have + bytes, now};
  return Fetch{w.sha256, have, bytes};
}

std::optional<Fetcher::Done> Fetcher::finish(MonoTime now) {
  Entry& w = wanted_.front();
  const auto finished = shelf_->finish(w.sha256);
  asked_.reset();
  if (!finished && finished.error().code != ErrorCode::bad_reply) {  // the disk: all has arrived, so only this is tried again
    pause_ = now + patience;
    return {};
  }
  if (!finished && finished.error().code == ErrorCode::bad_reply && ++w.wrong < wrong_max) return {};  // once more from the start
  const Done done{w.sha256, finished ? std::string{} : finished.error().what};
  wanted_.pop_front();
  return done;
}

std::optional<Fetcher::Done> Fetcher::slice(const BlobSlice& slice, MonoTime now) {
  if (wanted_.empty() || hex(slice.blob) != wanted_.front().sha256) return {};
  const Wanted& w = wanted_.front();
  if (slice.size_bytes != w.size_bytes) {  // slices are not signed: one wrong one decides nothing
    if (++wanted_.front().wrong < wrong_max) return {};
    const Done done{w.sha256, "HQ's letter says " + std::to_string(w.size_bytes) + " bytes, what it sends has " + std::to_string(slice.size_bytes)};
    wanted_.pop_front();
    asked_.reset();
    return done;
  }
  const std::uint64_t have = shelf_->have(w.sha256);
  if (slice.offset != have) return {};  // of an older question; what is missing is asked for again
  if (const auto put = shelf_->append(w.sha256, slice.bytes); !put) {
    asked_.reset();
    pause_ = now + patience;
    return {};
  }
  const std::uint64_t end = have + slice.bytes.size();
  if (end == w.size_bytes) return finish(now);
  if (!asked_) return {};
  asked_->heard = now;
  if (end >= asked_->end) {
    asked_.reset();
    piece_ = std::min(piece_most, piece_ * 2);
  }
  return {};
}

std::optional<Fetcher::Done> Fetcher::unavailable(const Unavailable& gone) {
  if (wanted_.empty() || gone.sha256 != wanted_.front().sha256) return {};
  wanted_.pop_front();
  asked_.reset();
  return Done{gone.sha256, gone.reason};
}

std::optional<MonoTime> Fetcher::wake() const {
  if (wanted_.empty()) return {};
  if (pause_) return pause_;
  return asked_ ? std::optional(asked_->heard + patience) : std::nullopt;
}

}  // namespace rampa::sync
