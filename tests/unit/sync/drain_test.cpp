// The post's side of the protocol against a model of HQ, in virtual time.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "sync/drain.hpp"
#include "sync/frame.hpp"
#include "tests/support/virtual_clock.hpp"

using namespace rampa;
using namespace rampa::sync;

namespace {

class Journal : public store::JournalReader {
 public:
  void append(Bytes bytes) {
    Raw raw;
    raw.sequence = records.size() + 1;
    raw.stream_sequence = raw.sequence;
    raw.hash = hex(sha256(bytes));
    raw.bytes = std::move(bytes);
    records.push_back(std::move(raw));
  }
  Result<store::StreamEnds> ends() override { return store::StreamEnds{0, records.size()}; }
  Result<std::uint64_t> locate(store::Stream, std::uint64_t first) override { return first; }
  Result<std::vector<Raw>> read(std::uint64_t sequence, std::size_t count) override {
    if (broken) return fail(ErrorCode::io, "the disk says no");
    std::vector<Raw> out;
    for (; sequence >= 1 && sequence <= records.size() && out.size() < count; ++sequence) out.push_back(records[sequence - 1]);
    return out;
  }
  std::vector<Raw> records;
  bool broken = false;
};

class Blobs : public BlobSource {
 public:
  Result<Bytes> read(const std::string& sha, std::uint64_t offset, std::size_t count) override {
    const auto found = blobs.find(sha);
    if (found == blobs.end()) return fail(ErrorCode::not_found, "no such blob");
    const Bytes& all = found->second;
    if (offset >= all.size()) return Bytes{};
    const auto end = std::min<std::uint64_t>(all.size(), offset + count);
    return Bytes(all.begin() + static_cast<std::ptrdiff_t>(offset), all.begin() + static_cast<std::ptrdiff_t>(end));
  }
  std::map<std::string, Bytes> blobs;
};

/// Everything between the post and HQ's disk, reduced to what the protocol says about it.
struct World {
  explicit World(DrainSettings settings = plain()) : drain(settings, journal, blobs, 0, 0, 42) { turn(); }
  static DrainSettings plain() {
    DrainSettings settings;
    settings.post = PostId{"P1"};
    settings.boot_id = "boot";
    settings.brokers = 2;
    settings.frame_records_max = 4;
    return settings;
  }

  void append(int count) {
    for (int i = 0; i < count; ++i) journal.append({static_cast<std::uint8_t>(journal.records.size()), 7});
    drain.durable(journal.records.size(), clock.now());
    collect();
  }
  void turn() {
    drain.advance(clock.now());
    collect();
  }
  /// Time passes to where the drain wants to be woken.
  void wake() {
    const Duration wait = drain.next_wake() - clock.mono();
    clock.advance(std::max<Duration>(wait, 1ns));
    turn();
  }
  void collect() {
    for (Effect& e : drain.take_effects()) {
      if (const auto* open = std::get_if<effect::OpenLink>(&e)) attempt = open->attempt, opened.push_back(open->broker);
      if (const auto* close = std::get_if<effect::CloseLink>(&e)) closed.push_back(close->why), wire.clear();
      if (auto* publish = std::get_if<effect::Publish>(&e)) wire.push_back(std::move(*publish));
      if (const auto* acked = std::get_if<effect::Acknowledged>(&e)) acknowledged.push_back(acked->sequence);
      if (const auto* q = std::get_if<effect::Quarantined>(&e)) quarantined.push_back(q->record);
      if (const auto* d = std::get_if<effect::TakeDeclarations>(&e)) declarations += d->declarations.size();
    }
  }
  void ready() {
    drain.link_ready(attempt, clock.now());
    collect();
  }
  template <class Payload>
  void say(Leaf leaf, const Payload& payload) {
    drain.message(attempt, topic_text({PostId{"P1"}, leaf}), encode(payload), clock.now());
    collect();
  }
  /// Takes the wire's next message, which must be of this leaf.
  Bytes expect(Leaf leaf) {
    if (wire.empty()) {
      ADD_FAILURE() << "nothing was sent, expected " << name_of(leaf);
      return {};
    }
    EXPECT_EQ(wire.front().topic, topic_text({PostId{"P1"}, leaf}));
    Bytes payload = std::move(wire.front().payload);
    wire.pop_front();
    return payload;
  }
  Hello expect_hello() { return decode_hello(expect(Leaf::hello)).value_or(Hello{}); }
  RecordFrame expect_frame() { return decode_records(expect(Leaf::records)).value_or(RecordFrame{}); }
  void ack(std::uint64_t cursor, const std::string& hello = {}, bool resend = false) {
    const std::string hash = cursor && cursor <= journal.records.size() ? journal.records[cursor - 1].hash : "";
    say(Leaf::ack, Ack{cursor, hash, "hq-1", hello, resend, {}, {}});
  }
  /// Connected, greeted, streaming from `cursor`.
  void stream(std::uint64_t cursor = 0) {
    ready();
    ack(cursor, expect_hello().id);
  }

  tests::VirtualClock clock;
  Journal journal;
  Blobs blobs;
  Drain drain;
  std::uint64_t attempt = 0;
  std::vector<std::size_t> opened;
  std::vector<std::string> closed;
  std::deque<effect::Publish> wire;
  std::vector<std::uint64_t> acknowledged;
  std::vector<QuarantinedRecord> quarantined;
  std::size_t declarations = 0;
};

}  // namespace

TEST(Drain, GreetsFirstAndSendsFromWhereHqIs) {
  World w;
  w.append(6);
  EXPECT_TRUE(w.wire.empty()) << "nothing before HQ has answered";
  w.stream(4);
  EXPECT_EQ(w.acknowledged, std::vector<std::uint64_t>{4});
  const RecordFrame frame = w.expect_frame();
  EXPECT_EQ(frame.first_sequence, 5u);
  EXPECT_EQ(frame.records.size(), 2u);
  EXPECT_TRUE(w.drain.status().up);
  EXPECT_EQ(w.drain.status().backlog, 2u);
  w.ack(6);
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

TEST(Drain, WindowIsBounded) {
  DrainSettings settings = World::plain();
  settings.frames_in_flight_max = 3;
  World w(settings);
  w.append(40);
  w.stream();
  EXPECT_EQ(w.wire.size(), 3u);
  w.ack(4);
  EXPECT_EQ(w.wire.size(), 4u) << "one acked, one more sent";
}

TEST(Drain, BytesInFlightAreBoundedButALargeRecordStillGoes) {
  DrainSettings settings = World::plain();
  settings.frame_bytes_max = 100;
  settings.records_in_flight_bytes_max = 150;
  World w(settings);
  w.journal.append(Bytes(5000, 1));
  w.journal.append(Bytes(10, 1));
  w.append(1);
  w.stream();
  EXPECT_EQ(w.expect_frame().records.size(), 1u);
  EXPECT_TRUE(w.wire.empty());
  w.ack(1);
  EXPECT_EQ(w.expect_frame().records.size(), 2u);
}

TEST(Drain, SilentHqHalfOpenConnectionIsGivenUpAndTheNextBrokerTried) {
  World w;
  w.append(1);
  w.stream();
  w.expect_frame();
  for (int i = 0; i < 10 && w.closed.empty(); ++i) w.wake();
  ASSERT_EQ(w.closed.size(), 1u);
  EXPECT_NE(w.closed[0].find("acknowledge"), std::string::npos);
  EXPECT_FALSE(w.drain.status().up);
  w.wake();
  EXPECT_EQ(w.opened, (std::vector<std::size_t>{0, 1}));
  w.stream();
  EXPECT_EQ(w.expect_frame().first_sequence, 1u) << "sent again, nothing assumed";
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
  w.drain.message(old, "rampa/1/P1/dn/ack", encode(Ack{1, "", "hq-1", "", false, {}, {}}), w.clock.now());
  w.collect();
  EXPECT_EQ(w.drain.status().phase, "connecting");
  EXPECT_TRUE(w.acknowledged.empty());
}

TEST(Drain, ResendGoesBackOnceForManyComplaints) {
  World w;
  w.append(12);
  w.stream();
  w.wire.clear();
  w.clock.advance(1s);
  w.ack(4, {}, true);
  EXPECT_EQ(w.expect_frame().first_sequence, 5u);
  w.wire.clear();
  w.ack(4, {}, true);
  EXPECT_TRUE(w.wire.empty()) << "the same complaint within a moment";
  EXPECT_EQ(w.drain.status().resends, 1u);
}

TEST(Drain, ALostLastFrameIsNoticedByTheNextHello) {
  World w;
  w.append(2);
  w.stream();
  w.expect_frame();  // the broker loses it
  w.wake();
  const Hello hello = w.expect_hello();
  EXPECT_EQ(hello.last_sequence, 2u);
  w.ack(0, hello.id);
  EXPECT_EQ(w.expect_frame().first_sequence, 1u);
}

TEST(Drain, QuarantineIsToldOnceAndDoesNotBlock) {
  World w;
  w.append(3);
  w.stream();
  w.expect_frame();
  Ack ack{3, w.journal.records[2].hash, "hq-1", "", false, {{2, "CRC"}}, {}};
  w.say(Leaf::ack, ack);
  w.say(Leaf::ack, ack);
  ASSERT_EQ(w.quarantined.size(), 1u);
  EXPECT_EQ(w.quarantined[0].sequence, 2u);
  EXPECT_EQ(w.drain.status().backlog, 0u);
}

TEST(Drain, AnotherHistoryAtHqStopsEverything) {
  World w;
  w.append(3);
  w.ready();
  w.say(Leaf::ack, Ack{3, std::string(64, '0'), "hq-1", w.expect_hello().id, false, {}, {}});
  EXPECT_EQ(w.drain.status().phase, "forked");
  EXPECT_TRUE(w.wire.empty());
  EXPECT_TRUE(w.acknowledged.empty());
  EXPECT_NE(w.drain.status().trouble.find("another history"), std::string::npos);
  World ahead;
  ahead.append(3);
  ahead.ready();
  ahead.say(Leaf::ack, Ack{9, std::string(64, '0'), "hq-1", ahead.expect_hello().id, false, {}, {}});
  EXPECT_EQ(ahead.drain.status().phase, "forked");
}

TEST(Drain, HqThatLostItsDatabaseGetsEverythingAgain) {
  World w;
  w.append(4);
  w.stream(4);
  w.say(Leaf::ack, Ack{0, "", "hq-2", "", false, {}, {}});
  w.expect_hello();  // another incarnation: it says which blobs it lacks
  EXPECT_EQ(w.expect_frame().first_sequence, 1u);
  EXPECT_EQ(w.acknowledged, (std::vector<std::uint64_t>{4, 0}));
}

TEST(Drain, RecordsGoBeforeBlobs) {
  DrainSettings settings = World::plain();
  settings.slice_bytes = 100;
  settings.blob_in_flight_bytes_max = 200;
  World w(settings);
  const Bytes blob(1000, 9);
  const std::string sha = hex(sha256(blob));
  w.blobs.blobs[sha] = blob;
  w.append(1);
  w.stream();
  w.expect_frame();
  w.say(Leaf::want, Want{{{sha, 1000, 300, false}}, {}});
  EXPECT_EQ(decode_slice(w.expect(Leaf::blob))->offset, 300u) << "what HQ has is not sent again";
  EXPECT_EQ(decode_slice(w.expect(Leaf::blob))->offset, 400u);
  EXPECT_TRUE(w.wire.empty()) << "blob bytes in flight are bounded";
  w.append(1);
  EXPECT_EQ(w.expect_frame().first_sequence, 2u) << "a record does not wait for the blob";
  w.say(Leaf::want, Want{{{sha, 1000, 400, false}}, {}});
  EXPECT_EQ(decode_slice(w.expect(Leaf::blob))->offset, 500u);
  w.say(Leaf::want, Want{{}, {sha}});
  EXPECT_TRUE(w.wire.empty()) << "done: nothing more of it";
  EXPECT_EQ(w.drain.status().blobs_wanted, 0u);
}

TEST(Drain, ABlobThatIsNotThereIsReported) {
  World w;
  w.stream();
  w.say(Leaf::want, Want{{{std::string(64, 'a'), 10, 0, false}}, {}});
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
  EXPECT_EQ(w.expect_frame().first_sequence, 1u);
}

TEST(Drain, DamagedAndForeignMessagesAreDropped) {
  World w;
  w.append(2);
  w.stream();
  w.drain.message(w.attempt, "rampa/1/P1/dn/ack", as_bytes("{"), w.clock.now());
  w.drain.message(w.attempt, "rampa/1/P2/dn/ack", encode(Ack{2, "", "x", "", false, {}, {}}), w.clock.now());
  w.drain.message(w.attempt, "rampa/1/P1/up/hello", encode(Hello{}), w.clock.now());
  w.collect();
  EXPECT_EQ(w.drain.status().cursor, 0u);
  EXPECT_FALSE(w.drain.status().trouble.empty());
}

TEST(Drain, DeclarationsArrive) {
  World w;
  w.stream();
  Declaration d;
  d.reference = "M1";
  w.say(Leaf::declarations, DeclarationsDown{5, {d}});
  EXPECT_EQ(w.declarations, 1u);
}

// Any loss, duplicate and interruption: HQ's model ends with every record, once, in order.
TEST(Drain, RandomFaultsEndWithEverythingAtHqOnce) {
  for (std::uint64_t seed = 1; seed <= 80; ++seed) {
    std::mt19937_64 random(seed);
    World w;
    std::vector<Bytes> hq;
    std::uint64_t resend_told = 0;
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    for (int round = 0; round < 4000; ++round) {
      const bool chaos = round < 400;
      if (chaos && chance(30)) w.append(static_cast<int>(random() % 6));
      if (w.drain.status().phase == "connecting" && (!chaos || chance(60))) w.ready();
      if (chaos && chance(3)) w.drain.link_lost(w.attempt, "cut", w.clock.now()), w.collect();
      if (!w.wire.empty()) {
        const effect::Publish p = std::move(w.wire.front());
        w.wire.pop_front();
        if (chaos && chance(15)) continue;  // lost
        const Leaf leaf = parse_topic(p.topic)->leaf;
        bool resend = false;
        std::string answers;
        if (leaf == Leaf::hello) answers = decode_hello(p.payload)->id;
        if (leaf == Leaf::records) {
          const auto frame = decode_records(p.payload);
          ASSERT_TRUE(frame);
          if (frame->first_sequence > hq.size() + 1) {
            resend = resend_told != hq.size() + 1;
            resend_told = hq.size() + 1;
          } else {
            for (std::size_t i = 0; i < frame->records.size(); ++i) {
              const std::uint64_t sequence = frame->first_sequence + i;
              if (sequence == hq.size() + 1) hq.push_back(frame->records[i]);
              else ASSERT_EQ(hq[sequence - 1], frame->records[i]);
            }
          }
        }
        if (chaos && chance(15)) continue;  // the answer is lost
        w.ack(hq.size(), answers, resend);
      } else {
        w.wake();
      }
      ASSERT_LE(w.drain.status().cursor, hq.size()) << "seed " << seed;
      if (!chaos && hq.size() == w.journal.records.size() && w.drain.status().backlog == 0) break;
    }
    ASSERT_EQ(hq.size(), w.journal.records.size()) << "seed " << seed;
    ASSERT_EQ(w.drain.status().backlog, 0u) << "seed " << seed;
    for (std::size_t i = 0; i < hq.size(); ++i) ASSERT_EQ(hq[i], w.journal.records[i].bytes);
  }
}
