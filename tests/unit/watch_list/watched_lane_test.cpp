// From the camera to the assessment: a reactor with one lane, two cameras and a watch list.
#include <gtest/gtest.h>

#include "edge/runtime/reactor.hpp"
#include "tests/unit/risk/sets.hpp"
#include "tests/unit/watch_list/lists.hpp"

using namespace rampa;
using namespace rampa::tests;
namespace points = device::points;

namespace {

class Post : public runtime::Ports {
 public:
  explicit Post(risk::WatchList list) : list_(std::move(list)) {
    lane::Config c;
    c.id = LaneId{"L1"};
    c.roles = {"io", "plate_front", "plate_rear"};
    c.required_evidence = {"plate_front"};
    c.evidence_deadline = 1s;
    std::vector<device::Settings> devices(3);
    const char* const roles[] = {"io", "plate_front", "plate_rear"};
    for (std::size_t i = 0; i < 3; ++i) {
      devices[i].id = DeviceId{std::string("L1-") + roles[i]};
      devices[i].lane = c.id;
      devices[i].role = roles[i];
    }
    reactor_ = std::make_unique<runtime::Reactor>(std::vector{c}, devices, compiled(""), "7", *this);
  }

  /// A lorry comes and is read; what its assessment says.
  Assessment lorry(const std::vector<std::pair<std::string, device::PlateRead>>& reads) {
    pass(200ms, false);
    pass(500ms, true);
    for (const auto& [role, read] : reads) give(role, read);
    pass(2s, true);
    for (const auto& record : records_)
      if (const auto* made = std::get_if<AssessmentMade>(&record.body)) last_ = made->assessment;
    return last_;
  }

  void persist(std::uint64_t token, std::vector<Record> group) override {
    records_.insert(records_.end(), group.begin(), group.end());
    tokens_.push_back(token);
  }
  void send(device::Command, device::Permit) override {}
  void append_blob(const std::string&, SharedBytes) override {}
  void read_plate(const device::DeviceEvent&) override {}
  void answer(std::uint64_t, bool, const std::string&) override {}
  void changed(const LaneId&) override {}
  void notify(const LaneId&, int, const std::string&) override {}
  std::vector<Declaration> declarations_for(const std::vector<std::string>&) override { return {declaration()}; }
  risk::WatchHits watch_hits(const risk::WatchQuestion& vehicle) override { return list_.hits(vehicle); }
  std::uint64_t draw_key(const CrossingId&) override { return 1; }

 private:
  void pass(Duration time, bool loop) {
    for (Duration d{}; d < time; d += 50ms) {
      now_.mono = now_.mono + 50ms;
      now_.wall.ms += 50;
      device::PointImage image;
      for (const auto point : {points::loop_boom, points::loop_exit, points::photocell, points::boom_open, points::emergency_stop, points::manual_mode})
        image.points.push_back({std::string(point), false});
      image.points.push_back({std::string(points::boom_closed), true});
      image.points.push_back({std::string(points::loop_entry), loop});
      give("io", image);
      reactor_->advance(now_);
      answer_all();
    }
  }
  void give(const std::string& role, device::EventBody body) {
    device::DeviceEvent event;
    event.from = {DeviceId{"L1-" + role}, now_, std::nullopt, device::Quality::good, ""};
    event.body = std::move(body);
    reactor_->handle(std::move(event), now_);
    answer_all();
  }
  void answer_all() {
    for (const auto token : std::exchange(tokens_, {})) reactor_->handle(runtime::PersistDone{token, std::vector<std::uint64_t>{}}, now_);
  }

  risk::WatchList list_;
  Stamp now_{MonoTime{10'000'000'000}, WallTime{1'780'000'000'000}};
  std::unique_ptr<runtime::Reactor> reactor_;
  std::vector<Record> records_;
  std::vector<std::uint64_t> tokens_;
  Assessment last_;
};

std::pair<std::string, device::PlateRead> read(const std::string& role, const std::string& text, const std::string& country = "") {
  device::PlateRead r;
  r.text = text;
  r.country = country;
  r.confidence_percent = 95;
  r.read_id = role + text;
  return {role, r};
}

risk::WatchList stolen() { return listing({{"BG123AA", {"SRB", "BG456BB", "", ""}}}); }

Names named(const Assessment& a) { return std::get<Names>(a.facts.at("vehicle.watch_lists")); }
bool has_reason(const Assessment& a, const std::string& reason) { return std::find(a.reasons.begin(), a.reasons.end(), reason) != a.reasons.end(); }

}  // namespace

TEST(WatchedLane, APlateMisreadByOneConfusionIsFound) {
  const auto a = Post(stolen()).lorry({read("plate_front", "8G1Z3AA")});
  EXPECT_EQ(named(a), Names{"stolen"});
  EXPECT_GE(a.channel, SelectivityChannel::yellow);
  EXPECT_TRUE(has_reason(a, "on watch list: stolen"));
}

TEST(WatchedLane, OneEditAloneIsNotShown) {
  const auto a = Post(stolen()).lorry({read("plate_front", "BG124AA")});
  EXPECT_EQ(named(a), Names{});
  for (const auto& reason : a.reasons) EXPECT_EQ(reason.find("watch"), std::string::npos) << reason;
}

TEST(WatchedLane, OneEditWithTheSameCountryAndTrailerIsShownWithTheListedPlate) {
  const auto a = Post(stolen()).lorry({read("plate_front", "BG124AA", "SRB"), read("plate_rear", "BG456BB", "SRB")});
  EXPECT_EQ(named(a), Names{"stolen (possible: BG123AA)"});
  EXPECT_GE(a.channel, SelectivityChannel::yellow);
  EXPECT_TRUE(has_reason(a, "on watch list: stolen (possible: BG123AA)"));
  // The facts alone give it again.
  const auto again = risk::reassess(*compiled(""), a, WallTime{1'780'000'000'000}, {});
  EXPECT_EQ(again.facts, a.facts);
  EXPECT_TRUE(has_reason(again, "on watch list: stolen (possible: BG123AA)"));
}

TEST(WatchedLane, TheCamerasDoubtAboutTheCharacterIsASecondAttribute) {
  auto front = read("plate_front", "BG124AA");
  front.second.char_confidence_percent = {95, 95, 95, 95, 50, 95, 95};
  EXPECT_EQ(named(Post(stolen()).lorry({front})), Names{"stolen (possible: BG123AA)"});
}

TEST(WatchedLane, WhatTheDeclarationsNameIsLookedUpToo) {
  const auto list = listing({{"RS1", {"", "", "", ""}}}, head_of("operators-1", risk::WatchKind::operators), key_one());
  EXPECT_EQ(named(Post(list).lorry({read("plate_front", "BG123AA")})), Names{"operators-1"});
}

TEST(WatchedLane, ARedListMakesItRedWithItsInstructionAPossibleOneIsComparedFirst) {
  auto head = head_of("stolen", risk::WatchKind::plates);
  head.severity = SelectivityChannel::red;
  head.instruction = {{"en", "Hold the vehicle."}, {"sr-Latn", "Zadržite vozilo."}};
  const auto list = listing({{"BG123AA", {"SRB", "BG456BB", "", ""}}}, head);
  auto a = Post(list).lorry({read("plate_front", "BG123AA")});
  EXPECT_EQ(a.channel, SelectivityChannel::red);
  EXPECT_EQ(std::get<Names>(a.facts.at("vehicle.watch_list_instructions")), (Names{"stolen\nen\nHold the vehicle.", "stolen\nsr-Latn\nZadržite vozilo."}));
  a = Post(list).lorry({read("plate_front", "BG124AA", "SRB"), read("plate_rear", "BG456BB", "SRB")});
  EXPECT_EQ(named(a), Names{"stolen (possible: BG123AA)"});
  EXPECT_EQ(a.channel, SelectivityChannel::yellow);
  EXPECT_TRUE(a.facts.contains("vehicle.watch_list_instructions"));
}
