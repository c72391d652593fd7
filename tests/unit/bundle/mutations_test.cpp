// 10,000 bundles damaged at random (RAMPA_MUTATIONS=N for more): all refused with a reason, nothing of the post changed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "tests/unit/bundle/scene.hpp"

namespace rampa::tests {
namespace {

std::string mutated(const std::string& good, const std::string& other, std::mt19937_64& draw) {
  std::string bytes = good;
  const auto at = [&](std::size_t size) { return static_cast<std::size_t>(draw() % size); };
  for (std::uint64_t times = 1 + (draw() % 4 == 0 ? draw() % 8 : 0); times > 0; --times) {
    const std::size_t i = at(bytes.size()), n = std::min<std::size_t>(1 + at(1u << at(10)), bytes.size() - i);
    switch (draw() % 9) {
      case 0: bytes[i] = static_cast<char>(bytes[i] ^ (1 << at(8))); break;
      case 1: bytes[i] = static_cast<char>(draw()); break;
      case 2: bytes.erase(i, n); break;
      case 3: bytes.insert(i, bytes.substr(at(bytes.size()), n)); break;
      case 4: bytes.resize(i + 1); break;
      case 5: std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(i), n, static_cast<char>(draw())); break;
      case 6: for (std::size_t k = i; k < i + n; ++k) if (bytes[k] >= '0' && bytes[k] <= '9') bytes[k] = static_cast<char>('0' + at(10)); break;
      case 7: bytes.replace(i, n, other.substr(std::min(i, other.size() - 1), n)); break;  // pieces of another good bundle
      default: std::swap(bytes[i], bytes[at(bytes.size())]); break;
    }
    if (bytes.empty()) bytes = "r";
  }
  return bytes;
}

TEST(BundleMutations, AreAllRefusedWithAReason) {
  const char* wanted = std::getenv("RAMPA_MUTATIONS");
  const std::uint64_t count = wanted ? std::strtoull(wanted, nullptr, 10) : 10'000;
  constexpr std::uint64_t seed = 20261121;
  std::mt19937_64 draw(seed);
  Post post;
  const auto before = files_of(post.disk);
  const auto calls = post.disk.calls();
  std::vector<std::pair<Scene, std::string>> good;
  for (const auto kind : {Scene::Kind::set, Scene::Kind::packed_set, Scene::Kind::two_deltas, Scene::Kind::rotation, Scene::Kind::rollback}) {
    Scene scene(kind);
    std::string bytes = scene.build();
    good.emplace_back(std::move(scene), std::move(bytes));
  }
  std::map<std::string_view, std::uint64_t> reasons;
  for (std::uint64_t i = 0; i < count;) {
    const auto& [scene, bytes] = good[i % good.size()];
    const std::string damaged = mutated(bytes, good[(i + 1) % good.size()].second, draw);
    if (damaged == bytes) continue;
    const auto done = scene.offer(damaged, post.disk);
    ASSERT_FALSE(done) << "mutation " << i << " of seed " << seed << " was accepted";
    ASSERT_FALSE(done.error().what.empty());
    ++reasons[bundle::name_of(done.error().reason)];
    ASSERT_EQ(post.disk.calls(), calls) << "mutation " << i << " wrote to the disk";
    if (i % 100 == 0) {
      ASSERT_EQ(files_of(post.disk), before);
    }
    ++i;
  }
  EXPECT_EQ(files_of(post.disk), before);
  std::cout << count << " mutations refused, seed " << seed << ":";
  for (const auto& [reason, times] : reasons) std::cout << " " << reason << " " << times;
  std::cout << "\n";
}

}  // namespace
}  // namespace rampa::tests
