// How much may be under way and when it goes: against a line and an HQ that are played in virtual time.
#include "sync/line_budget.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

namespace rampa::sync {
namespace {

constexpr double kbit_s = 125;  ///< bytes per second

struct Line {
  double bytes_per_s;
  Duration one_way;
  Duration commit_least = 2ms, commit_most = 10ms;  ///< HQ's, drawn
  Duration moods{};                                 ///< the way back takes up to so much longer, drawn
  bool tells = true;                                ///< HQ says how long it kept what it acknowledges
  double hq_bytes_per_s = 0;                        ///< a commit takes longer the more is in it; 0: no matter
  Duration hiccup{};                                ///< one commit in 50 takes so much longer
};

struct Played {
  double use;                  ///< part of the line's rate
  Duration verdict_p99;        ///< from a live verdict's way out until HQ has it and a way back, over the round trip
  std::size_t under_way_most;  ///< bytes
  double burst_most;           ///< bytes that went within 20 ms, in parts of what the line carries then
};

/// An image that never ends and a verdict every half second. The line has one queue without an end (over TCP what has no room
/// in a router waits at the sender); HQ commits what is there, acknowledges it, and commits what has come meanwhile.
class Play {
 public:
  explicit Play(const Line& line) : line_(line) { budget.set_credit(8u << 20); }

  /// Until `end` after the start; what happens after `settled` counts.
  Played until(Duration end, Duration settled, const std::function<void(Line&, Duration)>& change = {}) {
    const MonoTime stop = begin_ + end;
    begin_counting_ = begin_ + settled;
    while (now < stop) {
      if (change) change(line_, now - begin_);
      arrive();
      commit();
      hear();
      if (now >= next_verdict_) send(verdict_bytes, true), next_verdict_ = next_verdict_ + 503ms;
      if (now < begin_ + image_at) budget.idle(under_way);
      else while (budget.may_send(under_way, now)) send(budget.piece() + 130, false);
      if (now >= begin_counting_) under_way_most_ = std::max(under_way_most_, under_way);
      MonoTime next = std::min({stop, next_verdict_, commit_over_});
      if (now < begin_ + image_at) next = std::min(next, begin_ + image_at);
      if (!wire_.empty()) next = std::min(next, wire_.front().arrives);
      if (!acks_.empty()) next = std::min(next, acks_.front().arrives);
      if (budget.wake()) next = std::min(next, *budget.wake());
      now = std::max(next, now + 1ns);
    }
    std::sort(over_.begin(), over_.end());
    const double counted = std::chrono::duration<double>(end - settled).count();
    return {arrived_ / (counted * line_.bytes_per_s), over_.empty() ? Duration{} : over_[over_.size() * 99 / 100], under_way_most_, burst_most_};
  }

  LineBudget budget;
  MonoTime now{1'000'000'000};
  std::size_t under_way = 0;
  std::size_t verdict_bytes = 1200;
  Duration image_at{};     ///< until then there are only verdicts
  bool lose_next = false;  ///< the next piece never arrives, and nobody says so

 private:
  struct Message {
    Sent sent;
    MonoTime arrives;
  };
  struct Answer {
    MonoTime arrives;
    std::vector<Sent> messages;
    Duration held;
  };

  void send(std::size_t bytes, bool verdict) {
    Sent sent{{}, bytes, ++order_, budget.sent(bytes, under_way, now), verdict};
    if (!verdict && std::exchange(lose_next, false)) return void(under_way += bytes);
    line_free_ = std::max(line_free_, now) + Duration{static_cast<std::int64_t>(static_cast<double>(bytes) / line_.bytes_per_s * 1e9)};
    const MonoTime arrives = line_free_ + line_.one_way;
    wire_.push_back({sent, wire_.empty() ? arrives : std::max(arrives, wire_.back().arrives)});
    if (verdict) return;
    under_way += bytes;
    if (now < begin_counting_) return;
    recent_.push_back({sent, now});
    while (recent_.front().arrives + 20ms < now) recent_.pop_front();
    double burst = 0;
    for (const Message& m : recent_) burst += static_cast<double>(m.sent.bytes);
    burst_most_ = std::max(burst_most_, burst / (line_.bytes_per_s * 0.020));
  }
  void arrive() {
    for (; !wire_.empty() && wire_.front().arrives <= now; wire_.pop_front()) {
      const Message& m = wire_.front();
      at_hq_.push_back(m);
      if (now < begin_counting_) continue;
      arrived_ += static_cast<double>(m.sent.bytes);
      if (m.sent.live) over_.push_back(m.arrives - m.sent.mark.at - line_.one_way);
    }
  }
  void commit() {
    if (commit_over_ <= now) {
      Answer answer{now + line_.one_way + drawn(line_.moods), {}, line_.tells ? now - group_.back().arrives : Duration{}};
      for (const Message& m : group_) answer.messages.push_back(m.sent);
      if (!acks_.empty()) answer.arrives = std::max(answer.arrives, acks_.back().arrives);
      acks_.push_back(std::move(answer));
      commit_over_ = never;
    }
    if (commit_over_ != never || at_hq_.empty()) return;
    group_.assign(at_hq_.begin(), at_hq_.end());
    at_hq_.clear();
    double bytes = 0;
    for (const Message& m : group_) bytes += static_cast<double>(m.sent.bytes);
    const double work = line_.hq_bytes_per_s > 0 ? bytes / line_.hq_bytes_per_s : 0;
    commit_over_ = now + line_.commit_least + drawn(line_.commit_most - line_.commit_least) + hiccup() + Duration{static_cast<std::int64_t>(work * 1e9)};
  }
  void hear() {
    for (; !acks_.empty() && acks_.front().arrives <= now; acks_.pop_front()) {
      for (const Sent& sent : acks_.front().messages) under_way -= sent.live ? 0 : sent.bytes;
      budget.acknowledged(acks_.front().messages, acks_.front().held, now);
    }
  }
  Duration hiccup() { return line_.hiccup > 0ns && random_() % 50 == 0 ? line_.hiccup : 0ns; }
  Duration drawn(Duration most) { return most > 0ns ? Duration{static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most.count()))} : most; }

  Line line_;
  static constexpr MonoTime never{INT64_MAX};
  std::mt19937_64 random_{7};
  const MonoTime begin_ = now;
  MonoTime begin_counting_ = now, line_free_ = now, commit_over_ = never, next_verdict_ = now + 300ms;
  std::deque<Message> wire_, at_hq_, recent_;
  std::vector<Message> group_;
  std::deque<Answer> acks_;
  std::uint64_t order_ = 0;
  double arrived_ = 0, burst_most_ = 0;
  std::size_t under_way_most_ = 0;
  std::vector<Duration> over_;
};

Played play(const Line& line) { return Play(line).until(120s, 20s); }

const std::pair<const char*, Line> lines[] = {{"512 kbit/s, 100 ms", {512 * kbit_s, 50ms}},     {"512 kbit/s, 600 ms", {512 * kbit_s, 300ms}},
                                              {"2 Mbit/s, 600 ms", {2000 * kbit_s, 300ms}},     {"2 Mbit/s, 100 ms", {2000 * kbit_s, 50ms}},
                                              {"20 Mbit/s, 50 ms", {20'000 * kbit_s, 25ms}},    {"100 Mbit/s, 50 ms", {100'000 * kbit_s, 25ms}},
                                              {"100 Mbit/s, 600 ms", {100'000 * kbit_s, 300ms}}};

TEST(LineBudget, KeepsTheLineBusyAndAVerdictHardlyWaits) {
  for (const auto& [name, line] : lines) {
    const Played run = play(line);
    EXPECT_GE(run.use, 0.95) << name;
    EXPECT_LE(run.verdict_p99, 150ms) << name;
  }
}

TEST(LineBudget, GetsThereWithinSeconds) {
  for (const auto& [name, line] : lines) {
    const Played run = Play(line).until(35s, 5s);
    EXPECT_GE(run.use, 0.95) << name;
    EXPECT_LE(run.verdict_p99, 150ms) << name;
  }
}

// A connection begins with hellos and a record or two: what they say of the line's rate is nothing.
TEST(LineBudget, GetsThereWithinSecondsWhereTheFirstMessagesAreSmall) {
  for (const auto& [name, line] : lines) {
    Play play(line);
    play.verdict_bytes = 400;
    play.image_at = 2s;
    const Played run = play.until(37s, 7s);
    EXPECT_GE(run.use, 0.95) << name;
    EXPECT_LE(run.verdict_p99, 150ms) << name;
  }
}

TEST(LineBudget, LateCommitsNeitherStarveItNorPassForAQueue) {
  for (const auto& [name, line] : {std::pair<const char*, Line>{"512 kbit/s, 100 ms", {512 * kbit_s, 50ms, 2ms, 200ms}},
                                   {"2 Mbit/s, 600 ms", {2000 * kbit_s, 300ms, 2ms, 200ms}},
                                   {"20 Mbit/s, 1 ms", {20'000 * kbit_s, 500us, 2ms, 200ms}},
                                   {"100 Mbit/s, 50 ms", {100'000 * kbit_s, 25ms, 2ms, 200ms}},
                                   {"100 Mbit/s, 1 ms, always 20 ms", {100'000 * kbit_s, 500us, 20ms, 20ms}}}) {
    const Played run = play(line);
    EXPECT_GE(run.use, 0.95) << name;
    EXPECT_LE(run.verdict_p99, 150ms) << name;
  }
  for (const double rate : {512.0, 2000.0, 20'000.0}) {
    const Played run = play({rate * kbit_s, 50ms, 1s, 1s});
    EXPECT_GE(run.use, 0.95) << rate << " kbit/s, each commit takes a second";
    EXPECT_LE(run.verdict_p99, 300ms) << rate;
  }
}

TEST(LineBudget, AnHqThatDoesNotSayHowLongItKeepsThingsIsServedToo) {
  for (const auto& [name, line] : {std::pair<const char*, Line>{"512 kbit/s, 100 ms", {512 * kbit_s, 50ms, 2ms, 20ms, {}, false}},
                                   {"2 Mbit/s, 600 ms", {2000 * kbit_s, 300ms, 2ms, 200ms, {}, false}},
                                   {"20 Mbit/s, 1 ms", {20'000 * kbit_s, 500us, 2ms, 200ms, {}, false}}}) {
    const Played run = play(line);
    EXPECT_GE(run.use, 0.7) << name;
    EXPECT_LE(run.verdict_p99, 1s) << name;
  }
}

TEST(LineBudget, ACommitThatIsLateNowAndThenMakesNoQueue) {
  struct Case { const char* name; Line line; Duration verdict_p99; };
  for (const Case& c : {Case{"512 kbit/s, 100 ms", {512 * kbit_s, 50ms, 2ms, 10ms, {}, true, 0, 60ms}, 120ms},
                        Case{"512 kbit/s, 600 ms", {512 * kbit_s, 300ms, 2ms, 10ms, {}, true, 0, 60ms}, 120ms},
                        Case{"2 Mbit/s, 100 ms, with moods", {2000 * kbit_s, 50ms, 2ms, 10ms, 30ms, true, 0, 60ms}, 150ms},
                        Case{"20 Mbit/s, 50 ms, with moods", {20'000 * kbit_s, 25ms, 2ms, 10ms, 30ms, true, 0, 60ms}, 150ms}}) {
    const Played run = play(c.line);
    EXPECT_GE(run.use, 0.98) << c.name;
    EXPECT_LE(run.verdict_p99, c.verdict_p99) << c.name;
  }
}

TEST(LineBudget, ALineWithMoodsIsNotTakenForAFullOne) {
  for (const auto& [name, line] : {std::pair<const char*, Line>{"512 kbit/s, 100 ms", {512 * kbit_s, 50ms, 2ms, 10ms, 30ms}},
                                   {"2 Mbit/s, 600 ms", {2000 * kbit_s, 300ms, 2ms, 10ms, 30ms}},
                                   {"20 Mbit/s, 50 ms", {20'000 * kbit_s, 25ms, 2ms, 10ms, 100ms}}}) {
    const Played run = play(line);
    EXPECT_GE(run.use, 0.95) << name;
    EXPECT_LE(run.verdict_p99, 200ms) << name;
  }
}

TEST(LineBudget, FindsOutThatTheLineHasBecomeFasterOrSlower) {
  for (const auto& [before, after] : {std::pair{2000.0, 20'000.0}, {512.0, 20'000.0}, {20'000.0, 2000.0}, {2000.0, 512.0}}) {
    for (const Duration one_way : {50ms, 300ms}) {
      const Played run = Play({before * kbit_s, one_way}).until(90s, 60s, [after = after](Line& line, Duration at) {
        if (at > 30s) line.bytes_per_s = after * kbit_s;
      });
      EXPECT_GE(run.use, 0.95) << before << " -> " << after << " kbit/s, " << one_way / 1ms << " ms one way";
      EXPECT_LE(run.verdict_p99, 200ms) << before << " -> " << after << " kbit/s, " << one_way / 1ms << " ms one way";
    }
  }
}

// What was lost never arrives: to wait until nothing is under way would be to wait for ever.
TEST(LineBudget, WhatWasLostHoldsNothingBackForLong) {
  Play play({2000 * kbit_s, 300ms});
  play.until(30s, 20s);
  play.lose_next = true;
  const auto use = play.until(120s, 60s, [](Line& line, Duration at) { line.bytes_per_s = at < 40s ? 2000 * kbit_s : 500 * kbit_s; }).use;
  EXPECT_GE(use, 0.8);
}

TEST(LineBudget, FindsOutThatTheLineHasBecomeLongerOrShorter) {
  for (const auto& [before, after] : {std::pair<Duration, Duration>{50ms, 300ms}, {50ms, 75ms}, {300ms, 50ms}}) {
    const Played run = Play({2000 * kbit_s, before}).until(75s, 45s, [after = after](Line& line, Duration at) {
      if (at > 30s) line.one_way = after;
    });
    EXPECT_GE(run.use, 0.95) << before / 1ms << " -> " << after / 1ms << " ms one way";
    EXPECT_LE(run.verdict_p99, 150ms) << before / 1ms << " -> " << after / 1ms << " ms one way";
  }
}

TEST(LineBudget, WhatManyAcknowledgementsAllowAtOnceGoesOneAfterTheOther) {
  const Played run = play({2000 * kbit_s, 50ms, 1s, 1s});  // each of them is for a second of the line
  EXPECT_LE(run.burst_most, 4) << "of what the line carries in that time";
}

TEST(LineBudget, AnHqThatIsSlowerThanTheLineIsKeptBusyWithinItsCredit) {
  const Played run = play({100'000 * kbit_s, 25ms, 1ms, 2ms, {}, true, 5e6});
  EXPECT_GE(run.use * 100'000 * kbit_s, 0.95 * 5e6);
  EXPECT_LE(run.under_way_most, (8u << 20) + LineBudget::piece_most + 130);
}

TEST(LineBudget, APostWithLittleToSayForgetsNothing) {
  Play run({2000 * kbit_s, 300ms});
  run.until(20s, 10s);
  const std::size_t known = run.budget.bytes();
  EXPECT_GE(known, 140'000u);
  run.budget.idle(run.under_way);
  for (int i = 0; i < 300; ++i) {  // a record now and then
    const Sent sent{{}, 1000, 1'000'000u + static_cast<std::uint64_t>(i), run.budget.sent(1000, 0, run.now), false};
    run.budget.idle(sent.bytes);
    run.now = run.now + 606ms;
    run.budget.acknowledged({sent}, 2ms, run.now);
    run.budget.idle(0);
    run.now = run.now + 5s;
  }
  EXPECT_GE(run.budget.bytes(), known / 2);
  EXPECT_LE(run.budget.bytes(), known * 2);
}

TEST(LineBudget, CreditBoundsItAndANewConnectionBeginsAnew) {
  Play run({20'000 * kbit_s, 50ms});
  run.until(10s, 5s);
  EXPECT_GT(run.budget.bytes(), 200'000u);
  run.budget.set_credit(12'000);
  EXPECT_EQ(run.budget.bytes(), 12'000u);
  EXPECT_LE(run.budget.piece(), 3072u);
  run.budget.restart();
  EXPECT_EQ(run.budget.bytes(), LineBudget::first);
  EXPECT_EQ(run.budget.shortest_trip(), 0ns);
  EXPECT_TRUE(run.budget.may_send(0, run.now));
}

TEST(LineBudget, NothingIsPutOffForLongWhateverWasMeasured) {
  LineBudget budget;
  MonoTime now{1'000'000'000};
  std::uint64_t order = 0;
  for (int i = 0; i < 20; ++i) {
    const Sent sent{{}, 3000, ++order, budget.sent(3000, 0, now), false};
    EXPECT_TRUE(budget.may_send(0, now + LineBudget::put_off_most));
    now = now + 10min;  // the machine slept
    budget.acknowledged({sent}, 1ms, now);
  }
}

// HQ's other worker took over, and what was under way meanwhile looks like a line of 600 bytes a second: with nothing under way the next
// piece goes nevertheless, and so the true rate is found within some trips.
TEST(LineBudget, ARateThatIsTakenForTooLowHoldsNothingBackOnAnEmptyLine) {
  LineBudget budget;
  MonoTime now{1'000'000'000};
  std::uint64_t order = 0;
  const auto trip = [&](std::size_t bytes, Duration takes) {
    const Sent sent{{}, bytes, ++order, budget.sent(bytes, 0, now), false};
    now = now + takes;
    budget.acknowledged({sent}, 1ms, now);
  };
  for (int i = 0; i < 15; ++i) trip(1200, 2s);
  trip(3000, 5ms);
  EXPECT_FALSE(budget.may_send(1200, now)) << "what is under way is behind what the line seems to take";
  EXPECT_TRUE(budget.may_send(0, now));
}

// A broker that forgets, an HQ that has no room: for eight seconds something is lost five times a second. When that is over, the line is used again.
TEST(LineBudget, ManyLossesDoNotMakeItSlowForLong) {
  for (const auto one_way : {1ms, 20ms, 300ms}) {
    for (const double rate : {500 * kbit_s, 8000 * kbit_s}) {
      Play run({rate, one_way});
      Duration next = 2s;
      const auto played = run.until(25s, 16s, [&](Line&, Duration at) {
        if (at < next || at > 10s) return;
        next += 200ms;
        run.budget.lost();
      });
      EXPECT_GE(played.use, 0.9) << rate / kbit_s << " kbit/s, " << one_way.count();
    }
  }
}

TEST(LineBudget, ALossOnALivingConnectionMakesItCareful) {
  Play run({20'000 * kbit_s, 50ms});
  run.until(10s, 5s);
  const std::size_t before = run.budget.bytes();
  run.budget.lost();
  EXPECT_LT(run.budget.bytes(), before * 8 / 10);
}

}  // namespace
}  // namespace rampa::sync
