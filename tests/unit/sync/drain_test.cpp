// The post's side of the protocol: connecting, greeting, who is believed, letters, the way back to the primary line; and everything
// together under random faults.
#include <random>

#include "tests/unit/sync/drain_world.hpp"

using namespace rampa;
using namespace rampa::tests::drain;

TEST(Drain, GreetsFirstAndSendsFromWhereHqIs) {
  World w;
  w.append(6);
  EXPECT_TRUE(w.wire.empty()) << "nothing before HQ has answered";
  for (std::uint64_t n = 1; n <= 4; ++n) w.hq.held[1][n] = {};
  w.stream();
  EXPECT_EQ(w.acknowledged, std::vector<std::uint64_t>{4});
  EXPECT_EQ(w.expect_frame(), (Range{5, 6}));
  EXPECT_TRUE(w.drain.status().up);
  EXPECT_EQ(w.drain.status().backlog, 2u);
  w.ack();
  EXPECT_EQ(w.drain.status().backlog, 0u);
}

TEST(Drain, OnlyHqsAckMovesTheCursor) {
  World w;
  w.append(3);
  w.stream();
  w.expect_frame();
  w.wake();  // half the time-out: a hello asks
  EXPECT_TRUE(w.acknowledged.empty());
  EXPECT_EQ(w.drain.status().cursor, 0u);
}

TEST(Drain, WhatAnotherKeySignedMovesNothing) {
  World w;
  w.append(3);
  w.stream();
  w.expect_frame();
  w.say(Leaf::ack, w.hq.ack(w.journal), stranger_seed);
  EXPECT_EQ(w.drain.status().cursor, 0u);
  EXPECT_NE(w.drain.status().trouble.find("did not sign"), std::string::npos);
  w.ack();
  EXPECT_EQ(w.drain.status().cursor, 3u);
}

TEST(Drain, AnAckOfAnotherConnectionIsStale) {
  World w;
  w.append(3);
  w.stream();
  w.expect_frame();
  Ack old = w.hq.ack(w.journal);
  for (const char* session : {"boot-0-77-1", "boot-1-1-1"}) {  // another connection; another start of Rampa within one boot
    old.session = session;
    w.say(Leaf::ack, old);
    EXPECT_EQ(w.drain.status().cursor, 0u) << session;
  }
}

TEST(Drain, TheFirstHqIsKeptWhereNoKeyWasGiven) {
  DrainSettings settings = World::plain();
  settings.identity.hq_key.reset();
  World w(settings);
  w.append(1);
  w.stream();
  EXPECT_EQ(w.kept_key, hex(public_key_of(hq_seed)));
  w.expect_frame();
  w.kept_key.clear();
  Ack other = w.hq.ack(w.journal);
  other.key = hex(public_key_of(stranger_seed));
  w.say(Leaf::ack, other, stranger_seed);
  EXPECT_EQ(w.drain.status().cursor, 0u);
  EXPECT_TRUE(w.kept_key.empty());
}

TEST(Drain, SilentHqHalfOpenConnectionIsGivenUpAndTheNextBrokerTried) {
  World w;
  w.append(1);
  w.stream();
  w.expect_frame();
  w.hq.held[1].clear();
  for (int i = 0; i < 10 && w.closed.empty(); ++i) w.wake();
  ASSERT_EQ(w.closed.size(), 1u);
  EXPECT_NE(w.closed[0].find("acknowledge"), std::string::npos);
  EXPECT_FALSE(w.drain.status().up);
  w.wake();
  EXPECT_EQ(w.opened, (std::vector<std::size_t>{0, 1}));
  w.stream();
  EXPECT_EQ(w.expect_frame(), (Range{1, 1})) << "sent again, nothing assumed";
}

TEST(Drain, BrokerUpHqDownIsNotUp) {
  World w;
  w.append(1);
  w.ready();
  for (int i = 0; i < 3; ++i) {
    w.expect_hello();
    EXPECT_FALSE(w.drain.status().up);
    w.wake();
  }
  ASSERT_EQ(w.closed.size(), 1u);
  EXPECT_NE(w.drain.status().trouble.find("HQ does not"), std::string::npos);
}

TEST(Drain, WhyABrokerDoesNotPassOnIsWhatIsWrongNotTheSilenceThatFollows) {
  World w;
  w.append(1);
  w.ready();
  w.drain.not_passed_on(w.attempt, "its ACL does not know this post");
  EXPECT_EQ(w.drain.status().trouble, "its ACL does not know this post");
  for (int i = 0; i < 3; ++i) {
    w.expect_hello();
    w.wake();
  }
  ASSERT_EQ(w.closed.size(), 1u);
  EXPECT_EQ(w.closed[0], "its ACL does not know this post");
  w.wake();
  w.drain.not_passed_on(w.attempt - 1, "of the connection before");
  EXPECT_NE(w.drain.status().trouble, "of the connection before");
  w.ready();
  w.drain.not_passed_on(w.attempt, "only for a moment");
  w.greet();
  EXPECT_EQ(w.drain.status().trouble, "") << "HQ is heard";
}

TEST(Drain, PausesGrowAndAreJittered) {
  World w;
  Duration before{};
  for (int i = 0; i < 6; ++i) {
    w.drain.link_lost(w.attempt, "refused", w.clock.now());
    w.collect();
    const Duration pause = w.drain.next_wake() - w.clock.mono();
    EXPECT_GE(pause, 125ms * (1 << i));
    EXPECT_LE(pause, 250ms * (1 << i));
    EXPECT_NE(pause, before);
    before = pause;
    w.wake();
  }
}

TEST(Drain, ABrokerThatCanBeReachedAgainIsTriedAtOnce) {
  World w;
  for (int i = 0; i < 8; ++i) {
    w.drain.link_lost(w.attempt, "no route", w.clock.now());
    w.collect();
    if (i < 7) w.wake();
  }
  ASSERT_TRUE(w.drain.away());
  ASSERT_GT(w.drain.next_wake() - w.clock.mono(), 10s);
  w.drain.reachable(1, w.clock.now());
  w.collect();
  EXPECT_EQ(w.opened.back(), 1u);
  EXPECT_EQ(w.drain.status().phase, "connecting");
  // That attempt is kept, whatever the other broker does.
  const auto attempts = [&] { return w.drain.status().attempts; };
  const auto tried = attempts();
  w.clock.advance(10s);
  w.drain.reachable(0, w.clock.now());
  w.drain.reachable(1, w.clock.now());
  EXPECT_EQ(attempts(), tried);
  // One that the pause's end began was perhaps begun while the port was shut: given up if it is not young.
  w.drain.link_lost(w.attempt, "no route", w.clock.now());
  w.collect();
  w.wake();
  ASSERT_EQ(w.drain.status().phase, "connecting");
  const std::size_t here = w.opened.back(), elsewhere = 1 - here;
  EXPECT_EQ(attempts(), tried + 1);
  w.clock.advance(1s);
  w.drain.reachable(here, w.clock.now());
  w.clock.advance(4s);
  w.drain.reachable(elsewhere, w.clock.now());
  EXPECT_EQ(attempts(), tried + 1) << "to another one it may take longer";
  const auto closed = w.closed.size();
  w.drain.reachable(here, w.clock.now());
  w.collect();
  EXPECT_EQ(attempts(), tried + 2);
  EXPECT_EQ(w.closed.size(), closed + 1);
  EXPECT_EQ(w.opened.back(), here);
  w.append(1);
  w.stream();
  EXPECT_FALSE(w.drain.away());
  w.drain.reachable(1, w.clock.now());
  w.drain.reachable(7, w.clock.now());
  w.collect();
  EXPECT_EQ(w.opened.back(), here) << "a connection that stands is kept";
}

TEST(Drain, EventsOfAnOldConnectionAreIgnored) {
  World w;
  w.append(1);
  w.stream();
  w.expect_frame();
  w.drain.link_lost(w.attempt, "broke", w.clock.now());
  w.collect();
  const std::uint64_t old = w.attempt;
  w.wake();
  ASSERT_NE(w.attempt, old);
  w.drain.link_ready(old, w.clock.now());
  w.drain.link_lost(old, "again", w.clock.now());
  const std::string topic = "rampa/2/P1/dn/ack";
  w.drain.message(old, topic, seal(topic, encode(w.hq.ack(w.journal)), signer_of(hq_seed)), w.clock.now());
  w.collect();
  EXPECT_EQ(w.drain.status().phase, "connecting");
  EXPECT_TRUE(w.acknowledged.empty());
}

TEST(Drain, AForeignHqIsNamedAndNotTakenForASilentOne) {
  World w;
  w.ready();
  for (int hello = 0; w.drain.status().phase == "greeting"; ++hello) {
    ASSERT_LT(hello, 10);
    const Hello said = w.expect_hello();
    Ack ack = w.hq.ack(w.journal);
    ack.session = said.id;
    ack.answers = true;
    w.say(Leaf::ack, ack, stranger_seed);
    w.wake();
  }
  EXPECT_NE(w.drain.status().trouble.find("HQ's key did not sign"), std::string::npos) << w.drain.status().trouble;
  EXPECT_NE(w.closed.back().find("HQ's key did not sign"), std::string::npos) << "the log, too";
  while (w.drain.status().phase != "greeting") w.drain.status().phase == "connecting" ? w.ready() : w.wake();
  while (w.drain.status().phase == "greeting") w.wake();
  EXPECT_NE(w.drain.status().trouble.find("is rampa-hq running"), std::string::npos) << "nobody said anything on this connection";
}

TEST(Drain, AnotherHistoryAtHqStopsEverything) {
  for (const std::uint64_t cursor : {3u, 9u}) {
    World w;
    w.append(3);
    w.ready();
    Ack ack = w.hq.ack(w.journal);
    ack.session = w.expect_hello().id;
    ack.answers = true;
    ack.cursor = cursor;
    ack.hash = std::string(64, '0');
    w.say(Leaf::ack, ack);
    EXPECT_EQ(w.drain.status().phase, "forked");
    EXPECT_TRUE(w.wire.empty());
    EXPECT_TRUE(w.acknowledged.empty());
    EXPECT_NE(w.drain.status().trouble.find("another history"), std::string::npos);
  }
}

TEST(Drain, HqThatLostItsDatabaseGetsEverythingAgain) {
  World w;
  w.append(4);
  w.stream();
  w.expect_frame();
  w.ack();
  EXPECT_EQ(w.drain.status().cursor, 4u);
  w.hq = HqModel{{}, "hq-2", w.hq.session, Epoch{9}};
  w.ack();
  EXPECT_EQ(w.acknowledged, (std::vector<std::uint64_t>{4, 0}));
  w.expect_hello();  // another incarnation: it says which blobs it lacks
  EXPECT_EQ(w.expect_frame(), (Range{1, 4}));
}

TEST(Drain, ANewIncarnationThatDoesNotKnowUsIsGreeted) {
  World w;
  w.append(1);
  w.stream();
  w.expect_frame();
  w.clock.advance(1s);
  Ack announcement;
  announcement.incarnation = "hq-2";
  announcement.key = hex(public_key_of(hq_seed));
  w.say(Leaf::ack, announcement);
  EXPECT_EQ(w.expect_hello().last_sequence, 1u);
}

TEST(Drain, DamagedAndForeignMessagesAreDropped) {
  World w;
  w.append(2);
  w.stream();
  w.expect_frame();
  const Bytes ack = encode(w.hq.ack(w.journal));
  const auto said_as = [&](const std::string& topic, const std::string& signed_for) {
    w.drain.message(w.attempt, topic, seal(signed_for, ack, signer_of(hq_seed)), w.clock.now());
    w.collect();
  };
  w.drain.message(w.attempt, "rampa/2/P1/dn/ack", as_bytes("{"), w.clock.now());
  said_as("rampa/2/P2/dn/ack", "rampa/2/P2/dn/ack");
  said_as("rampa/2/P1/dn/ack", "rampa/2/P2/dn/ack");
  said_as("rampa/2/P1/dn/want", "rampa/2/P1/dn/ack");
  EXPECT_EQ(w.drain.status().cursor, 0u);
  EXPECT_FALSE(w.drain.status().trouble.empty());
  said_as("rampa/2/P1/dn/ack", "rampa/2/P1/dn/ack");
  EXPECT_EQ(w.drain.status().cursor, 2u);
}

TEST(Drain, ALetterThatCouldNotBeKeptIsAskedForAgain) {
  World w;
  w.stream();
  w.say(Leaf::letters, Letters{{{1, "a", "{}"}, {2, "b", "{}"}}});
  ASSERT_EQ(w.letters.size(), 1u);
  w.drain.letter_failed(1, w.clock.now());
  w.wake();
  while (!w.wire.empty() && !w.wire.front().topic.ends_with("hello")) w.wire.pop_front();
  EXPECT_EQ(w.expect_hello().letters_through, 0u);
  w.say(Leaf::letters, Letters{{{1, "a", "{}"}, {2, "b", "{}"}}});
  ASSERT_EQ(w.letters.size(), 2u);
  EXPECT_EQ(w.letters[1].number, 1u);
}

TEST(Drain, LettersAreAppliedInOrderOnceAndReceipted) {
  DrainSettings settings = World::plain();
  settings.letters_through = 4;
  World w(settings);
  w.ready();
  const Hello hello = w.expect_hello();
  EXPECT_EQ(hello.letters_through, 4u);
  w.hq.session = hello.id;
  w.ack(true);
  w.say(Leaf::letters, Letters{{{4, "a", "{}"}, {5, "b", "{}"}, {6, "c", "{}"}, {8, "d", "{}"}}});
  ASSERT_EQ(w.letters.size(), 1u) << "one at a time";
  EXPECT_EQ(w.letters[0].number, 5u);
  w.drain.letter_done(5, "", w.clock.now());
  w.collect();
  ASSERT_EQ(w.letters.size(), 2u);
  EXPECT_EQ(w.letters[1].number, 6u);
  EXPECT_TRUE(w.wire.empty());
  w.drain.letter_done(6, "no such kind", w.clock.now());
  w.collect();
  EXPECT_EQ(*decode_receipt(w.expect(Leaf::receipt)), (Receipt{6, {{6, "no such kind"}}, {}}));
  w.say(Leaf::letters, Letters{{{6, "c", "{}"}, {7, "e", "{}"}}});
  ASSERT_EQ(w.letters.size(), 3u);
  EXPECT_EQ(w.letters[2].number, 7u);
}

TEST(Drain, ThePostSaysOfWhichDeskEachNumberIsAndForgetsTheOneThatWasSilentForLongest) {
  DrainSettings settings = World::plain();
  settings.letters_through = 4;
  settings.letter_desks = {{std::string(32, 'a'), 4}, {std::string(32, 'b'), 2}};
  World w(settings);
  w.ready();
  const Hello hello = w.expect_hello();
  EXPECT_EQ(hello.desks, settings.letter_desks);
  w.letter(5, 'b');
  EXPECT_TRUE(w.letters.empty()) << "HQ has not heard yet which numbers the post has: this may be one that another HQ gave, too";
  w.hq.session = hello.id;
  w.ack(true);
  const auto take = [&](std::uint64_t number, char desk) {
    w.letter(number, desk);
    ASSERT_FALSE(w.letters.empty());
    EXPECT_EQ(w.letters.back().number, number);
    EXPECT_EQ(w.letters.back().desk, std::string(32, desk));
    w.drain.letter_done(number, "", w.clock.now());
    w.collect();
    (void)w.expect(Leaf::receipt);
  };
  take(5, 'b');
  w.clock.advance(16s);
  w.turn();
  EXPECT_EQ(w.expect_hello().desks, (std::vector<DeskCursor>{{std::string(32, 'b'), 5}, {std::string(32, 'a'), 4}}));
  w.ack(true);
  for (std::uint64_t i = 0; i < desk_cursors_max - 1; ++i) take(6 + i, static_cast<char>('0' + i));
  w.clock.advance(16s);
  w.turn();
  const auto desks = w.expect_hello().desks;
  ASSERT_TRUE(desks);
  EXPECT_EQ(desks->size(), desk_cursors_max);
  EXPECT_EQ(desks->front().desk, std::string(32, '6'));
  EXPECT_EQ(desks->back(), (DeskCursor{std::string(32, 'b'), 5})) << "the one that wrote before it is forgotten";
}

// A letter of HQ A is still being applied when the post finds HQ B, which is told of one number too few and gives the next to its own.
TEST(Drain, WhileALetterIsBeingAppliedNoOtherHqsLetterTakesItsNumber) {
  for (const bool done_before_the_answer : {false, true}) {
    DrainSettings settings = World::plain();
    settings.letters_through = 6;
    World w(settings);
    w.stream();
    w.letter(7, 'a');
    ASSERT_EQ(w.letters.size(), 1u);
    w.drain.link_lost(w.attempt, "cable", w.clock.now());
    w.collect();
    w.wake();
    w.ready();
    const Hello hello = w.expect_hello();
    EXPECT_EQ(hello.letters_through, 6u);
    const auto done = [&] {
      w.drain.letter_done(7, "", w.clock.now());
      w.collect();
    };
    if (done_before_the_answer) done();
    w.hq.session = hello.id;
    w.ack(true);
    w.letter(7, 'b');
    w.letter(8, 'b');
    if (!done_before_the_answer) done();
    w.letter(8, 'b');
    EXPECT_EQ(w.letters.size(), 1u) << "these numbers are from before B knew of 7";
    w.wake();
    const Hello all = w.expect_hello();
    EXPECT_EQ(all.letters_through, 7u);
    EXPECT_EQ(all.desks->front(), (DeskCursor{std::string(32, 'a'), 7}));
    EXPECT_TRUE(w.wire.empty()) << "a receipt would make B believe that its own 7 was taken";
    w.letter(8, 'b');
    EXPECT_EQ(w.letters.size(), 1u) << "not answered yet";
    w.hq.session = all.id;
    w.ack(true);
    w.letter(8, 'b');
    ASSERT_EQ(w.letters.size(), 2u);
    EXPECT_EQ(w.letters.back().number, 8u);
    w.drain.letter_done(8, "", w.clock.now());
    w.collect();
    EXPECT_EQ(decode_receipt(w.expect(Leaf::receipt))->through, 8u);
  }
}

TEST(Drain, AnotherHqOnTheSameConnectionTakesNoNumberEither) {
  DrainSettings settings = World::plain();
  settings.letters_through = 6;
  World w(settings);
  w.stream();
  w.letter(7, 'a');
  w.clock.advance(1s);
  w.hq.incarnation = "hq-2";
  w.ack();
  EXPECT_EQ(w.expect_hello().letters_through, 6u);
  w.letter(7, 'b');
  w.drain.letter_done(7, "", w.clock.now());
  w.collect();
  w.letter(8, 'b');
  EXPECT_EQ(w.letters.size(), 1u);
  w.wake();
  w.greet();
  w.letter(8, 'b');
  EXPECT_EQ(w.letters.size(), 2u);
}

TEST(Drain, AHelloThatGotLostDoesNotKeepLettersInDoubtWhileRecordsGoOn) {
  World w;
  w.stream();
  w.say(Leaf::letters, Letters{{{1, "a", "{}"}}, std::string(32, 'a')});
  w.clock.advance(1s);
  w.hq.incarnation = "hq-2";
  w.ack();
  (void)w.expect_hello();  // its answer is lost
  w.drain.letter_done(1, "", w.clock.now());
  w.collect();
  w.wake();
  (void)w.expect_hello();  // and this one's
  int hellos = 0;
  for (int i = 0; i < 220 && hellos == 0; ++i) {
    w.clock.advance(50ms);
    w.append(1);
    w.turn();
    while (!w.wire.empty()) {
      if (w.wire.front().topic == topic_text({PostId{"P1"}, Leaf::hello})) {
        w.greet();
        ++hellos;
      } else {
        (void)w.expect_frame();
      }
    }
    w.ack();
  }
  EXPECT_EQ(hellos, 1);
  w.say(Leaf::letters, Letters{{{2, "a", "{}"}}, std::string(32, 'a')});
  EXPECT_EQ(w.letters.size(), 2u);
}

TEST(Drain, LettersOfAnotherDeskBesideOneThatIsBeingAppliedWaitForAHello) {
  World w;
  w.stream();
  w.say(Leaf::letters, Letters{{{1, "a", "{}"}}, std::string(32, 'a')});
  w.say(Leaf::letters, Letters{{{1, "b", "{}"}, {2, "b", "{}"}}, std::string(32, 'b')});
  w.drain.letter_done(1, "", w.clock.now());
  w.collect();
  EXPECT_EQ(w.letters.size(), 1u) << "B's 2 stands behind B's 1, which was not taken";
  w.wake();
  EXPECT_EQ(w.expect_hello().letters_through, 1u);
}

// On a living connection nobody else can have come: a heartbeat while a letter takes long costs nothing.
TEST(Drain, AHeartbeatWhileALetterIsBeingAppliedHoldsNoneUp) {
  World w;
  w.stream();
  w.say(Leaf::letters, Letters{{{1, "a", "{}"}, {2, "a", "{}"}}, std::string(32, 'a')});
  ASSERT_EQ(w.letters.size(), 1u);
  w.clock.advance(16s);
  w.turn();
  w.greet();
  w.drain.letter_done(1, "", w.clock.now());
  w.collect();
  EXPECT_EQ(w.letters.size(), 2u);
}

TEST(Drain, WhatALetterNamedMayBeRefusedLaterAndHqHearsOfItWhateverTheLineDoes) {
  DrainSettings settings = World::plain();
  settings.letters_through = 4;
  World w(settings);
  w.drain.letter_refused(3, "its signature is wrong", w.clock.now());  // no line yet
  w.drain.letter_answered(4, "done", w.clock.now());
  w.collect();
  EXPECT_TRUE(w.wire.empty());
  w.stream();
  const Receipt told{4, {{3, "its signature is wrong"}}, {{4, "done"}}};
  EXPECT_EQ(*decode_receipt(w.expect(Leaf::receipt)), told);
  // HQ answered nothing that was sent after it, so it may be lost: said again on the next connection.
  w.drain.link_lost(w.attempt, "cable", w.clock.now());
  w.collect();
  w.wake();
  w.stream();
  EXPECT_EQ(*decode_receipt(w.expect(Leaf::receipt)), told);
  // A hello that went after it is answered: HQ has it.
  w.wake();
  while (!w.wire.empty() && !w.wire.front().topic.ends_with("hello")) w.wire.pop_front();
  w.hq.session = w.expect_hello().id;
  w.ack(true);
  w.drain.link_lost(w.attempt, "cable", w.clock.now());
  w.collect();
  w.wake();
  w.stream();
  EXPECT_TRUE(w.wire.empty());
}

TEST(Drain, OnAReserveLineThePrimaryIsLookedForNowAndThen) {
  World w;
  w.drain.link_lost(w.attempt, "refused", w.clock.now());
  w.collect();
  w.wake();
  EXPECT_EQ(w.opened, (std::vector<std::size_t>{0, 1}));
  w.stream();
  const MonoTime began = w.clock.mono();
  while (w.closed.size() < 2) {
    w.wire.clear();
    w.wake();
    if (!w.wire.empty()) w.hq.session = w.expect_hello().id, w.ack(true);
  }
  EXPECT_GE(w.clock.mono() - began, 10min);
  EXPECT_LE(w.clock.mono() - began, 11min);
  w.wake();
  EXPECT_EQ(w.opened.back(), 0u);
}

namespace {

/// A post on its reserve line, with an image on its way that takes longer than the time after which the primary is looked for.
struct BusyReserve : World {
  static DrainSettings settings() {
    DrainSettings settings = plain();
    settings.back_to_primary = 30s;
    return settings;
  }
  BusyReserve() : World(settings()) {
    blobs.blobs[sha] = Bytes(64u << 20, 9);
    drain.link_lost(attempt, "refused", clock.now());
    collect();
    wake();
    EXPECT_EQ(opened.back(), 1u);
    stream();
    began = clock.mono();
    want();
  }
  void want() {
    const std::uint64_t size = blobs.blobs[sha].size();
    say(Leaf::want, Want{{{sha, size, false, {{taken / chunk_bytes, chunks_of(size) - 1}}, taken % chunk_bytes, false, false}}, {}, {}});
  }
  /// What the line brings HQ in 50 ms at 8 Mbit/s.
  void take() {
    for (const std::uint64_t end = taken + 50'000; !wire.empty() && taken < end; wire.pop_front()) {
      const Leaf leaf = parse_topic(wire.front().topic)->leaf;
      if (leaf == Leaf::slice) taken += decode_slice(wire.front().payload)->bytes.size();
      if (leaf == Leaf::hello) return greet();
    }
  }
  const std::string sha = std::string(64, 'a');
  std::uint64_t taken = 0;
  MonoTime began{};
};

}  // namespace

TEST(Drain, FromABusyReserveLineThePrimaryIsLookedForToo) {
  BusyReserve w;
  while (w.closed.size() < 2 && w.clock.mono() - w.began < 2min) {
    w.clock.advance(50ms);
    w.turn();
    w.take();
    w.want();  // acknowledged piece by piece: something is always under way
  }
  ASSERT_EQ(w.closed.size(), 2u) << "an image that takes a month must not keep the post on its thin line for a month";
  EXPECT_NE(w.closed.back().find("primary"), std::string::npos);
  EXPECT_GE(w.clock.mono() - w.began, 30s);
  EXPECT_LE(w.clock.mono() - w.began, 31s) << "what was under way had ended";
  w.wake();
  EXPECT_EQ(w.opened.back(), 0u);
  w.stream();
  w.want();
  ASSERT_FALSE(w.wire.empty());
  EXPECT_EQ(decode_slice(w.expect(Leaf::slice))->offset, w.taken) << "and it goes on there where it was";
}

TEST(Drain, WhatDoesNotEndOnAReserveLineHoldsThePostThereForABoundedTime) {
  BusyReserve w;
  while (w.closed.size() < 2 && w.clock.mono() - w.began < 2min) {
    w.clock.advance(50ms);
    w.turn();
    w.take();  // HQ answers hellos and says nothing of the slices
    if (w.clock.mono() - w.began == 35s) {
      w.append(1, Stream::verdicts);
      EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{1, 1})) << "a verdict goes at once until the end";
      w.ack();
    }
  }
  ASSERT_EQ(w.closed.size(), 2u);
  EXPECT_NE(w.closed.back().find("primary"), std::string::npos) << w.closed.back();
  EXPECT_LE(w.clock.mono() - w.began, 30s + DrainSettings{}.ack_timeout + 1s);
}

TEST(Drain, AFetchOnAReserveLineDoesNotHoldThePostThere) {
  BusyReserve w;
  w.say(Leaf::want, Want{{}, {w.sha}});
  w.wire.clear();
  w.drain.want({std::string(64, 'b'), 1u << 30}, w.clock.now());
  w.collect();
  while (w.closed.size() < 2 && w.clock.mono() - w.began < 2min) {
    w.clock.advance(50ms);
    w.turn();
    if (w.wire.empty()) continue;
    if (parse_topic(w.wire.front().topic)->leaf == Leaf::hello) {
      w.greet();
      continue;
    }
    const Fetch fetch = *decode_fetch(w.expect(Leaf::fetch));
    const Bytes part(std::min<std::uint64_t>(fetch.bytes, chunk_bytes - fetch.offset % chunk_bytes), 1);
    w.drain.message(w.attempt, "rampa/2/P1/dn/slice", encode(BlobSlice{*parse_sha256(fetch.sha256), fetch.offset, 1u << 30, part}), w.clock.now());
    w.collect();
  }
  ASSERT_EQ(w.closed.size(), 2u) << "1 GiB goes on at its byte over the primary";
}

// Any loss, duplicate and interruption: HQ's model ends with every record, once, in both streams.
TEST(Drain, RandomFaultsEndWithEverythingAtHqOnce) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    World w;
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    const auto held = [&] { return w.hq.held[0].size() + w.hq.held[1].size(); };
    for (int round = 0; round < 4000; ++round) {
      const bool chaos = round < 400;
      if (chaos && chance(30)) w.append(static_cast<int>(random() % 6), chance(30) ? Stream::verdicts : Stream::events);
      if (w.drain.status().phase == "connecting" && (!chaos || chance(60))) w.ready();
      if (chaos && chance(3)) w.drain.link_lost(w.attempt, "cut", w.clock.now()), w.collect();
      if (!w.wire.empty()) {
        const effect::Publish p = std::move(w.wire.front());
        w.wire.pop_front();
        if (chaos && chance(15)) continue;  // lost
        const auto body = open(p.topic, p.payload, public_key_of(post_seed));
        ASSERT_TRUE(body);
        bool answers = false;
        const Leaf leaf = parse_topic(p.topic)->leaf;
        if (leaf == Leaf::hello) w.hq.session = decode_hello(*body)->id, answers = true;
        if (leaf == Leaf::verdicts || leaf == Leaf::events) {
          const auto frame = decode_records(*body);
          ASSERT_TRUE(frame);
          auto& there = w.hq.held[static_cast<std::size_t>(frame->head.stream)];
          for (std::size_t i = 0; i < frame->records.size(); ++i) {
            const Bytes bytes(frame->records[i].begin(), frame->records[i].end());
            const auto [at, is_new] = there.emplace(frame->head.first + i, bytes);
            ASSERT_TRUE(is_new || at->second == bytes);
          }
        }
        if (chaos && chance(15)) continue;  // the answer is lost
        w.ack(answers);
      } else {
        w.wake();
      }
      ASSERT_LE(w.drain.status().cursor, held()) << "seed " << seed;
      if (!chaos && held() == w.journal.records.size() && w.drain.status().backlog == 0) break;
    }
    ASSERT_EQ(held(), w.journal.records.size()) << "seed " << seed;
    ASSERT_EQ(w.drain.status().backlog, 0u) << "seed " << seed;
    for (const auto& raw : w.journal.records)
      ASSERT_EQ(w.hq.held[static_cast<std::size_t>(raw.stream)].at(raw.stream_sequence), raw.bytes);
  }
}
