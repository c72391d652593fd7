// A post's drain in a world of its own, in virtual time: a journal in memory, blobs, a model of HQ that answers, a wire that a test can
// look at and cut.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

#include "sync/drain.hpp"
#include "sync/frame.hpp"
#include "tests/support/virtual_clock.hpp"

namespace rampa::tests::drain {

using namespace rampa::sync;
using store::Stream;

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
    settings.gather = 0ms;  // what a test appends goes at once
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
  /// HQ's letter of that number, from the desk whose name is that sign.
  void letter(std::uint64_t number, char desk) { say(Leaf::letters, Letters{{{number, "a", "{}"}}, std::string(32, desk)}); }
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

}  // namespace rampa::tests::drain
