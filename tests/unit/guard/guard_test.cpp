// Every combination of what the guard knows, for every request, against a table that is written here as data: a request is
// permitted exactly where all conditions of one of its rows hold. The code is nested ifs; the table is a list of ways.
#include "edge/lane/guard.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <map>
#include <set>
#include <sstream>

#include "tests/unit/lane/rig.hpp"

using namespace rampa;
using lane::Guard;
using Request = Guard::Request;

namespace {

const std::vector<std::pair<std::string, bool Guard::Inputs::*>> bits{
    {"in_time", &Guard::Inputs::in_time},         {"stop_clear", &Guard::Inputs::stop_clear},
    {"stop_pressed", &Guard::Inputs::stop_pressed}, {"hand_off", &Guard::Inputs::hand_off},
    {"hand_on", &Guard::Inputs::hand_on},         {"asked_now", &Guard::Inputs::asked_now},
    {"released", &Guard::Inputs::released},       {"ordered", &Guard::Inputs::ordered},
    {"reversing", &Guard::Inputs::reversing},     {"zone_free", &Guard::Inputs::zone_free},
    {"clear_long", &Guard::Inputs::clear_long},   {"other_closed", &Guard::Inputs::other_closed},
    {"seen_open", &Guard::Inputs::seen_open},     {"interlock", &Guard::Inputs::interlock}};

struct Row {
  Request request;
  const char* way;  ///< all of these; "!" means must not be
};

const std::vector<Row> table{
    {Request::raise, "in_time asked_now stop_clear !stop_pressed hand_off !hand_on other_closed released"},
    {Request::raise, "in_time asked_now stop_clear !stop_pressed hand_off !hand_on other_closed ordered"},
    {Request::raise, "in_time asked_now !stop_pressed !hand_on reversing"},
    {Request::lower, "in_time asked_now stop_clear !stop_pressed hand_off !hand_on zone_free clear_long"},
    {Request::light_green, "in_time stop_clear !stop_pressed hand_off !hand_on seen_open released"},
    {Request::light_green, "in_time stop_clear !stop_pressed hand_off !hand_on seen_open ordered"},
    {Request::light_other, "in_time !hand_on"},
    {Request::scan_permitted, "in_time stop_clear !stop_pressed hand_off !hand_on interlock"},
    {Request::scan_withheld, ""},
    {Request::scan_abort, ""},
    {Request::frames, ""},
};

struct Mask { unsigned must = 0, must_not = 0; };

std::map<Request, std::vector<Mask>> masks() {
  std::map<Request, std::vector<Mask>> result;
  for (const auto& row : table) {
    Mask mask;
    std::istringstream words(row.way);
    for (std::string word; words >> word;) {
      const bool negative = word[0] == '!';
      if (negative) word.erase(0, 1);
      unsigned bit = 0;
      for (unsigned i = 0; i < bits.size(); ++i) if (bits[i].first == word) bit = 1u << i;
      EXPECT_NE(bit, 0u) << word;
      (negative ? mask.must_not : mask.must) |= bit;
    }
    result[row.request].push_back(mask);
  }
  return result;
}

Guard::Inputs from(unsigned combination) {
  Guard::Inputs in;
  for (unsigned i = 0; i < bits.size(); ++i) in.*bits[i].second = (combination >> i) & 1u;
  return in;
}

}  // namespace

TEST(Guard, EveryCombinationAgreesWithTheTable) {
  ASSERT_EQ(bits.size(), 14u);
  ASSERT_EQ(sizeof(Guard::Inputs), bits.size()) << "a new input needs a place in this test";
  const auto all = masks();
  ASSERT_EQ(all.size(), 8u) << "every request has its rows";
  std::size_t combinations = 0;
  for (const auto& [request, ways] : all) {
    for (unsigned c = 0; c < (1u << bits.size()); ++c, ++combinations) {
      bool expected = false;
      for (const auto& way : ways) expected = expected || ((c & way.must) == way.must && (c & way.must_not) == 0);
      ASSERT_EQ(Guard::refusal(request, from(c)).empty(), expected)
          << "request " << static_cast<int>(request) << " bits " << std::bitset<14>(c);
    }
  }
  EXPECT_EQ(combinations, 8u << 14);
}

namespace {
device::Command command(device::CommandBody body, MonoTime not_after) { return {77, DeviceId{"d"}, body, not_after}; }
const device::CommandBody raise_body = device::MoveBoom{device::Boom::first, device::Motion::raise};
const device::CommandBody lower_body = device::MoveBoom{device::Boom::first, device::Motion::lower};

// A lane that waits for the boom to rise after a durable release.
tests::Rig opening_rig() {
  tests::Rig rig;
  rig.start();
  rig.arrive();
  EXPECT_EQ(rig.state.phase, lane::Phase::opening);
  rig.image();
  return rig;
}
std::string why(const tests::Rig& rig, const device::CommandBody& body) {
  auto permit = Guard::permit(command(body, rig.now.mono + 500ms), rig.state, rig.config, rig.now.mono);
  return permit ? "" : permit.error().what;
}
}  // namespace

TEST(Guard, PermitLivesShortAndFitsOneCommand) {
  auto rig = opening_rig();
  auto permit = Guard::permit(command(raise_body, rig.now.mono + 10s), rig.state, rig.config, rig.now.mono);
  ASSERT_TRUE(permit) << permit.error().what;
  const auto mine = command(raise_body, rig.now.mono + 10s);
  auto another = mine;
  another.id = 78;
  EXPECT_TRUE(permit->allows(mine, rig.now.mono + 500ms));
  EXPECT_FALSE(permit->allows(mine, rig.now.mono + 501ms));
  EXPECT_FALSE(permit->allows(another, rig.now.mono));
}

TEST(Guard, CommandPastItsLifeGetsNone) {
  auto rig = opening_rig();
  EXPECT_FALSE(Guard::permit(command(raise_body, rig.now.mono - 1ns), rig.state, rig.config, rig.now.mono));
}

TEST(Guard, RaiseHangsOnTheDurableVerdictOfThePresentCrossing) {
  auto rig = opening_rig();
  EXPECT_EQ(why(rig, raise_body), "");
  auto without = rig;
  without.state.verdict.reset();
  EXPECT_NE(why(without, raise_body), "");
  auto held = rig;
  held.state.verdict->verdict = Verdict::hold;
  EXPECT_NE(why(held, raise_body), "");
  auto proposed = rig;  // decided, but not written
  proposed.state.proposed = *std::exchange(proposed.state.verdict, std::nullopt);
  EXPECT_NE(why(proposed, raise_body), "");
  auto nobody = rig;
  nobody.state.crossing = {};
  EXPECT_NE(why(nobody, raise_body), "");
  EXPECT_NE(why(rig, device::MoveBoom{device::Boom::second, device::Motion::raise}), "");
}

TEST(Guard, RaiseNeedsFreshStopAndKey) {
  auto rig = opening_rig();
  rig.now.mono = rig.now.mono + 251ms;
  EXPECT_EQ(why(rig, raise_body), "the emergency stop chain is not known to be closed");
  rig.image();
  EXPECT_EQ(why(rig, raise_body), "");
  rig.state.points["emergency_stop"].quality = device::Quality::suspect;
  EXPECT_NE(why(rig, raise_body), "");
}

TEST(Guard, LowerNeedsAFreeAndFreshZoneForLongEnough) {
  tests::Rig rig;
  rig.start();
  rig.arrive();
  rig.pass(1500ms);
  rig.drive_through();
  for (int i = 0; i < 100 && rig.state.phase != lane::Phase::closing; ++i) rig.pass(50ms);
  ASSERT_EQ(rig.state.phase, lane::Phase::closing);
  EXPECT_EQ(why(rig, lower_body), "");
  for (const char* point : {"loop_boom", "photocell"}) {
    auto occupied = rig;
    occupied.state.points[point].on = true;
    EXPECT_NE(why(occupied, lower_body), "") << point;
    auto stale = rig;
    stale.state.points[point].at = stale.now.mono - 251ms;
    EXPECT_NE(why(stale, lower_body), "") << point;
    auto doubtful = rig;
    doubtful.state.points[point].quality = device::Quality::suspect;
    EXPECT_NE(why(doubtful, lower_body), "") << point;
    auto unread = rig;
    unread.state.points[point].known = false;
    EXPECT_NE(why(unread, lower_body), "") << point;
  }
  auto early = rig;
  early.state.clear_since = early.now.mono - 1999ms;
  EXPECT_NE(why(early, lower_body), "");
}

TEST(Guard, SallyPortOneBoomAtATime) {
  tests::Rig rig(tests::sally_config());
  rig.start();
  rig.arrive();
  ASSERT_EQ(rig.state.phase, lane::Phase::opening);
  EXPECT_EQ(why(rig, raise_body), "");
  rig.state.points["boom_closed_2"].on = false;
  EXPECT_EQ(why(rig, raise_body), "the other boom is not confirmed closed");
}

TEST(Guard, WithholdingIsAlwaysPermitted) {
  lane::State nothing;
  const auto config = tests::nii_config();
  EXPECT_TRUE(Guard::permit(command(device::WithholdScan{true}, MonoTime{0}), nothing, config, MonoTime{99}));
  EXPECT_TRUE(Guard::permit(command(device::AbortScan{}, MonoTime{0}), nothing, config, MonoTime{99}));
  EXPECT_FALSE(Guard::permit(command(device::WithholdScan{false}, MonoTime{99}), nothing, config, MonoTime{1}));
}
