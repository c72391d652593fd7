// What HQ says to the posts by itself: letters in order, receipts, and what it learns of their clocks.
#include "tests/unit/sync/hq_fixture.hpp"

using namespace rampa;
using namespace rampa::sync;
using namespace rampa::sync::hq;
using namespace rampa::tests;

namespace {

class ReceiverDesk : public HqTest {
 protected:
  void write(const std::string& post, const std::string& kind, const std::string& text) {
    const auto body = checked_letter(kind, as_bytes(text));
    ASSERT_TRUE(body) << body.error().what;
    desk->add_letter(post, kind, *body, clock.now().wall);
  }
  std::vector<Letter> greeted(std::uint64_t through) {
    Hello hello = p1.hello();
    hello.letters_through = through;
    return letters_in(group({{Leaf::hello, encode(hello)}}));
  }
  std::vector<Answer> look() {
    EXPECT_TRUE(receiver->begin());
    EXPECT_TRUE(receiver->look_at_desk(clock.now()));
    return receiver->commit(clock.now()).value();
  }
};

}  // namespace

TEST_F(ReceiverDesk, LettersAreNumberedAndComeAfterWhatThePostHas) {
  write("", "declarations", R"({"declarations":[{"reference":"M1"}]})");
  write("P2", "watch_list", R"({"name":"stolen","plates":["X1"]})");
  write("P1", "watch_list", R"({"name":"stolen","plates":["X2"]})");
  const auto letters = greeted(0);
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].number, 1u);
  EXPECT_EQ(letters[0].kind, "declarations");
  EXPECT_EQ(letters[1].number, 2u);
  EXPECT_NE(letters[1].body.find("X2"), std::string::npos);
  clock.advance(5s);
  const auto rest = greeted(1);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].number, 2u);
  EXPECT_TRUE(greeted(2).empty());
  EXPECT_EQ(ack_in(group({{Leaf::hello, encode(p1.hello())}})).letters_last, 2u);
}

TEST_F(ReceiverDesk, WhatIsWrittenLaterGoesAtOnceAndIsNotSentTwiceMeanwhile) {
  greet();
  EXPECT_TRUE(look().empty());
  write("P1", "command", R"({"do":"something"})");
  EXPECT_TRUE(receiver->desk_changed());
  EXPECT_EQ(letters_in(look()).size(), 1u);
  EXPECT_TRUE(greeted(0).empty()) << "it is on its way";
  clock.advance(5s);
  EXPECT_EQ(greeted(0).size(), 1u) << "it got lost";
  group({{Leaf::receipt, encode(Receipt{1, {}})}});
  EXPECT_TRUE(look().empty());
}

TEST_F(ReceiverDesk, ARefusedLetterIsAnAlarm) {
  write("", "command", "{}");
  greeted(0);
  group({{Leaf::receipt, encode(Receipt{1, {{1, "kind command is not known"}}})}});
  EXPECT_EQ(alarm_kinds(), std::vector<std::string>{"letter_refused"});
}

TEST_F(ReceiverDesk, ManyLettersComeInBatches) {
  for (int i = 0; i < 150; ++i) write("", "note", R"({"n":)" + std::to_string(i) + "}");
  std::uint64_t through = 0;
  auto letters = greeted(0);
  for (int round = 0; round < 10 && !letters.empty(); ++round) {
    EXPECT_EQ(letters.front().number, through + 1);
    through = letters.back().number;
    letters = letters_in(group({{Leaf::receipt, encode(Receipt{through, {}})}}));
  }
  EXPECT_EQ(through, 150u);
}

TEST_F(ReceiverDesk, AReceiverWithoutItsDeskGoesOnBehindWhatThePostHas) {
  EXPECT_TRUE(greeted(7).empty());
  write("", "note", "{}");
  const auto letters = letters_in(look());
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].number, 8u);
}

TEST_F(ReceiverDesk, APostFetchesWhatIsOfferedToItAndNothingElse) {
  Bytes bundle(2 * chunk_bytes + 10);
  for (std::size_t i = 0; i < bundle.size(); ++i) bundle[i] = static_cast<std::uint8_t>(i * 31 >> 4);
  const Sha256 sha = sha256(bundle);
  ASSERT_TRUE(shelf->write("hq", sha, 0, bundle) && shelf->finish("hq", sha));
  greet();
  const auto fetch = [&](std::uint64_t offset, std::uint32_t bytes) { return group({{Leaf::fetch, encode(Fetch{hex(sha), offset, bytes})}}); };
  EXPECT_TRUE(said(fetch(0, 100), p1, Leaf::not_there, decode_unavailable)) << "it is another post's";
  desk->offer("P1", hex(sha), clock.now().wall);
  Bytes got;
  while (got.size() < bundle.size()) {
    const std::size_t before = got.size();
    for (const Answer& answer : fetch(got.size(), 200'000)) {
      if (answer.topic != p1.topic(Leaf::fetched)) continue;
      const auto slice = decode_slice(answer.payload);
      ASSERT_TRUE(slice) << slice.error().what;
      ASSERT_EQ(slice->offset, got.size());
      got.insert(got.end(), slice->bytes.begin(), slice->bytes.end());
    }
    ASSERT_GT(got.size(), before);
  }
  EXPECT_EQ(got, bundle);
}

TEST_F(ReceiverDesk, APostFetchesWhatItOnceSent) {
  const Bytes scan(500, 3);
  p1.journal.append("capture_taken", "{}", {scan});
  greet();
  events(1, 1);
  group({{Leaf::slice, encode(BlobSlice{sha256(scan), 0, 500, scan})}});
  const auto answers = group({{Leaf::fetch, encode(Fetch{hex(sha256(scan)), 400, 200})}});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(decode_slice(answers[0].payload)->bytes.size(), 100u);
}

TEST_F(ReceiverDesk, ABrokenLetterIsNotTaken) {
  EXPECT_FALSE(checked_letter("declarations", as_bytes(R"({"declarations":[{}]})")));
  EXPECT_FALSE(checked_letter("watch_list", as_bytes("[]")));
  EXPECT_FALSE(checked_letter("", as_bytes("{}")));
}

TEST_F(ReceiverDesk, TheTrueTimeIsAlwaysInsideTheInterval) {
  // The post's monotonic clock began at 5000 s of HQ's, runs 40 ppm fast; its wall clock is ten years off. Delays vary.
  const std::int64_t began_ns = 5'000'000'000'000;
  const auto post_mono = [&](std::int64_t true_ns) { return MonoTime{(true_ns - began_ns) + (true_ns - began_ns) / 1'000'000 * 40}; };
  ClockEstimate estimate;
  std::int64_t t = began_ns + 60'000'000'000, heard_wall = 0, heard_mono = 0;
  for (int i = 0; i < 200; ++i) {
    t += 1'000'000'000 + (i * 7919 % 100) * 30'000'000'000LL;
    const std::int64_t up = 5'000'000 + (i * 31 % 60) * 10'000'000LL, down = 5'000'000 + (i * 17 % 60) * 10'000'000LL;
    Hello hello;
    hello.sent = {post_mono(t), WallTime{t / 1'000'000 - 315'360'000'000}};
    hello.heard_answered.ms = heard_wall;
    hello.heard.ns = heard_mono;
    EXPECT_TRUE(estimate.take(hello, WallTime{(t + up) / 1'000'000})) << i;
    heard_wall = (t + up) / 1'000'000;
    heard_mono = post_mono(t + up + down).ns;
    if (i < 1) continue;
    for (const std::int64_t later : {0LL, 3'600'000'000'000LL, 86'400'000'000'000LL}) {
      const auto interval = estimate.at(post_mono(t + later));
      ASSERT_TRUE(interval);
      const std::int64_t offset = t + later - post_mono(t + later).ns;
      EXPECT_LE(interval->lowest_ns, offset);
      EXPECT_GE(interval->highest_ns, offset);
      if (later == 0) {
        EXPECT_LE(interval->highest_ns - interval->lowest_ns, 2'600'000'000LL) << "round trip and drift, not more";
      }
    }
  }
}

TEST_F(ReceiverDesk, AClockThatWasSetDropsWhatWasKnown) {
  ClockEstimate estimate;
  Hello hello;
  hello.sent.mono.ns = 1'000'000'000;
  EXPECT_TRUE(estimate.take(hello, WallTime{1'000'000}));
  hello.sent.mono.ns = 2'000'000'000;
  hello.heard = MonoTime{1'500'000'000};
  hello.heard_answered.ms = 1'000'100;
  EXPECT_TRUE(estimate.take(hello, WallTime{1'001'000}));
  hello.sent.mono.ns = 3'000'000'000;
  EXPECT_FALSE(estimate.take(hello, WallTime{500'000})) << "HQ's clock was put back";
  EXPECT_FALSE(estimate.at(hello.sent.mono)) << "only one side is known now";
}

TEST_F(ReceiverDesk, PostsShowTheClock) {
  Hello hello = p1.hello();
  hello.sent = {MonoTime{10'000'000'000}, WallTime{clock.now().wall.ms - 5000}};
  group({{Leaf::hello, encode(hello)}});
  EXPECT_TRUE(posts()[0]["clock"].is_null());
  hello.id = "next";
  hello.heard_answered = clock.now().wall;
  hello.heard = MonoTime{10'100'000'000};
  clock.advance(1s);
  hello.sent = {MonoTime{11'000'000'000}, WallTime{clock.now().wall.ms - 5000}};
  group({{Leaf::hello, encode(hello)}});
  const json shown = posts()[0]["clock"];
  EXPECT_LE(shown["behind_ms_min"], 5000);
  EXPECT_GE(shown["behind_ms_max"], 5000);
  EXPECT_LE(shown["behind_ms_max"].get<int>() - shown["behind_ms_min"].get<int>(), 110);
}
