// At least 200 named bundles that must be refused, each for its own reason, and the post untouched by all of them.
#include "tests/unit/bundle/vectors.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <memory>
#include <set>

namespace rampa::tests {
namespace {

Vectors all_vectors() {
  Vectors all;
  add_role_vectors(all);
  add_root_vectors(all);
  add_chain_vectors(all);
  add_payload_vectors(all);
  return all;
}

/// What is spoiled is good to begin with: otherwise a vector would prove nothing.
TEST(BundleVectors, EveryKindIsGoodUnspoiled) {
  for (const auto kind : {Scene::Kind::set, Scene::Kind::packed_set, Scene::Kind::delta, Scene::Kind::two_deltas, Scene::Kind::refresh, Scene::Kind::rotation, Scene::Kind::rollback}) {
    Post post;
    Scene scene(kind);
    const auto done = scene.offer(scene.build(), post.disk);
    EXPECT_TRUE(done) << static_cast<int>(kind) << ": " << bundle::text_of(done.error());
  }
}

TEST(BundleVectors, EachIsRefusedForItsOwnReasonAndThePostIsUntouched) {
  const Vectors all = all_vectors();
  auto post = std::make_unique<Post>();
  auto before = files_of(post->disk);
  auto calls = post->disk.calls();
  std::set<std::string> names;
  std::map<std::string_view, int> reasons;
  for (const Vector& vector : all) {
    EXPECT_TRUE(names.insert(vector.name).second) << "the name stands twice: " << vector.name;
    Scene scene(vector.kind);
    vector.spoil(scene);
    const auto done = scene.offer(scene.build(), post->disk);
    if (done) {
      ADD_FAILURE() << vector.name << ": accepted";
      post = std::make_unique<Post>();  // the others are to be judged by a post that is as it was
      before = files_of(post->disk);
      calls = post->disk.calls();
      continue;
    }
    ++reasons[bundle::name_of(done.error().reason)];
    EXPECT_EQ(bundle::name_of(done.error().reason), bundle::name_of(vector.reason)) << vector.name << ": " << bundle::text_of(done.error());
    EXPECT_EQ(done.error().where, vector.where) << vector.name << ": " << bundle::text_of(done.error());
    EXPECT_FALSE(done.error().what.empty()) << vector.name;
    EXPECT_FALSE(bundle::remedy_of(done.error().reason).empty()) << vector.name;
    EXPECT_EQ(post->disk.calls(), calls) << vector.name << " wrote to the disk";
  }
  EXPECT_EQ(files_of(post->disk), before);
  EXPECT_GE(all.size(), 200u);
  std::cout << all.size() << " named vectors refused, " << reasons.size() << " reasons:";
  for (const auto& [reason, count] : reasons) std::cout << " " << reason << " " << count;
  std::cout << "\n";
}

}  // namespace
}  // namespace rampa::tests
