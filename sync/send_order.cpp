#include "sync/send_order.hpp"

#include <algorithm>

namespace rampa::sync {
namespace {

constexpr std::array<double, 4> parts{0, 80, 15, 5};  ///< of a hundred; verdicts need none
constexpr double quantum = 1024;                      ///< bytes per part and round

bool applies(const Cap& cap, WallTime wall) {
  constexpr std::int64_t day = 86'400'000;
  const int minute = static_cast<int>(((wall.ms % day + day) % day) / 60'000);
  if (cap.from_minute == cap.to_minute) return true;
  if (cap.from_minute < cap.to_minute) return minute >= cap.from_minute && minute < cap.to_minute;
  return minute >= cap.from_minute || minute < cap.to_minute;
}

}  // namespace

bool SendOrder::capped(Traffic traffic, Stamp now) {
  const Cap* tightest = nullptr;
  for (const Cap& cap : caps_)
    if (cap.traffic == traffic && applies(cap, now.wall) && (!tightest || cap.bytes_per_s < tightest->bytes_per_s)) tightest = &cap;
  Bucket& bucket = buckets_[static_cast<std::size_t>(traffic)];
  if (tightest != bucket.cap) bucket = {0, now.mono, tightest};
  if (!tightest) return false;
  const double rate = static_cast<double>(tightest->bytes_per_s);
  const double passed = static_cast<double>((now.mono - bucket.filled).count()) / 1e9;
  bucket.tokens = std::min(rate, bucket.tokens + rate * passed);  // at most a second's worth at once
  bucket.filled = now.mono;
  if (bucket.tokens > 0) return false;
  const double wait = rate > 0 ? std::min(60.0, -bucket.tokens / rate + 0.001) : 60.0;  // the time of day is looked at again each minute
  const MonoTime at = now.mono + Duration{static_cast<std::int64_t>(wait * 1e9)};
  release_ = release_ ? std::min(*release_, at) : at;
  return true;
}

std::optional<Traffic> SendOrder::next(const std::array<bool, 4>& wants, Stamp now) {
  release_.reset();
  std::array<bool, 4> may{};
  for (const Traffic t : traffics) {
    const auto i = static_cast<std::size_t>(t);
    may[i] = wants[i] && !capped(t, now);
    if (!wants[i]) deficit_[i] = std::min(deficit_[i], 0.0);  // who is idle saves nothing up
  }
  if (may[0]) return Traffic::verdicts;
  if (!may[1] && !may[2] && !may[3]) return {};
  for (;;) {
    if (may[turn_] && deficit_[turn_] > 0) return static_cast<Traffic>(turn_);
    turn_ = turn_ == 3 ? 1 : turn_ + 1;
    deficit_[turn_] += may[turn_] ? parts[turn_] * quantum : 0;
  }
}

void SendOrder::sent(Traffic traffic, std::size_t bytes) {
  const auto i = static_cast<std::size_t>(traffic);
  if (traffic != Traffic::verdicts) deficit_[i] -= static_cast<double>(bytes);
  if (buckets_[i].cap) buckets_[i].tokens -= static_cast<double>(bytes);
}

}  // namespace rampa::sync
