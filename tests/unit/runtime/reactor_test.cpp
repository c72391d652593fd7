// What the reactor adds to the lane's machine: declarations that are still valid, one draw for a crossing, frames for both
// the reader and the lane.
#include <gtest/gtest.h>

#include "tests/unit/runtime/one_lane_post.hpp"

using namespace rampa;
using namespace rampa::tests;
namespace {

struct Post : OneLanePost {
  Post() : OneLanePost({"io", "plate_front"}, {"portal"}) {}
};

device::PlateRead plate() {
  device::PlateRead read;
  read.text = "BG123AA";
  read.confidence_percent = 95;
  read.read_id = "1";
  return read;
}

}  // namespace

TEST(Reactor, ACrossingHasOneDrawHoweverOftenItIsAssessed) {
  Post post;
  post.pass(200ms, false);
  post.pass(500ms, true);
  post.give("plate_front", plate());  // no declaration: yellow, an officer is called
  post.pass(200ms, true);
  ASSERT_EQ(post.state().phase, lane::Phase::waiting_officer) << lane::describe(post.state());
  device::RadiationReading alarm;
  alarm.occupancy = 1;
  alarm.gamma_alarm = true;
  post.give("portal", alarm);
  post.pass(200ms, true);
  const auto made = post.assessments();
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].assessment.draw_key, 1001u);
  EXPECT_EQ(made[1].assessment.draw_key, 1001u);
  post.pass(3s, false);
  post.pass(2s, true);
  ASSERT_EQ(post.assessments().size(), 3u);
  EXPECT_EQ(post.assessments()[2].assessment.draw_key, 1002u) << "the next crossing draws anew";
}

TEST(Reactor, ADeclarationThatIsNoLongerValidBelongsToNobody) {
  Post post;
  Declaration old = declaration(), present = declaration();
  old.reference = "OLD";
  old.valid_until = post.now.wall;
  present.valid_until = WallTime{post.now.wall.ms + 3'600'000};
  post.declared = {old, present};
  post.pass(200ms, false);
  post.pass(500ms, true);
  post.give("plate_front", plate());
  ASSERT_EQ(post.assessments().size(), 1u);
  EXPECT_EQ(post.assessments()[0].declarations, (std::vector<std::string>{present.reference}));
}

TEST(Reactor, AFrameGoesToTheReaderAndToTheLane) {
  Post post;
  post.pass(200ms, false);
  post.pass(500ms, true);
  post.give("plate_front", device::CameraFrame{device::PlatePosition::front, 4});
  EXPECT_EQ(post.frames_read, 1);
  post.pass(2s, true);
  EXPECT_TRUE(std::any_of(post.records.begin(), post.records.end(), [](const Record& r) {
    const auto* taken = std::get_if<CaptureTaken>(&r.body);
    return taken && std::holds_alternative<device::CameraFrame>(taken->body);
  }));
}
