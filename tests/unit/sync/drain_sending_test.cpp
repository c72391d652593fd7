// What the post sends, in what order, what goes again, and what its journal or its shelf cannot give.
#include "tests/unit/sync/drain_world.hpp"

using namespace rampa;
using namespace rampa::tests::drain;

TEST(Drain, FramesCarryTheHashOfTheRecordBefore) {
  World w;
  w.append(2);
  w.append(1, Stream::verdicts);
  w.append(6);
  w.stream();
  w.expect_frame(Stream::verdicts);
  for (std::uint64_t first : {1u, 5u}) {
    const Bytes body = w.expect(Leaf::events);
    const auto frame = decode_records(body);
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->head.first, first);
    if (first == 1) {
      EXPECT_EQ(frame->head.previous, Sha256{});
    } else {
      EXPECT_EQ(hex(frame->head.previous), w.journal.records[4].hash) << "event 4 is record 5";
    }
  }
}

TEST(Drain, WhatHqTakesToStoreIsNotPartOfTheLinesRoundTrip) {
  World w;
  w.append(1);
  w.stream();
  w.expect_frame();
  w.clock.advance(350ms);
  Ack ack = w.hq.ack(w.journal);
  ack.held = 250ms;
  w.say(Leaf::ack, ack);
  EXPECT_EQ(w.drain.status().round_trip, 100ms);
}

TEST(Drain, TheBudgetThatIsShownIsThisConnectionsFromTheFirstMomentOn) {
  World w;
  w.append(400, Stream::events, 2000);
  w.stream();
  EXPECT_EQ(w.drain.status().budget_bytes, LineBudget::first);
  for (int round = 0; round < 20; ++round) {
    w.clock.advance(50ms);
    w.frames();
    w.turn();
  }
  EXPECT_GT(w.drain.status().budget_bytes, LineBudget::first);
  w.drain.link_lost(w.attempt, "cut", w.clock.now());
  w.collect();
  w.wake();
  w.stream();
  EXPECT_EQ(w.drain.status().budget_bytes, LineBudget::first) << "the line that has come back is not known";
}

TEST(Drain, VerdictsOvertakeAFullBudget) {
  World w;
  w.append(200, Stream::events, 2000);
  w.stream();
  while (!w.wire.empty()) {
    EXPECT_EQ(w.wire.front().topic, "rampa/2/P1/up/events");
    w.wire.pop_front();
  }
  w.append(20, Stream::events, 2000);
  EXPECT_TRUE(w.wire.empty()) << "the budget is full";
  w.append(1, Stream::verdicts);
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{1, 1}));
  EXPECT_TRUE(w.wire.empty());
}

TEST(Drain, AfterAnOutageTheNewestVerdictsGoFirst) {
  World w;
  w.append(500, Stream::events, 500);
  w.append(500, Stream::verdicts, 500);
  w.append(500, Stream::events, 500);
  w.stream();
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{485, 488}));
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{489, 492}));
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{493, 496}));
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{497, 500}));
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{1, 4}));
}

TEST(Drain, EventsThatComeOneByOneGoTogetherWhileHqIsAtWorkAndVerdictsDoNotWait) {
  DrainSettings settings = World::plain();
  settings.gather = 200ms;
  World w(settings);
  w.append(1);
  w.stream();
  EXPECT_EQ(w.expect_frame(), (Range{1, 1}));
  w.append(1);
  w.append(1);
  EXPECT_TRUE(w.wire.empty()) << "they wait for HQ's word on the first";
  w.append(1, Stream::verdicts);
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{1, 1}));
  w.ack();
  EXPECT_EQ(w.expect_frame(), (Range{2, 3}));
  w.append(1);
  EXPECT_TRUE(w.wire.empty());
  w.clock.advance(199ms);
  w.append(1);
  EXPECT_TRUE(w.wire.empty());
  EXPECT_EQ(w.drain.next_wake() - w.clock.mono(), 1ms);
  w.wake();
  EXPECT_EQ(w.expect_frame(), (Range{4, 5})) << "HQ is slow: not for longer than that";
}

TEST(Drain, WithABacklogToSendNoEventWaitsForCompany) {
  DrainSettings settings = World::plain();
  settings.gather = 200ms;
  World w(settings);
  w.append(100, Stream::events, 1000);
  w.stream();
  std::uint64_t last = 0;
  while (!w.wire.empty()) last = std::max(last, w.expect_frame().last);
  EXPECT_EQ(last, 100u) << "the newest went first, and the budget is full of what is older";
  w.append(1);
  w.ack();
  ASSERT_FALSE(w.wire.empty());
  EXPECT_EQ(w.expect_frame(), (Range{101, 101}));
  EXPECT_FALSE(w.wire.empty());
}

// What was under way to an HQ that died says nothing of the line.
TEST(Drain, WhatGotLostWithAnHqThatRestartedMakesTheLineNoSlower) {
  for (const bool restarts : {true, false}) {
    World w;
    w.stream();
    for (int i = 0; i < 40; ++i) {
      w.append(8, Stream::events, 2000);
      w.clock.advance(20ms);
      while (!w.wire.empty()) w.expect_frame();
      w.ack();
    }
    const std::size_t before = w.drain.status().budget_bytes;
    w.append(8, Stream::events, 2000);
    ASSERT_FALSE(w.wire.empty());
    w.wire.clear();  // nobody has them
    w.clock.advance(1s);
    if (restarts) {
      w.hq.incarnation = "hq-2";
      w.ack();
      w.greet();
    } else {
      w.clock.advance(10s);
      w.turn();
      w.greet();
    }
    EXPECT_GT(w.drain.status().resends, 0u);
    if (restarts) EXPECT_GE(w.drain.status().budget_bytes, before);
    else EXPECT_LT(w.drain.status().budget_bytes, before) << "somebody on a line that stands had no room";
  }
}

TEST(Drain, ALargeRecordGoesAlone) {
  World w;
  w.append(1, Stream::events, 100'000);
  w.append(2);
  w.stream();
  EXPECT_EQ(w.expect_frame(), (Range{1, 1}));
  EXPECT_TRUE(w.wire.empty());
  w.ack();
  EXPECT_EQ(w.expect_frame(), (Range{2, 3}));
}

TEST(Drain, ALostLastFrameIsNoticedByTheNextHello) {
  World w;
  w.append(2);
  w.stream();
  w.expect_frame();  // the broker loses it
  w.hq.held[1].clear();
  w.wake();
  const Hello hello = w.expect_hello();
  EXPECT_EQ(hello.last_sequence, 2u);
  w.hq.session = hello.id;
  w.ack(true);
  EXPECT_EQ(w.expect_frame(), (Range{1, 2}));
}

TEST(Drain, ARefusedFrameIsShownAndTriedAgainLaterNotAtOnce) {
  World w;
  w.append(2);
  w.stream();
  w.expect_frame();
  w.hq.held[1].clear();
  Ack refusal = w.hq.ack(w.journal);
  refusal.refused = {{Stream::events, 1, "its signature does not hold"}};
  w.say(Leaf::ack, refusal);
  EXPECT_NE(w.drain.status().trouble.find("its signature does not hold"), std::string::npos);
  w.append(1);
  EXPECT_TRUE(w.wire.empty());
  w.wake();
  RangeSet again;
  again.add(w.expect_frame());
  again.add(w.expect_frame());
  EXPECT_EQ(again.list(), (std::vector<Range>{{1, 3}}));
}

TEST(Drain, ThatHqRefusesIsShownUntilHqTakesIt) {
  World w;
  w.append(2);
  w.stream();
  w.expect_frame();
  w.hq.held[1].clear();
  Ack refusal = w.hq.ack(w.journal);
  refusal.refused = {{Stream::events, 1, "its signature does not hold"}};
  w.say(Leaf::ack, refusal);
  w.append(1, Stream::verdicts);  // the other stream waits as well, and is taken
  for (int round = 0; round < 3; ++round) {
    w.wake();
    EXPECT_TRUE(w.drain.status().refuses);
    while (!w.wire.empty() && w.wire.front().topic.ends_with("verdicts")) w.expect_frame(Stream::verdicts);
    w.wire.clear();
    w.ack();
    EXPECT_NE(w.drain.status().trouble.find("refuses events from number 1 "), std::string::npos) << "only its next refusal is still on its way";
    w.say(Leaf::ack, refusal);
  }
  w.hq.held[1][1] = w.hq.held[1][2] = {};
  w.ack();
  EXPECT_FALSE(w.drain.status().refuses);
  EXPECT_EQ(w.drain.status().trouble, "");
}

TEST(Drain, QuarantineIsToldOnceAndDoesNotBlock) {
  World w;
  w.append(3);
  w.stream();
  w.expect_frame();
  Ack ack = w.hq.ack(w.journal);
  ack.quarantined = {{2, "CRC", Stream::events}};
  w.say(Leaf::ack, ack);
  w.say(Leaf::ack, ack);
  ASSERT_EQ(w.quarantined.size(), 1u);
  EXPECT_EQ(w.quarantined[0].sequence, 2u);
  EXPECT_EQ(w.drain.status().backlog, 0u);
}

TEST(Drain, BlobsGoAfterRecordsAndGoOnAtTheByte) {
  World w;
  Bytes blob(300'000);
  for (auto& byte : blob) byte = static_cast<std::uint8_t>(w.noise());
  const std::string sha = hex(sha256(blob));
  w.blobs.blobs[sha] = blob;
  w.stream();
  w.say(Leaf::want, Want{{{sha, blob.size(), true, {}, 0, false, false}}, {}});
  const Bytes body = w.expect(Leaf::manifest);
  const auto manifest = decode_manifest(body);
  ASSERT_TRUE(manifest) << manifest.error().what;
  EXPECT_EQ(manifest->chunks.size(), 3u);
  EXPECT_TRUE(w.wire.empty()) << "no slice before HQ has said which chunks it lacks";
  w.clock.advance(100ms);
  WantedBlob want{sha, blob.size(), false, {{1, 2}}, 70'000, false, false};
  w.say(Leaf::want, Want{{want}, {}});
  Bytes payload = w.expect(Leaf::slice);
  auto slice = decode_slice(payload);
  ASSERT_TRUE(slice);
  EXPECT_EQ(slice->offset, chunk_bytes + 70'000);
  EXPECT_TRUE(std::equal(slice->bytes.begin(), slice->bytes.end(), blob.begin() + static_cast<std::ptrdiff_t>(slice->offset)));
  w.append(1);
  w.append(1, Stream::verdicts);
  while (!w.wire.empty() && w.wire.front().topic.ends_with("slice")) w.wire.pop_front();
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{1, 1})) << "a verdict does not wait for the image";
  w.say(Leaf::want, Want{{}, {sha}});
  EXPECT_EQ(w.blobs_held, (std::vector<std::string>{sha}));
  EXPECT_EQ(w.blobs_lacked.size(), 2u) << "each want says that HQ does not hold it";
  EXPECT_EQ(w.drain.status().blobs_wanted, 0u);
}

TEST(Drain, SlicesGoOneAfterTheOtherOnceTheLineIsKnownAndANewLineIsNotKnown) {
  World w;
  Bytes blob(1'000'000);
  for (auto& byte : blob) byte = static_cast<std::uint8_t>(w.noise());
  const std::string sha = hex(sha256(blob));
  w.blobs.blobs[sha] = blob;
  std::uint64_t taken = 0;  // HQ has so much, without a hole
  const auto take = [&] {
    std::uint64_t bytes = 0;
    for (; !w.wire.empty(); w.wire.pop_front())
      if (const auto slice = decode_slice(w.wire.front().payload)) bytes += slice->bytes.size();
    taken += bytes;
    return bytes;
  };
  const auto want = [&] {
    WantedBlob wanted{sha, blob.size(), false, {{taken / chunk_bytes, chunks_of(blob.size()) - 1}}, taken % chunk_bytes, false, false};
    Want said{{wanted}, {}, {}, 1ms};
    w.say(Leaf::want, said);
  };
  w.stream();
  want();
  const std::uint64_t at_once = take();
  EXPECT_GE(at_once, LineBudget::first);
  w.clock.advance(100ms);
  want();
  const std::uint64_t then = take();
  EXPECT_GT(then, 0u);
  EXPECT_LT(then, LineBudget::first) << "the budget has room for twice as much, but a verdict would wait for it";
  ASSERT_LE(w.drain.next_wake() - w.clock.mono(), 50ms);
  w.wake();
  EXPECT_GT(take(), 0u) << "nobody said anything: its time had come";

  w.drain.link_lost(w.attempt, "cable", w.clock.now());
  w.collect();
  w.wake();
  w.stream();
  want();
  EXPECT_GE(take(), at_once);
}

TEST(Drain, OverAMeteredLineNoPicturesGo) {
  DrainSettings settings = World::plain();
  settings.metered = {0};
  World w(settings);
  const Bytes blob(100, 9);
  const std::string sha = hex(sha256(blob));
  w.blobs.blobs[sha] = blob;
  w.ready();
  const Hello hello = w.expect_hello();
  EXPECT_TRUE(hello.metered);
  w.hq.session = hello.id;
  w.ack(true);
  w.say(Leaf::want, Want{{{sha, 100, false, {{0, 0}}, 0, false, false}}, {}});
  EXPECT_TRUE(w.wire.empty());
  w.append(1);
  EXPECT_EQ(w.expect_frame(), (Range{1, 1}));
}

namespace {

/// HQ wants eight scans of 20 MiB and knows the chunks of none.
Want eight_scans(World& w) {
  Want want;
  for (char c = 'a'; c < 'i'; ++c) {
    want.blobs.push_back({std::string(64, static_cast<char>(c < 'g' ? c : c - 'g' + '0')), 20u << 20, true, {}, 0, false, false});
    Manifest manifest{*parse_sha256(want.blobs.back().sha256), 20u << 20, std::vector<Sha256>(160)};
    for (Sha256& chunk : manifest.chunks)
      for (auto& byte : chunk) byte = static_cast<std::uint8_t>(w.noise());
    w.blobs.manifests[want.blobs.back().sha256] = std::move(manifest);
  }
  return want;
}

/// The post has it and its line is up: what HQ says when it lacks all of it.
Want all_of_one_blob(World& w, std::size_t bytes) {
  const Bytes blob(bytes, 9);
  const std::string sha = hex(sha256(blob));
  w.blobs.blobs[sha] = blob;
  w.stream();
  return {{{sha, blob.size(), false, {{0, 0}}, 0, false, false}}, {}, {}};
}

}  // namespace

TEST(Drain, OverAMeteredLineManifestsAndFetchesWaitToo) {
  DrainSettings settings = World::plain();
  settings.metered = {0};
  World w(settings);
  w.drain.want({std::string(64, 'f'), 1u << 30}, w.clock.now());
  w.stream();
  w.say(Leaf::want, eight_scans(w));
  w.pass(1min);
  ASSERT_TRUE(w.wire.empty()) << w.wire.front().topic << ": the line is paid by the byte";
  EXPECT_EQ(w.drain.status().fetches_waiting, 1u) << "and people can see why";
  w.append(1, Stream::verdicts);
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{1, 1}));
  w.ack();

  w.drain.want({std::string(64, 'f'), 1u << 30, Fetcher::Over::any_line}, w.clock.now());
  w.collect();
  EXPECT_EQ(decode_fetch(w.expect(Leaf::fetch))->sha256, std::string(64, 'f')) << "somebody at HQ wants it now, whatever it costs";
  EXPECT_EQ(w.drain.status().fetches_waiting, 0u);
  // A list that comes later goes before it elsewhere; here it has to wait, and the other has not.
  w.drain.want({std::string(64, 'e'), 100, Fetcher::Over::unmetered_lines, Fetcher::Turn::ahead}, w.clock.now());
  w.pass(16s);
  EXPECT_EQ(decode_fetch(w.expect(Leaf::fetch))->sha256, std::string(64, 'f'));
  EXPECT_EQ(w.drain.status().fetches_waiting, 1u);

  w.drain.link_lost(w.attempt, "cable", w.clock.now());
  w.collect();
  w.wake();
  w.drain.link_lost(w.attempt, "cable", w.clock.now());
  w.collect();
  while (w.opened.back() != 1) w.wake();
  w.stream();
  w.expect(Leaf::fetch);
  w.say(Leaf::want, eight_scans(w));
  EXPECT_EQ(decode_manifest(w.expect(Leaf::manifest))->blob, *parse_sha256(std::string(64, 'a'))) << "the other line is not metered";
}

// A watch list of some kilobytes does not wait until some dozens of scans are here.
TEST(Drain, ListsAndBundlesAreFetchedBeforePicturesFromTheNextPieceOn) {
  World w;
  w.stream();
  std::map<std::string, Bytes> at_hq;
  const auto ask = [&](std::size_t bytes, std::uint8_t fill, Fetcher::Turn turn) {
    const Bytes content(bytes, fill);
    const std::string sha = hex(sha256(content));
    at_hq[sha] = content;
    w.drain.want({sha, bytes, Fetcher::Over::unmetered_lines, turn}, w.clock.now());
    w.collect();
    return sha;
  };
  const auto answer = [&] {
    const auto fetch = decode_fetch(w.expect(Leaf::fetch));
    ASSERT_TRUE(fetch);
    const Bytes& content = at_hq[fetch->sha256];
    const std::string topic = topic_text({PostId{"P1"}, Leaf::fetched});
    w.drain.message(w.attempt, topic, encode(BlobSlice{*parse_sha256(fetch->sha256), fetch->offset, content.size(), ByteView(content).subspan(fetch->offset, fetch->bytes)}), w.clock.now());
    w.collect();
  };
  const auto first = ask(2 * Fetcher::piece_first, 1, Fetcher::Turn::behind), second = ask(100, 2, Fetcher::Turn::behind);
  const auto list = ask(100, 3, Fetcher::Turn::ahead), bundle = ask(100, 4, Fetcher::Turn::ahead);
  (void)ask(100, 2, Fetcher::Turn::ahead);  // a list after all
  for (int pieces = 0; pieces < 5; ++pieces) answer();
  std::vector<std::string> done;
  for (const auto& fetched : w.fetched) {
    EXPECT_EQ(fetched.trouble, "");
    done.push_back(fetched.sha256);
  }
  EXPECT_EQ(done, (std::vector<std::string>{second, list, bundle, first}));
  EXPECT_TRUE(w.wire.empty());
}

TEST(Drain, ManifestsStayWithinTheLinesBudget) {
  World w;
  w.stream();
  const Want want = eight_scans(w);
  w.say(Leaf::want, want);
  const auto bytes_on_wire = [&] {
    std::size_t bytes = 0;
    for (const auto& message : w.wire) bytes += message.payload.size();
    return bytes;
  };
  EXPECT_GT(bytes_on_wire(), 5'000u);
  EXPECT_LE(bytes_on_wire(), LineBudget::first + 6'000) << "a verdict would wait behind all of them: 0.6 s at 512 kbit/s";
  EXPECT_GE(w.drain.next_wake() - w.clock.mono(), 1s) << "room comes with HQ's word, nothing else wakes";
  // HQ knows a blob's chunks by its manifest, and what it named makes room for the next one.
  std::set<Sha256> named;
  for (int round = 0; round < 100 && named.size() < 8; ++round) {
    w.clock.advance(100ms);
    w.turn();
    Want now = want;
    std::deque<effect::Publish> wire = std::move(w.wire);
    w.wire.clear();
    for (const auto& message : wire)
      if (parse_topic(message.topic)->leaf == Leaf::manifest)
        named.insert(decode_manifest(*open(message.topic, message.payload, public_key_of(post_seed)))->blob);
    for (WantedBlob& blob : now.blobs) blob.manifest = !named.contains(*parse_sha256(blob.sha256));
    w.say(Leaf::want, now);
  }
  EXPECT_EQ(named.size(), 8u);
}

TEST(Drain, AManifestThatGotLostGoesAgain) {
  World w;
  w.stream();
  Want want = eight_scans(w);
  want.blobs.resize(1);
  w.say(Leaf::want, want);
  w.expect(Leaf::manifest);
  w.say(Leaf::want, want);
  EXPECT_TRUE(w.wire.empty()) << "it may still be on its way";
  w.wake();  // half the time-out: nothing was said of it
  w.greet();
  w.say(Leaf::want, want);
  w.expect(Leaf::manifest);
}

TEST(Drain, ACapHoldsManifestsOfItsClassToo) {
  DrainSettings settings = World::plain();
  settings.caps = {{Traffic::images, 0, 0, 0}};
  World w(settings);
  w.stream();
  w.say(Leaf::want, eight_scans(w));
  EXPECT_TRUE(w.wire.empty());
}

TEST(Drain, ABlobThatIsNotThereIsReported) {
  World w;
  w.stream();
  w.say(Leaf::want, Want{{{std::string(64, 'a'), 10, false, {{0, 0}}, 0, false, false}}, {}});
  EXPECT_EQ(decode_unavailable(w.expect(Leaf::unavailable))->sha256, std::string(64, 'a'));
  EXPECT_EQ(w.drain.status().blobs_wanted, 0u);
}

TEST(Drain, JournalErrorIsShownAndTriedAgain) {
  World w;
  w.stream();
  w.journal.broken = true;
  w.append(1);
  EXPECT_NE(w.drain.status().trouble.find("the disk says no"), std::string::npos);
  w.journal.broken = false;
  w.wake();
  EXPECT_EQ(w.expect_frame(), (Range{1, 1}));
}

TEST(Drain, SlicesThatALivingConnectionLostGoAgainAfterTheNextHello) {
  World w;
  const Want want = all_of_one_blob(w, 5000);
  w.say(Leaf::want, want);
  ASSERT_FALSE(w.wire.empty());
  w.wire.clear();  // HQ died with them; the broker lives
  w.say(Leaf::want, want);
  EXPECT_TRUE(w.wire.empty()) << "they may still be on their way";
  w.wake();
  w.hq.session = w.expect_hello().id;
  w.ack(true);
  w.say(Leaf::want, want);
  const Bytes payload = w.expect(Leaf::slice);
  EXPECT_EQ(decode_slice(payload)->offset, 0u);
  w.say(Leaf::want, Want{{}, {}, {want.blobs[0].sha256}});
  EXPECT_TRUE(w.blobs_held.empty()) << "dropped is not held";
  EXPECT_EQ(w.drain.status().blobs_wanted, 0u);
}

// HQ holds it all and said so, once; the broker forgot that. What is taken to be under way must not keep back all else for ever.
TEST(Drain, ABlobWhoseLastWordGotLostIsAskedAboutAgain) {
  World w;
  const Want want = all_of_one_blob(w, 5000);
  const std::string sha = want.blobs[0].sha256;
  w.say(Leaf::want, want);
  ASSERT_FALSE(w.wire.empty());
  w.wire.clear();  // arrived; HQ lacks nothing any more, so its answers to hellos are acks alone
  const auto hello_is_answered = [&] {
    w.wake();
    w.hq.session = w.expect_hello().id;
    w.ack(true);
  };
  hello_is_answered();
  EXPECT_TRUE(w.wire.empty()) << "the want after that answer may still come";
  hello_is_answered();
  (void)w.expect(Leaf::slice);
  w.wire.clear();
  w.say(Leaf::want, Want{{}, {sha}, {}});
  EXPECT_EQ(w.blobs_held, std::vector<std::string>{sha});
  EXPECT_EQ(w.drain.status().blobs_wanted, 0u);
}

// HQ is heard of all the time, and still something of before never arrived.
TEST(Drain, ALostThumbnailIsNoticedWhileVerdictsGoOn) {
  World w;
  const Want want = all_of_one_blob(w, 2000);
  w.say(Leaf::want, want);
  ASSERT_FALSE(w.wire.empty());
  w.wire.clear();
  bool greeted = false;
  for (int i = 0; i < 5 && !greeted; ++i) {
    w.append(1, Stream::verdicts);
    (void)w.expect_frame(Stream::verdicts);
    w.ack();
    const MonoTime until = w.clock.mono() + 4s;
    while (!greeted && w.drain.next_wake() < until) {
      w.wake();
      greeted = !w.wire.empty();
    }
    if (!greeted) w.clock.advance(until - w.clock.mono()), w.turn();
    greeted = !w.wire.empty();
  }
  ASSERT_TRUE(greeted);
  w.hq.session = w.expect_hello().id;
  w.ack(true);
  w.say(Leaf::want, want);
  EXPECT_EQ(decode_slice(w.expect(Leaf::slice))->offset, 0u);
}

TEST(Drain, WhatLiesWholeOnTheShelfIsDoneWithoutAsking) {
  World w;
  const Bytes blob(100, 3);
  const std::string sha = hex(sha256(blob));
  w.shelf.parts[sha] = blob;
  w.drain.want({sha, blob.size()}, w.clock.now());
  w.stream();
  ASSERT_EQ(w.fetched.size(), 1u);
  EXPECT_EQ(w.fetched[0].trouble, "");
  EXPECT_TRUE(w.wire.empty());
}

TEST(Drain, WhatIsFetchedComesPieceByPieceAndGoesOnAfterABreak) {
  World w;
  Bytes blob(500'000);
  for (auto& byte : blob) byte = static_cast<std::uint8_t>(w.noise());
  const std::string sha = hex(sha256(blob));
  w.drain.want({sha, blob.size()}, w.clock.now());
  w.stream();
  std::size_t asked = 0, sent = 0;
  for (int round = 0; round < 200 && w.fetched.empty(); ++round) {
    if (w.wire.empty()) {
      w.wake();
      if (w.drain.status().phase == "connecting") w.stream();
      continue;
    }
    if (!w.wire.front().topic.ends_with("/fetch")) {
      w.wire.pop_front();
      continue;
    }
    const Fetch fetch = *decode_fetch(w.expect(Leaf::fetch));
    ASSERT_EQ(fetch.offset, w.shelf.have(sha));
    ++asked;
    for (std::uint64_t at = fetch.offset; at < fetch.offset + fetch.bytes; at += 20'000) {
      const std::uint64_t border = (at / chunk_bytes + 1) * chunk_bytes;
      const std::uint64_t end = std::min({at + 20'000, fetch.offset + fetch.bytes, border});
      const ByteView part = ByteView{blob}.subspan(at, end - at);
      w.drain.message(w.attempt, "rampa/2/P1/dn/slice", encode(BlobSlice{*parse_sha256(sha), at, blob.size(), part}), w.clock.now());
      w.collect();
      sent += part.size();
      if (end == border) at = border - 20'000;
      if (asked == 3 && at > fetch.offset) {  // the line breaks in the middle of a piece
        w.drain.link_lost(w.attempt, "cut", w.clock.now());
        w.collect();
        break;
      }
    }
  }
  ASSERT_EQ(w.fetched.size(), 1u);
  EXPECT_EQ(w.fetched[0].trouble, "");
  EXPECT_EQ(w.shelf.parts[sha], blob);
  EXPECT_EQ(sent, blob.size()) << "nothing came twice";
}

TEST(Drain, WhatHqDoesNotHaveOrGetsWrongIsSaid) {
  World w;
  const std::string sha(64, 'a');
  w.drain.want({sha, 10}, w.clock.now());
  w.stream();
  for (int i = 0; i < Fetcher::wrong_max; ++i) {
    w.expect(Leaf::fetch);
    const Bytes wrong(10, 1);
    w.drain.message(w.attempt, "rampa/2/P1/dn/slice", encode(BlobSlice{*parse_sha256(sha), 0, 10, wrong}), w.clock.now());
    w.collect();
  }
  ASSERT_EQ(w.fetched.size(), 1u);
  EXPECT_EQ(w.fetched[0].trouble, "other content");
  w.drain.want({sha, 10}, w.clock.now());
  w.collect();
  w.expect(Leaf::fetch);
  w.say(Leaf::not_there, Unavailable{sha, "not for this post"});
  ASSERT_EQ(w.fetched.size(), 2u);
  EXPECT_EQ(w.fetched[1].trouble, "not for this post");
}

TEST(DrainLost, DamageIsPassedByAndToldWhenItStays) {
  World w;
  w.append(6);
  w.append(1, Stream::verdicts);
  w.append(4);
  w.journal.damaged = {3, 4, 7};  // events 3 and 4, and the only verdict
  w.stream();
  EXPECT_EQ(w.frames(), "1-2 !5-6 7-10") << "what can be read goes on, live ones and both streams";
  EXPECT_NE(w.drain.status().trouble.find("cannot be read"), std::string::npos);
  EXPECT_EQ(w.drain.status().lost, 3u);
  w.pass(55s);
  EXPECT_TRUE(w.wire.empty()) << "somebody may be putting it back";
  w.pass(10s);
  const Lost lost = w.expect_lost();
  ASSERT_EQ(lost.records.size(), 1u);
  EXPECT_EQ(lost.records[0].reason, "damaged at the post: segment 1");
  w.pass(5s);
  const Lost rest = w.expect_lost();
  ASSERT_EQ(rest.records.size(), 1u) << "one look after the other";
  EXPECT_NE(rest.records[0].stream, lost.records[0].stream);
  w.ack();
  EXPECT_EQ(w.drain.status().backlog, 0u + w.drain.status().last_sequence - w.drain.status().cursor);
  EXPECT_EQ(w.drain.status().waiting, (store::StreamEnds{0, 0}));
  w.pass(5min);
  EXPECT_TRUE(w.wire.empty()) << "told once";
}

TEST(DrainLost, WhatComesBackInTimeIsSentAndNotTold) {
  World w;
  w.append(10);
  w.journal.damaged = {5};
  w.stream();
  EXPECT_EQ(w.frames(), "1-4 !6-9 10-10");
  w.journal.damaged.clear();
  w.pass(65s);
  EXPECT_EQ(w.frames(), "5-5");
  EXPECT_EQ(w.drain.status().lost, 0u);
  EXPECT_TRUE(w.hq.lost.empty());
}

TEST(DrainLost, AJournalThatIsAwayIsNeverLost) {
  World w;
  w.append(10);
  w.journal.damaged = {5};
  w.stream();
  EXPECT_EQ(w.frames(), "1-4 !6-9 10-10");
  w.journal.broken = true;  // before HQ could be told
  w.pass(3h);
  EXPECT_TRUE(w.wire.empty());
  EXPECT_TRUE(w.hq.lost.empty());
  w.journal.broken = false;
  w.pass(2min);
  EXPECT_EQ(w.expect_lost().records, (std::vector<LostRecords>{{Stream::events, {5, 5}, "damaged at the post: segment 1"}}));
}

TEST(DrainLost, WhatTheDiskDoesNotGiveIsToldAfterAnHourOnly) {
  World w;
  w.append(10);
  w.journal.damaged = {5};
  w.journal.sure = false;
  w.stream();
  w.frames();
  w.pass(55min);
  EXPECT_TRUE(w.wire.empty());
  w.pass(10min);
  EXPECT_EQ(w.expect_lost().records.size(), 1u);
}

TEST(DrainLost, AnOlderHqIsNotToldAndGetsAllElse) {
  World w;
  w.hq.takes_lost = false;
  w.append(10);
  w.journal.damaged = {5};
  w.stream();
  EXPECT_EQ(w.frames(), "1-4 !6-9 10-10");
  w.pass(10min);
  EXPECT_TRUE(w.wire.empty());
  EXPECT_EQ(w.drain.status().waiting.events, 1u);
}

TEST(DrainLost, WordThatWasLostOnTheWayIsSaidAgain) {
  World w;
  w.append(10);
  w.journal.damaged = {5};
  w.stream();
  w.frames();
  w.pass(65s);
  w.expect(Leaf::lost);  // HQ does not get it
  w.pass(20s);
  EXPECT_EQ(w.expect_lost().records.size(), 1u) << "HQ's answer to a later hello does not go on without it";
}

TEST(DrainLost, BehindARecordThatHqHoldsTheNextWaitsForHqToBeTold) {
  World w;
  w.append(24);
  for (std::uint64_t n = 1; n <= 4; ++n) w.hq.held[1][n] = w.journal.records[n - 1].bytes;
  w.journal.damaged = {4};
  w.stream();
  EXPECT_EQ(w.frames(), "9-12 13-16 17-20 21-24 6-8") << "5 would have to name what cannot be read, and HQ could not tell it from a fork";
  w.pass(65s);
  EXPECT_EQ(w.expect_lost().records, (std::vector<LostRecords>{{Stream::events, {4, 4}, "damaged at the post: segment 1"}}));
  w.pass(1s);
  EXPECT_EQ(w.frames(), "!5-5");
}

TEST(DrainLost, WhatHqWasToldBeforeARestartIsSentOnceItCanBeRead) {
  World w;
  w.append(30);
  for (std::uint64_t n = 1; n <= 30; ++n)
    if (n != 5 && n != 6) w.hq.held[1][n] = w.journal.records[n - 1].bytes;
  w.hq.lost = {{Stream::events, {5, 6}, ""}};
  w.journal.damaged = {6};
  w.stream();
  EXPECT_TRUE(w.wire.empty());
  w.pass(1s);
  EXPECT_EQ(w.frames(), "5-5") << "it came back";
  EXPECT_EQ(w.drain.status().lost, 1u) << "6 still cannot be read";
  w.pass(61min);
  while (!w.wire.empty()) w.expect(Leaf::lost);
  w.journal.damaged.clear();
  for (int i = 0; i < 500 && w.wire.empty(); ++i) w.pass(10s);
  EXPECT_EQ(w.frames(), "6-6");
  EXPECT_EQ(w.drain.status().lost, 0u);
}

TEST(DrainLost, WhatHqForgetsIsToldAgain) {
  // `rampa-hq resend`, a database from a backup, another HQ: it knew, and knows no more.
  for (const bool began_with_it : {false, true}) {
    World w;
    w.append(10);
    w.journal.damaged = {5, 6};
    if (began_with_it) {
      for (std::uint64_t n = 1; n <= 10; ++n)
        if (n != 5 && n != 6) w.hq.held[1][n] = w.journal.records[n - 1].bytes;
      w.hq.lost = {{Stream::events, {5, 6}, ""}};
    }
    w.stream();
    w.frames();
    if (!began_with_it) {
      w.pass(65s);
      EXPECT_EQ(w.expect_lost().records.size(), 1u);
    }
    w.pass(40s);
    EXPECT_TRUE(w.wire.empty()) << "HQ has named it";
    w.hq.lost.clear();
    w.hq.held[1].erase(w.hq.held[1].find(4), w.hq.held[1].end());
    for (int i = 0; i < 8 && w.hq.lost.empty(); ++i) {
      w.pass(5s);
      w.frames();
      if (w.wire.empty()) continue;
      const Lost again = w.expect_lost();
      ASSERT_EQ(again.records.size(), 1u);
      EXPECT_EQ(again.records.front().numbers, (Range{5, 6}));
    }
    ASSERT_FALSE(w.hq.lost.empty()) << began_with_it;
    for (int i = 0; i < 4; ++i) w.pass(5s), w.frames();
    EXPECT_EQ(w.hq.ack(w.journal).streams[1].through, 10u);
    w.pass(40s);
    EXPECT_TRUE(w.wire.empty()) << "told once";
  }
}

TEST(DrainLost, WhatAnAnswerHasNoRoomForIsNotToldAgain) {
  World w;
  w.append(4 * static_cast<int>(lost_told_max));
  for (std::uint64_t n = 1; n <= 4 * lost_told_max; ++n)
    if (n % 2 == 0) w.journal.damaged.insert(n), w.hq.lost.push_back({Stream::events, {n, n}, ""});
    else w.hq.held[1][n] = w.journal.records[n - 1].bytes;
  w.most_named = lost_told_max;
  w.stream();
  w.pass(5min);
  EXPECT_EQ(w.drain.status().waiting.events, 0u);
  for (const auto& message : w.wire) EXPECT_NE(message.topic, topic_text({PostId{"P1"}, Leaf::lost}));
}
