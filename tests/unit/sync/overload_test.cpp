// An HQ that is slower than its posts: real drains, HQ's queue, its credit and its receiver, in virtual time.
#include <random>

#include "sync/hq/credit_share.hpp"
#include "sync/hq/message_queue.hpp"
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::tests;

namespace {

/// A post with its drain; what it publishes goes straight into HQ's queue.
class DrainingPost {
 public:
  DrainingPost(const std::string& name, hq::MessageQueue& queue, const Clock& clock)
      : post(name), queue_(queue), clock_(clock), reader_(post.journal.reader()), blobs_(post.journal.blobs()) {
    DrainSettings settings;
    settings.post = PostId{name};
    std::array<std::uint8_t, 32> seed{};
    seed.fill(1);
    settings.identity = {post.epoch(), sync::hex(ByteView{post.key()}), signer_of(seed), {}};
    settings.boot_id = "boot";
    settings.brokers = 1;
    settings.heartbeat = 300ms;  // many hellos among what is under way
    settings.frame_records_max = 8;
    drain_ = std::make_unique<Drain>(settings, *reader_, *blobs_, nullptr, 0, 42);
    turn();
  }
  void append(int count, const char* kind) {
    for (int i = 0; i < count; ++i) {
      std::string note;
      while (note.size() < 900) note += std::to_string(random_());
      post.journal.append(kind, R"({"kind":")" + std::string(kind) + R"(","note":")" + note + "\"}");
    }
    drain_->durable(clock_.now());
    perform();
  }
  void turn() {
    if (drain_->next_wake() <= clock_.mono()) drain_->advance(clock_.now());
    perform();
  }
  void hear(const hq::Answer& answer) {
    drain_->message(attempt_, answer.topic, answer.payload, clock_.now());
    perform();
  }
  [[nodiscard]] LinkStatus status() const { return drain_->status(); }
  [[nodiscard]] bool drained() const { return drain_->status().cursor == post.journal.last(); }
  SigningPost post;

 private:
  void perform() {
    for (auto effects = drain_->take_effects(); !effects.empty(); effects = drain_->take_effects())
      for (Effect& e : effects) {
        if (const auto* open = std::get_if<effect::OpenLink>(&e)) drain_->link_ready(attempt_ = open->attempt, clock_.now());
        if (auto* publish = std::get_if<effect::Publish>(&e)) queue_.put_message(publish->topic, std::move(publish->payload), clock_.now());
      }
  }
  hq::MessageQueue& queue_;
  const Clock& clock_;
  std::mt19937_64 random_{1};
  std::unique_ptr<store::JournalReader> reader_;
  std::unique_ptr<BlobSource> blobs_;
  std::unique_ptr<Drain> drain_;
  std::uint64_t attempt_ = 0;
};

class Overload : public HqTest {
 protected:
  /// HQ's disk takes a group of `count` messages in `time`.
  void round(hq::MessageQueue& queue, std::size_t count, Duration time) {
    auto taken = queue.take(count, 1u << 30, Duration{});
    for (const auto& message : taken.messages) credit.heard(message.topic.post.text, message.arrived.mono);
    receiver->set_credit(credit.share(clock.mono()));
    ASSERT_TRUE(receiver->begin());
    for (const auto& message : taken.messages) ASSERT_TRUE(receiver->take(message.topic, message.payload, message.arrived));
    clock.advance(time);
    const auto answers = receiver->commit(clock);
    ASSERT_TRUE(answers) << answers.error().what;
    (void)receiver->take_notices();
    dropped = taken.dropped;
    for (const auto& answer : *answers) {
      const auto found = posts_here.find(parse_topic(answer.topic)->post.text);
      ASSERT_NE(found, posts_here.end());
      found->second->hear(answer);
    }
    for (auto& [name, post] : posts_here) post->turn();
  }
  DrainingPost& add(const std::string& name, hq::MessageQueue& queue) {
    return *posts_here.emplace(name, std::make_unique<DrainingPost>(name, queue, clock)).first->second;
  }
  hq::CreditShare credit{1u << 20, 8u << 20};
  std::map<std::string, std::unique_ptr<DrainingPost>> posts_here;
  std::uint64_t dropped = 0;
};

}  // namespace

TEST_F(Overload, VerdictsOvertakeAndNothingIsTakenForLost) {
  hq::MessageQueue queue(16u << 20, 8u << 20);
  DrainingPost& post = add("P1", queue);
  post.append(2000, "audit_note");
  for (int i = 2; i <= 20; ++i) add("P" + std::to_string(i), queue).append(400, "audit_note");
  std::uint64_t verdicts = 0;
  for (int i = 0; i < 100 || !post.drained(); ++i) {
    ASSERT_LT(i, 5000) << post.status().trouble << " at " << post.status().cursor;
    if (i < 100) post.append(1, "verdict"), ++verdicts;
    ASSERT_NO_FATAL_FAILURE(round(queue, 8, 20ms));
    // Everybody's events wait; a verdict is there with the next group.
    if (i >= 3 && i < 100) {  // all hellos are answered
      ASSERT_EQ(post.status().waiting.verdicts, 0u) << "round " << i;
    }
  }
  EXPECT_EQ(verdicts, 100u);
  EXPECT_EQ(post.status().resends, 0u);
  EXPECT_EQ(dropped, 0u);
  expect_all_here(post.post);
  EXPECT_TRUE(alarms().empty()) << alarms().dump();
}

TEST_F(Overload, AHelloThatAVerdictHasOvertakenIsNoPostThatWentBack) {
  greet();
  const Bytes hello = p1.signed_as(Leaf::hello, encode(p1.hello()));
  const Stamp hello_arrived = clock.now();
  p1.append(1, "verdict");
  clock.advance(1us);
  ASSERT_TRUE(receiver->begin());
  ASSERT_TRUE(receiver->take({PostId{"P1"}, Leaf::verdicts}, p1.signed_as(Leaf::verdicts, p1.frame(Stream::verdicts, 1, 1)), clock.now()));
  ASSERT_TRUE(receiver->take({PostId{"P1"}, Leaf::hello}, hello, hello_arrived));
  ASSERT_TRUE(receiver->commit(clock));
  EXPECT_TRUE(alarms().empty()) << alarms().dump();
  clock.advance(1us);
  ASSERT_TRUE(receiver->begin());
  ASSERT_TRUE(receiver->take({PostId{"P1"}, Leaf::hello}, hello, clock.now()));
  ASSERT_TRUE(receiver->commit(clock));
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"post_went_back"}) << "said after it, it is one";
}

TEST_F(Overload, ManyPostsThatHaveMuchToSayFillNoQueue) {
  hq::MessageQueue queue(2u << 20, 1u << 20);
  constexpr int count = 60;
  for (int i = 0; i < count; ++i) add("P" + std::to_string(i), queue).append(150, "audit_note");
  for (int i = 0; !std::all_of(posts_here.begin(), posts_here.end(), [](const auto& p) { return p.second->drained(); }); ++i) {
    ASSERT_LT(i, 5000);
    ASSERT_NO_FATAL_FAILURE(round(queue, 32, 100ms));
  }
  EXPECT_EQ(dropped, 0u);
  for (const auto& [name, post] : posts_here) EXPECT_EQ(post->status().resends, 0u) << name;
}

TEST(CreditShare, IsWhatTheQueueTakesAmongThoseWhoSpeak) {
  hq::CreditShare credit(1000u << 10, 400u << 10);
  const MonoTime begun{5'000'000'000};
  EXPECT_EQ(credit.share(begun), 400u << 10);
  for (int i = 0; i < 10; ++i) credit.heard("P" + std::to_string(i), begun);
  EXPECT_EQ(credit.share(begun), 100u << 10);
  credit.heard("P0", begun + 50s);
  EXPECT_EQ(credit.share(begun + 50s), 400u << 10) << "the others are silent";
  for (int i = 0; i < 1000; ++i) credit.heard("Q" + std::to_string(i), begun + 60s);
  EXPECT_EQ(credit.share(begun + 60s), hq::CreditShare::least);
}
