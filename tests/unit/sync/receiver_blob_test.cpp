// HQ's side of the blobs: asked for in order, taken in pieces, known by content, never called held before they are.
#include <fstream>
#include <random>
#include <set>

#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

/// Counts what is written.
class CountingShelf : public BlobShelf {
 public:
  using BlobShelf::BlobShelf;
  Result<void> write(const std::string& post, const Sha256& blob, std::uint64_t offset, ByteView bytes) override {
    written += bytes.size();
    return BlobShelf::write(post, blob, offset, bytes);
  }
  Result<void> finish(const std::string& post, const Sha256& blob) override {
    if (away > 0) return --away, fail(ErrorCode::busy, "the service is away");
    return BlobShelf::finish(post, blob);
  }
  bool holds(const Sha256& blob) const override { return ++looks, BlobShelf::holds(blob); }
  Result<std::uint64_t> size(const Sha256& blob) const override { return ++looks, BlobShelf::size(blob); }
  Result<Bytes> read(const Sha256& blob, std::uint64_t offset, std::size_t count) const override { return ++looks, BlobShelf::read(blob, offset, count); }
  bool has_time() const override { return time; }
  mutable int looks = 0;
  bool time = true;
  std::uint64_t written = 0;
  int away = 0;  ///< so often finish() says that it is busy
};

class ReceiverBlobs : public HqTest {
 protected:
  void open() override {
    HqTest::open();
    auto own = std::make_unique<CountingShelf>(place.directory);
    counting = own.get();
    receiver = std::make_unique<Receiver>(*ledger, *own, *desk, settings);
    shelf = std::move(own);
  }
  /// Groups without messages while HQ has work of its own; none of them writes more than the settings say. What it said last.
  Want work() {
    Want newest;
    for (int i = 0; i < 1000 && receiver->busy(); ++i) {
      const std::uint64_t before = counting->written;
      Want want = want_in(group({}));
      EXPECT_LE(counting->written - before, settings.blob_work.chunks * chunk_bytes);
      if (!want.blobs.empty() || !want.done.empty()) newest = std::move(want);
    }
    EXPECT_FALSE(receiver->busy());
    return newest;
  }
  CountingShelf* counting = nullptr;
  static Bytes noise(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Bytes out(size);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
    return out;
  }
  static Bytes slice(const Bytes& blob, std::size_t from, std::size_t to) {
    return encode(BlobSlice{sha256(blob), from, blob.size(), ByteView(blob).subspan(from, to - from)});
  }
  static Manifest manifest_of(const Bytes& blob) {
    Manifest m{sha256(blob), blob.size(), {}};
    for (std::size_t at = 0; at < blob.size(); at += chunk_bytes) m.chunks.push_back(sha256(ByteView(blob).subspan(at, std::min(chunk_bytes, blob.size() - at))));
    return m;
  }
  /// A record that names these blobs, sent; what HQ wants then.
  Want name(const std::vector<Bytes>& blobs, const char* kind = "capture_taken") {
    p1.journal.append(kind, "{}", blobs);
    const Stream stream = store::stream_of_kind(kind);
    const std::uint64_t number = p1.sequences(stream).size();
    return want_in(group({{leaf_of(stream), p1.frame(stream, number, number)}}));
  }
  Want manifest(const Bytes& blob) { return want_in(group({{Leaf::manifest, encode(manifest_of(blob))}})); }
  Want give(const Bytes& blob, std::size_t from, std::size_t to, Duration waited) {
    EXPECT_TRUE(receiver->begin());
    EXPECT_TRUE(receiver->take({PostId{"P1"}, Leaf::slice}, slice(blob, from, to), {clock.mono() - waited, clock.now().wall}));
    return want_in(receiver->commit(clock).value());
  }
  Want give(const Bytes& blob, std::size_t from, std::size_t to) { return want_in(group({{Leaf::slice, slice(blob, from, to)}})); }
  bool holds(const Bytes& blob) const {
    const auto read = read_checked(*shelf, sha256(blob));
    return read && *read == blob;
  }
  void SetUp() override {
    HqTest::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) greet();
  }
};

}  // namespace

TEST_F(ReceiverBlobs, ASmallOneIsWantedResumedCheckedAndNeverAskedTwice) {
  const Bytes blob(1000, 5);
  const Want want = name({blob});
  ASSERT_EQ(want.blobs.size(), 1u);
  EXPECT_EQ(want.blobs[0].size_bytes, 1000u);
  EXPECT_FALSE(want.blobs[0].manifest);
  EXPECT_EQ(want.blobs[0].chunks, (std::vector<Range>{{0, 0}}));
  EXPECT_EQ(give(blob, 0, 400).blobs.at(0).have_bytes, 400u);
  const Want gap = give(blob, 600, 700);
  EXPECT_TRUE(gap.blobs.at(0).resend);
  EXPECT_EQ(gap.blobs.at(0).have_bytes, 400u);
  EXPECT_FALSE(give(blob, 0, 100).blobs.at(0).resend) << "a duplicate is only answered";
  open();  // HQ restarts: it goes on where it was
  const Want again = want_in(group({{Leaf::hello, encode(p1.hello())}}));
  ASSERT_EQ(again.blobs.size(), 1u);
  EXPECT_EQ(again.blobs[0].have_bytes, 400u);
  const Want last = give(blob, 400, 1000, 30ms);
  EXPECT_EQ(last.done, std::vector<std::string>{hex(sha256(blob))});
  EXPECT_EQ(last.held, 30ms) << "how long HQ kept the slice";
  EXPECT_TRUE(holds(blob));
  EXPECT_TRUE(name({blob}).blobs.empty()) << "the same content is not asked for again";
  EXPECT_EQ(posts()[0]["blobs_missing"], 0);
  EXPECT_TRUE(verify_post(place, "P1")->sound);
}

TEST_F(ReceiverBlobs, ALargeOneComesByItsManifest) {
  const Bytes blob = noise(3 * chunk_bytes + 777, 1);
  const Want first = name({blob});
  ASSERT_EQ(first.blobs.size(), 1u);
  EXPECT_TRUE(first.blobs[0].manifest);
  EXPECT_TRUE(first.blobs[0].chunks.empty());
  EXPECT_TRUE(give(blob, 0, 1000).blobs.at(0).manifest) << "no slice is believed without it";
  const Want known = manifest(blob);
  EXPECT_FALSE(known.blobs.at(0).manifest);
  EXPECT_EQ(known.blobs.at(0).chunks, (std::vector<Range>{{0, 3}}));
  EXPECT_EQ(give(blob, 0, chunk_bytes).blobs.at(0).chunks, (std::vector<Range>{{1, 3}}));
  EXPECT_EQ(give(blob, 2 * chunk_bytes, 3 * chunk_bytes).blobs.at(0).chunks, (std::vector<Range>{{1, 1}, {3, 3}}));
  EXPECT_EQ(give(blob, chunk_bytes, chunk_bytes + 5).blobs.at(0).have_bytes, 5u);
  open();
  const Want again = want_in(group({{Leaf::hello, encode(p1.hello())}}));
  EXPECT_EQ(again.blobs.at(0).chunks, (std::vector<Range>{{1, 1}, {3, 3}}));
  EXPECT_EQ(again.blobs.at(0).have_bytes, 5u);
  give(blob, chunk_bytes + 5, 2 * chunk_bytes);
  EXPECT_EQ(give(blob, 3 * chunk_bytes, blob.size()).done.size(), 1u);
  EXPECT_TRUE(holds(blob));
  EXPECT_TRUE(alarms().empty());
}

TEST_F(ReceiverBlobs, ContentThatIsHereUnderAnyNameIsNotAskedForAgain) {
  const Bytes a = noise(chunk_bytes, 1), b = noise(chunk_bytes, 2), c = noise(100, 3);
  Bytes first = a, second = b;
  first.insert(first.end(), b.begin(), b.end());
  first.insert(first.end(), c.begin(), c.end());
  second.insert(second.end(), a.begin(), a.end());
  second.insert(second.end(), a.begin(), a.end());
  second.insert(second.end(), c.begin(), c.end());
  name({first});
  manifest(first);
  for (std::size_t at = 0; at < first.size(); at += chunk_bytes) give(first, at, std::min(first.size(), at + chunk_bytes));
  ASSERT_TRUE(holds(first));
  name({second});
  EXPECT_EQ(manifest(second).done.size(), 1u) << "all of its chunks are known";
  EXPECT_TRUE(holds(second));
  // Equal chunks inside one blob come once.
  Bytes twice(2 * chunk_bytes, 8);
  twice.push_back(1);
  name({twice});
  EXPECT_EQ(manifest(twice).blobs.at(0).chunks, (std::vector<Range>{{0, 2}}));
  EXPECT_EQ(give(twice, 0, chunk_bytes).blobs.at(0).chunks, (std::vector<Range>{{2, 2}}));
}

TEST_F(ReceiverBlobs, AnotherPostsContentCountsToo) {
  const Bytes blob = noise(2 * chunk_bytes, 1);
  name({blob});
  manifest(blob);
  give(blob, 0, chunk_bytes);
  give(blob, chunk_bytes, 2 * chunk_bytes);
  SigningPost p2("P2", 3);
  p2.journal.append("capture_taken", "{}", {blob});
  greet(p2);
  const auto answers = group({{Leaf::events, p2.frame(Stream::events, 1, 1)}}, p2);
  EXPECT_FALSE(said(answers, p2, Leaf::want, decode_want));
  EXPECT_TRUE(verify_post(place, "P2")->sound);
}

TEST_F(ReceiverBlobs, VerdictsFirstThenByAgeAndAFewAtATime) {
  std::vector<Bytes> blobs;
  for (std::uint64_t i = 0; i < 12; ++i) blobs.push_back(noise(50, i));
  std::vector<std::string> asked;
  for (const Want& want : {name({blobs.begin(), blobs.begin() + 6}), name({blobs.begin() + 6, blobs.end()})})
    for (const WantedBlob& w : want.blobs) asked.push_back(w.sha256);
  EXPECT_EQ(asked.size(), blobs_asked_max);
  const Bytes urgent = noise(50, 99);
  const Want want = name({urgent}, "verdict");
  ASSERT_EQ(want.blobs.size(), 1u);
  EXPECT_EQ(want.blobs[0].sha256, hex(sha256(urgent)));
  std::size_t more = 0;
  for (std::size_t i = 0; i < 6; ++i) more += give(blobs[i], 0, 50).blobs.size();
  EXPECT_GE(more, 4u) << "as they arrive others are asked for";
}

TEST_F(ReceiverBlobs, ABoostComesBeforeAll) {
  std::vector<Bytes> blobs;
  for (std::uint64_t i = 0; i < 12; ++i) blobs.push_back(noise(50, i));
  for (const Bytes& blob : blobs) name({blob});
  const std::string last = hex(sha256(blobs[11]));
  EXPECT_EQ(*posts_asked_for(place, last), std::vector<std::string>{"P1"});
  desk->add_order({"P1", "boost", last}, clock.now().wall);
  ASSERT_TRUE(receiver->begin());
  receiver->look_at_desk();
  const Want want = want_in(receiver->commit(clock).value());
  ASSERT_EQ(want.blobs.size(), 1u);
  EXPECT_EQ(want.blobs[0].sha256, last);
  EXPECT_TRUE(want.blobs[0].boost);
}

TEST_F(ReceiverBlobs, WrongContentIsRefusedThreeTimes) {
  const Bytes blob(10, 5);
  name({blob});
  const Bytes wrong = encode(BlobSlice{sha256(blob), 0, 10, Bytes(10, 6)});
  const auto give_wrong = [&] { return want_in(group({{Leaf::slice, wrong}})); };
  EXPECT_TRUE(give_wrong().blobs.at(0).resend);
  EXPECT_EQ(give_wrong().blobs.at(0).have_bytes, 0u);
  const Want last = give_wrong();
  EXPECT_EQ(last.dropped.size(), 1u);
  EXPECT_TRUE(last.done.empty()) << "not here, so it is not said to be here";
  EXPECT_FALSE(shelf->holds(sha256(blob)));
  EXPECT_FALSE(alarms().empty());
  EXPECT_EQ(name({blob}).blobs.size(), 1u) << "a new record that names it gives it another chance";
}

TEST_F(ReceiverBlobs, AChunkThatComesWrongNowAndThenCostsNoImageAndOneThatAlwaysDoesIsGivenUp) {
  const Bytes blob = noise(6 * chunk_bytes, 1);
  name({blob});
  manifest(blob);
  const auto damaged = [&](std::size_t chunk) { return want_in(group({{Leaf::slice, encode(BlobSlice{sha256(blob), chunk * chunk_bytes, blob.size(), Bytes(chunk_bytes, 6)})}})); };
  for (std::size_t chunk = 0; chunk < 5; ++chunk) {
    EXPECT_TRUE(damaged(chunk).blobs.at(0).resend) << chunk;
    give(blob, chunk * chunk_bytes, (chunk + 1) * chunk_bytes);
  }
  EXPECT_TRUE(damaged(5).dropped.empty());
  EXPECT_TRUE(damaged(5).dropped.empty());
  EXPECT_EQ(damaged(5).dropped.size(), 1u) << "at the post it is as wrong";
  EXPECT_FALSE(holds(blob));
}

TEST_F(ReceiverBlobs, AManifestOfAnotherBlobIsFoundOut) {
  const Bytes blob = noise(2 * chunk_bytes, 1), other = noise(2 * chunk_bytes, 2);
  name({blob});
  Manifest lie = manifest_of(other);
  lie.blob = sha256(blob);
  group({{Leaf::manifest, encode(lie)}});
  const auto lying = [&](std::size_t from) { return encode(BlobSlice{sha256(blob), from, blob.size(), ByteView(other).subspan(from, chunk_bytes)}); };
  group({{Leaf::slice, lying(0)}});
  const Want want = want_in(group({{Leaf::slice, lying(chunk_bytes)}}));
  EXPECT_TRUE(want.blobs.at(0).manifest) << "the manifest is asked for anew";
  EXPECT_FALSE(shelf->holds(sha256(blob)));
  manifest(blob);
  give(blob, 0, chunk_bytes);
  give(blob, chunk_bytes, 2 * chunk_bytes);
  EXPECT_TRUE(holds(blob));
}

TEST_F(ReceiverBlobs, WhatAPowerCutTookIsFoundMissingAtTheEnd) {
  const Bytes blob = noise(3 * chunk_bytes, 1);
  name({blob});
  manifest(blob);
  give(blob, 0, chunk_bytes);
  give(blob, chunk_bytes, 2 * chunk_bytes);
  open();
  std::filesystem::resize_file(place.directory + "/partial/P1-" + hex(sha256(blob)), chunk_bytes);
  greet();
  const Want want = give(blob, 2 * chunk_bytes, 3 * chunk_bytes);
  EXPECT_EQ(want.blobs.at(0).chunks, (std::vector<Range>{{1, 1}}));
  EXPECT_EQ(give(blob, chunk_bytes, 2 * chunk_bytes).done.size(), 1u);
  EXPECT_TRUE(holds(blob));
}

TEST_F(ReceiverBlobs, AnEmptyOneNeedsNoTransfer) {
  EXPECT_TRUE(name({Bytes{}}).blobs.empty());
  EXPECT_TRUE(verify_post(place, "P1")->sound);
}

TEST_F(ReceiverBlobs, OneThatThePostLacksIsAnAlarm) {
  const Bytes blob(10, 5);
  name({blob});
  group({{Leaf::unavailable, encode(Unavailable{hex(sha256(blob)), "gone"})}});
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"blob_unavailable"});
  EXPECT_EQ(posts()[0]["blobs_missing"], 0);
  EXPECT_FALSE(verify_post(place, "P1")->sound);
}

TEST_F(ReceiverBlobs, CutAnywhereItGoesOnAtThatByte) {
  std::mt19937_64 random(4);
  const Bytes blob = noise(5 * chunk_bytes + 999, 7);
  name({blob});
  Want want = manifest(blob);
  std::size_t sent = 0;
  for (int cut = 0; cut < 200 && want.done.empty(); ++cut) {
    // From where HQ says; a piece of random length; now and then the next piece is lost or HQ restarts.
    const WantedBlob& w = want.blobs.at(0);
    const std::size_t from = w.chunks.at(0).first * chunk_bytes + w.have_bytes;
    const std::size_t border = std::min(blob.size(), (w.chunks.at(0).first + 1) * chunk_bytes);
    const std::size_t to = std::min<std::size_t>(border, from + 1 + random() % 20'000);
    want = give(blob, from, to);
    sent += to - from;
    if (want.done.empty() && random() % 10 == 0) {
      open();
      want = want_in(group({{Leaf::hello, encode(p1.hello())}}));
    }
  }
  EXPECT_TRUE(holds(blob));
  EXPECT_EQ(sent, blob.size()) << "no byte was asked for twice";
}

TEST_F(ReceiverBlobs, ABlobOfEqualChunksIsCopiedInSteps) {
  settings.blob_work.chunks = 4;
  open();
  greet();
  Bytes blob(40 * chunk_bytes, 7);
  blob.push_back(1);
  name({blob});
  manifest(blob);
  work();
  const std::uint64_t before = counting->written;
  Want want = give(blob, 0, chunk_bytes);
  EXPECT_LE(counting->written - before, 5 * chunk_bytes) << "one slice must not write the whole blob";
  EXPECT_TRUE(receiver->busy());
  EXPECT_EQ(want.blobs.at(0).chunks, (std::vector<Range>{{40, 40}})) << "what is copied is not asked for";
  group({});
  open();  // HQ restarts in between
  want = want_in(group({{Leaf::hello, encode(p1.hello())}}));
  EXPECT_EQ(want.blobs.at(0).chunks, (std::vector<Range>{{40, 40}}));
  give(blob, 40 * chunk_bytes, blob.size());
  EXPECT_EQ(work().done.size(), 1u);
  EXPECT_TRUE(holds(blob));
}

TEST_F(ReceiverBlobs, KnownContentIsCopiedInSteps) {
  Bytes first, second;
  std::vector<Bytes> chunks;
  for (std::uint64_t i = 0; i < 20; ++i) chunks.push_back(noise(chunk_bytes, i));
  for (const Bytes& chunk : chunks) first.insert(first.end(), chunk.begin(), chunk.end());
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) second.insert(second.end(), chunk->begin(), chunk->end());
  name({first});
  manifest(first);
  for (std::size_t at = 0; at < first.size(); at += chunk_bytes) give(first, at, at + chunk_bytes);
  ASSERT_TRUE(holds(first));
  settings.blob_work.chunks = 4;
  open();
  greet();
  name({second});
  const std::uint64_t before = counting->written;
  const Want want = manifest(second);
  EXPECT_LE(counting->written - before, 4 * chunk_bytes);
  for (const WantedBlob& blob : want.blobs) EXPECT_TRUE(blob.chunks.empty()) << "all of it is here";
  EXPECT_EQ(work().done.size(), 1u);
  EXPECT_TRUE(holds(second));
}

TEST_F(ReceiverBlobs, WhatCameOutOfOrderIsHashedInSteps) {
  settings.blob_work.chunks = 3;
  open();
  greet();
  const Bytes blob = noise(20 * chunk_bytes, 1);
  name({blob});
  manifest(blob);
  Want want;
  for (std::size_t chunk = 20; chunk-- > 0;) want = give(blob, chunk * chunk_bytes, (chunk + 1) * chunk_bytes);
  EXPECT_TRUE(want.done.empty());
  EXPECT_EQ(work().done.size(), 1u);
  EXPECT_TRUE(holds(blob));
}

TEST_F(ReceiverBlobs, ABlobThatTheShelfLostIsNoticedAtTheStartAndAskedForAgain) {
  const Bytes kept(300, 4), lost(400, 5), cut = noise(2 * chunk_bytes, 6);
  name({kept, lost, cut});
  give(kept, 0, 300);
  give(lost, 0, 400);
  manifest(cut);
  give(cut, 0, chunk_bytes);
  give(cut, chunk_bytes, cut.size());
  ASSERT_TRUE(holds(kept) && holds(lost) && holds(cut));
  std::filesystem::remove(shelf->path_of(sha256(lost)));
  std::filesystem::resize_file(shelf->path_of(sha256(cut)), 1000);
  open();
  Want want = want_in(group({{Leaf::hello, encode(p1.hello())}}));
  EXPECT_EQ(alarm_kinds(), (std::vector<std::string>{"blob_lost", "blob_lost"}));
  std::set<std::string> asked;
  for (const WantedBlob& blob : want.blobs) asked.insert(blob.sha256);
  EXPECT_EQ(asked, (std::set<std::string>{hex(sha256(lost)), hex(sha256(cut))}));
  EXPECT_EQ(give(lost, 0, 400).done.size(), 1u);
  manifest(cut);
  give(cut, 0, chunk_bytes);
  give(cut, chunk_bytes, cut.size());
  EXPECT_TRUE(holds(lost) && holds(cut));
  EXPECT_TRUE(std::filesystem::exists(place.directory + "/damaged/" + hex(sha256(cut)))) << "what was there is kept for people";
  EXPECT_TRUE(verify_post(place, "P1")->sound);
}

TEST_F(ReceiverBlobs, WhatVerifyFindsDamagedIsAskedForAgain) {
  const Bytes blob(300, 4);
  name({blob});
  give(blob, 0, 300);
  ASSERT_TRUE(verify_post(place, "P1")->lost_blobs.empty());
  std::FILE* file = std::fopen(shelf->path_of(sha256(blob)).c_str(), "r+");
  ASSERT_TRUE(file);
  std::fputc(9, file);
  std::fclose(file);
  const auto found = verify_post(place, "P1");
  EXPECT_FALSE(found->sound);
  ASSERT_EQ(found->lost_blobs, std::vector<std::string>{hex(sha256(blob))});
  desk->add_order({"P1", "lost", found->lost_blobs[0]}, clock.now().wall);
  ASSERT_TRUE(receiver->begin());
  receiver->look_at_desk();
  EXPECT_EQ(want_in(receiver->commit(clock).value()).blobs.size(), 1u);
  give(blob, 0, 300);
  EXPECT_TRUE(holds(blob));
  EXPECT_TRUE(verify_post(place, "P1")->sound);
}

TEST_F(ReceiverBlobs, WhileTheShelfIsBusyRecordsGoOnAndTheBlobIsNotSaidToBeHere) {
  const Bytes blob(1000, 5);
  p1.journal.append("capture_taken", "{}", {blob});
  p1.append(2);
  greet();
  events(1, 1);
  counting->away = 3;
  const auto slice = encode(BlobSlice{sha256(blob), 0, blob.size(), blob});
  const auto first = group({{Leaf::slice, slice}, {Leaf::events, p1.frame(Stream::events, 2, 3)}});
  EXPECT_EQ(ack_in(first).streams[1].through, 3u) << "records do not wait";
  EXPECT_TRUE(want_in(first).done.empty());
  EXPECT_TRUE(receiver->waiting());
  std::size_t groups = 0;
  Want want;
  for (; receiver->waiting() && groups < 10; ++groups) want = want_in(group({}));
  EXPECT_EQ(groups, 3u);
  EXPECT_EQ(want.done, std::vector<std::string>{hex(sha256(blob))});
  EXPECT_TRUE(shelf->holds(sha256(blob)));
  EXPECT_FALSE(receiver->waiting());
}

TEST_F(ReceiverBlobs, AWholeBlobThatHadNotReachedTheShelfIsFinishedAfterARestart) {
  const Bytes blob(300'000, 5);
  p1.journal.append("capture_taken", "{}", {blob});
  greet();
  events(1, 1);
  Manifest manifest{sha256(blob), blob.size(), {}};
  for (std::size_t at = 0; at < blob.size(); at += chunk_bytes) manifest.chunks.push_back(sha256(ByteView(blob).subspan(at, std::min(chunk_bytes, blob.size() - at))));
  counting->away = 1000;
  group({{Leaf::manifest, encode(manifest)}});
  work();
  for (std::size_t at = 0; at < blob.size(); at += chunk_bytes)
    group({{Leaf::slice, encode(BlobSlice{sha256(blob), at, blob.size(), ByteView(blob).subspan(at, std::min(chunk_bytes, blob.size() - at))})}});
  work();
  EXPECT_FALSE(shelf->holds(sha256(blob)));
  EXPECT_TRUE(receiver->waiting());
  open();
  greet();
  work();
  EXPECT_TRUE(shelf->holds(sha256(blob)));
}

TEST_F(ReceiverBlobs, WhereThereIsNoTimeForTheShelfItIsNotAskedAndRecordsGoOn) {
  const Bytes here(1000, 5), twin = noise(2 * chunk_bytes, 7), fresh(900, 6);
  name({here, twin});
  give(here, 0, 1000);
  manifest(twin);
  work();
  for (std::size_t at = 0; at < twin.size(); at += chunk_bytes) give(twin, at, at + chunk_bytes);
  work();
  ASSERT_TRUE(holds(here) && holds(twin));
  open();  // looks through the shelf
  counting->time = false;
  counting->looks = 0;
  greet();
  Bytes like_it = twin;
  like_it.back() ^= 1;
  p1.journal.append("capture_taken", "{}", {fresh, like_it});
  desk->offer("P1", hex(sha256(here)), clock.now().wall);
  const auto answers = group({{Leaf::events, p1.frame(Stream::events, 2, 2)}, {Leaf::slice, slice(here, 0, 1000)},
                              {Leaf::fetch, encode(Fetch{hex(sha256(here)), 0, 1000})}});
  EXPECT_EQ(ack_in(answers).streams[1].through, 2u);
  for (int i = 0; i < 5; ++i) group({});
  EXPECT_EQ(counting->looks, 0);
  EXPECT_FALSE(receiver->busy()) << "no loop without a pause";
  EXPECT_TRUE(receiver->waiting());
  counting->time = true;
  clock.advance(2s);
  bool fetched = false;
  Want want;
  for (int i = 0; i < 5; ++i)
    for (const auto& answer : group({})) {
      fetched |= answer.topic == p1.topic(Leaf::fetched);
      if (answer.topic == p1.topic(Leaf::want)) want = want_in({answer});
    }
  EXPECT_TRUE(fetched);
  EXPECT_EQ(want.blobs.size(), 2u);
  EXPECT_FALSE(receiver->waiting());
}

TEST_F(ReceiverBlobs, LeftoversThatNobodyWillFinishAreRemoved) {
  const Bytes wanted(1000, 5), old(1000, 6), gone(1000, 7);
  name({wanted, old});
  for (const Bytes& blob : {wanted, old}) give(blob, 0, 500);
  const auto partial = [&](const std::string& post, const Bytes& blob) { return place.directory + "/partial/" + post + "-" + hex(sha256(blob)); };
  for (const char* post : {"P1", "P1.3", "P9"}) std::ofstream(partial(post, gone)) << "what came of it";
  std::ofstream(partial("P1.3", wanted)) << "of an earlier start";
  std::ofstream(place.directory + "/partial/somebody's") << "else";
  const auto aged = [&](const std::string& path, std::chrono::hours age) { std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) - age); };
  const auto names = [&] {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(place.directory + "/partial")) out.insert(entry.path().string());
    return out;
  };
  open();
  group({});
  EXPECT_EQ(names().size(), 7u) << "nothing is a day old";
  for (const std::string& path : names()) aged(path, 25h);
  clock.advance(1h);
  group({});
  EXPECT_EQ(names().size(), 7u) << "once a day";
  clock.advance(24h);
  group({});
  EXPECT_EQ(names(), (std::set<std::string>{partial("P1", wanted), partial("P1", old), partial("P1.3", wanted), partial("P1.3", gone), place.directory + "/partial/somebody's"}))
      << "one with a number may be whole and wait for its service";
  for (const std::string& path : {partial("P1", old), partial("P1.3", wanted), partial("P1.3", gone)}) aged(path, 90 * 24h);
  open();
  greet();
  EXPECT_FALSE(names().contains(partial("P1", old)));
  EXPECT_FALSE(names().contains(partial("P1.3", wanted)) || names().contains(partial("P1.3", gone)));
  give(wanted, 500, 1000);
  EXPECT_TRUE(holds(wanted));
  give(old, 500, 1000);
  work();
  give(old, 0, 1000);
  work();
  EXPECT_TRUE(holds(old)) << "the post came back: it began anew";
}
