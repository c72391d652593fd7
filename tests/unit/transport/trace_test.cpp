#include "drivers/transport/trace.hpp"

#include <gtest/gtest.h>

#include "tests/support/virtual_clock.hpp"

namespace rampa::drivers {
namespace {

TEST(Trace, OffUntilSwitchedOnThenTheLastFrames) {
  tests::VirtualClock clock;
  Traces traces(clock);
  const auto trace = traces.of("cable");
  trace->record(Direction::sent, 1, Bytes{1});
  EXPECT_TRUE(trace->frames().empty());
  traces.of("cable")->keep(3);
  for (std::uint8_t i = 0; i < 5; ++i) {
    clock.advance(10ms);
    trace->record(i % 2 == 0 ? Direction::sent : Direction::received, i % 2, Bytes{i});
  }
  const auto frames = trace->frames();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].bytes, Bytes{2});
  EXPECT_EQ(frames[2].bytes, Bytes{4});
  EXPECT_EQ(frames[1].direction, Direction::received);
  EXPECT_EQ(frames[2].at, clock.now());
  ASSERT_EQ(trace->frames(1).size(), 1u);
  EXPECT_EQ(trace->frames(1)[0].bytes, Bytes{3});
  trace->keep(0);
  EXPECT_TRUE(trace->frames().empty());
  EXPECT_FALSE(trace->on());
  EXPECT_EQ(traces.cables(), std::vector<std::string>{"cable"});
}

}  // namespace
}  // namespace rampa::drivers
