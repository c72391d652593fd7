// Small watch lists for the tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edge/risk/watch_list.hpp"

namespace rampa::tests {

using Names = std::vector<std::string>;

/// Not secret at all: a seeded FNV-1a, so that pure tests need no library.
inline risk::KeyedHasher toy_key(std::uint64_t seed) {
  return [seed](std::string_view text) {
    risk::KeyedHash hash{};
    for (std::size_t half = 0; half < 2; ++half) {
      std::uint64_t h = 0xcbf29ce484222325ull ^ (seed * (half + 1) * 0x9e3779b97f4a7c15ull);
      for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
      for (std::size_t i = 0; i < 8; ++i) hash[half * 8 + i] = static_cast<std::uint8_t>(h >> (8 * i));
    }
    return hash;
  };
}
inline risk::KeyedHasher key_one() { return toy_key(1); }

inline risk::WatchListHead head_of(const std::string& name, risk::WatchKind kind) {
  risk::WatchListHead head;
  head.name = name;
  head.kind = kind;
  head.owner = "HQ";
  head.reason = "test";
  return head;
}

inline risk::WatchList listing(const std::vector<risk::WatchEntry>& entries,
                               const risk::WatchListHead& head = head_of("stolen", risk::WatchKind::plates),
                               const risk::KeyedHasher& key = nullptr, std::uint64_t reads = 5'000) {
  risk::WatchListBuilder builder(head, key);
  std::uint32_t line = 0;
  for (const auto& entry : entries) {
    const auto added = builder.add(entry, ++line);
    EXPECT_TRUE(added) << (added ? "" : added.error().what);
  }
  risk::WatchListBuilder::Options options;
  options.reads = reads;
  auto built = builder.finish(options);
  EXPECT_TRUE(built) << (built ? "" : built.error().what);
  return built ? std::move(built->list) : risk::WatchList{};
}

}  // namespace rampa::tests
