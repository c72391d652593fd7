// One direction of a line, in virtual time alone.
#include "hil/proxy/line.hpp"

#include <gtest/gtest.h>

namespace rampa::hil {
namespace {

constexpr MonoTime start{5'000'000'000};

std::size_t bytes_in(const std::vector<Parcel>& parcels) {
  std::size_t sum = 0;
  for (const auto& p : parcels) sum += p.bytes.size();
  return sum;
}

TEST(Line, without_orders_everything_arrives_at_once) {
  Line line;
  line.put({1, Bytes(100'000)}, start);
  EXPECT_EQ(bytes_in(line.take(start)), 100'000u);
  EXPECT_EQ(line.due().ns, INT64_MAX);
}

TEST(Line, delays_to_the_nanosecond) {
  Line line({300ms, 0, 1000});
  line.put({1, Bytes(10)}, start);
  EXPECT_EQ(line.due(), start + 300ms);
  EXPECT_TRUE(line.take(start + 300ms - 1ns).empty());
  EXPECT_EQ(bytes_in(line.take(start + 300ms)), 10u);
}

TEST(Line, carries_exactly_its_rate_whatever_the_pieces) {
  for (const double rate : {64'000.0, 512'000.0, 2e6, 100e6})
    for (const std::size_t piece : {1u, 77u, 1460u, 9000u, 65'536u}) {
      Line line({50ms, rate, 1u << 20});
      MonoTime now = start;
      const auto total = static_cast<std::size_t>(rate / 8 * 10);  // ten seconds' worth
      std::size_t put = 0, got = 0;
      while (got < total) {
        for (std::size_t room; put < total && (room = line.room(now)) > 0;) {
          const std::size_t n = std::min({piece * 50, room, total - put});
          line.put({1, Bytes(n)}, now);
          put += n;
        }
        now = std::min(line.due(), line.room_due());
        got += bytes_in(line.take(now));
        ASSERT_LE(line.waiting_bytes(), 1u << 20);
      }
      EXPECT_NEAR(std::chrono::duration<double>(now - start).count(), 10.05, 0.01) << rate << " in pieces of " << piece;
    }
}

TEST(Line, a_full_buffer_takes_nothing_and_tells_when_it_will) {
  Line line({0ms, 8000, 1000});  // 1000 bytes a second
  EXPECT_EQ(line.room(start), 1000u);
  line.put({1, Bytes(1000)}, start);
  EXPECT_EQ(line.room(start), 0u);
  EXPECT_EQ(line.room_due(), start + 1s);
  EXPECT_EQ(line.room(start + 1s), 1000u);
  EXPECT_EQ(line.waiting_bytes_max(), 1000u);
}

TEST(Line, connections_share_the_wire_in_order) {
  Line line({10ms, 80'000, 1u << 20});
  line.put({1, Bytes(5000)}, start);
  line.put({2, Bytes(100)}, start);
  line.put({1, {}, true}, start);
  const auto early = line.take(start + 509ms);
  for (const auto& p : early) EXPECT_EQ(p.connection, 1);
  const auto all = line.take(start + 521ms);
  ASSERT_GE(all.size(), 2u);
  EXPECT_EQ(all[all.size() - 2].connection, 2);
  EXPECT_TRUE(all.back().ends);
}

TEST(Line, a_new_rate_holds_for_what_still_waits) {
  Line line({0ms, 8000, 1u << 20});
  line.put({1, Bytes(14'600)}, start);           // 14.6 s at the old rate
  EXPECT_EQ(bytes_in(line.take(start + 1460ms)), 1460u);
  line.set({0ms, 80'000, 1u << 20}, start + 1460ms);
  EXPECT_EQ(bytes_in(line.take(start + 1460ms + 1314ms)), 13'140u);
}

TEST(Line, a_shorter_delay_lets_nothing_overtake) {
  Line line({1000ms, 0, 1u << 20});
  line.put({1, Bytes(1)}, start);
  line.set({1ms, 0, 1u << 20}, start);
  line.put({1, Bytes(2)}, start);
  EXPECT_TRUE(line.take(start + 999ms).empty());
  const auto both = line.take(start + 1000ms);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].bytes.size(), 1u);
}

}  // namespace
}  // namespace rampa::hil
