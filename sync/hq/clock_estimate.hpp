// What HQ knows of a post's clock in one boot: the offset "HQ's wall clock minus the post's monotonic clock" lies in an
// interval. A hello cannot arrive before it was sent: an upper bound. HQ's answer cannot arrive before it was answered: a
// lower one. Between exchanges the two clocks may drift apart by drift_ppm, so a bound loosens with the time since. Pure.
#pragma once

#include <algorithm>
#include <optional>

#include "firmware-interfaces/time.hpp"
#include "sync/payloads.hpp"

namespace rampa::sync::hq {

/// An oscillator is off by 100 ppm at most, and the kernel lets NTP slew a clock by 500 ppm: HQ's, or that of a post whose program is
/// of before SystemClock left the slewing out.
inline constexpr std::int64_t drift_ppm = 600;

struct ClockBound {
  std::int64_t offset_ns = 0;
  MonoTime at;  ///< the post's clock when it was learnt
  bool operator==(const ClockBound&) const = default;
};

struct ClockInterval {
  std::int64_t lowest_ns = 0, highest_ns = 0;
};

class ClockEstimate {
 public:
  std::optional<ClockBound> lower, upper;

  /// Takes in what a hello tells. False: it cannot be true together with what was known (somebody's clock was set); the
  /// old knowledge is dropped then.
  bool take(const Hello& hello, WallTime received) {
    if (!believable(received) || !believable(hello.heard_answered) || !believable(hello.sent.mono) || !believable(hello.heard)) return true;
    bool agrees = true;
    // A time in whole milliseconds may be up to one later than it says.
    const ClockBound above{(received.ms + 1) * 1'000'000 - hello.sent.mono.ns, hello.sent.mono};
    std::optional<ClockBound> below;
    if (hello.heard_answered.ms != 0) below = ClockBound{hello.heard_answered.ms * 1'000'000 - hello.heard.ns, hello.heard};
    // What it heard before it was sent cannot be later than its arrival: another HQ, with another clock, said it.
    if (below && below->offset_ns - loosened(below->at, above.at) > above.offset_ns) below.reset();
    if ((lower && at_least(hello.sent.mono) > above.offset_ns) || (below && upper && at_most(hello.heard) < below->offset_ns)) {
      lower.reset();
      upper.reset();
      below.reset();  // it was said before
      agrees = false;
    }
    if (!upper || above.offset_ns <= at_most(above.at)) upper = above;
    if (below && (!lower || below->offset_ns >= at_least(below->at))) lower = below;
    return agrees;
  }
  /// The offset at a moment of the post's clock; nothing while one side is unknown.
  [[nodiscard]] std::optional<ClockInterval> at(MonoTime when) const {
    if (!lower || !upper) return {};
    return ClockInterval{at_least(when), at_most(when)};
  }
  /// HQ's time in nanoseconds at a moment of the post's clock: not earlier, not later. Nothing while that side is unknown.
  [[nodiscard]] std::optional<std::int64_t> not_before(MonoTime when) const {
    return lower && believable(when) ? counted(when.ns + at_least(when)) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::int64_t> not_after(MonoTime when) const {
    return upper && believable(when) ? counted(when.ns + at_most(when)) : std::nullopt;
  }
  bool operator==(const ClockEstimate&) const = default;

 private:
  /// What can be counted in nanoseconds without running over.
  [[nodiscard]] static bool believable(WallTime t) { return t.ms >= 0 && t.ms < 4'000'000'000'000; }
  [[nodiscard]] static bool believable(MonoTime t) { return t.ns >= 0 && t.ns < 4'000'000'000'000'000'000; }
  [[nodiscard]] static std::optional<std::int64_t> counted(std::int64_t ns) {
    return ns >= 0 && ns < 4'000'000'000'000'000'000 ? std::optional(ns) : std::nullopt;
  }
  [[nodiscard]] static std::int64_t loosened(MonoTime from, MonoTime to) {
    const std::int64_t apart = std::max(from.ns, to.ns) - std::min(from.ns, to.ns);
    return apart / 1'000'000 * drift_ppm + drift_ppm;
  }
  [[nodiscard]] std::int64_t at_least(MonoTime when) const { return lower->offset_ns - loosened(lower->at, when); }
  [[nodiscard]] std::int64_t at_most(MonoTime when) const { return upper->offset_ns + loosened(upper->at, when); }
};

}  // namespace rampa::sync::hq
