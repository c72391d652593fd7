// Tells a new event of a camera from one that was posted again and from one that is replayed later. Remembers the last
// `memory` events by id; an id that was forgotten is told by its time alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "firmware-interfaces/device/quality.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::drivers::plate_camera {

struct GateLimits {
  Duration repost_window = 120s;  ///< the same id within this time of its first receipt is the camera posting again
  Duration event_age_max = 30s;   ///< an event whose own time is further from the camera's clock than this is not believed
  std::size_t memory = 1024;      ///< ids
};

/// Thread: any.
class ReadGate {
 public:
  explicit ReadGate(const GateLimits& limits) : limits_(limits) {}

  enum class Standing {
    fresh,      ///< never seen: publish, then settle()
    in_flight,  ///< the same event is being made durable right now: tell the camera to try again
    duplicate,  ///< durable already: tell the camera that it was received, publish nothing
    replayed,   ///< durable long ago and here again: publish as suspect, then settle()
  };
  [[nodiscard]] Standing begin(const std::string& id, MonoTime now) {
    std::lock_guard lock(mutex_);
    const auto [at, fresh] = seen_.try_emplace(id, Seen{now, true, false});
    if (fresh) {
      order_.push_back(id);
      return Standing::fresh;
    }
    Seen& seen = at->second;
    if (seen.in_flight) return Standing::in_flight;
    if (seen.durable && now - seen.first <= limits_.repost_window) return Standing::duplicate;
    seen.in_flight = true;
    return seen.durable ? Standing::replayed : Standing::fresh;
  }

  /// Must follow every fresh or replayed begin().
  void settle(const std::string& id, bool durable) {
    std::lock_guard lock(mutex_);
    const auto at = seen_.find(id);
    if (at == seen_.end()) return;
    at->second.in_flight = false;
    at->second.durable |= durable;
    for (std::size_t rounds = order_.size(); order_.size() > limits_.memory && rounds > 0; --rounds) {
      const auto oldest = seen_.find(order_.front());
      if (oldest != seen_.end() && oldest->second.in_flight) {
        order_.push_back(order_.front());
      } else if (oldest != seen_.end()) {
        seen_.erase(oldest);
      }
      order_.pop_front();
    }
  }

  /// The camera said what its clock shows now (a heartbeat). From then on events are compared with the camera's own
  /// clock, carried on by our monotonic one: a step of this machine's wall clock makes no read suspect.
  void camera_clock(WallTime shows, MonoTime now) {
    std::lock_guard lock(mutex_);
    follow(shows, now);
  }

  /// How far the event may be trusted, and why not. Until the camera's clock is known, this machine's wall clock stands
  /// in for it; every believed event carries it on.
  [[nodiscard]] std::pair<device::Quality, std::string> judge(Standing standing, std::optional<WallTime> event_time, Stamp now) {
    using device::Quality;
    if (standing == Standing::replayed) return {Quality::suspect, "replayed_event: this event was received before"};
    if (!event_time) return {Quality::suspect, "no_event_time: the event carries no time with an offset, so a replay can't be told"};
    std::lock_guard lock(mutex_);
    const bool known = camera_minus_mono_ms_.has_value();
    const std::int64_t clock_ms = known ? *camera_minus_mono_ms_ + ms_of(now.mono) : now.wall.ms;
    const std::int64_t behind_ms = clock_ms - event_time->ms, limit_ms = to_ms(limits_.event_age_max);
    if (behind_ms > limit_ms || -behind_ms > limit_ms)
      return {Quality::suspect, "event_time_off: its time is " + std::to_string(behind_ms / 1000) + " s behind " +
                                    (known ? "the camera's clock; an old event" : "this machine's clock; an old event, or a clock is wrong (check NTP)")};
    follow(*event_time, now.mono);
    return {Quality::good, {}};
  }

 private:
  struct Seen {
    MonoTime first;
    bool in_flight = false;
    bool durable = false;
  };
  static constexpr std::int64_t drift_ms_max = 500;  // per event
  /// Up at once, down slowly: what was delivered late, a heartbeat too, must not make room for older events.
  void follow(WallTime shows, MonoTime now) {
    const std::int64_t shown = shows.ms - ms_of(now);
    camera_minus_mono_ms_ = camera_minus_mono_ms_ ? std::max(shown, *camera_minus_mono_ms_ - drift_ms_max) : shown;
  }
  static std::int64_t ms_of(MonoTime t) { return t.ns / 1'000'000; }
  const GateLimits limits_;
  std::mutex mutex_;
  std::map<std::string, Seen> seen_;
  std::deque<std::string> order_;
  std::optional<std::int64_t> camera_minus_mono_ms_;
};

}  // namespace rampa::drivers::plate_camera
