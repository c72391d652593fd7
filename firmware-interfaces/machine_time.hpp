// What a machine knows of its time besides the two clocks (time.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rampa {

/// A start of the machine (the kernel's boot id): what is monotonic counts from it, for every process that runs in it.
using BootId = std::array<std::uint8_t, 16>;

/// Whether something outside keeps the wall clock right. The numbers stand in records (edge/store/FORMAT.md).
enum class WallQuality : std::uint8_t { unknown = 0, free_running = 1, synchronised = 2 };

[[nodiscard]] constexpr std::string_view name_of(WallQuality quality) {
  return quality == WallQuality::synchronised ? "synchronised" : quality == WallQuality::free_running ? "free running" : "unknown";
}

}  // namespace rampa
