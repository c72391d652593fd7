// Whose turn it is, and how much may be under way: against a line that is played in virtual time.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "sync/line_budget.hpp"
#include "sync/send_order.hpp"

namespace rampa::sync {
namespace {

Stamp at(Duration t) { return {MonoTime{1 + t.count()}, WallTime{1'784'000'000'000 + t / 1ms}}; }

TEST(SendOrder, VerdictsGoFirstWheneverThereAreAny) {
  SendOrder order;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(order.next({true, true, true, true}, at(0s)), Traffic::verdicts);
    order.sent(Traffic::verdicts, 30'000);
  }
}

TEST(SendOrder, TheOthersShareByTheirPartsAndNobodyStarves) {
  SendOrder order;
  std::array<double, 4> bytes{};
  std::mt19937 random(5);
  double all = 0;
  while (all < 50e6) {
    const auto turn = order.next({false, true, true, true}, at(0s));
    ASSERT_TRUE(turn);
    const std::size_t size = 1000 + random() % 60'000;
    order.sent(*turn, size);
    bytes[static_cast<std::size_t>(*turn)] += static_cast<double>(size);
    all += static_cast<double>(size);
  }
  EXPECT_NEAR(bytes[1] / all, 0.80, 0.01);
  EXPECT_NEAR(bytes[2] / all, 0.15, 0.01);
  EXPECT_NEAR(bytes[3] / all, 0.05, 0.01);
}

TEST(SendOrder, WhoIsIdleSavesNothingUp) {
  SendOrder order;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(order.next({false, false, false, true}, at(0s)), Traffic::images);
    order.sent(Traffic::images, 100'000);
  }
  std::size_t images = 0;
  for (int i = 0; i < 1000; ++i) {  // events come back: they get their part from now on, not what they missed
    const auto turn = order.next({false, true, false, true}, at(0s));
    order.sent(*turn, 100'000);
    images += *turn == Traffic::images;
  }
  EXPECT_GT(images, 20u);
  EXPECT_LT(images, 80u);
}

TEST(SendOrder, CapsHoldAClassToItsRateInItsHours) {
  // 2026-07-14T03:33:20Z is minute 213 of the day.
  SendOrder order({{Traffic::images, 200, 220, 10'000}, {Traffic::thumbnails, 1380, 100, 0}});
  std::size_t bytes = 0;
  Duration now = 0s;
  while (now < 60s) {
    if (order.next({false, false, false, true}, at(now))) {
      order.sent(Traffic::images, 4000);
      bytes += 4000;
    } else {
      ASSERT_TRUE(order.release());
      ASSERT_GT(*order.release(), at(now).mono);
      now = *order.release() - MonoTime{1};
    }
  }
  EXPECT_NEAR(static_cast<double>(bytes), 600'000, 15'000);
  EXPECT_EQ(order.next({false, false, true, false}, at(now)), Traffic::thumbnails) << "its hours are over";
  EXPECT_EQ(order.next({false, false, false, true}, at(10min)), Traffic::images);
  for (int i = 0; i < 100; ++i) {  // after the hours: no cap
    ASSERT_EQ(order.next({false, false, false, true}, at(10min)), Traffic::images);
    order.sent(Traffic::images, 100'000);
  }
}

/// A line and HQ at its end: a wire of so many bytes per second behind a queue without end, the way there and back, and an HQ
/// that stores what has come in groups and acknowledges each group when it is committed.
struct Line {
  double bytes_per_s = 0;
  Duration round_trip{}, commit{};
  double uneven = 0;               ///< commits take between (1 - uneven) and (1 + uneven) times as long
  Duration change_after{};         ///< then the wire has another rate
  double changed_bytes_per_s = 0;
};

struct Played {
  double use = 0;           ///< part of what the wire could carry, in the measured time
  Duration verdict_p99{};   ///< from sending to acknowledgement, less the round trip
};

/// An endless image and a verdict every half second; measured from `settle` to `end`.
Played play(const Line& line, Duration settle, Duration end) {
  constexpr std::size_t overhead = 110, verdict_bytes = 1300;
  struct Message { Sent sent; MonoTime arrives; };
  struct Answer { MonoTime arrives; std::vector<Sent> messages; };
  LineBudget budget;
  budget.set_credit(8u << 20);
  std::mt19937 random(7);
  std::deque<Message> wire;
  std::vector<Sent> waiting, storing;
  std::deque<Answer> answers;
  std::vector<Duration> verdicts;
  const MonoTime begin{1'000'000'000};
  MonoTime now = begin, wire_free = begin, stored_at{}, next_verdict = begin + 100ms;
  std::size_t under_way = 0;
  std::uint64_t order = 0;
  double carried = 0;
  double rate = line.bytes_per_s;
  const auto send = [&](std::size_t bytes, bool verdict) {
    Sent sent;
    sent.bytes = bytes;
    sent.order = ++order;
    sent.at = now;
    sent.live = verdict;
    sent.mark = budget.sending(bytes, under_way, !verdict, now);
    if (!verdict) under_way += bytes;
    wire_free = std::max(wire_free, now) + Duration{static_cast<std::int64_t>(static_cast<double>(bytes + overhead) / rate * 1e9)};
    wire.push_back({sent, wire_free + line.round_trip / 2});
  };
  while (now < begin + end) {
    if (line.change_after.count() > 0 && now >= begin + line.change_after) rate = line.changed_bytes_per_s;
    if (now >= next_verdict) {
      send(verdict_bytes, true);
      next_verdict = next_verdict + 500ms;
    }
    while (budget.may_send(under_way, now)) send(budget.piece(), false);
    MonoTime next = std::min(next_verdict, now + 20ms);
    if (budget.send_at() > now) next = std::min(next, budget.send_at());
    if (!wire.empty()) next = std::min(next, wire.front().arrives);
    if (!storing.empty()) next = std::min(next, stored_at);
    if (!answers.empty()) next = std::min(next, answers.front().arrives);
    now = std::max(next, now + 1us);
    for (; !wire.empty() && wire.front().arrives <= now; wire.pop_front()) {
      waiting.push_back(wire.front().sent);
      if (now > begin + settle) carried += static_cast<double>(wire.front().sent.bytes + overhead);
    }
    if (!storing.empty() && stored_at <= now) answers.push_back({now + line.round_trip / 2, std::exchange(storing, {})});
    if (storing.empty() && !waiting.empty()) {
      storing = std::exchange(waiting, {});
      const double times = 1 + line.uneven * (static_cast<double>(random() % 2001) / 1000 - 1);
      stored_at = now + Duration{static_cast<std::int64_t>(static_cast<double>(line.commit.count()) * times)};
    }
    for (; !answers.empty() && answers.front().arrives <= now; answers.pop_front()) {
      for (const Sent& sent : answers.front().messages)
        if (!sent.live) under_way -= sent.bytes;
        else if (sent.at > begin + settle) verdicts.push_back(now - sent.at - line.round_trip);
      budget.acknowledged(answers.front().messages, now);
    }
  }
  std::sort(verdicts.begin(), verdicts.end());
  const double seconds = std::chrono::duration<double>(end - settle).count();
  return {carried / (rate * seconds), verdicts.empty() ? Duration{} : verdicts[verdicts.size() * 99 / 100]};
}

constexpr double kbit = 125;  ///< bytes per second

TEST(LineBudget, KeepsLinesBusyAndAVerdictWaitsHardlyAtAll) {
  for (const auto& [name, line] : {std::pair<const char*, Line>{"512 kbit/s, 20 ms", {512 * kbit, 20ms, 5ms}},
                                   {"512 kbit/s, 100 ms", {512 * kbit, 100ms, 5ms}},
                                   {"512 kbit/s, 600 ms", {512 * kbit, 600ms, 5ms}},
                                   {"2 Mbit/s, 50 ms", {2000 * kbit, 50ms, 5ms}},
                                   {"2 Mbit/s, 600 ms", {2000 * kbit, 600ms, 5ms}},
                                   {"2 Mbit/s, 100 ms, commits of 5 to 15 ms", {2000 * kbit, 100ms, 10ms, 0.5}},
                                   {"20 Mbit/s, 50 ms", {20'000 * kbit, 50ms, 5ms}},
                                   {"20 Mbit/s, 600 ms", {20'000 * kbit, 600ms, 5ms, 0.5}},
                                   {"100 Mbit/s, 20 ms", {100'000 * kbit, 20ms, 8ms}},
                                   {"100 Mbit/s, 600 ms", {100'000 * kbit, 600ms, 8ms}}}) {
    const Played run = play(line, 12s, 60s);
    EXPECT_GE(run.use, 0.95) << name;
    EXPECT_LE(run.verdict_p99, 150ms) << name;
  }
}

TEST(LineBudget, IsUpToTheLineWithinAFewRoundTrips) {
  EXPECT_GE(play({512 * kbit, 100ms, 5ms}, 1s, 4s).use, 0.93);
  EXPECT_GE(play({2000 * kbit, 600ms, 5ms}, 5s, 8s).use, 0.93);
  EXPECT_GE(play({100'000 * kbit, 50ms, 8ms}, 2s, 5s).use, 0.93);
}

TEST(LineBudget, ASlowDiskAtHqDoesNotStarveAFastLine) {
  // 1 ms away, but each commit takes 10 to 30 ms: the budget must cover the commit, not only the distance.
  EXPECT_GE(play({100e6, 1ms, 20ms, 0.5}, 5s, 15s).use, 0.85);
}

TEST(LineBudget, FollowsALineThatChanges) {
  const Line slower{20'000 * kbit, 100ms, 5ms, 0, 20s, 2000 * kbit};
  EXPECT_GE(play(slower, 30s, 60s).use, 0.95);
  EXPECT_LE(play(slower, 25s, 60s).verdict_p99, 150ms) << "what was too much is gone after five seconds";
  EXPECT_GE(play({2000 * kbit, 100ms, 5ms, 0, 20s, 20'000 * kbit}, 32s, 60s).use, 0.93);
}

TEST(LineBudget, APauseOfWhoSendsIsNotTakenForASlowLine) {
  LineBudget budget;
  MonoTime now{1'000'000'000};
  const auto trip = [&](std::size_t bytes, Duration took) {
    Sent sent;
    sent.bytes = bytes;
    sent.at = now;
    sent.mark = budget.sending(bytes, 0, true, now);
    now = now + took;
    budget.acknowledged(std::span(&sent, 1), now);
  };
  for (int i = 0; i < 20; ++i) trip(100'000, 100ms);
  const double known = budget.bytes_per_s();
  EXPECT_NEAR(known, 1e6, 1e5);
  for (int i = 0; i < 1000; ++i) {  // a verdict now and then
    budget.ran_dry(0);
    trip(500, 100ms);
    now = now + 1s;
  }
  EXPECT_EQ(budget.bytes_per_s(), known);
}

TEST(LineBudget, CreditBoundsIt) {
  LineBudget budget;
  budget.set_credit(12'000);
  EXPECT_EQ(budget.bytes(), 12'000u);
  EXPECT_TRUE(budget.may_send(0, MonoTime{1}));
  EXPECT_FALSE(budget.may_send(11'000, MonoTime{1}));
}

}  // namespace
}  // namespace rampa::sync
