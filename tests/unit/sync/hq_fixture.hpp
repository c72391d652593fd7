// A receiver with its ledger, shelf and desk in a temporary folder, and a post that speaks to it with real signatures.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "edge/store/segment_format.hpp"
#include "sync/hq/blob_shelf.hpp"
#include "sync/hq/receiver.hpp"
#include "sync/hq/report.hpp"
#include "tests/support/memory_journal.hpp"
#include "tests/support/virtual_clock.hpp"
#ifdef RAMPA_HQ_POSTGRES
#include "tests/contract/sync/postgres_server.hpp"
#include "tests/support/shared_data.hpp"
#endif

namespace rampa::tests {

using nlohmann::json;

/// What a post is to HQ: a name, a device key, a journal.
class SigningPost {
 public:
  explicit SigningPost(std::string name, std::uint8_t key = 1) : journal(PostId{name}), name_(std::move(name)) {
    seed_.fill(key);
    signer_ = sync::signer_of(seed_);
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] sync::PublicKey key() const { return sync::public_key_of(seed_); }
  [[nodiscard]] sync::Epoch epoch() const { return store::format::epoch_of(PostId{name_}, key()); }
  [[nodiscard]] std::string topic(sync::Leaf leaf) const { return sync::topic_text({PostId{name_}, leaf}); }
  [[nodiscard]] Bytes signed_as(sync::Leaf leaf, const Bytes& body) const { return sync::seal(topic(leaf), body, signer_); }

  void append(int count, const char* kind = "audit_note") {
    for (int i = 0; i < count; ++i) journal.append(kind, R"({"kind":")" + std::string(kind) + "\"}");
  }
  /// The journal's sequences of a stream, in order.
  [[nodiscard]] std::vector<std::uint64_t> sequences(sync::Stream stream) const {
    std::vector<std::uint64_t> out;
    for (std::uint64_t s = 1; s <= journal.last(); ++s)
      if (journal.at(s).stream == stream) out.push_back(s);
    return out;
  }
  [[nodiscard]] sync::Hello hello() const {
    sync::Hello h;
    h.id = "hello-" + std::to_string(++hellos_);
    h.epoch = epoch();
    h.key = sync::hex(ByteView{key()});
    h.boot_id = "boot";
    h.last_sequence = journal.last();
    if (h.last_sequence) h.last_hash = journal.at(h.last_sequence).hash;
    h.ends = {sequences(sync::Stream::verdicts).size(), sequences(sync::Stream::events).size()};
    return h;
  }
  [[nodiscard]] Bytes frame(sync::Stream stream, std::uint64_t first, std::uint64_t last) const {
    const auto at = sequences(stream);
    sync::FrameHead head{stream, epoch(), first, {}};
    if (first > 1) head.previous = *sync::parse_sha256(journal.at(at[first - 2]).hash);
    std::vector<Bytes> own;
    for (std::uint64_t n = first; n <= last; ++n) own.push_back(journal.at(at[n - 1]).bytes);
    const std::vector<ByteView> views(own.begin(), own.end());
    return sync::encode(head, views);
  }

  MemoryJournal journal;

 private:
  std::string name_;
  std::array<std::uint8_t, 32> seed_{};
  sync::Signer signer_;
  mutable int hellos_ = 0;
};

class HqTest : public ::testing::Test {
 protected:
  using Leaf = sync::Leaf;
  using Stream = sync::Stream;
  using Messages = std::vector<std::pair<Leaf, Bytes>>;

  HqTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rampa-hq-XXXXXX").string();
    place.directory = ::mkdtemp(name.data());
    settings.incarnation = "hq-1";
    settings.key.fill(9);
  }
  ~HqTest() override {
    close();
    std::filesystem::remove_all(place.directory);
  }
  void SetUp() override {
#ifdef RAMPA_HQ_POSTGRES
    if (const std::string why = postgres_missing(); !why.empty()) {
      if (in_ci()) FAIL() << why;
      GTEST_SKIP() << why;
    }
    ASSERT_FALSE(postgres_url().empty());
    empty_postgres();
    place.database = postgres_url();
#endif
    open();
  }
  void close() {
    receiver.reset();
    desk.reset();
    ledger.reset();
    shelf.reset();
  }
  virtual void open() {
    close();
    ledger = sync::hq::open_ledger(place);
    desk = sync::hq::open_desk(place);
    if (!place.server()) ledger->database().execute("PRAGMA synchronous=OFF");  // no power cut in a unit test: only quicker
    shelf = std::make_unique<sync::hq::BlobShelf>(place.directory);
    receiver = std::make_unique<sync::hq::Receiver>(*ledger, *shelf, *desk, settings);
  }
  /// One group of payloads that are already sealed where they have to be.
  std::vector<sync::hq::Answer> raw(const Messages& messages, const SigningPost& post) {
    EXPECT_TRUE(receiver->begin());
    for (const auto& [leaf, payload] : messages) {
      const auto taken = receiver->take({PostId{post.name()}, leaf}, payload, clock.now());
      EXPECT_TRUE(taken) << taken.error().what;
    }
    auto answers = receiver->commit(clock);
    EXPECT_TRUE(answers) << answers.error().what;
    return answers ? std::move(*answers) : std::vector<sync::hq::Answer>{};
  }
  /// Seals what travels in an envelope.
  std::vector<sync::hq::Answer> group(Messages messages, const SigningPost& post) {
    for (auto& [leaf, body] : messages)
      if (leaf != Leaf::slice) body = post.signed_as(leaf, body);
    return raw(messages, post);
  }
  std::vector<sync::hq::Answer> group(const Messages& messages) { return group(messages, p1); }
  sync::Ack greet(const SigningPost& post) { return ack_in(group({{Leaf::hello, encode(post.hello())}}, post), post); }
  sync::Ack greet() { return greet(p1); }
  template <class Payload>
  std::optional<Payload> said(const std::vector<sync::hq::Answer>& answers, const SigningPost& post, Leaf leaf, Result<Payload> (*decode)(ByteView)) {
    std::optional<Payload> newest;
    for (const auto& a : answers) {
      if (a.topic != post.topic(leaf)) continue;
      const auto body = sync::open(a.topic, a.payload, sync::public_key_of(settings.key));
      EXPECT_TRUE(body) << "HQ signs what it says";
      const auto read = decode(body.value());
      EXPECT_TRUE(read) << read.error().what;
      newest = *read;
    }
    return newest;
  }
  sync::Ack ack_in(const std::vector<sync::hq::Answer>& answers, const SigningPost& post) {
    const auto ack = said(answers, post, Leaf::ack, sync::decode_ack);
    EXPECT_TRUE(ack) << "no ack";
    return ack.value_or(sync::Ack{});
  }
  sync::Ack ack_in(const std::vector<sync::hq::Answer>& answers) { return ack_in(answers, p1); }
  sync::Want want_in(const std::vector<sync::hq::Answer>& answers) { return said(answers, p1, Leaf::want, sync::decode_want).value_or(sync::Want{}); }
  std::vector<sync::Letter> letters_in(const std::vector<sync::hq::Answer>& answers) {
    return said(answers, p1, Leaf::letters, sync::decode_letters).value_or(sync::Letters{}).letters;
  }
  static Leaf leaf_of(Stream stream) { return stream == Stream::verdicts ? Leaf::verdicts : Leaf::events; }
  sync::Ack send(Stream stream, std::uint64_t first, std::uint64_t last) {
    return ack_in(group({{leaf_of(stream), p1.frame(stream, first, last)}}));
  }
  sync::Ack events(std::uint64_t first, std::uint64_t last) { return send(Stream::events, first, last); }
  sync::Ack verdicts(std::uint64_t first, std::uint64_t last) { return send(Stream::verdicts, first, last); }
  static json parsed(const Result<sync::hq::Report>& r) {
    EXPECT_TRUE(r) << r.error().what;
    return r ? json::parse(r->json) : json();
  }
  json alarms() { return parsed(sync::hq::report_alarms(place, "")); }
  std::vector<std::string> alarm_kinds() {
    std::vector<std::string> kinds;
    for (const auto& alarm : alarms()) kinds.push_back(alarm["what"]);
    return kinds;
  }
  json posts() { return parsed(sync::hq::report_posts(place)); }
  json gaps() { return parsed(sync::hq::report_gaps(place, "")); }
  json rows(const std::string& post = "P1") { return parsed(sync::hq::report_records(place, {post, "", 1, 1'000'000, ""})); }
  /// HQ holds what the post's journal holds, in order, and its own check is green.
  void expect_all_here(const SigningPost& post) {
    const json held = rows(post.name());
    ASSERT_EQ(held.size(), post.journal.last());
    for (std::size_t i = 0; i < held.size(); ++i) {
      ASSERT_EQ(held[i]["sequence"], i + 1);
      ASSERT_EQ(held[i]["hash"], post.journal.at(i + 1).hash);
      ASSERT_EQ(held[i]["chain"], "linked");
    }
    const auto verified = sync::hq::verify_post(place, post.name());
    ASSERT_TRUE(verified) << verified.error().what;
    EXPECT_TRUE(verified->sound) << verified->json;
  }

  sync::hq::Place place;
  sync::hq::ReceiverSettings settings;
  VirtualClock clock;
  SigningPost p1{"P1"};
  std::unique_ptr<sync::hq::Ledger> ledger;
  std::unique_ptr<sync::hq::BlobShelf> shelf;
  std::unique_ptr<sync::hq::Desk> desk;
  std::unique_ptr<sync::hq::Receiver> receiver;
};

}  // namespace rampa::tests
