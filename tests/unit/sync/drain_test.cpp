// The post's side of the protocol against a model of HQ, in virtual time.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "sync/drain.hpp"
#include "sync/frame.hpp"
#include "tests/support/virtual_clock.hpp"

using namespace rampa;
using namespace rampa::sync;
using store::Stream;

namespace {

class Journal : public store::JournalReader {
 public:
  void append(Stream stream, Bytes bytes) {
    Raw raw;
    raw.sequence = records.size() + 1;
    raw.stream = stream;
    raw.stream_sequence = ++ends_.of(stream);
    raw.hash = hex(sha256(bytes));
    raw.bytes = std::move(bytes);
    records.push_back(std::move(raw));
  }
  Result<std::vector<Raw>> read(std::uint64_t sequence, std::size_t count) override {
    if (broken) return fail(ErrorCode::io, "the disk says no");
    std::vector<Raw> out;
    for (; sequence >= 1 && sequence <= records.size() && out.size() < count; ++sequence) {
      if (!damaged.contains(sequence)) out.push_back(records[sequence - 1]);
      else if (out.empty()) return fail(ErrorCode::invalid, "record " + std::to_string(sequence) + " is damaged");
      else break;
    }
    return out;
  }
  Result<std::optional<Gap>> gap_at(std::uint64_t sequence) override {
    if (broken) return fail(ErrorCode::io, "the disk says no");
    if (!damaged.contains(sequence)) return std::optional<Gap>{};
    Gap gap{sequence, sequence, {}, {}, "damaged at the post: segment 1", sure};
    while (damaged.contains(gap.first - 1)) --gap.first;
    while (damaged.contains(gap.last + 1)) ++gap.last;
    for (const Raw& raw : records) {
      if (raw.sequence < gap.first) ++gap.before.of(raw.stream);
      if (raw.sequence <= gap.last) ++gap.after.of(raw.stream);
    }
    return std::optional(gap);
  }
  Result<store::StreamEnds> ends() override { return ends_; }
  Result<std::uint64_t> locate(Stream, std::uint64_t first) override { return first; }
  std::vector<Raw> records;
  bool broken = false;
  std::set<std::uint64_t> damaged;  ///< sequences
  bool sure = true;                 ///< false: the disk does not give them

 private:
  store::StreamEnds ends_;
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
  Result<Manifest> manifest(const std::string& sha) override {
    if (const auto given = manifests.find(sha); given != manifests.end()) return given->second;
    const auto found = blobs.find(sha);
    if (found == blobs.end()) return fail(ErrorCode::not_found, "no such blob");
    Manifest out{*parse_sha256(sha), found->second.size(), {}};
    for (std::uint64_t chunk = 0; chunk < chunks_of(out.size_bytes); ++chunk) out.chunks.push_back(sha256(*read(sha, chunk * chunk_bytes, chunk_bytes)));
    return out;
  }
  std::map<std::string, Bytes> blobs;
  std::map<std::string, Manifest> manifests;  ///< of blobs that are never read
};

class Shelf : public FetchShelf {
 public:
  std::uint64_t have(const std::string& sha) override { return parts[sha].size(); }
  Result<void> append(const std::string& sha, ByteView bytes) override {
    parts[sha].insert(parts[sha].end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<void> finish(const std::string& sha) override {
    if (hex(sha256(parts[sha])) == sha) return {};
    parts.erase(sha);
    return fail(ErrorCode::bad_reply, "other content");
  }
  std::map<std::string, Bytes> parts;
};

constexpr std::array<std::uint8_t, 32> post_seed{1}, hq_seed{2}, stranger_seed{3};

/// What HQ holds, and its answers.
struct HqModel {
  std::array<std::map<std::uint64_t, Bytes>, 2> held;
  std::string incarnation = "hq-1", session;
  Epoch epoch{9};
  bool takes_lost = true;
  std::vector<LostRecords> lost;
  [[nodiscard]] Ack ack(const Journal& journal) const {
    Ack a;
    a.session = session;
    a.incarnation = incarnation;
    a.epoch = epoch;
    a.key = hex(public_key_of(hq_seed));
    a.durability = "disk";
    a.credit_bytes = 1 << 20;
    for (std::size_t s = 0; s < 2; ++s) {
      RangeSet numbers;
      for (const auto& [number, bytes] : held[s]) numbers.add({number, number});
      for (const LostRecords& l : lost)
        if (l.stream == static_cast<Stream>(s)) numbers.add(l.numbers);
      for (const Range& r : numbers.list())
        if (r.first == 1) a.streams[s].through = r.last;
        else if (a.streams[s].ranges.size() < ack_ranges_max) a.streams[s].ranges.push_back(r);
    }
    for (const auto& raw : journal.records) {
      if (!held[static_cast<std::size_t>(raw.stream)].contains(raw.stream_sequence)) break;
      a.cursor = raw.sequence;
      a.hash = raw.hash;
    }
    return a;
  }
};

/// Everything between the post and HQ's disk, reduced to what the protocol says about it.
struct World {
  explicit World(DrainSettings settings = plain()) : drain(settings, journal, blobs, &shelf, 0, 42) { turn(); }
  static DrainSettings plain() {
    DrainSettings settings;
    settings.post = PostId{"P1"};
    settings.identity = {Epoch{9}, hex(public_key_of(post_seed)), signer_of(post_seed), public_key_of(hq_seed)};
    settings.boot_id = "boot";
    settings.brokers = 2;
    settings.frame_records_max = 4;
    return settings;
  }

  void append(int count, Stream stream = Stream::events, std::size_t size = 2) {
    for (int i = 0; i < count; ++i) {
      Bytes bytes(size, 7);
      bytes[0] = static_cast<std::uint8_t>(journal.records.size());
      for (std::size_t at = 2; at < size; ++at) bytes[at] = static_cast<std::uint8_t>(noise());  // does not pack
      journal.append(stream, std::move(bytes));
    }
    drain.durable(clock.now());
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
      if (const auto* held = std::get_if<effect::BlobHeld>(&e)) (held->held ? blobs_held : blobs_lacked).push_back(held->sha256);
      if (const auto* letter = std::get_if<effect::TakeLetter>(&e)) letters.push_back(letter->letter);
      if (const auto* done = std::get_if<effect::Fetched>(&e)) fetched.push_back(*done);
      if (const auto* key = std::get_if<effect::KeepHqKey>(&e)) kept_key = key->key;
    }
  }
  void ready() {
    drain.link_ready(attempt, clock.now());
    collect();
  }
  template <class Payload>
  void say(Leaf leaf, const Payload& payload, const std::array<std::uint8_t, 32>& seed = hq_seed) {
    const std::string topic = topic_text({PostId{"P1"}, leaf});
    drain.message(attempt, topic, seal(topic, encode(payload), signer_of(seed)), clock.now());
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
    const std::string topic = wire.front().topic;
    wire.pop_front();
    if (leaf == Leaf::slice) return payload;
    auto body = open(topic, payload, public_key_of(post_seed));
    EXPECT_TRUE(body);
    return body.value_or(Bytes{});
  }
  Hello expect_hello() { return decode_hello(expect(Leaf::hello)).value_or(Hello{}); }
  /// Its numbers; HQ's model has it now.
  Range expect_frame(Stream stream = Stream::events) {
    const Bytes body = expect(stream == Stream::verdicts ? Leaf::verdicts : Leaf::events);
    const auto frame = decode_records(body);
    if (!frame) return ADD_FAILURE() << frame.error().what, Range{};
    EXPECT_EQ(frame->head.stream, stream);
    for (std::size_t i = 0; i < frame->records.size(); ++i)
      hq.held[static_cast<std::size_t>(stream)][frame->head.first + i] = Bytes(frame->records[i].begin(), frame->records[i].end());
    return {frame->head.first, frame->head.first + frame->records.size() - 1};
  }
  void ack(bool answers = false) {
    Ack a = hq.ack(journal);
    a.answers = answers;
    if (answers && hq.takes_lost) {
      a.lost.emplace();
      for (const LostRecords& l : hq.lost) {
        RangeSet still;
        for (std::uint64_t n = l.numbers.first; n <= l.numbers.last; ++n)
          if (!hq.held[static_cast<std::size_t>(l.stream)].contains(n)) still.add({n, n});
        for (const Range& r : still.list())
          if (a.lost->size() < most_named) a.lost->push_back({l.stream, r, ""});
      }
    }
    say(Leaf::ack, a);
  }
  void greet() {
    hq.session = expect_hello().id;
    ack(true);
  }
  void stream() {
    ready();
    greet();
  }
  /// Frames until nothing more comes; their numbers, and behind "!" where they name no record before them.
  std::string frames(Stream stream = Stream::events) {
    std::string out;
    while (!wire.empty() && wire.front().topic == topic_text({PostId{"P1"}, stream == Stream::verdicts ? Leaf::verdicts : Leaf::events})) {
      const auto head = decode_records(*open(wire.front().topic, wire.front().payload, public_key_of(post_seed)))->head;
      const Range r = expect_frame(stream);
      out += (out.empty() ? "" : " ") + std::string(head.first > 1 && head.previous == Sha256{} ? "!" : "") + std::to_string(r.first) + "-" + std::to_string(r.last);
      ack();
    }
    return out;
  }
  Lost expect_lost() {
    const Lost lost = decode_lost(expect(Leaf::lost)).value_or(Lost{});
    hq.lost.insert(hq.lost.end(), lost.records.begin(), lost.records.end());
    return lost;
  }
  /// Time passes; hellos are answered. Whatever else is sent stays on the wire.
  void pass(Duration time) {
    for (const MonoTime end = clock.mono() + time; clock.mono() < end;) {
      clock.advance(std::clamp<Duration>(drain.next_wake() - clock.mono(), 1ns, end - clock.mono()));
      turn();
      const auto hello = std::find_if(wire.begin(), wire.end(), [](const auto& m) { return m.topic == topic_text({PostId{"P1"}, Leaf::hello}); });
      if (hello == wire.end()) continue;
      std::rotate(wire.begin(), hello, hello + 1);
      greet();
    }
  }
  unsigned noise() { return static_cast<unsigned>(random()); }

  std::mt19937 random{11};
  tests::VirtualClock clock;
  Journal journal;
  Blobs blobs;
  Shelf shelf;
  HqModel hq;
  std::size_t most_named = SIZE_MAX;  ///< of what is lost, in one answer
  Drain drain;
  std::uint64_t attempt = 0;
  std::vector<std::size_t> opened;
  std::vector<std::string> closed, blobs_held, blobs_lacked;
  std::deque<effect::Publish> wire;
  std::vector<std::uint64_t> acknowledged;
  std::vector<QuarantinedRecord> quarantined;
  std::vector<Letter> letters;
  std::string kept_key;
  std::vector<effect::Fetched> fetched;
};

}  // namespace

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

TEST(Drain, OnlyHqsAckMovesTheCursor) {
  World w;
  w.append(3);
  w.stream();
  w.expect_frame();
  w.wake();  // half the time-out: a hello asks
  EXPECT_TRUE(w.acknowledged.empty());
  EXPECT_EQ(w.drain.status().cursor, 0u);
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

}  // namespace

TEST(Drain, OverAMeteredLineManifestsAndFetchesWaitToo) {
  DrainSettings settings = World::plain();
  settings.metered = {0};
  World w(settings);
  w.drain.want(std::string(64, 'f'), 1u << 30, w.clock.now());
  w.stream();
  w.say(Leaf::want, eight_scans(w));
  w.pass(1min);
  ASSERT_TRUE(w.wire.empty()) << w.wire.front().topic << ": the line is paid by the byte";
  EXPECT_EQ(w.drain.status().fetches_waiting, 1u) << "and people can see why";
  w.append(1, Stream::verdicts);
  EXPECT_EQ(w.expect_frame(Stream::verdicts), (Range{1, 1}));
  w.ack();

  w.drain.want(std::string(64, 'f'), 1u << 30, w.clock.now(), Fetcher::Over::any_line);
  w.collect();
  EXPECT_EQ(decode_fetch(w.expect(Leaf::fetch))->sha256, std::string(64, 'f')) << "somebody at HQ wants it now, whatever it costs";
  EXPECT_EQ(w.drain.status().fetches_waiting, 0u);

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

TEST(Drain, SlicesThatALivingConnectionLostGoAgainAfterTheNextHello) {
  World w;
  const Bytes blob(5000, 9);
  const std::string sha = hex(sha256(blob));
  w.blobs.blobs[sha] = blob;
  w.stream();
  const Want want{{{sha, blob.size(), false, {{0, 0}}, 0, false, false}}, {}, {}};
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
  w.say(Leaf::want, Want{{}, {}, {sha}});
  EXPECT_TRUE(w.blobs_held.empty()) << "dropped is not held";
  EXPECT_EQ(w.drain.status().blobs_wanted, 0u);
}

// HQ holds it all and said so, once; the broker forgot that. What is taken to be under way must not keep back all else for ever.
TEST(Drain, ABlobWhoseLastWordGotLostIsAskedAboutAgain) {
  World w;
  const Bytes blob(5000, 9);
  const std::string sha = hex(sha256(blob));
  w.blobs.blobs[sha] = blob;
  w.stream();
  w.say(Leaf::want, Want{{{sha, blob.size(), false, {{0, 0}}, 0, false, false}}, {}, {}});
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
  const Bytes blob(2000, 9);
  const std::string sha = hex(sha256(blob));
  w.blobs.blobs[sha] = blob;
  w.stream();
  const Want want{{{sha, blob.size(), false, {{0, 0}}, 0, false, false}}, {}, {}};
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

TEST(Drain, WhatLiesWholeOnTheShelfIsDoneWithoutAsking) {
  World w;
  const Bytes blob(100, 3);
  const std::string sha = hex(sha256(blob));
  w.shelf.parts[sha] = blob;
  w.drain.want(sha, blob.size(), w.clock.now());
  w.stream();
  ASSERT_EQ(w.fetched.size(), 1u);
  EXPECT_EQ(w.fetched[0].trouble, "");
  EXPECT_TRUE(w.wire.empty());
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

TEST(Drain, WhatIsFetchedComesPieceByPieceAndGoesOnAfterABreak) {
  World w;
  Bytes blob(500'000);
  for (auto& byte : blob) byte = static_cast<std::uint8_t>(w.noise());
  const std::string sha = hex(sha256(blob));
  w.drain.want(sha, blob.size(), w.clock.now());
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
  w.drain.want(sha, 10, w.clock.now());
  w.stream();
  for (int i = 0; i < Fetcher::wrong_max; ++i) {
    w.expect(Leaf::fetch);
    const Bytes wrong(10, 1);
    w.drain.message(w.attempt, "rampa/2/P1/dn/slice", encode(BlobSlice{*parse_sha256(sha), 0, 10, wrong}), w.clock.now());
    w.collect();
  }
  ASSERT_EQ(w.fetched.size(), 1u);
  EXPECT_EQ(w.fetched[0].trouble, "other content");
  w.drain.want(sha, 10, w.clock.now());
  w.collect();
  w.expect(Leaf::fetch);
  w.say(Leaf::not_there, Unavailable{sha, "not for this post"});
  ASSERT_EQ(w.fetched.size(), 2u);
  EXPECT_EQ(w.fetched[1].trouble, "not for this post");
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
  w.drain.want(std::string(64, 'b'), 1u << 30, w.clock.now());
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
