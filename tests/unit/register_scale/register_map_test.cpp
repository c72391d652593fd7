// The engine under register drivers: requests, words, heartbeats. Values are written out by hand.
#include <gtest/gtest.h>

#include "drivers/register_map/heartbeat.hpp"
#include "drivers/register_map/read_plan.hpp"
#include "drivers/register_map/register_map.hpp"
#include "tests/support/virtual_clock.hpp"

using namespace rampa;
using namespace rampa::drivers;

namespace {

icd::Point point(std::string name, icd::Table table, std::uint16_t address, icd::Type type) {
  icd::Point p;
  p.name = std::move(name);
  p.table = table;
  p.address = address;
  p.type = type;
  p.age_max = 500ms;
  return p;
}

/// Answers from a table of words; counts requests; moves the clock by `takes` per request.
struct TableBus : ModbusBus {
  explicit TableBus(tests::VirtualClock& time) : clock(time) {}
  tests::VirtualClock& clock;
  std::map<std::pair<icd::Table, int>, std::uint16_t> words;
  std::vector<std::pair<int, int>> requests;
  std::vector<std::pair<int, std::vector<std::uint16_t>>> written;
  Duration takes = 2ms;
  bool dead = false;
  int short_by = 0;

  Result<std::vector<std::uint16_t>> read_registers(int, icd::Table table, std::uint16_t address, std::uint16_t count,
                                                    const icd::Timing&) override {
    requests.emplace_back(address, count);
    clock.advance(takes);
    if (dead) return fail(ErrorCode::timeout, "dead");
    std::vector<std::uint16_t> out;
    for (int i = 0; i < count - short_by; ++i) out.push_back(words[{table, address + i}]);
    return out;
  }
  Result<std::vector<bool>> read_bits(int unit, icd::Table table, std::uint16_t address, std::uint16_t count,
                                      const icd::Timing& timing) override {
    auto read = read_registers(unit, table, address, count, timing);
    if (!read) return tl::unexpected<Error>(read.error());
    return std::vector<bool>(read->begin(), read->end());
  }
  Result<void> write_register(int, std::uint16_t address, std::uint16_t value, const icd::Timing&) override {
    written.emplace_back(address, std::vector{value});
    return {};
  }
  Result<void> write_registers(int, std::uint16_t address, const std::vector<std::uint16_t>& values, const icd::Timing&) override {
    written.emplace_back(address, values);
    return {};
  }
  Result<void> write_coil(int, std::uint16_t, bool, const icd::Timing&) override { return {}; }
};

constexpr auto input = icd::Table::input_register;

}  // namespace

TEST(ReadPlan, NeighboursShareARequestAndGapsSplit) {
  icd::Product p;
  p.points = {point("c", input, 4, icd::Type::u16), point("a", input, 0, icd::Type::i32), point("b", input, 2, icd::Type::i32),
              point("far", input, 8, icd::Type::u16), point("coil", icd::Table::coil, 5, icd::Type::bit)};
  auto plan = plan_reads(p, true);
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[1].address, 0);
  EXPECT_EQ(plan[1].count, 5);
  EXPECT_EQ(plan[1].points.size(), 3u);
  EXPECT_EQ(plan[2].address, 8);
  p.read_gap_max = 3;
  EXPECT_EQ(plan_reads(p, true).size(), 2u);
}

TEST(ReadPlan, LimitsOfOneRequest) {
  icd::Product p;
  for (int i = 0; i < 130; ++i) p.points.push_back(point("r" + std::to_string(i), input, static_cast<std::uint16_t>(i), icd::Type::u16));
  const auto plan = plan_reads(p, true);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].count, 125);
  EXPECT_EQ(plan[1].count, 5);
}

TEST(ReadPlan, BlocksStandAloneAndConnectPointsApart) {
  icd::Product p;
  p.points = {point("x", input, 10, icd::Type::u16), point("block", input, 11, icd::Type::u16), point("y", input, 20, icd::Type::u16),
              point("once", input, 21, icd::Type::u16), point("write_only", input, 22, icd::Type::u16)};
  p.points[1].block_words = 9;
  p.points[1].block_index = 8;
  p.points[3].polled = false;
  p.points[4].readable = false;
  EXPECT_EQ(plan_reads(p, true).size(), 3u);
  EXPECT_EQ(plan_reads(p, false).size(), 1u);
}

struct MapTest : testing::Test {
  tests::VirtualClock clock;
  TableBus bus{clock};
  icd::Product product;
  std::unique_ptr<RegisterMap> map;
  void make(std::optional<icd::WordOrder> order = std::nullopt) { map = std::make_unique<RegisterMap>(product, 1, bus, clock, order); }
};

TEST_F(MapTest, CombinesWordsItself) {
  product.points = {point("i32", input, 0, icd::Type::i32), point("u32", input, 2, icd::Type::u32), point("i16", input, 4, icd::Type::i16),
                    point("f32", input, 5, icd::Type::f32)};
  product.points[2].scale = 0.5;
  bus.words = {{{input, 0}, 0xffff}, {{input, 1}, 0xff9c}, {{input, 2}, 0x0001}, {{input, 3}, 0x86a0},
               {{input, 4}, 0xfff6}, {{input, 5}, 0x47f1}, {{input, 6}, 0x2000}};
  make();
  ASSERT_TRUE(map->poll());
  EXPECT_EQ(map->fresh("i32")->raw, -100);
  EXPECT_EQ(map->fresh("u32")->raw, 100'000);
  EXPECT_EQ(map->fresh("i16")->value, -5.0);
  EXPECT_EQ(map->fresh("f32")->value, 123456.0);  // the value that Debian's float setters get wrong
  EXPECT_EQ(bus.requests.size(), 1u);
  make(icd::WordOrder::little);
  ASSERT_TRUE(map->poll());
  EXPECT_EQ(map->fresh("u32")->raw, 0x86a00001LL);
}

TEST_F(MapTest, NotANumberIsBad) {
  product.points = {point("f", input, 0, icd::Type::f32)};
  bus.words = {{{input, 0}, 0x7fc0}, {{input, 1}, 0}};
  make();
  ASSERT_TRUE(map->poll());
  EXPECT_EQ(map->judge(clock.mono()).quality, device::Quality::bad);
}

TEST_F(MapTest, AFailedOrShortReplyLeavesNothingFresh) {
  product.points = {point("a", input, 0, icd::Type::u16)};
  make();
  ASSERT_TRUE(map->poll());
  ASSERT_NE(map->fresh("a"), nullptr);
  bus.dead = true;
  EXPECT_EQ(map->poll().error().code, ErrorCode::timeout);
  EXPECT_EQ(map->fresh("a"), nullptr);
  bus.dead = false;
  bus.short_by = 1;
  EXPECT_EQ(map->poll().error().code, ErrorCode::bad_reply);
  EXPECT_EQ(map->fresh("a"), nullptr);
}

TEST_F(MapTest, OutOfRangeIsBadAndOldIsSuspect) {
  product.points = {point("a", input, 0, icd::Type::u16)};
  product.points[0].valid_max = 100;
  bus.words[{input, 0}] = 101;
  make();
  ASSERT_TRUE(map->poll());
  EXPECT_EQ(map->judge(clock.mono()).fault, "out_of_range");
  bus.words[{input, 0}] = 100;
  ASSERT_TRUE(map->poll());
  EXPECT_EQ(map->judge(clock.mono()).quality, device::Quality::good);
  EXPECT_EQ(map->judge(clock.mono() + 500ms).quality, device::Quality::good);
  EXPECT_EQ(map->judge(clock.mono() + 501ms).fault, "too_old");
}

TEST_F(MapTest, ASlowLineMakesItsFirstValuesTooOld) {
  product.points = {point("a", input, 0, icd::Type::u16), point("z", icd::Table::holding_register, 0, icd::Type::u16)};
  product.points[0].age_max = 50ms;
  bus.takes = 60ms;
  make();
  ASSERT_TRUE(map->poll());
  EXPECT_EQ(map->judge(clock.mono()).fault, "too_old");
}

TEST_F(MapTest, SlowPointsAreReadRarelyAndNotFreshInBetween) {
  product.points = {point("fast", input, 0, icd::Type::u16), point("slow", input, 1, icd::Type::u16)};
  product.points[1].every = 300ms;
  make();
  int slow_fresh = 0;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(map->poll());
    ASSERT_NE(map->fresh("fast"), nullptr);
    slow_fresh += map->fresh("slow") != nullptr;
    clock.advance(98ms);
  }
  EXPECT_EQ(slow_fresh, 4);  // at about 0, 300, 600, 900 ms
  EXPECT_EQ(bus.requests.size(), 14u);
}

TEST_F(MapTest, AfterTheReadAtTheConnectionAlsoTheSlowPointsAreReadAtOnce) {
  product.points = {point("fast", input, 0, icd::Type::u16), point("slow", input, 1, icd::Type::u16)};
  product.points[1].every = 300ms;
  make();
  ASSERT_TRUE(map->poll());
  ASSERT_TRUE(map->read_connect_points());
  ASSERT_TRUE(map->poll());
  EXPECT_NE(map->fresh("slow"), nullptr);
}

TEST_F(MapTest, TextAndBlocks) {
  product.points = {point("name", input, 0, icd::Type::text), point("count", input, 16, icd::Type::u16)};
  product.points[0].block_words = 3;
  product.points[0].polled = false;
  product.points[1].block_words = 9;
  product.points[1].block_index = 8;
  bus.words = {{{input, 0}, 0x4531}, {{input, 1}, 0x3200}, {{input, 24}, 77}};
  make();
  ASSERT_TRUE(map->read_connect_points());
  ASSERT_TRUE(map->poll());
  EXPECT_EQ(map->find("name")->text, "E12");
  EXPECT_EQ(map->fresh("count")->raw, 77);
}

TEST_F(MapTest, RawFrameIsTheReplysPdus) {
  product.points = {point("a", input, 0, icd::Type::u16), point("c0", icd::Table::coil, 0, icd::Type::bit), point("c1", icd::Table::coil, 1, icd::Type::bit)};
  bus.words = {{{input, 0}, 0x1234}, {{icd::Table::coil, 1}, 1}};
  make();
  ASSERT_TRUE(map->poll());
  EXPECT_EQ(map->raw_frame(), (Bytes{0x01, 0x01, 0x02, 0x04, 0x02, 0x12, 0x34}));
}

TEST_F(MapTest, WritesFollowTheWordOrder) {
  product.points = {point("p", icd::Table::holding_register, 1, icd::Type::u32), point("r", icd::Table::holding_register, 9, icd::Type::u16)};
  product.points[0].writable = true;
  make();
  ASSERT_TRUE(map->write(product.points[0], 1000));
  EXPECT_EQ(bus.written.back(), (std::pair{1, std::vector<std::uint16_t>{0, 1000}}));
  EXPECT_EQ(map->write(product.points[1], 1).error().code, ErrorCode::refused);
}

TEST(Heartbeat, UnprovenBeatingFrozen) {
  Heartbeat h(2s);
  MonoTime t{1'000'000'000};
  EXPECT_EQ(h.state(t), Heartbeat::State::unproven);
  h.seen(5, 65536, t);
  EXPECT_EQ(h.state(t), Heartbeat::State::unproven);
  h.seen(6, 65536, t + 100ms);
  EXPECT_EQ(h.state(t + 100ms), Heartbeat::State::beating);
  h.seen(6, 65536, t + 2s);
  EXPECT_EQ(h.state(t + 2100ms), Heartbeat::State::beating);
  EXPECT_EQ(h.state(t + 2101ms), Heartbeat::State::frozen);
  h.seen(7, 65536, t + 3s);
  EXPECT_EQ(h.state(t + 3s), Heartbeat::State::beating) << "nobody asked meanwhile: it was not seen to stand still";
  h.seen(7, 65536, t + 6s);
  EXPECT_EQ(h.state(t + 6s), Heartbeat::State::frozen);
  h.seen(8, 65536, t + 7s);
  EXPECT_EQ(h.state(t + 7s), Heartbeat::State::unproven) << "the counter may move before the values do";
  h.seen(9, 65536, t + 7100ms);
  EXPECT_EQ(h.state(t + 7100ms), Heartbeat::State::beating);
}

TEST(Heartbeat, AWrapIsNoRestart) {
  Heartbeat h(2s);
  h.seen(65'530, 65536, MonoTime{1});
  h.seen(3, 65536, MonoTime{2});
  EXPECT_FALSE(h.take_restarted());
  h.seen(500, 65536, MonoTime{3});
  h.seen(2, 65536, MonoTime{4});
  EXPECT_TRUE(h.take_restarted());
  EXPECT_FALSE(h.take_restarted());
}
