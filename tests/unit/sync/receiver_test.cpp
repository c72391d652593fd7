// HQ's side against messages as a post would send them, and as it must not: records, hellos, signatures.
#include <random>

#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

class ReceiverTest : public HqTest {
 protected:
  /// A frame of these records, as if they were numbers `first`...
  Bytes frame_of(Stream stream, std::uint64_t first, const Sha256& previous, const std::vector<Bytes>& records) {
    const std::vector<ByteView> views(records.begin(), records.end());
    return encode(FrameHead{stream, p1.epoch(), first, previous}, views);
  }
};

}  // namespace

TEST_F(ReceiverTest, StoresAcknowledgesAndVerifies) {
  p1.append(5);
  const Ack hello = greet();
  EXPECT_TRUE(hello.answers);
  EXPECT_EQ(hello.session, "hello-1");
  EXPECT_EQ(hello.cursor, 0u);
  EXPECT_EQ(hello.key, hex(ByteView{public_key_of(settings.key)}));
  const Ack ack = events(1, 5);
  EXPECT_FALSE(ack.answers);
  EXPECT_EQ(ack.session, "hello-1");
  EXPECT_EQ(ack.streams[1].through, 5u);
  EXPECT_EQ(ack.cursor, 5u);
  EXPECT_EQ(ack.hash, p1.journal.at(5).hash);
  EXPECT_EQ(ack.durability, "disk");
  EXPECT_GT(ack.credit_bytes, 0u);
  expect_all_here(p1);
  EXPECT_EQ(rows()[0]["open"]["kind"], "audit_note");
}

TEST_F(ReceiverTest, SaysHowLongItKeptWhatItAcknowledges) {
  /// Every look at it takes 5 ms: so does the commit.
  struct : Clock {
    Stamp now() const override { return {MonoTime{at.mono.ns += 5'000'000}, at.wall}; }
    mutable Stamp at;
  } working;
  p1.append(2);
  greet();
  const auto take = [&](std::uint64_t number, Duration waited) {
    const Stamp arrived{clock.mono() - waited, clock.now().wall};
    ASSERT_TRUE(receiver->take({PostId{"P1"}, Leaf::events}, p1.signed_as(Leaf::events, p1.frame(Stream::events, number, number)), arrived));
  };
  working.at = clock.now();
  ASSERT_TRUE(receiver->begin());
  take(1, 30ms);
  take(2, 20ms);
  const Ack ack = ack_in(receiver->commit(working).value());
  EXPECT_EQ(ack.streams[1].through, 2u);
  EXPECT_EQ(ack.held, 30ms) << "the newest one's 20 ms and the commit, which two looks at the clock enclose";
  const auto again = ack_in(receiver->announce(clock).value());
  EXPECT_EQ(again.held, 0ms) << "nothing new is acknowledged";
}

TEST_F(ReceiverTest, NothingIsTakenBeforeAHello) {
  p1.append(1);
  EXPECT_TRUE(group({{Leaf::events, p1.frame(Stream::events, 1, 1)}}).empty());
  greet();
  EXPECT_EQ(events(1, 1).cursor, 1u);
}

TEST_F(ReceiverTest, DuplicatesAreHarmless) {
  p1.append(4);
  greet();
  events(1, 3);
  EXPECT_EQ(events(1, 4).cursor, 4u);
  EXPECT_EQ(events(2, 3).cursor, 4u);
  EXPECT_EQ(ack_in(group({{Leaf::events, p1.frame(Stream::events, 2, 4)}, {Leaf::events, p1.frame(Stream::events, 1, 4)}})).cursor, 4u);
  expect_all_here(p1);
  EXPECT_TRUE(alarms().empty());
}

TEST_F(ReceiverTest, TheSameFrameTwiceInOneGroupIsOne) {
  p1.append(3);
  greet();
  const Bytes frame = p1.frame(Stream::events, 1, 3);
  EXPECT_EQ(ack_in(group({{Leaf::events, frame}, {Leaf::events, frame}})).cursor, 3u);
  EXPECT_TRUE(alarms().empty());
  expect_all_here(p1);
}

TEST_F(ReceiverTest, FramesComeInAnyOrderAndEveryHoleIsKnown) {
  p1.append(10);
  greet();
  const Ack head = events(8, 10);
  EXPECT_EQ(head.streams[1].through, 0u);
  EXPECT_EQ(head.streams[1].ranges, (std::vector<Range>{{8, 10}}));
  EXPECT_EQ(head.cursor, 0u);
  EXPECT_EQ(events(3, 4).streams[1].ranges, (std::vector<Range>{{3, 4}, {8, 10}}));
  const json missing = gaps();
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(missing[0]["first"], 1);
  EXPECT_EQ(missing[0]["last"], 2);
  EXPECT_EQ(missing[1]["first"], 5);
  EXPECT_EQ(missing[1]["last"], 7);
  EXPECT_EQ(events(1, 2).cursor, 4u);
  EXPECT_EQ(events(5, 7).cursor, 10u);
  EXPECT_TRUE(gaps().empty());
  expect_all_here(p1);
}

TEST_F(ReceiverTest, TheCursorNeedsBothStreams) {
  p1.append(2);
  p1.append(1, "verdict");
  p1.append(2);
  p1.append(1, "verdict");
  greet();
  const Ack first = verdicts(1, 2);
  EXPECT_EQ(first.streams[0].through, 2u);
  EXPECT_EQ(first.cursor, 0u);
  EXPECT_EQ(events(1, 2).cursor, 3u) << "two events, then the verdict that was here already";
  EXPECT_EQ(events(3, 3).cursor, 4u);
  EXPECT_EQ(events(4, 4).cursor, 6u);
  expect_all_here(p1);
  EXPECT_TRUE(alarms().empty());
}

TEST_F(ReceiverTest, WhatIsHeldSurvivesARestart) {
  p1.append(9);
  greet();
  events(1, 3);
  events(6, 7);
  open();
  const auto announced = receiver->announce(clock);
  ASSERT_TRUE(announced);
  const Ack ack = ack_in(*announced);
  EXPECT_EQ(ack.cursor, 3u);
  EXPECT_EQ(ack.session, "hello-1") << "a post that greeted before HQ restarted knows this ack as its own";
  EXPECT_EQ(ack.streams[1].ranges, (std::vector<Range>{{6, 7}}));
  events(4, 5);
  EXPECT_EQ(events(8, 9).cursor, 9u);
  expect_all_here(p1);
}

TEST_F(ReceiverTest, WhatWasRolledBackIsNotAcknowledged) {
  p1.append(2);
  greet();
  ASSERT_TRUE(receiver->begin());
  ASSERT_TRUE(receiver->take({PostId{"P1"}, Leaf::events}, p1.signed_as(Leaf::events, p1.frame(Stream::events, 1, 2)), clock.now()));
  receiver->rollback();
  EXPECT_EQ(greet().cursor, 0u);
  EXPECT_EQ(events(1, 2).cursor, 2u);
}

TEST_F(ReceiverTest, KilledBetweenCommitAndAcknowledgement) {
  p1.append(6);
  greet();
  for (std::uint64_t n = 1; n <= 6; n += 2) {
    group({{Leaf::events, p1.frame(Stream::events, n, n + 1)}});  // the answers never leave
    open();
    EXPECT_EQ(greet().streams[1].through, n + 1);
    EXPECT_EQ(events(1, n + 1).cursor, n + 1) << "sent again from the start";
  }
  EXPECT_TRUE(alarms().empty());
  expect_all_here(p1);
}

TEST_F(ReceiverTest, AFrameThatIsNotOfThePostsKeyIsRefusedAndNotStored) {
  p1.append(2);
  greet();
  SigningPost thief("P1", 77);
  const Ack ack = ack_in(raw({{Leaf::events, thief.signed_as(Leaf::events, p1.frame(Stream::events, 1, 2))}}, p1));
  ASSERT_EQ(ack.refused.size(), 1u);
  EXPECT_EQ(ack.streams[1].through, 0u);
  EXPECT_TRUE(rows().empty());
  Bytes damaged = p1.signed_as(Leaf::events, p1.frame(Stream::events, 1, 2));
  damaged[damaged.size() / 2] ^= 4;
  EXPECT_EQ(ack_in(raw({{Leaf::events, damaged}}, p1)).refused.size(), 1u);
  const Bytes verdict_topic = p1.signed_as(Leaf::verdicts, p1.frame(Stream::events, 1, 2));
  EXPECT_EQ(ack_in(raw({{Leaf::events, verdict_topic}}, p1)).refused.size(), 1u) << "signed for another topic";
  EXPECT_EQ(ack_in(raw({{Leaf::verdicts, verdict_topic}}, p1)).refused.size(), 1u) << "another stream than its topic";
  const Ack good = events(1, 2);
  EXPECT_TRUE(good.refused.empty()) << "each refusal is said once";
  EXPECT_EQ(good.cursor, 2u);
}

TEST_F(ReceiverTest, AFrameOfAnotherEpochIsRefused) {
  p1.append(1);
  greet();
  const std::vector<Bytes> own{p1.journal.at(1).bytes};
  const std::vector<ByteView> views(own.begin(), own.end());
  FrameHead head{Stream::events, Epoch{1, 2, 3}, 1, {}};
  EXPECT_EQ(ack_in(group({{Leaf::events, encode(head, views)}})).refused.size(), 1u);
  EXPECT_TRUE(rows().empty());
}

TEST_F(ReceiverTest, AHelloMustHoldTogether) {
  Hello wrong = p1.hello();
  wrong.epoch[0] ^= 1;
  EXPECT_TRUE(group({{Leaf::hello, encode(wrong)}}).empty());
  SigningPost thief("P1", 77);
  EXPECT_TRUE(raw({{Leaf::hello, thief.signed_as(Leaf::hello, encode(p1.hello()))}}, p1).empty()) << "says P1's key, is not signed with it";
  EXPECT_TRUE(posts().empty());
  EXPECT_EQ(alarms().size(), 2u);
}

TEST_F(ReceiverTest, ANewEpochIsANewHistoryAndAnAlarm) {
  p1.append(3);
  greet();
  events(1, 3);
  SigningPost after("P1", 2);
  after.append(2, "verdict");
  EXPECT_EQ(greet(after).cursor, 0u);
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"new_epoch"});
  EXPECT_EQ(ack_in(group({{Leaf::verdicts, after.frame(Stream::verdicts, 1, 2)}}, after), after).cursor, 2u);
  expect_all_here(after);
  EXPECT_EQ(posts()[0]["epochs"], 2);
  const auto old = verify_post(place, "P1", hex(ByteView{p1.epoch()}));
  ASSERT_TRUE(old);
  EXPECT_TRUE(old->sound) << old->json;
  EXPECT_EQ(json::parse(old->json)["records"], 3);
}

TEST_F(ReceiverTest, JournalsWithoutNumberAreNotBegunWithoutLeave) {
  p1.append(1);
  greet();
  events(1, 1);
  for (std::uint8_t key = 2; key < 100; ++key) group({{Leaf::hello, encode(SigningPost("P1", key).hello())}}, SigningPost("P1", key));
  EXPECT_EQ(posts()[0]["epochs"], epochs_max);
  std::vector<std::string> kinds = alarm_kinds();
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "too_many_epochs"), 1);
  EXPECT_EQ(greet().cursor, 1u) << "those that are known go on";
  SigningPost next("P1", 200);
  EXPECT_TRUE(group({{Leaf::hello, encode(next.hello())}}, next).empty());
  desk->allow_epoch("P1");
  EXPECT_EQ(greet(next).cursor, 0u);
  EXPECT_EQ(posts()[0]["epochs"], epochs_max + 1);
  SigningPost after("P1", 201);
  EXPECT_TRUE(group({{Leaf::hello, encode(after.hello())}}, after).empty());
  EXPECT_TRUE(verify_post(place, "P1", hex(ByteView{p1.epoch()}))->sound);
}

TEST_F(ReceiverTest, AlarmsOfOneKindAreNotKeptWithoutEnd) {
  ASSERT_TRUE(receiver->begin());
  for (int i = 0; i < alarms_kept_max + 100; ++i) ledger->alarm("P1", 0, "refused", std::to_string(i), clock.now().wall);
  EXPECT_TRUE(ledger->alarm("P1", 0, "conflict", "another kind", clock.now().wall));
  EXPECT_TRUE(ledger->alarm("P2", 0, "refused", "another post", clock.now().wall));
  ASSERT_TRUE(receiver->commit(clock));
  EXPECT_EQ(alarms().size(), alarms_kept_max + 3u) << "and one that says so";
}

TEST_F(ReceiverTest, ALateFrameOfTheFormerEpochStillCounts) {
  p1.append(2);
  greet();
  SigningPost after("P1", 2);
  greet(after);
  EXPECT_EQ(events(1, 2).cursor, 2u);
  EXPECT_EQ(posts()[0]["epoch"], hex(ByteView{after.epoch()})) << "the current one is the one that greeted last";
}

TEST_F(ReceiverTest, APoisonRecordGoesToQuarantineAndBlocksNothing) {
  p1.append(4);
  p1.journal.flip_bit(2, 60);
  greet();
  const Ack ack = events(1, 4);
  EXPECT_EQ(ack.cursor, 4u);
  EXPECT_EQ(ack.streams[1].through, 4u);
  ASSERT_EQ(ack.quarantined.size(), 1u);
  EXPECT_EQ(ack.quarantined[0].sequence, 2u);
  EXPECT_EQ(ack.quarantined[0].stream, Stream::events);
  const json held = rows();
  ASSERT_EQ(held.size(), 3u);
  EXPECT_EQ(held[1]["sequence"], 3);
  EXPECT_EQ(held[1]["chain"], "unverifiable");
  EXPECT_EQ(held[2]["chain"], "linked");
  const auto missing = report_gaps(place, "P1");
  EXPECT_FALSE(missing->sound);
  EXPECT_EQ(json::parse(missing->json)[0]["first"], 2);
  EXPECT_FALSE(verify_post(place, "P1")->sound);
  EXPECT_EQ(greet().quarantined.size(), 1u) << "a hello is told of it again";
}

TEST_F(ReceiverTest, APoisonRecordAtTheEndDoesNotHoldUpTheCursor) {
  p1.append(1, "verdict");
  p1.append(1);
  p1.journal.flip_bit(2, 60);
  greet();
  events(1, 1);
  EXPECT_EQ(verdicts(1, 1).cursor, 2u) << "the hello said that there are no further verdicts before it";
}

TEST_F(ReceiverTest, TheCursorNeverRunsPastARecordThatIsNotHereOverAPoisonOne) {
  p1.append(1, "verdict");
  p1.append(1);
  greet();
  p1.append(1, "verdict");
  p1.append(1);  // 3: verdict 2, 4: event 2
  p1.journal.flip_bit(4, 60);
  events(1, 2);
  EXPECT_EQ(verdicts(1, 1).cursor, 2u) << "a verdict may stand before the broken event";
  EXPECT_EQ(greet().cursor, 2u) << "and the post says that there is one";
  EXPECT_EQ(verdicts(2, 2).cursor, 4u);
}

TEST_F(ReceiverTest, AnotherRecordUnderTheSameNumberIsAnAlarmAndNeverOverwrites) {
  p1.append(2);
  greet();
  events(1, 2);
  MemoryJournal other(PostId{"P1"});
  other.append("audit_note", R"({"kind":"audit_note","what":"forged"})");
  const Ack ack = ack_in(group({{Leaf::events, frame_of(Stream::events, 1, {}, {other.at(1).bytes})}}));
  EXPECT_EQ(ack.cursor, 2u);
  EXPECT_EQ(ack.quarantined.size(), 1u);
  EXPECT_EQ(rows()[0]["hash"], p1.journal.at(1).hash);
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"conflict"});
  EXPECT_EQ(posts()[0]["quarantined"], 1);
}

TEST_F(ReceiverTest, AFrameThatFollowsAnotherRecordIsRefused) {
  p1.append(3);
  greet();
  events(1, 2);
  const Ack ack = ack_in(group({{Leaf::events, frame_of(Stream::events, 3, Sha256{5}, {p1.journal.at(3).bytes})}}));
  ASSERT_EQ(ack.refused.size(), 1u);
  EXPECT_EQ(ack.refused[0].first, 3u);
  EXPECT_EQ(ack.streams[1].through, 2u);
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"chain_broken"});
  EXPECT_EQ(ack_in(group({{Leaf::events, frame_of(Stream::events, 1, Sha256{5}, {p1.journal.at(1).bytes})}})).refused.size(), 1u);
  EXPECT_EQ(events(3, 3).cursor, 3u);
}

TEST_F(ReceiverTest, WhatALaterFrameSaidOfARecordIsHeldAgainstItWhenItComes) {
  p1.append(4);
  greet();
  group({{Leaf::events, frame_of(Stream::events, 4, Sha256{5}, {p1.journal.at(4).bytes})}});
  EXPECT_TRUE(alarms().empty());
  open();  // it is remembered
  greet();
  events(1, 3);
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"chain_broken"});
}

TEST_F(ReceiverTest, ABrokenChainIsStoredAndAlarmed) {
  SigningPost other("P2", 1);
  other.append(1);
  greet();
  const Ack ack = ack_in(group({{Leaf::events, frame_of(Stream::events, 1, {}, {other.journal.at(1).bytes})}}));
  EXPECT_EQ(ack.cursor, 1u);
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"chain_broken"});
  EXPECT_EQ(rows()[0]["chain"], "broken");
}

TEST_F(ReceiverTest, APostThatWentBackIsAnAlarm) {
  p1.append(3);
  greet();
  events(1, 3);
  SigningPost restored("P1");
  restored.append(1);
  greet(restored);
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"post_went_back"});
}

TEST_F(ReceiverTest, TwoHistoriesInOneEpochAreAnAlarm) {
  p1.append(3);
  greet();
  events(1, 3);
  SigningPost clone("P1");
  clone.append(2);
  clone.append(1, "verdict");
  greet(clone);
  const auto kinds = alarm_kinds();
  EXPECT_NE(std::find(kinds.begin(), kinds.end(), "conflict"), kinds.end());
}

TEST_F(ReceiverTest, TheTailIsAGapUntilItArrives) {
  p1.append(3);
  greet();
  const json tail = gaps();
  ASSERT_EQ(tail.size(), 1u);
  EXPECT_EQ(tail[0]["first"], 1);
  EXPECT_EQ(tail[0]["last"], 3);
  EXPECT_EQ(posts()[0]["behind"], 3);
  events(1, 3);
  EXPECT_TRUE(report_gaps(place, "P1")->sound);
  EXPECT_EQ(posts()[0]["behind"], 0);
}

TEST_F(ReceiverTest, AMillionHolesAreNotKept) {
  p1.append(2);
  greet();
  const std::vector<Bytes> one{Bytes(10, 1)};
  std::size_t refused = 0;
  for (std::uint64_t n = 2; n < 10'000;) {
    Messages many;
    for (; many.size() < 500; n += 2) many.emplace_back(Leaf::events, frame_of(Stream::events, n, {}, one));
    refused += ack_in(group(many)).refused.size();
  }
  EXPECT_GT(refused, 0u);
  EXPECT_TRUE(events(1, 1).refused.empty()) << "what fills a hole is welcome";
}

TEST_F(ReceiverTest, ALongChainIsWalkedInSteps) {
  settings.walk_records = 10;
  open();
  p1.append(35);
  greet();
  EXPECT_EQ(events(1, 35).cursor, 10u);
  EXPECT_TRUE(receiver->busy());
  EXPECT_EQ(ack_in(group({})).cursor, 20u);
  group({});
  EXPECT_EQ(ack_in(group({})).cursor, 35u);
  EXPECT_FALSE(receiver->busy());
}

TEST_F(ReceiverTest, ResendComparesWhatIsHereAndStoresWhatIsNot) {
  p1.append(6);
  p1.append(2, "verdict");
  p1.append(2);
  greet();
  events(1, 8);
  EXPECT_EQ(verdicts(1, 2).cursor, 10u);
  const std::string before = ack_in(receiver->announce(clock).value()).incarnation;
  ledger->database().run("DELETE FROM records WHERE id = $1", record_key(1, Stream::events, 5));  // somebody's hand slipped
  EXPECT_FALSE(verify_post(place, "P1")->sound);
  desk->add_order({"P1", "resend", "4"}, clock.now().wall);
  EXPECT_TRUE(receiver->desk_changed());
  ASSERT_TRUE(receiver->begin());
  receiver->look_at_desk();
  const Ack ack = ack_in(receiver->commit(clock).value());
  EXPECT_EQ(ack.cursor, 3u);
  EXPECT_EQ(ack.streams[1].through, 3u);
  EXPECT_EQ(ack.streams[0].through, 0u);
  EXPECT_NE(ack.incarnation, before) << "the post greets anew and goes back";
  greet();
  events(4, 8);
  EXPECT_EQ(verdicts(1, 2).cursor, 10u);
  expect_all_here(p1);
  EXPECT_TRUE(alarms().empty());
  EXPECT_EQ(posts()[0]["records"], 11) << "stored once more after it was lost";
}

TEST_F(ReceiverTest, OnePostsNonsenseHurtsNoOther) {
  p1.append(2);
  greet();
  SigningPost p2("P2", 5);
  for (const Leaf leaf : {Leaf::hello, Leaf::verdicts, Leaf::events, Leaf::manifest, Leaf::slice, Leaf::unavailable, Leaf::receipt})
    raw({{leaf, Bytes{1, 2, 3}}, {leaf, {}}}, p2);
  greet(p2);
  for (const Leaf leaf : {Leaf::hello, Leaf::verdicts, Leaf::events, Leaf::manifest, Leaf::slice, Leaf::unavailable, Leaf::receipt}) {
    raw({{leaf, Bytes{1, 2, 3}}, {leaf, {}}}, p2);
    group({{leaf, Bytes{1, 2, 3}}, {leaf, {}}}, p2);
  }
  EXPECT_EQ(events(1, 2).cursor, 2u);
}

TEST_F(ReceiverTest, AnyOrderAnyLossAnyRepetitionEndsAsTheSource) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    std::mt19937_64 random(seed);
    SigningPost post("R" + std::to_string(seed), static_cast<std::uint8_t>(seed + 10));
    for (int i = 0; i < 150; ++i) post.append(1, random() % 4 == 0 ? "verdict" : "audit_note");
    settings.walk_records = 1 + random() % 40;
    open();
    greet(post);
    std::uint64_t last_cursor = 0;
    for (int round = 0; round < 200 && last_cursor < post.journal.last(); ++round) {
      Messages messages;
      for (std::size_t n = random() % 4; n > 0; --n) {
        const Stream stream = random() % 3 == 0 ? Stream::verdicts : Stream::events;
        const std::uint64_t count = post.sequences(stream).size();
        if (count == 0) continue;
        const std::uint64_t first = 1 + random() % count, last = std::min<std::uint64_t>(count, first + random() % 12);
        messages.emplace_back(leaf_of(stream), post.frame(stream, first, last));
        if (random() % 5 == 0) messages.push_back(messages.back());
      }
      std::shuffle(messages.begin(), messages.end(), random);
      const auto answers = group(messages, post);
      if (const auto ack = said(answers, post, Leaf::ack, decode_ack)) {
        EXPECT_GE(ack->cursor, last_cursor);
        last_cursor = ack->cursor;
      }
      if (random() % 25 == 0) {
        open();
        greet(post);
      }
    }
    // What chance has left out, as a post would send it: by what the ack says.
    for (int round = 0; round < 300 && last_cursor < post.journal.last(); ++round) {
      const Ack ack = greet(post);
      for (const Stream stream : store::streams) {
        const StreamAck& s = ack.streams[static_cast<std::size_t>(stream)];
        const std::uint64_t end = s.ranges.empty() ? post.sequences(stream).size() : s.ranges.front().first - 1;
        if (s.through < end) group({{leaf_of(stream), post.frame(stream, s.through + 1, end)}}, post);
      }
      last_cursor = greet(post).cursor;
    }
    ASSERT_EQ(last_cursor, post.journal.last()) << "seed " << seed;
    expect_all_here(post);
    EXPECT_TRUE(alarms().empty()) << alarms().dump();
  }
}

namespace {

const std::string why = "damaged at the post: 1.seg, offset 512";

class LostAtPost : public HqTest {
 protected:
  /// As the post sends it: with zeros for the record before, which it cannot read.
  Ack after_gap(Stream stream, std::uint64_t first, std::uint64_t last) { return ack_in(group({{leaf_of(stream), without_hash(stream, first, last)}})); }
  Bytes without_hash(Stream stream, std::uint64_t first, std::uint64_t last) {
    Bytes frame = p1.frame(stream, first, last);
    std::fill_n(frame.begin() + 36, 32, std::uint8_t{0});
    return frame;
  }
  std::vector<Answer> tell(const std::vector<LostRecords>& records) { return group({{Leaf::lost, encode(Lost{records})}}); }
  void resend_from_2() {
    desk->add_order({"P1", "resend", "2"}, clock.now().wall);
    receiver->look_at_desk();
  }
  /// Event 3 of 6; then somebody orders a resend from 2 on.
  void lose_one_and_ask_again() {
    p1.append(6);
    greet();
    events(1, 2);
    tell({{Stream::events, {3, 3}, why}});
    after_gap(Stream::events, 4, 6);
    resend_from_2();
  }
};

}  // namespace

TEST_F(LostAtPost, HqGoesOnWithoutThemAndShowsThemForGood) {
  p1.append(4);
  p1.append(1, "verdict");
  p1.append(5);
  greet();
  events(1, 2);
  EXPECT_EQ(after_gap(Stream::events, 5, 9).streams[1].through, 2u) << "a hole like any other";
  const Ack ack = ack_in(tell({{Stream::events, {3, 4}, why}, {Stream::verdicts, {1, 1}, why}}));
  EXPECT_EQ(ack.streams[1].through, 9u);
  EXPECT_EQ(ack.streams[0].through, 1u);
  EXPECT_EQ(ack.cursor, 10u);
  for (const bool restarted : {false, true}) {
    if (restarted) open();
    const json missing = gaps();
    ASSERT_EQ(missing.size(), 2u);
    EXPECT_EQ(missing[1]["first"], 3);
    EXPECT_EQ(missing[1]["last"], 4);
    EXPECT_EQ(missing[1]["why"], why);
    EXPECT_EQ(alarm_kinds(), (std::vector<std::string>{"lost_at_post", "lost_at_post"}));
    EXPECT_EQ(posts()[0]["lost"], 3);
    const Ack again = greet();
    ASSERT_TRUE(again.lost);
    EXPECT_EQ(*again.lost, (std::vector<LostRecords>{{Stream::verdicts, {1, 1}, ""}, {Stream::events, {3, 4}, ""}}));
    EXPECT_EQ(again.streams[1].through, 9u);
    EXPECT_FALSE(verify_post(place, "P1")->sound);
  }
  EXPECT_EQ(rows()[2]["chain"], "unverifiable") << "nothing says what stood before it";
}

TEST_F(LostAtPost, WhatTurnsUpLaterIsTakenAndTheChainIsWhole) {
  p1.append(4);
  p1.append(1, "verdict");
  p1.append(5);
  greet();
  events(1, 2);
  tell({{Stream::events, {3, 4}, why}, {Stream::verdicts, {1, 1}, why}});
  EXPECT_EQ(after_gap(Stream::events, 5, 9).cursor, 10u);
  open();
  greet();
  EXPECT_EQ(events(4, 4).cursor, 10u);
  EXPECT_EQ(gaps().size(), 2u);
  EXPECT_EQ(events(3, 4).cursor, 10u);
  EXPECT_EQ(verdicts(1, 1).cursor, 10u);
  EXPECT_TRUE(gaps().empty());
  EXPECT_TRUE(greet().lost->empty());
  expect_all_here(p1);
}

TEST_F(LostAtPost, WhatTurnsUpAsAnotherOneIsSeen) {
  p1.append(4);
  p1.append(1, "lane_mode");
  p1.append(3);
  SigningPost fork("P1");  // the same up to number 5
  fork.append(4);
  fork.append(2, "lane_mode");
  greet();
  events(1, 5);
  tell({{Stream::events, {6, 6}, why}});
  after_gap(Stream::events, 7, 8);
  EXPECT_EQ(alarm_kinds(), (std::vector<std::string>{"lost_at_post"}));
  group({{Leaf::events, fork.frame(Stream::events, 6, 6)}}, fork);
  EXPECT_NE(std::find(alarm_kinds().begin(), alarm_kinds().end(), "chain_broken"), alarm_kinds().end());
}

TEST_F(LostAtPost, NoForkHidesBehindAGapThatNobodyTold) {
  p1.append(6);
  greet();
  events(1, 4);
  const Ack refused = after_gap(Stream::events, 5, 6);
  ASSERT_EQ(refused.refused.size(), 1u);
  EXPECT_EQ(refused.streams[1].through, 4u);
  // Told, of a record that HQ holds: taken where it follows that one in the journal, as HQ has it.
  tell({{Stream::events, {4, 4}, why}});
  EXPECT_EQ(gaps().size(), 1u) << "5 and 6 are still to come; HQ has 4";
  SigningPost fork("P1");
  fork.append(3);
  fork.append(1, "lane_mode");
  fork.append(2);
  Bytes frame = fork.frame(Stream::events, 5, 6);
  std::fill_n(frame.begin() + 36, 32, std::uint8_t{0});
  EXPECT_EQ(ack_in(group({{Leaf::events, frame}})).refused.size(), 1u);
  EXPECT_EQ(after_gap(Stream::events, 5, 6).streams[1].through, 6u);
  EXPECT_EQ(events(4, 4).cursor, 6u) << "the post reads it again";
  EXPECT_TRUE(greet().lost->empty());
  expect_all_here(p1);
}

TEST_F(LostAtPost, NoMoreIsLostThanThePostSaysToHave) {
  p1.append(3);
  greet();
  for (const Range& numbers : {Range{4, 4}, Range{2, 1ull << 40}}) EXPECT_EQ(ack_in(tell({{Stream::events, numbers, why}})).streams[1].through, 0u);
  EXPECT_TRUE(gaps()[0]["why"] == "recorded at the post, not yet here");
  EXPECT_EQ(alarm_kinds(), (std::vector<std::string>{"refused", "refused"}));
}

TEST_F(LostAtPost, AResendAsksForThemAnew) {
  lose_one_and_ask_again();
  EXPECT_EQ(ack_in(group({})).streams[1].through, 1u);
  EXPECT_TRUE(greet().lost->empty());
  EXPECT_EQ(events(2, 6).cursor, 6u);
  expect_all_here(p1);
}

TEST_F(LostAtPost, AfterAResendThePostTellsAgainWhatItStillCannotRead) {
  lose_one_and_ask_again();
  group({});
  events(2, 2);
  after_gap(Stream::events, 4, 6);
  EXPECT_TRUE(greet().lost->empty()) << "so the post sees that it has to";
  EXPECT_EQ(ack_in(tell({{Stream::events, {3, 3}, why}})).streams[1].through, 6u);
  EXPECT_EQ(gaps().size(), 1u);
}

TEST_F(LostAtPost, WhatHqHoldsIsNotLostThoughThePostCannotReadItAfterAResend) {
  p1.append(7);
  p1.journal.flip_bit(6, 60);
  greet();
  events(1, 7);
  ASSERT_EQ(gaps().size(), 1u) << "6 came damaged";
  resend_from_2();
  group({});
  EXPECT_EQ(gaps()[0]["why"], "asked for again (resend), not yet compared");
  EXPECT_EQ(gaps()[0]["last"], 7);
  events(2, 2);
  const Ack ack = ack_in(tell({{Stream::events, {3, 6}, why}}));
  EXPECT_EQ(ack.streams[1].through, 6u) << "the post need not try further";
  EXPECT_EQ(after_gap(Stream::events, 7, 7).cursor, 7u);
  EXPECT_EQ(posts()[0]["lost"], 0) << "HQ holds them";
  for (const bool restarted : {false, true}) {
    if (restarted) open();
    const json missing = gaps();
    ASSERT_EQ(missing.size(), 1u) << missing.dump();
    EXPECT_EQ(missing[0]["why"], "in quarantine");
    EXPECT_EQ(greet().lost->front(), (LostRecords{Stream::events, {3, 6}, ""}));
  }
  p1.journal.flip_bit(6, 60);
  events(3, 7);
  EXPECT_TRUE(greet().lost->empty());
  EXPECT_TRUE(gaps().empty()) << gaps().dump();
  expect_all_here(p1);
}
