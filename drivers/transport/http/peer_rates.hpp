// A token bucket per peer. Bounded: a flood of made-up peers can't grow it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "firmware-interfaces/time.hpp"

namespace rampa::drivers::http {

class PeerRates {
 public:
  PeerRates(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

  /// True, and one token less, while the peer keeps to its rate.
  bool allow(const std::string& peer, MonoTime now) {
    if (buckets_.size() >= peers_max && !buckets_.contains(peer)) forget_idle(now);
    if (buckets_.size() >= peers_max && !buckets_.contains(peer)) return false;
    auto [at, fresh] = buckets_.try_emplace(peer, Bucket{burst_, now});
    refill(at->second, now);
    if (at->second.tokens < 1) return false;
    at->second.tokens -= 1;
    return true;
  }

 private:
  struct Bucket {
    double tokens = 0;
    MonoTime at;
  };
  static constexpr std::size_t peers_max = 256;

  void refill(Bucket& b, MonoTime now) const {
    const double seconds = static_cast<double>((now - b.at).count()) / 1e9;
    if (seconds > 0) b.tokens = std::min(burst_, b.tokens + seconds * per_second_);
    b.at = now;
  }
  void forget_idle(MonoTime now) {
    std::erase_if(buckets_, [&](const auto& entry) {
      Bucket refilled = entry.second;
      refill(refilled, now);
      return refilled.tokens >= burst_;
    });
  }

  double per_second_, burst_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace rampa::drivers::http
