// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): the one generator of this project that replays.
// Pauses, traffic, synthetic reads; nothing secret comes from it. Pure.
#pragma once

#include <cstdint>

namespace rampa {

/// The generator's output for a state.
[[nodiscard]] constexpr std::uint64_t split_mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

/// The same seed gives the same numbers on every machine.
class SplitMix64 {
 public:
  static constexpr std::uint64_t step = 0x9e3779b97f4a7c15ull;
  explicit constexpr SplitMix64(std::uint64_t seed) : state_(seed) {}
  constexpr std::uint64_t next() { return split_mix(state_ += step); }
  /// 0..bound-1
  constexpr std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace rampa
