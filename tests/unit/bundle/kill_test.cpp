// The machine loses its power at every single step of an installation; whatever the disk makes of it, the post finds the old
// set or the new one whole, never neither, and the same bundle can be installed again.
#include <gtest/gtest.h>

#include <iostream>

#include "sync/bundle/signing.hpp"
#include "tests/unit/bundle/scene.hpp"

namespace rampa::tests {
namespace {

using namespace bundle;
using Kind = Scene::Kind;

struct Fate {
  CrashDisk::Keep keep;
  std::uint64_t seed;
};
const Fate k_fates[] = {{CrashDisk::Keep::none, 0}, {CrashDisk::Keep::all, 0}, {CrashDisk::Keep::some, 1}, {CrashDisk::Keep::some, 2}, {CrashDisk::Keep::some, 3}};

struct Counts {
  std::uint64_t kills = 0, old_sets = 0, new_sets = 0;
};

/// `work` on a fresh post, killed at each step; `old_text` and `new_text` are the sets that may be found.
template <class Work>
void kill_everywhere(const char* what, const std::string& old_text, const std::string& new_text, Work work, Counts& counts) {
  std::uint64_t steps = 0;
  {
    Post whole;
    const auto start = whole.disk.calls();
    const auto done = work(whole.installed, whole.disk);
    ASSERT_TRUE(done) << what << ": " << text_of(done.error());
    steps = whole.disk.calls() - start;
  }
  ASSERT_GT(steps, 8u);
  for (std::uint64_t step = 1; step <= steps; ++step)
    for (const Fate& fate : k_fates) {
      Post post;
      post.disk.power_off_at(step);
      (void)work(post.installed, post.disk);
      post.disk.crash(fate.keep, fate.seed + 10 * step);
      ++counts.kills;
      const std::string at = std::string(what) + ", step " + std::to_string(step) + " of " + std::to_string(steps) + ", fate " + std::to_string(static_cast<int>(fate.keep)) + "/" + std::to_string(fate.seed);
      const auto found = open_installed(post.disk, k_folder);
      ASSERT_TRUE(found) << at << ": " << text_of(found.error());
      ASSERT_TRUE(found->set) << at;
      ASSERT_TRUE(found->notices.empty()) << at << ": " << found->notices[0];
      const std::string text = found->set->text();
      const bool is_new = found->state.generation == post.installed.state.generation + 1;
      ASSERT_EQ(text, is_new ? new_text : old_text) << at;
      ++(is_new ? counts.new_sets : counts.old_sets);
      if (is_new) continue;
      const auto again = work(*found, post.disk);  // what was left lying about is in nobody's way
      ASSERT_TRUE(again) << at << ": " << text_of(again.error());
      ASSERT_EQ(open_installed(post.disk, k_folder)->set->text(), new_text) << at;
    }
}

auto offering(Kind kind) {
  Scene made(kind);
  return [scene = made, bytes = made.build()](const Installed& installed, CrashDisk& disk) mutable {
    scene.installed = installed;
    return scene.offer(bytes, disk);
  };
}

TEST(BundleKill, AtEveryStepLeavesTheOldSetOrTheNewOne) {
  Counts counts;
  kill_everywhere("whole set", set_text(10), set_text(11), offering(Kind::set), counts);
  kill_everywhere("packed set", set_text(10), set_text(11), offering(Kind::packed_set), counts);
  kill_everywhere("delta", set_text(10), set_text(11), offering(Kind::delta), counts);
  kill_everywhere("two deltas", set_text(10), set_text(12), offering(Kind::two_deltas), counts);
  kill_everywhere("rotation", set_text(10), set_text(11), offering(Kind::rotation), counts);
  kill_everywhere("rollback by bundle", set_text(10), set_text(8), offering(Kind::rollback), counts);
  kill_everywhere("rollback by record", set_text(10), set_text(9), [](const Installed& installed, CrashDisk& disk) {
    const BreakGlass record{k_post, 10, 9, *parse_sha256(set_hash(set_text(10))), *parse_sha256(set_hash(set_text(9))), "wrong list", {k_now.ms + 3600'000}};
    return rollback(disk, k_folder, installed, make_breakglass(record, {keys().glass_a, keys().glass_b}).value(), k_post, k_now);
  }, counts);
  EXPECT_GT(counts.old_sets, 0u);
  EXPECT_GT(counts.new_sets, 0u);
  std::cout << counts.kills << " kills: " << counts.old_sets << " times the old set, " << counts.new_sets << " times the new one, never neither\n";
}

TEST(BundleKill, ADiskThatFailsAtAnyStepLeavesThemToo) {
  for (const ErrorCode code : {ErrorCode::no_space, ErrorCode::io})
    for (std::uint64_t step = 1; step < 40; ++step) {
      Post post;
      Scene scene(Kind::set);
      scene.installed = post.installed;
      post.disk.fail_at(step, code, 1);
      const auto done = scene.offer(scene.build(), post.disk);
      post.disk.heal();
      if (!done) {
        EXPECT_EQ(done.error().reason, Reason::disk_failed);
        EXPECT_EQ(done.error().code, code);
      }
      const auto found = open_installed(post.disk, k_folder);
      ASSERT_TRUE(found) << step;
      ASSERT_TRUE(found->set && found->notices.empty()) << step;
      const bool is_new = found->state.generation == post.installed.state.generation + 1;
      EXPECT_EQ(found->set->text(), is_new ? set_text(11) : set_text(10)) << step;
    }
}

TEST(BundleKill, TheFirstTrustIsThereOrNot) {
  const std::string root = Post().installed.state.root;
  for (std::uint64_t step = 1; step < 20; ++step)
    for (const Fate& fate : k_fates) {
      CrashDisk disk;
      ASSERT_TRUE(disk.make_directory("post"));
      ASSERT_TRUE(disk.sync_directory(""));
      disk.power_off_at(step);
      (void)begin_trust(disk, k_folder, root, k_now);
      disk.crash(fate.keep, fate.seed + step);
      auto found = open_installed(disk, k_folder);
      if (!found) {
        EXPECT_EQ(found.error().reason, Reason::no_trust_yet) << text_of(found.error());
        found = begin_trust(disk, k_folder, root, k_now);
      }
      EXPECT_TRUE(found) << step << ": " << text_of(found.error());
    }
}

}  // namespace
}  // namespace rampa::tests
