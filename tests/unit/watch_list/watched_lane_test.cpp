// From the camera to the assessment: a reactor with one lane, two cameras and a watch list.
#include <gtest/gtest.h>

#include "tests/unit/runtime/one_lane_post.hpp"
#include "tests/unit/watch_list/lists.hpp"

using namespace rampa;
using namespace rampa::tests;
namespace {

class Post : public OneLanePost {
 public:
  explicit Post(risk::WatchList list) : OneLanePost({"io", "plate_front", "plate_rear"}), list_(std::move(list)) { declared = {declaration()}; }

  /// A lorry comes and is read; what its assessment says.
  Assessment lorry(const std::vector<std::pair<std::string, device::PlateRead>>& reads) {
    pass(200ms, false);
    pass(500ms, true);
    for (const auto& [role, read] : reads) give(role, read);
    pass(2s, true);
    const auto made = assessments();
    return made.empty() ? Assessment{} : made.back().assessment;
  }
  risk::WatchHits watch_hits(const risk::WatchQuestion& vehicle) override { return list_.hits(vehicle); }

 private:
  risk::WatchList list_;
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
  EXPECT_TRUE(has_reason(a, "on watch list: stolen (possible)")) << "the listed plate stands in the facts alone, which are encrypted";
  // The facts alone give it again.
  const auto again = risk::reassess(*compiled(""), a, WallTime{1'780'000'000'000}, {});
  EXPECT_EQ(again.facts, a.facts);
  EXPECT_TRUE(has_reason(again, "on watch list: stolen (possible)"));
  // One of before there was the rule is made again as it was.
  auto older = a;
  older.facts.erase("rules.listed_texts_in_facts_alone");
  EXPECT_TRUE(has_reason(risk::reassess(*compiled(""), older, WallTime{1'780'000'000'000}, {}), "on watch list: stolen (possible: BG123AA)"));
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
