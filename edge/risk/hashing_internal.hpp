// Inside edge/risk only. Hashes for looking up, never for deciding: what is found by one is compared in full.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace rampa::risk {

__extension__ using Wide = unsigned __int128;

/// Multiply and fold (the mixing step of wyhash, Wang Yi, public domain description).
[[nodiscard]] inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

[[nodiscard]] inline std::uint64_t hash_text(const char* text, std::size_t size, std::uint64_t seed) {
  constexpr std::uint64_t p0 = 0xa0761d6478bd642full, p1 = 0xe7037ed1a0b428dbull;
  const auto eight = [](const char* at) { std::uint64_t v; std::memcpy(&v, at, 8); return v; };
  const auto four = [](const char* at) { std::uint32_t v; std::memcpy(&v, at, 4); return std::uint64_t{v}; };
  std::uint64_t a = 0, b = 0;
  if (size <= 16) {
    if (size >= 8) {
      a = eight(text);
      b = eight(text + size - 8);
    } else if (size >= 4) {
      a = four(text);
      b = four(text + size - 4);
    } else if (size > 0) {
      a = static_cast<unsigned char>(text[0]) | std::uint64_t{static_cast<unsigned char>(text[size / 2])} << 8 |
          std::uint64_t{static_cast<unsigned char>(text[size - 1])} << 16;
    }
  } else {
    std::size_t left = size;
    for (; left > 16; left -= 16, text += 16) seed = mix(eight(text) ^ p1, eight(text + 8) ^ seed);
    a = eight(text + left - 16);
    b = eight(text + left - 8);
  }
  return mix(p1 ^ size, mix(a ^ p1, b ^ seed ^ p0));
}
[[nodiscard]] inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed) { return hash_text(text.data(), text.size(), seed); }
[[nodiscard]] inline std::uint64_t hash_number(std::int64_t number, std::uint64_t seed) {
  return mix(static_cast<std::uint64_t>(number) ^ 0xa0761d6478bd642full, seed ^ 0xe7037ed1a0b428dbull);
}

/// A bucket's hash ends in its number (there are fewer than 32), so that sketches of buckets have no collisions.
[[nodiscard]] inline std::uint64_t bucket_hash(std::int64_t bucket, std::uint64_t seed) { return (hash_number(bucket, seed) & ~std::uint64_t{31}) | static_cast<std::uint64_t>(bucket); }

/// A text's first 16 bytes, zeros after its end: the hashes of all its beginnings come of one look at it.
struct TextHead { std::uint64_t low, high; };
[[nodiscard]] inline TextHead text_head(std::string_view view) {
  const char* text = view.data();
  const auto size = view.size();
  const auto eight = [](const char* at) { std::uint64_t v; std::memcpy(&v, at, 8); return v; };
  const auto four = [](const char* at) { std::uint32_t v; std::memcpy(&v, at, 4); return std::uint64_t{v}; };
  if (size >= 16) return {eight(text), eight(text + 8)};
  if (size > 8) return {eight(text), eight(text + size - 8) >> (8 * (16 - size))};
  if (size >= 4) return {four(text) | four(text + size - 4) << (8 * (size - 4)), 0};
  std::uint64_t low = 0;
  for (std::size_t i = 0; i < size; ++i) low |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  return {low, 0};
}
/// Of the head's first `length` bytes, 1 to 16.
[[nodiscard]] inline std::uint64_t hash_head(TextHead head, std::size_t length, std::uint64_t seed) {
  const std::uint64_t low = length >= 8 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} << (8 * length));
  const std::uint64_t high = length >= 16 ? ~std::uint64_t{0} : length > 8 ? ~(~std::uint64_t{0} << (8 * (length - 8))) : 0;
  return mix((head.low & low) ^ seed, (head.high & high) ^ 0xe7037ed1a0b428dbull);
}
/// Of a whole text. One way for all lengths from 4 to 16: plates have seven letters or eight, as it comes.
[[nodiscard]] inline std::uint64_t hash_whole(std::string_view text, std::uint64_t seed) {
  const auto size = text.size();
  if (size < 4 || size > 16) return hash_text(text, seed);
  const auto four = [](const char* at) { std::uint32_t v; std::memcpy(&v, at, 4); return std::uint64_t{v}; };
  const auto inner = size >> 3 << 2;
  const auto* last = text.data() + size - 4;
  return mix((four(text.data()) << 32 | four(text.data() + inner)) ^ seed, (four(last) << 32 | four(last - inner)) ^ size ^ 0xe7037ed1a0b428dbull);
}

/// Keys of the access index: of two things together (whose hashes have nothing to do with each other), and their two bits in a bloom word.
[[nodiscard]] inline std::uint64_t pair_key(std::uint64_t a, std::uint64_t b) { return a + b; }
[[nodiscard]] inline std::uint64_t bloom_bits(std::uint64_t key) { return std::uint64_t{1} << (key & 63) | std::uint64_t{1} << (key >> 6 & 63); }

/// SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash whose values nobody predicts without the key.
[[nodiscard]] std::uint64_t siphash(const std::uint64_t key[2], const void* message, std::size_t size);

}  // namespace rampa::risk
