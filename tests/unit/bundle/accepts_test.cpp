// What a post accepts, and what it remembers of it. The bundles that it refuses: vectors_test.cpp.
#include <gtest/gtest.h>

#include "sync/bundle/container.hpp"
#include "sync/bundle/signing.hpp"
#include "tests/unit/bundle/scene.hpp"

namespace rampa::tests {
namespace {

using namespace bundle;
using Kind = Scene::Kind;

void accepts(Kind kind, std::uint64_t release) {
  Post post;
  Scene scene(kind);
  scene.installed = post.installed;
  const auto done = scene.offer(scene.build(), post.disk);
  ASSERT_TRUE(done) << text_of(done.error());
  ASSERT_TRUE(done->state.active);
  EXPECT_EQ(done->state.active->release, release);
  EXPECT_EQ(done->set->text(), set_text(release));
  const auto again = open_installed(post.disk, k_folder);
  ASSERT_TRUE(again) << text_of(again.error());
  EXPECT_TRUE(again->notices.empty());
  EXPECT_EQ(again->set->text(), set_text(release));
  EXPECT_EQ(again->state.generation, post.installed.state.generation + 1);
  EXPECT_EQ(write_state(again->state), write_state(done->state));
}

TEST(BundleAccepts, AWholeSet) { accepts(Kind::set, 11); }
TEST(BundleAccepts, APackedSet) { accepts(Kind::packed_set, 11); }
TEST(BundleAccepts, ADelta) { accepts(Kind::delta, 11); }
TEST(BundleAccepts, TwoDeltasInOneBundle) { accepts(Kind::two_deltas, 12); }
TEST(BundleAccepts, ARefreshWithoutASet) { accepts(Kind::refresh, 10); }
TEST(BundleAccepts, TheActiveSetPublishedAnewAsARefresh) {
  Post post;
  Scene scene(Kind::set);
  scene.installed = post.installed;
  scene.items = Scene(Kind::refresh).items;
  const auto files = post.disk.list("post/profiles/sets");
  const auto done = scene.offer(scene.build(), post.disk);
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(done->state.timestamp.version, 11u);
  EXPECT_EQ(done->state.active, post.installed.state.active);
  EXPECT_EQ(*post.disk.list("post/profiles/sets"), *files);
}
TEST(BundleAccepts, ANewRoot) { accepts(Kind::rotation, 11); }
TEST(BundleAccepts, ARollbackWithABreakGlassRecord) { accepts(Kind::rollback, 8); }

TEST(BundleAccepts, RootsInAChainWithAllKeysExchangedAndTheOldOnesAgain) {
  Post post;
  Scene scene(Kind::rotation);
  scene.installed = post.installed;
  // Root 2 has three other keys; it takes two old and two new signatures.
  Json two = root_object(2);
  two["roles"]["root"]["keyids"] = {key_id(keys().author.open), key_id(keys().approver.open), key_id(keys().third.open)};
  scene.roots = {two};
  scene.stage["root"].signers = {keys().root_a, keys().root_c, keys().author, keys().third};
  auto done = scene.offer(scene.build(), post.disk);
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(done->state.roots.size(), 2u);
  // Release 12 brings roots 2 and 3; root 2 is known here and has to be the same.
  Json three = two;
  three["version"] = 3;
  Scene next(Kind::set);
  next.installed = *done;
  next.roots = {two, three};
  next.stage["root"].signers = {keys().root_a, keys().root_c, keys().author, keys().third};
  next.items = {Scene(Kind::two_deltas).items[1]};
  for (Json* role : {&next.targets, &next.snapshot, &next.timestamp}) (*role)["version"] = 12;
  // Root 3 is signed by keys that neither root names any more: the two old ones.
  auto refused = next.offer(next.build(), post.disk);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::unknown_signer);
}

TEST(BundleAccepts, NewTimestampKeysBeginTheirVersionsAnew) {
  Post post;
  Scene scene(Kind::rotation);
  scene.installed = post.installed;
  scene.installed.state.timestamp.version = scene.installed.state.snapshot.version = 9'000'000;  // whoever stole the key went as high as that
  scene.roots = {root_object(2)};
  scene.stage["root"].json = [](Json& j) { j["roles"]["timestamp"]["keyids"] = {key_id(keys().snapshot.open)}; };
  scene.stage["timestamp"].signers = {keys().snapshot};
  auto done = scene.offer(scene.build(), post.disk);
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(done->state.timestamp.version, 11u);
}

TEST(BundleAccepts, ABundleForEveryPost) {
  Post post;
  Scene scene(Kind::set);
  scene.installed = post.installed;
  scene.items[0].listed["custom"]["posts"] = {"*"};
  EXPECT_TRUE(scene.offer(scene.build(), post.disk));
}

TEST(BundleAccepts, ARecordLeadsBackOnceAndTheNextReleaseIsHigherThanAllBefore) {
  Post post;
  Scene back(Kind::rollback);
  back.installed = post.installed;
  auto done = back.offer(back.build(), post.disk);
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(done->state.highest_release, 10u);
  EXPECT_FALSE(done->state.last_good) << "nobody falls back to what two persons went back from";
  ASSERT_EQ(done->notes.size(), 1u);
  EXPECT_EQ(done->notes[0].what, "profiles-rolled-back");
  EXPECT_EQ(done->notes[0].who, "Goran Shift, Hana Shift");
  EXPECT_NE(done->notes[0].detail.find("release 10 stops every lorry"), std::string::npos);
  EXPECT_EQ(done->state.history.back().how, "rollback");
  // The bad release again, though it was only withdrawn:
  Scene ten(Kind::set);
  ten.installed = *done;
  ten.items = {Scene(Kind::refresh).items[0]};
  for (Json* role : {&ten.targets, &ten.snapshot, &ten.timestamp}) (*role)["version"] = 12;
  auto refused = ten.offer(ten.build(), post.disk);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::set_rolled_back);
  // Forwards:
  Scene eleven(Kind::set);
  eleven.installed = *done;
  for (Json* role : {&eleven.targets, &eleven.snapshot, &eleven.timestamp}) (*role)["version"] = 12;
  auto forward = eleven.offer(eleven.build(), post.disk);
  ASSERT_TRUE(forward) << text_of(forward.error());
  EXPECT_EQ(forward->state.active->release, 11u);
}

std::string record(std::uint64_t from, std::uint64_t to, const std::vector<KeyPair>& signers) {
  BreakGlass r{k_post, from, to, *parse_sha256(set_hash(set_text(from))), *parse_sha256(set_hash(set_text(to))), "wrong list", {k_now.ms + 3600'000}};
  return make_breakglass(r, signers).value();
}

TEST(BundleAccepts, BackToTheLastGoodSetWithoutABundle) {
  Post post;
  auto refused = rollback(post.disk, k_folder, post.installed, record(10, 9, {keys().glass_a}), k_post, k_now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::too_few_signatures);
  refused = rollback(post.disk, k_folder, post.installed, record(10, 9, {keys().glass_a, keys().glass_b}), "HR-TOVARNIK", k_now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::breakglass_wrong_post);
  refused = rollback(post.disk, k_folder, post.installed, record(10, 8, {keys().glass_a, keys().glass_b}), k_post, k_now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::breakglass_wrong_release);
  auto done = rollback(post.disk, k_folder, post.installed, record(10, 9, {keys().glass_a, keys().glass_b}), k_post, k_now);
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_EQ(open_installed(post.disk, k_folder)->set->text(), set_text(9));
  refused = rollback(post.disk, k_folder, *done, record(10, 9, {keys().glass_a, keys().glass_b}), k_post, k_now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::nothing_to_go_back_to);
}

TEST(BundleAccepts, ADamagedActiveSetFallsBackAndIsRepairedByTheSameBundle) {
  Post post;
  const auto& file = post.installed.state.active->files[0];
  Bytes* content = post.disk.content(std::string(k_folder) + "/sets/" + hex(file.hash) + ".set");
  ASSERT_TRUE(content);
  (*content)[content->size() / 2] ^= 1;
  auto found = open_installed(post.disk, k_folder);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->notices.size(), 2u);
  EXPECT_EQ(found->set->text(), set_text(9));
  Scene again(Kind::set);
  again.installed = *found;
  again.items = {Scene(Kind::refresh).items[0]};
  auto done = again.offer(again.build(), post.disk);
  ASSERT_TRUE(done) << text_of(done.error());
  EXPECT_TRUE(open_installed(post.disk, k_folder)->notices.empty());
  EXPECT_EQ(open_installed(post.disk, k_folder)->set->text(), set_text(10));
  EXPECT_EQ(done->state.last_good->release, 9u);
}

TEST(BundleAccepts, NothingIsRunWhereBothSetsAreDamaged) {
  Post post;
  const auto names = *post.disk.list("post/profiles/sets");
  for (const auto& name : names) post.disk.content("post/profiles/sets/" + name)->resize(10);
  auto found = open_installed(post.disk, k_folder);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->set, nullptr);
  EXPECT_EQ(found->notices.size(), 2u);
}

TEST(BundleAccepts, TheTrustedStateIsRestoredFromItsCopyAndNeverMadeAnew) {
  Post post;
  post.disk.content("post/profiles/trusted/state.json")->at(20) ^= 4;
  auto found = open_installed(post.disk, k_folder);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->notices.size(), 1u);
  EXPECT_EQ(found->state.generation, post.installed.state.generation);
  post.disk.content("post/profiles/trusted/state.copy.json")->at(20) ^= 4;
  found = open_installed(post.disk, k_folder);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().reason, Reason::trust_damaged);
  Stage root;
  auto begun = begin_trust(post.disk, k_folder, post.installed.state.root, k_now);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().reason, Reason::trust_exists);
}

TEST(BundleAccepts, TwoInstallersDoNotOverwriteEachOther) {
  Post post;
  Scene one(Kind::set), two(Kind::delta);
  one.installed = two.installed = post.installed;
  ASSERT_TRUE(one.offer(one.build(), post.disk));
  auto refused = two.offer(two.build(), post.disk);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::state_changed);
}

TEST(BundleAccepts, ALongChainOfDeltasIsWrittenWhole) {
  Post post;
  Installed at = post.installed;
  for (std::uint64_t release = 11; release < 32; ++release) {
    Scene scene(Kind::delta);
    scene.installed = at;
    const std::string text = delta_text(set_text(release - 1), set_text(release));
    scene.items[0].bytes = text;
    scene.items[0].relist(text);
    Json& custom = scene.items[0].listed["custom"];
    custom["release"] = release;
    custom["version"] = "2026-11-21." + std::to_string(release);
    custom["base_hash"] = set_hash(set_text(release - 1));
    custom["set_hash"] = set_hash(set_text(release));
    for (Json* role : {&scene.targets, &scene.snapshot, &scene.timestamp}) (*role)["version"] = release;
    auto done = scene.offer(scene.build(), post.disk);
    ASSERT_TRUE(done) << text_of(done.error());
    at = *done;
    EXPECT_LE(at.state.active->files.size(), 9u);
    const auto found = open_installed(post.disk, k_folder);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->set->text(), set_text(release));
  }
  EXPECT_LE(post.disk.list("post/profiles/sets")->size(), 18u);
}

TEST(BundleSigning, AuthorApproverAndPublisherOneAfterTheOtherGiveABundleThatInstalls) {
  const Keys& k = keys();
  RootPlan plan;
  plan.expires = {k_now.ms + 400ll * 86400 * 1000};
  plan.keys = {{"root", {k.root_a.open, k.root_b.open, k.root_c.open}}, {"targets", {k.author.open, k.approver.open, k.third.open}},
               {"snapshot", {k.snapshot.open}}, {"timestamp", {k.timestamp.open}}, {"breakglass", {k.glass_a.open, k.glass_b.open}}};
  auto root = make_root(plan, {k.root_a});
  ASSERT_TRUE(root) << root.error().what;
  CrashDisk disk;
  ASSERT_TRUE(disk.make_directory("post"));
  auto begun = begin_trust(disk, k_folder, *root, k_now);
  ASSERT_FALSE(begun) << "a root with one signature";
  root = add_signatures(*root, "root", {k.root_c});
  ASSERT_TRUE(root);
  begun = begin_trust(disk, k_folder, *root, k_now);
  ASSERT_TRUE(begun) << text_of(begun.error());
  std::string base;
  for (const std::uint64_t release : {1u, 2u}) {  // whole and packed, then a delta
    DraftPlan draft_plan;
    draft_plan.roots = {*root};
    auto set = canonical_set(Json::parse(set_text(release)).dump(2));
    ASSERT_TRUE(set) << set.error().what;
    EXPECT_EQ(*set, set_text(release));
    draft_plan.set = *set;
    draft_plan.base = base;
    draft_plan.posts = {k_post};
    draft_plan.release = draft_plan.targets_version = release;
    draft_plan.expires = {k_now.ms + 90ll * 86400 * 1000};
    draft_plan.zstd_level = 3;
    auto draft = make_draft(draft_plan, {k.author, k.stranger});
    ASSERT_TRUE(draft) << draft.error().what;
    PublishPlan publish_plan{release, {k_now.ms + 30ll * 86400 * 1000}, {k_now.ms + 7ll * 86400 * 1000}};
    EXPECT_FALSE(publish(*draft, publish_plan, {k.snapshot, k.timestamp})) << "the approver has not signed";
    auto travelled = read_draft(pack_draft(*draft));
    ASSERT_TRUE(travelled) << travelled.error().what;
    auto approved = add_signatures(travelled->targets, "targets", {k.approver});
    ASSERT_TRUE(approved);
    travelled->targets = *approved;
    EXPECT_FALSE(publish(*travelled, publish_plan, {k.snapshot})) << "the timestamp's key is missing";
    auto bundle = publish(*travelled, publish_plan, {k.snapshot, k.timestamp});
    ASSERT_TRUE(bundle) << bundle.error().what;
    Scene scene(Kind::set);
    scene.installed = *begun;
    begun = scene.offer(*bundle, disk);
    ASSERT_TRUE(begun) << text_of(begun.error());
    EXPECT_EQ(begun->state.active->signers, (std::vector<std::string>{"Dragan Author", "Ema Approver"}));
    base = *set;
  }
  EXPECT_EQ(open_installed(disk, k_folder)->set->text(), set_text(2));
}

TEST(BundleSigning, KeyFilesComeBackAndDamagedOnesDoNot) {
  const auto made = make_keys("Ana Petrović");
  ASSERT_TRUE(made);
  const std::string file = key_file(*made);
  const auto read = read_key_file(file, "ana.key");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->open, made->open);
  EXPECT_TRUE(verifies("x", sign("x", *read), made->open));
  EXPECT_FALSE(verifies("y", sign("x", *read), made->open));
  EXPECT_FALSE(read_key_file(key_json(made->open), "ana.pub"));
  Json other = Json::parse(file);
  other["keyval"]["public"] = std::string(64, '1');
  EXPECT_FALSE(read_key_file(other.dump(), "ana.key"));
  for (const char* bad : {"", " Ana", "Ana ", "Ana  B", "A\"B", "A\nB"}) EXPECT_FALSE(make_keys(bad)) << bad;
}

}  // namespace
}  // namespace rampa::tests
