// How much each post may have under way: together no more than HQ's queue takes, so that nothing is dropped there and sent again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "firmware-interfaces/time.hpp"

namespace rampa::sync::hq {

/// Thread: one owner.
class CreditShare {
 public:
  /// With what a post begins anyway; live verdicts go past every credit.
  static constexpr std::uint64_t least = 16u << 10;
  /// Three heartbeats without a word: it has gone, or its line has.
  static constexpr Duration silent_after = 45s;

  /// `sum`: of all posts' credits; `most`: of one post's.
  CreditShare(std::uint64_t sum, std::uint64_t most) : sum_(sum), most_(most) {}
  void heard(const std::string& post, MonoTime now) { heard_[post] = now; }
  /// For each of those that were heard lately.
  [[nodiscard]] std::uint64_t share(MonoTime now) {
    if (now - looked_ >= 1s) {
      looked_ = now;
      std::erase_if(heard_, [now](const auto& post) { return now - post.second >= silent_after; });
    }
    return std::clamp(sum_ / std::max<std::uint64_t>(1, heard_.size()), std::min(least, most_), most_);
  }

 private:
  const std::uint64_t sum_, most_;
  std::map<std::string, MonoTime> heard_;
  MonoTime looked_{INT64_MIN / 2};
};

}  // namespace rampa::sync::hq
