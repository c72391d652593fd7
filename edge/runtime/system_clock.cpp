#include "edge/runtime/system_clock.hpp"

#include <sys/random.h>
#include <time.h>

#include <cerrno>

namespace rampa::runtime {

Stamp SystemClock::now() const {
  timespec mono{}, wall{};
  ::clock_gettime(CLOCK_BOOTTIME, &mono);
  ::clock_gettime(CLOCK_REALTIME, &wall);
  return {MonoTime{mono.tv_sec * 1'000'000'000LL + mono.tv_nsec}, WallTime{wall.tv_sec * 1000LL + wall.tv_nsec / 1'000'000}};
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
