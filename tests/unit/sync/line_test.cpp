// Whose turn it is, and how much may be under way: against a line that is played in virtual time.
#include <gtest/gtest.h>

#include <deque>
#include <random>

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

/// A line of one direction: rate, delay both ways, a queue without end; HQ commits in rounds.
struct Line {
  double bytes_per_s;
  Duration one_way, commit;
  MonoTime free{};  ///< when the line has sent what it has

  MonoTime acked_at(std::size_t bytes, MonoTime sent) {
    free = std::max(free, sent) + Duration{static_cast<std::int64_t>(static_cast<double>(bytes) / bytes_per_s * 1e9)};
    const std::int64_t arrives = (free + one_way).ns, round = std::max<std::int64_t>(1, commit.count());
    return MonoTime{(arrives + round - 1) / round * round} + one_way;
  }
};

struct Played {
  double use;          ///< part of the line's rate
  Duration queue_p99;  ///< how much longer than the shortest a round trip was, after the start
};

Played play(Line line) {
  LineBudget budget;
  struct Flying { std::size_t bytes; MonoTime sent, acked; };
  std::deque<Flying> flying;
  std::size_t under_way = 0;
  double done = 0;
  const MonoTime begin{1'000'000'000}, settled = begin + 30s, end = begin + 90s;
  std::vector<Duration> trips;
  for (MonoTime now = begin; now < end;) {
    while (under_way < budget.bytes()) {
      const std::size_t bytes = budget.piece();
      flying.push_back({bytes, now, line.acked_at(bytes, now)});
      under_way += bytes;
    }
    now = std::max(now, flying.front().acked);
    while (!flying.empty() && flying.front().acked <= now) {
      const Flying f = flying.front();
      flying.pop_front();
      under_way -= f.bytes;
      budget.acknowledged(f.bytes, f.sent, now, true);
      if (f.sent >= settled) done += static_cast<double>(f.bytes), trips.push_back(now - f.sent);
    }
  }
  std::sort(trips.begin(), trips.end());
  return {done / (60 * line.bytes_per_s), trips[trips.size() * 99 / 100] - budget.shortest_trip()};
}

TEST(LineBudget, KeepsLinesBusyWithoutALongQueue) {
  const double kbit = 125;
  for (const auto& [name, line] : {std::pair<const char*, Line>{"512 kbit/s, 100 ms", {512 * kbit, 50ms, 0ms}},
                                   {"2 Mbit/s, 600 ms", {2000 * kbit, 300ms, 0ms}},
                                   {"2 Mbit/s, 100 ms, commits of 20 ms", {2000 * kbit, 50ms, 20ms}},
                                   {"20 Mbit/s, 50 ms", {20'000 * kbit, 25ms, 5ms}},
                                   {"100 Mbit/s, 600 ms", {100'000 * kbit, 300ms, 5ms}}}) {
    const Played run = play(line);
    EXPECT_GE(run.use, 0.95) << name;
    EXPECT_LE(run.queue_p99, 110ms) << name;
  }
}

TEST(LineBudget, ASlowDiskAtHqDoesNotStarveAFastLine) {
  // 1 ms away, but each commit takes 20 ms: the budget must cover the commit, not only the distance.
  EXPECT_GE(play({100e6, 500us, 20ms}).use, 0.5);
}

TEST(LineBudget, CreditBoundsIt) {
  LineBudget budget;
  budget.set_credit(12'000);
  for (int i = 0; i < 100; ++i) budget.acknowledged(10'000, MonoTime{1}, MonoTime{2}, true);
  EXPECT_EQ(budget.bytes(), 12'000u);
}

}  // namespace
}  // namespace rampa::sync
