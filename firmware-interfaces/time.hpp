// Time as values. Nothing here reads a clock: whoever needs the time is given a Clock.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace rampa {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// Nanoseconds since this boot of the machine (CLOCK_BOOTTIME). Orders and times everything inside one boot.
struct MonoTime {
  std::int64_t ns = 0;
  auto operator<=>(const MonoTime&) const = default;
};

/// Milliseconds since 1970-01-01T00:00:00Z. An attribute for people; never decides an order and never expires anything.
struct WallTime {
  std::int64_t ms = 0;
  auto operator<=>(const WallTime&) const = default;
};

constexpr MonoTime operator+(MonoTime t, Duration d) { return {t.ns + d.count()}; }
constexpr MonoTime operator-(MonoTime t, Duration d) { return {t.ns - d.count()}; }
constexpr Duration operator-(MonoTime a, MonoTime b) { return Duration{a.ns - b.ns}; }

/// Both clocks, read together.
struct Stamp {
  MonoTime mono;
  WallTime wall;
  auto operator<=>(const Stamp&) const = default;
};

/// The only door to the time. Production: edge/runtime/system_clock; tests and simulation: a virtual one.
/// Thread: every implementation may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Stamp now() const = 0;
  [[nodiscard]] MonoTime mono() const { return now().mono; }
};

constexpr std::int64_t to_ms(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

}  // namespace rampa
