// What the reactor adds to the lane's machine: declarations that are still valid, one draw for a crossing, frames for both
// the reader and the lane.
#include <gtest/gtest.h>

#include "edge/runtime/reactor.hpp"
#include "tests/unit/risk/sets.hpp"

using namespace rampa;
using namespace rampa::tests;
namespace points = device::points;

namespace {

class Post : public runtime::Ports {
 public:
  Post() {
    lane::Config c;
    c.id = LaneId{"L1"};
    c.roles = {"io", "plate_front"};
    c.required_evidence = {"plate_front"};
    c.evidence_deadline = 1s;
    std::vector<device::Settings> devices(3);
    const char* const roles[] = {"io", "plate_front", "portal"};
    for (std::size_t i = 0; i < 3; ++i) {
      devices[i].id = DeviceId{std::string("L1-") + roles[i]};
      devices[i].lane = c.id;
      devices[i].role = roles[i];
    }
    reactor = std::make_unique<runtime::Reactor>(std::vector{c}, devices, compiled(""), "7", *this);
  }
  void pass(Duration time, bool loop) {
    for (Duration d{}; d < time; d += 50ms) {
      now.mono = now.mono + 50ms;
      now.wall.ms += 50;
      device::PointImage image;
      for (const auto point : {points::loop_boom, points::loop_exit, points::photocell, points::boom_open, points::emergency_stop, points::manual_mode})
        image.points.push_back({std::string(point), false});
      image.points.push_back({std::string(points::boom_closed), true});
      image.points.push_back({std::string(points::loop_entry), loop});
      give("io", image);
      reactor->advance(now);
      answer_all();
    }
  }
  void give(const std::string& role, device::EventBody body) {
    device::DeviceEvent event;
    event.from = {DeviceId{"L1-" + role}, now, std::nullopt, device::Quality::good, ""};
    event.body = std::move(body);
    reactor->handle(std::move(event), now);
    answer_all();
  }
  void answer_all() {
    for (const auto token : std::exchange(tokens, {})) reactor->handle(runtime::PersistDone{token, std::vector<std::uint64_t>{}}, now);
  }
  std::vector<AssessmentMade> assessments() const {
    std::vector<AssessmentMade> found;
    for (const auto& record : records)
      if (const auto* made = std::get_if<AssessmentMade>(&record.body)) found.push_back(*made);
    return found;
  }
  lane::State state() const { return reactor->view(LaneId{"L1"}).state; }

  Stamp now{MonoTime{10'000'000'000}, WallTime{1'780'000'000'000}};
  std::unique_ptr<runtime::Reactor> reactor;
  std::vector<Declaration> declared;
  std::vector<Record> records;
  std::vector<std::uint64_t> tokens;
  std::uint64_t draws = 0;
  int frames_read = 0;

  void persist(std::uint64_t token, std::vector<Record> group) override {
    records.insert(records.end(), group.begin(), group.end());
    tokens.push_back(token);
  }
  void send(device::Command, device::Permit) override {}
  void append_blob(const std::string&, SharedBytes) override {}
  void read_plate(const device::DeviceEvent&) override { ++frames_read; }
  void answer(std::uint64_t, bool, const std::string&) override {}
  void changed(const LaneId&) override {}
  void notify(const LaneId&, int, const std::string&) override {}
  std::vector<Declaration> declarations_for(const std::vector<std::string>&) override { return declared; }
  risk::WatchHits watch_hits(const risk::WatchQuestion&) override { return {}; }
  std::uint64_t draw_key(const CrossingId&) override { return 1000 + ++draws; }
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
