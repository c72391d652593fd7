// Tells a new event of a camera from one that was posted again and from one that is replayed later. Remembers the last
// `memory` events by id; an id that was forgotten is told by its time alone.
#pragma once

#include <cstddef>
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
  Duration event_age_max = 30s;   ///< an event whose own time is further from now than this is not believed
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

  /// How far the event may be trusted, and why not.
  [[nodiscard]] std::pair<device::Quality, std::string> judge(Standing standing, std::optional<WallTime> event_time, Stamp now) const {
    using device::Quality;
    if (standing == Standing::replayed) return {Quality::suspect, "replayed_event: this event was received before"};
    if (!event_time) return {Quality::suspect, "no_event_time: the event carries no time with an offset, so a replay can't be told"};
    const auto off_ms = now.wall.ms - event_time->ms;
    if (off_ms > to_ms(limits_.event_age_max) || -off_ms > to_ms(limits_.event_age_max))
      return {Quality::suspect, "event_time_off: its time is " + std::to_string(off_ms / 1000) + " s behind this machine's; an old event, or a clock is wrong (check NTP)"};
    return {Quality::good, {}};
  }

 private:
  struct Seen {
    MonoTime first;
    bool in_flight = false;
    bool durable = false;
  };
  const GateLimits limits_;
  std::mutex mutex_;
  std::map<std::string, Seen> seen_;
  std::deque<std::string> order_;
};

}  // namespace rampa::drivers::plate_camera
