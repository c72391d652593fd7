#include "edge/runtime/system_clock.hpp"

#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <string>

#include "firmware-interfaces/hex.hpp"

namespace rampa::runtime {

namespace {

std::int64_t nanoseconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

/// How long the machine has slept since its start: BOOTTIME counts that, MONOTONIC does not. They are read one after the other, so
/// that what comes out is never too much; the most of all readings is kept, so that time never goes back.
std::int64_t asleep() {
  static std::atomic<std::int64_t> most{0};
  const std::int64_t boottime = nanoseconds(CLOCK_BOOTTIME), slept = boottime - nanoseconds(CLOCK_MONOTONIC);
  std::int64_t known = most;
  while (known < slept && !most.compare_exchange_weak(known, slept)) {
  }
  return std::max(known, slept);
}

}  // namespace

Stamp SystemClock::now() const {
  const std::int64_t slept = asleep();
  return {MonoTime{nanoseconds(CLOCK_MONOTONIC_RAW) + slept}, WallTime{nanoseconds(CLOCK_REALTIME) / 1'000'000}};
}

std::optional<BootId> os_boot() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string text;
  std::getline(in, text);
  std::erase(text, '-');
  return array_of_hex<16>(text);
}

WallQuality wall_quality() {
  timex asked{};  // modes 0: only reads
  const int state = ::adjtimex(&asked);
  if (state == -1) return WallQuality::unknown;
  // The kernel sets STA_UNSYNC itself once nobody has spoken for so long that the error may have grown to 16 s.
  return (asked.status & STA_UNSYNC) != 0 ? WallQuality::free_running : WallQuality::synchronised;
}

std::int32_t utc_offset_min(WallTime at) {
  const std::time_t seconds = at.ms / 1000;
  std::tm local{};
  return ::localtime_r(&seconds, &local) ? static_cast<std::int32_t>(local.tm_gmtoff / 60) : 0;
}

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  // 8 bytes are never delivered in part once the kernel's generator is ready.
  while (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
  }
  return bits;
}

void sleep_for(Duration duration) {
  if (duration.count() <= 0) return;
  timespec left{static_cast<time_t>(duration.count() / 1'000'000'000), static_cast<long>(duration.count() % 1'000'000'000)};
  while (::nanosleep(&left, &left) == -1 && errno == EINTR) {
  }
}

}  // namespace rampa::runtime
