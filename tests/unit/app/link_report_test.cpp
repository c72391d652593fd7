// What people are told of the line to HQ, on the screen and in the log.
#include "edge/app/link_report.hpp"

#include <gtest/gtest.h>

#include "tests/support/virtual_clock.hpp"

namespace rampa::tests {
namespace {

struct LinkReportTest : testing::Test {
  /// The log's lines, "!" before those that warn.
  std::string say(Duration after = 1s) {
    clock.advance(after);
    std::string out;
    for (const auto& line : report.take(link, clock.now())) out += (out.empty() ? "" : "\n") + std::string(line.warns ? "!" : "") + line.text;
    return out;
  }
  void up(std::size_t broker) {
    link.up = true;
    link.phase = "streaming";
    link.broker = broker;
    link.metered = broker == 1;
    link.durability = "disk";
    link.last_ack = clock.mono();
    link.trouble.clear();
  }
  void down(const std::string& why) {
    link.up = false;
    link.phase = "waiting";
    link.trouble = why;
  }
  api::LinkView view() { return report.view(clock.mono()); }

  VirtualClock clock;
  app::LinkReport report{{"mqtts://hq.example:8883", "mqtts://sat.example:8883"}};
  sync::LinkStatus link;
};

TEST_F(LinkReportTest, WhichLineIsInUseIsShownAndLoggedOnceOnEachChange) {
  EXPECT_EQ(say(), "hq link=down");
  up(0);
  EXPECT_EQ(say(), "hq link=up line=mqtts://hq.example:8883 (primary) durability=disk");
  EXPECT_FALSE(view().reserve);
  link.cursor = 7;
  EXPECT_EQ(say(), "") << "every acknowledgement changes something";
  down("cable cut");
  EXPECT_EQ(say(), "!hq link=down: cable cut");
  up(1);
  EXPECT_EQ(say(), "hq link=up line=mqtts://sat.example:8883 (reserve) metered durability=disk");
  const auto since = view().since;
  EXPECT_EQ(view().line, "mqtts://sat.example:8883");
  EXPECT_TRUE(view().reserve);
  EXPECT_TRUE(view().metered);
  EXPECT_EQ(say(), "");
  EXPECT_EQ(view().since->mono, since->mono);
  link.fetches_waiting = 2;
  EXPECT_NE(say().find("wait for a line that is not metered: 2"), std::string::npos);
  link.durability = "standby";
  EXPECT_NE(say().find("durability=standby"), std::string::npos);
}

TEST_F(LinkReportTest, TroubleIsShownWhileTheLinkIsUp) {
  up(0);
  (void)say();
  link.refuses = true;
  link.trouble = "HQ refuses verdicts from number 7 on: no";
  EXPECT_EQ(say(), "!hq link: HQ refuses verdicts from number 7 on: no");
  EXPECT_EQ(view().trouble, link.trouble);
  EXPECT_TRUE(view().refuses);
  EXPECT_FALSE(view().trouble_over);
  EXPECT_EQ(say(20min), "");
  EXPECT_EQ(view().trouble, link.trouble) << "as long as it lasts";
}

TEST_F(LinkReportTest, TroubleThatIsOverAtOnceIsShownForAWhile) {
  up(0);
  (void)say();
  link.trouble = "HQ wants blob abc... which cannot be read";
  EXPECT_NE(say(), "");
  link.trouble.clear();
  (void)say(1ms);
  EXPECT_EQ(view().trouble, "HQ wants blob abc... which cannot be read");
  EXPECT_TRUE(view().trouble_over);
  clock.advance(9min);
  EXPECT_NE(view().trouble, "");
  clock.advance(2min);
  EXPECT_EQ(view().trouble, "");
  EXPECT_FALSE(view().trouble_over);
}

TEST_F(LinkReportTest, TheLogIsNotFloodedByALineThatComesAndGoesNorByManyTroubles) {
  up(0);
  (void)say();
  int lines = 0;
  for (int i = 0; i < 100; ++i) {  // two lines tried in turn, for most of an hour
    down(i % 2 ? "the broker did not answer in time" : "no route to host");
    link.broker = static_cast<std::size_t>(i) % 2;
    lines += !say(15s).empty();
    link.phase = "connecting";
    lines += !say(15s).empty();
  }
  EXPECT_EQ(lines, 2) << "down, and the other line's reason";
  up(0);
  (void)say(2h);
  lines = 0;
  for (int i = 0; i < 1000; ++i) {
    link.trouble = "HQ wants blob " + std::to_string(i) + " which cannot be read";
    lines += !say(1s).empty();
  }
  EXPECT_EQ(lines, static_cast<int>(app::LinkReport::troubles_max));
  link.trouble = "something else";
  EXPECT_NE(say(2h), "");
}

TEST_F(LinkReportTest, TheBacklogByClassIsKnownOnceHqHasAnswered) {
  link.waiting = {5, 9};
  (void)say();
  EXPECT_FALSE(view().backlog) << "what HQ has already is not known";
  up(0);
  link.waiting = {1, 2};
  link.blobs_wanted = 3;
  (void)say();
  ASSERT_TRUE(view().backlog);
  EXPECT_EQ(view().backlog->verdicts, 1u);
  EXPECT_EQ(view().backlog->events, 2u);
  EXPECT_EQ(view().backlog->pictures, 3u);
}

}  // namespace
}  // namespace rampa::tests
