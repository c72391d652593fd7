// SipHash-2-4 as in the paper "SipHash: a fast short-input PRF" (Aumasson, Bernstein 2012).
#include <bit>

#include "edge/risk/hashing_internal.hpp"

namespace rampa::risk {

std::uint64_t siphash(const std::uint64_t key[2], const void* message, std::size_t size) {
  std::uint64_t v0 = 0x736f6d6570736575ull ^ key[0], v1 = 0x646f72616e646f6dull ^ key[1], v2 = 0x6c7967656e657261ull ^ key[0],
                v3 = 0x7465646279746573ull ^ key[1];
  const auto round = [&] {
    v0 += v1; v1 = std::rotl(v1, 13); v1 ^= v0; v0 = std::rotl(v0, 32);
    v2 += v3; v3 = std::rotl(v3, 16); v3 ^= v2;
    v0 += v3; v3 = std::rotl(v3, 21); v3 ^= v0;
    v2 += v1; v1 = std::rotl(v1, 17); v1 ^= v2; v2 = std::rotl(v2, 32);
  };
  const auto word = [&](std::uint64_t m) {
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  };
  const auto* at = static_cast<const unsigned char*>(message);
  const std::size_t whole = size / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    std::uint64_t m = 0;
    for (int b = 0; b < 8; ++b) m |= std::uint64_t{at[i + static_cast<std::size_t>(b)]} << (8 * b);
    word(m);
  }
  std::uint64_t last = std::uint64_t{size & 255} << 56;
  for (std::size_t b = 0; b < size - whole; ++b) last |= std::uint64_t{at[whole + b]} << (8 * b);
  word(last);
  v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace rampa::risk
