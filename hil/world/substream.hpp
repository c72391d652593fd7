// Random draws that replay: every lorry, device and fault has a stream of its own, keyed by (seed, kind, id), so that
// taking one away does not move the others.
#pragma once

#include <cstdint>
#include <string_view>

namespace rampa::hil {

/// SplitMix64 (Steele, Lea, Flood 2014). Good enough for traffic; nothing secret comes from it.
class SubStream {
 public:
  SubStream(std::uint64_t seed, std::string_view kind, std::uint64_t id) : state_(key(seed, kind, id)) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  /// [0, 1)
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double between(double low, double high) { return low + (high - low) * unit(); }
  /// low..high, both included; high >= low
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(double probability) { return unit() < probability; }

  /// FNV-1a over the key's parts.
  static std::uint64_t key(std::uint64_t seed, std::string_view kind, std::uint64_t id) {
    std::uint64_t h = 0xcbf29ce484222325ull;
    auto mix = [&h](std::uint64_t byte) { h = (h ^ byte) * 0x100000001b3ull; };
    for (int i = 0; i < 8; ++i) mix((seed >> (8 * i)) & 0xff);
    for (char c : kind) mix(static_cast<unsigned char>(c));
    mix(0xff);
    for (int i = 0; i < 8; ++i) mix((id >> (8 * i)) & 0xff);
    return h;
  }

 private:
  std::uint64_t state_;
};

}  // namespace rampa::hil
