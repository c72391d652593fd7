// Frames into passages, and the vote: properties over random reads.
#include "edge/vision/plates/passage_vote.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

namespace rampa::vision::plates {
namespace {

Sighting seen(std::int64_t at_ms, const std::string& text, double confidence = 0.9) {
  Sighting out;
  out.at_ms = at_ms;
  for (const char sign : text) out.marks.push_back({sign, confidence});
  return out;
}
Sighting certified(std::int64_t at_ms, const std::string& text) {
  Sighting out = seen(at_ms, text, 0.97);
  out.certified = true;
  out.country = "RS";
  return out;
}
Sighting at(Place place, Sighting sighting) {
  sighting.place = place;
  return sighting;
}
const Place here{100, 100, 220, 130}, elsewhere{700, 100, 820, 130};

rc::Gen<std::string> text_from(const std::string& signs) { return rc::gen::container<std::string>(7, rc::gen::elementOf(signs)); }
const std::string all_signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

double confidence_from(int percent_min, int percent_max) { return *rc::gen::inRange(percent_min, percent_max + 1) / 100.0; }

/// A frame that shows the text, with some characters misread or unsure.
Sighting any_read(std::int64_t at_ms, const std::string& truth) {
  Sighting out;
  out.at_ms = at_ms;
  for (const char sign : truth) {
    const bool wrong = *rc::gen::inRange(0, 8) == 0;
    const double confidence = confidence_from(20, 99);
    out.marks.push_back({wrong ? *rc::gen::elementOf(all_signs) : sign, confidence, *rc::gen::elementOf(all_signs), (1 - confidence) / 2});
  }
  if (*rc::gen::inRange(0, 5) == 0) out.marks.pop_back();
  if (*rc::gen::inRange(0, 3) == 0) out.place = *rc::gen::elementOf(std::vector<Place>{here, elsewhere});
  out.certified = *rc::gen::inRange(0, 6) == 0;
  out.country = *rc::gen::elementOf(std::vector<std::string>{"", "RS", "ME"});
  return out;
}

TEST(PassageVote, TheOrderOfTheFramesDoesNotMatter) {
  rc::check([] {
    const auto plates = *rc::gen::container<std::vector<std::string>>(3, text_from(all_signs));
    std::vector<Sighting> frames;
    for (int i = *rc::gen::inRange(1, 20); i > 0; --i) frames.push_back(any_read(*rc::gen::inRange(0, 60) * 200, *rc::gen::elementOf(plates)));
    const auto order = *rc::gen::map(rc::gen::container<std::vector<int>>(frames.size(), rc::gen::inRange(0, 1000)), [](std::vector<int> keys) {
      std::vector<std::size_t> out(keys.size());
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = i;
      std::stable_sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
      return out;
    });
    std::vector<Sighting> shuffled;
    for (const std::size_t i : order) shuffled.push_back(frames[i]);
    const auto a = passages_of(frames), b = passages_of(shuffled);
    RC_ASSERT(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      RC_ASSERT(a[i].text == b[i].text);
      RC_ASSERT(a[i].confidence == b[i].confidence);
      RC_ASSERT(a[i].country == b[i].country);
      RC_ASSERT(a[i].certified == b[i].certified);
      RC_ASSERT(a[i].sightings.size() == b[i].sightings.size());
      RC_ASSERT(text_of(frames[a[i].best]) == text_of(shuffled[b[i].best]));
    }
  });
}

TEST(PassageVote, EveryFrameIsOfOnePassage) {
  rc::check([] {
    const auto plates = *rc::gen::container<std::vector<std::string>>(2, text_from(all_signs));
    std::vector<Sighting> frames;
    for (int i = *rc::gen::inRange(1, 15); i > 0; --i) frames.push_back(any_read(*rc::gen::inRange(0, 30) * 300, *rc::gen::elementOf(plates)));
    std::multiset<std::size_t> counted;
    for (const Passage& passage : passages_of(frames)) {
      counted.insert(passage.sightings.begin(), passage.sightings.end());
      RC_ASSERT(std::find(passage.sightings.begin(), passage.sightings.end(), passage.best) != passage.sightings.end());
      RC_ASSERT(passage.text.size() == passage.character_confidence.size());
    }
    RC_ASSERT(counted.size() == frames.size());
    for (std::size_t i = 0; i < frames.size(); ++i) RC_ASSERT(counted.count(i) == 1u);
  });
}

TEST(PassageVote, AWrongReadNeverWinsHoweverSureAndWheneverItCame) {
  rc::check([] {
    const std::string truth = *text_from(all_signs);
    std::string misread = truth;
    for (int i = *rc::gen::inRange(1, 3); i > 0; --i) misread[*rc::gen::inRange<std::size_t>(0, 7)] = *rc::gen::elementOf(all_signs);
    RC_PRE(misread != truth);
    const int right = *rc::gen::inRange(2, 6), wrong_at = *rc::gen::inRange(0, right + 1);
    std::vector<Sighting> frames;
    for (int i = 0; i <= right; ++i) {
      Sighting frame = seen(i * 300, i == wrong_at ? misread : truth, i == wrong_at ? 0.99 : confidence_from(80, 99));
      // The right ones had the wrong character in second place.
      for (std::size_t k = 0; k < 7 && i != wrong_at; ++k)
        if (misread[k] != truth[k]) frame.marks[k].runner_up = misread[k], frame.marks[k].runner_up_confidence = 1 - frame.marks[k].confidence;
      frames.push_back(frame);
    }
    const auto passages = passages_of(frames);
    RC_ASSERT(passages.size() == 1u);
    RC_ASSERT(passages[0].text == truth);
    RC_ASSERT(passages[0].best != static_cast<std::size_t>(wrong_at));
  });
}

TEST(PassageVote, TwoVehiclesAreTwoEvents) {
  rc::check([] {
    const std::string first = *text_from("ABCDEFGHIJKLM01234"), second = *text_from("NOPQRSTUVWXYZ56789");
    const bool together = *rc::gen::arbitrary<bool>();  // beside each other, or one at the place of the other
    const int frames_each = *rc::gen::inRange(1, 6);
    std::vector<Sighting> frames;
    for (int i = 0; i < frames_each; ++i) {
      frames.push_back(at(here, seen(i * 300, first)));
      frames.push_back(at(together ? elsewhere : here, seen(together ? i * 300 : (frames_each + i) * 300 + 900, second)));
    }
    const auto passages = passages_of(frames);
    RC_ASSERT(passages.size() == 2u);
    RC_ASSERT((std::set<std::string>{passages[0].text, passages[1].text} == std::set<std::string>{first, second}));
  });
}

TEST(PassageVote, AlikePlatesInOneFrameAreTwo) {
  const auto passages = passages_of({at(here, seen(0, "BG123AA")), at(elsewhere, seen(0, "BG124AA")), at(here, seen(300, "BG123AA")), at(elsewhere, seen(300, "BG124AA"))});
  ASSERT_EQ(passages.size(), 2u);
  EXPECT_EQ(passages[0].text, "BG123AA");
  EXPECT_EQ(passages[1].text, "BG124AA");
}

TEST(PassageVote, APlateThatComesBackIsAnotherPassage) {
  const auto passages = passages_of({seen(0, "BG123AA"), seen(300, "BG123AA"), seen(9000, "BG123AA")});
  ASSERT_EQ(passages.size(), 2u);
  EXPECT_EQ(passages[0].last_ms, 300);
  EXPECT_EQ(passages[1].first_ms, 9000);
}

TEST(PassageVote, AnUnsureCharacterIsSettledByTheOtherFrames) {
  const auto unsure = [](std::int64_t at_ms) {
    Sighting out = seen(at_ms, "BG123AA");
    out.marks[3] = {'7', 0.4, '2', 0.35};
    return out;
  };
  EXPECT_EQ(passages_of({unsure(0)}).at(0).text, "BG1?3AA");
  const auto open = passages_of({unsure(0), unsure(300)});
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].text, "BG1?3AA") << "two who do not know do not know";
  const auto voted = passages_of({unsure(0), seen(300, "BG123AA"), unsure(600)});
  ASSERT_EQ(voted.size(), 1u);
  EXPECT_EQ(voted[0].text, "BG123AA");
  EXPECT_LT(voted[0].confidence, 0.6) << "and it says how sure that is";
}

TEST(PassageVote, ALostCharacterIsOutvoted) {
  const auto passages = passages_of({seen(0, "BG123A"), seen(300, "BG123AA"), seen(600, "BG123AA")});
  ASSERT_EQ(passages.size(), 1u);
  EXPECT_EQ(passages[0].text, "BG123AA");
}

TEST(PassageVote, AnUnlikeReadOfTheSamePlaceIsOfTheSameVehicle) {
  const auto passages = passages_of({at(here, seen(0, "X9QZ0")), at(here, seen(300, "BG123AA")), at(here, seen(600, "BG123AA"))});
  ASSERT_EQ(passages.size(), 1u);
  EXPECT_EQ(passages[0].text, "BG123AA");
}

TEST(PassageVote, TheVoteWithholdsACertificateAndGivesNone) {
  EXPECT_FALSE(passages_of({seen(0, "BG123AA", 0.99), seen(300, "BG123AA", 0.99)}).at(0).certified);
  const auto one = passages_of({seen(0, "BG128AA", 0.99), certified(300, "BG123AA")});
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].text, "BG123AA");
  EXPECT_TRUE(one[0].certified);
  EXPECT_EQ(one[0].best, 1u);
  EXPECT_EQ(one[0].country, "RS");
  // Two certified reads that contradict each other, and one that everybody else contradicts.
  EXPECT_FALSE(passages_of({certified(0, "BG123AA"), certified(300, "BG128AA"), certified(600, "BG123AA")}).at(0).certified);
  std::vector<Sighting> against{certified(0, "BG123AA")};
  for (int i = 1; i < 8; ++i) against.push_back(seen(i * 300, "BG128AA", 0.99));
  EXPECT_EQ(passages_of(against).at(0).text, "BG128AA");
  EXPECT_FALSE(passages_of(against).at(0).certified);
}

TEST(PassageVote, TheWidestPictureThatSaysTheTextIsKept) {
  const auto passages = passages_of({at({0, 0, 60, 15}, seen(0, "BG123AA")), at({0, 0, 200, 50}, seen(300, "BG128AA")), at({0, 0, 110, 28}, seen(1200, "BG123AA")),
                                     at({0, 0, 90, 22}, seen(1500, "BG123AA"))});
  ASSERT_EQ(passages.size(), 1u);
  EXPECT_EQ(passages[0].text, "BG123AA");
  EXPECT_EQ(passages[0].best, 2u);
}

TEST(PassageVote, NothingSeenIsNoPassage) {
  EXPECT_TRUE(passages_of({}).empty());
  EXPECT_TRUE(passages_of({Sighting{}}).empty());
}

}  // namespace
}  // namespace rampa::vision::plates
