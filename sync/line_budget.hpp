// How many bytes may be under way: as many as keep the line busy and no more, because what is queued in front of a verdict
// delays it. Controls the queueing delay (RFC 6817, LEDBAT): round trips longer than the shortest one seen on this
// connection mean a queue, wherever it is. In slow start the budget doubles each round trip (RFC 5681, 3.1).
//
// Why not bandwidth times delay straight from two measured numbers: HQ's commit is part of the round trip, and where it
// is longer than the line's own delay, 1.25 x min RTT x rate feeds back on itself and starves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "firmware-interfaces/time.hpp"

namespace rampa::sync {

class LineBudget {
 public:
  static constexpr std::size_t least = 8u << 10, first = 16u << 10, most = 16u << 20;
  static constexpr Duration queue_wanted{60'000'000};  ///< 60 ms: below what a verdict may lose, above a disk's sync

  /// A new connection: its line is not known.
  void restart() { *this = {}; }

  /// `bytes` that were sent at `sent` are acknowledged now. `limited`: more would have been sent if the budget had let it.
  void acknowledged(std::size_t bytes, MonoTime sent, MonoTime now, bool limited) {
    const Duration trip = now - sent;
    shortest_ = std::min(shortest_, trip);
    const Duration queue = trip - shortest_;
    if (queue > queue_wanted / 2) slow_start_ = false;
    if (slow_start_) {
      if (limited) grow(static_cast<double>(bytes));
      return;
    }
    const double off = std::clamp(1.0 - static_cast<double>(queue.count()) / static_cast<double>(queue_wanted.count()), -1.0, 1.0);
    if (off > 0 && !limited) return;
    grow(off * static_cast<double>(bytes) * static_cast<double>(piece()) / budget_);
  }
  /// Something was lost on a connection that goes on.
  void lost() {
    slow_start_ = false;
    budget_ = std::max(static_cast<double>(least), budget_ / 2);
  }
  void set_credit(std::uint64_t bytes) { credit_ = std::max<std::uint64_t>(bytes, least); }

  [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(std::min(budget_, static_cast<double>(credit_))); }
  /// What goes at once: a tenth of the budget, 4 to 128 KiB.
  [[nodiscard]] std::size_t piece() const { return std::clamp<std::size_t>(bytes() / 10, 4u << 10, 128u << 10); }
  [[nodiscard]] Duration shortest_trip() const { return shortest_ == Duration::max() ? Duration{} : shortest_; }

 private:
  void grow(double bytes) { budget_ = std::clamp(budget_ + bytes, static_cast<double>(least), static_cast<double>(most)); }

  double budget_ = first;
  std::uint64_t credit_ = most;
  Duration shortest_ = Duration::max();
  bool slow_start_ = true;
};

}  // namespace rampa::sync
