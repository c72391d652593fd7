// One read from several crops, and when it is certified. Rows made by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "edge/vision/plates/verdict.hpp"

namespace rampa::vision::plates {
namespace {

const PlateFormats& formats() {
  static const auto loaded = PlateFormats::load("edge/vision/plates/formats.json");
  if (!loaded) throw std::runtime_error(loaded.error().what);
  return *loaded;
}

using Rivals = std::vector<std::pair<std::size_t, std::pair<std::string, double>>>;

/// A line on which each character stands for one step, with a blank between; `rivals`: at a character's place another one has this probability
/// ("" the blank).
Rows line(const std::string& text, const Rivals& rivals = {}, std::size_t blanks_after = 0) {
  const auto signs = signs_of(text);
  std::vector<Sign> classes;
  for (Sign s = 0; s < signs_count; ++s) classes.push_back(s);
  std::vector<float> logits;
  const auto row = [&](std::size_t cls, double p, std::size_t rival, double rival_p) {
    std::vector<float> r(signs_count + 1, std::log(1e-5f));
    r[cls] = static_cast<float>(std::log(p));
    if (rival_p > 0) r[rival] = static_cast<float>(std::log(rival_p));
    logits.insert(logits.end(), r.begin(), r.end());
  };
  for (std::size_t i = 0; i < signs->size(); ++i) {
    std::size_t rival = 0;
    double rival_p = 0;
    for (const auto& [at, other] : rivals)
      if (at == i) rival = other.first.empty() ? 0 : 1u + *sign_of(other.first), rival_p = other.second;
    row(1u + (*signs)[i], 0.999 - rival_p, rival, rival_p);
    row(0, 0.999, 0, 0);
  }
  for (std::size_t i = 0; i < blanks_after; ++i) row(0, 0.999, 0, 0);
  return Rows::from_logits(logits, classes);
}

std::vector<CropAnswer> crops(const std::string& text, const CountryBelief& belief, const Rivals& rivals = {}, std::size_t n = 3) {
  return std::vector<CropAnswer>(n, CropAnswer{{line(text, rivals)}, belief});
}

bool has(const PlateText& read, const std::string& doubt) { return std::find(read.doubts.begin(), read.doubts.end(), doubt) != read.doubts.end(); }

CountryBelief only_country(const std::string& code, double p) { return {{{code, std::log(p)}}, std::log(1 - p), ""}; }

TEST(Verdict, AClearPlateOfAKnownFormatIsCertified) {
  const auto read = settle(formats(), crops("ČA1742KV", only_country("RS", .97)), true);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, "CA1742KV");
  EXPECT_EQ(read->printed, "ČA1742KV");
  EXPECT_EQ(read->twin, "ЧА");
  EXPECT_EQ(read->country, "RS");
  EXPECT_EQ(read->region, "ČA");
  EXPECT_TRUE(read->certified) << ::testing::PrintToString(read->doubts);
  EXPECT_EQ(read->characters.size(), 8u);
  EXPECT_GT(read->confidence, 0.99);
}

TEST(Verdict, WhateverIsInDoubtIsNotCertified) {
  const auto rs = only_country("RS", .97);
  EXPECT_TRUE(has(*settle(formats(), crops("BG1742KV", rs), false), "the plate touches the frame's edge"));
  EXPECT_TRUE(has(*settle(formats(), crops("BG1742KV", rs, {}, 1), true), "too few crops"));
  EXPECT_TRUE(has(*settle(formats(), crops("BG1742KV", only_country("DE", .9)), true), "country and format disagree"));
  EXPECT_TRUE(has(*settle(formats(), crops("Q71X42KV", rs), true), "no format fits"));
  EXPECT_TRUE(has(*settle(formats(), crops("BG1742KV", rs, {{3, {"1", .2}}}), true), "the weakest character is below the bar"));
  auto mixed = crops("BG1742KV", rs);
  mixed[1].lines = {line("BG1742KY")};
  const auto disagree = settle(formats(), mixed, true);
  EXPECT_TRUE(has(*disagree, "the crops disagree"));
  EXPECT_EQ(disagree->text, "BG1742KV");
  for (const auto& read : {settle(formats(), crops("BG1742KV", rs), false), disagree}) EXPECT_FALSE(read->certified);
}

TEST(Verdict, APlateOfWhichAnEndWasNotReadIsNotTakenForAShorterOne) {
  // A trailer's plate of six characters, clearly read; then the same with blank room where a seventh would stand.
  std::vector<CropAnswer> six(2, CropAnswer{{line("RK959A")}, only_country("PL", .97)});
  EXPECT_TRUE(settle(formats(), six, true)->certified) << ::testing::PrintToString(settle(formats(), six, true)->doubts);
  std::vector<CropAnswer> cut(2, CropAnswer{{line("RK959A", {}, 5)}, only_country("PL", .97)});
  const auto read = settle(formats(), cut, true);
  EXPECT_EQ(read->text, "RK959A");
  EXPECT_TRUE(has(*read, "an end of the plate has room for another character"));
}

TEST(Verdict, AnUnsureCharacterIsAskedForNotDropped) {
  const auto open = settle(formats(), crops("BG1742KV", only_country("RS", .97), {{4, {"6", .4999}}}), true, {.unsure = .6});
  EXPECT_EQ(open->text, "BG17?2KV");
  EXPECT_EQ(open->characters[4].runner_up.size(), 1u);
  EXPECT_FALSE(open->certified);
}

TEST(Verdict, ACharacterThatMayNotBeThereIsShownAsUnsure) {
  // At the last place the blank is as likely as the letter: the shorter text is not simply taken.
  const auto read = settle(formats(), crops("BG1742KV", only_country("RS", .97), {{7, {"", .52}}}), true);
  EXPECT_EQ(read->text.size(), 8u) << read->text;
  EXPECT_FALSE(read->certified);
}

TEST(Verdict, TheFormatSettlesTwinsAndSaysHowSureThatIs) {
  const auto read = settle(formats(), crops("BG17O2KV", only_country("RS", .97), {{4, {"0", .45}}}), true);
  EXPECT_EQ(read->text, "BG1702KV");
  EXPECT_EQ(read->country, "RS");
  // The letter that the format cannot have there counts for little, but it counts.
  EXPECT_GT(read->characters[4].confidence, 0.9);
  EXPECT_LT(read->characters[4].confidence, 0.99);
}

TEST(Verdict, AForeignPlateIsNotCoerced) {
  // A clear Dutch plate that is one character away from a German one, in a site that expects Germans.
  CountryBelief belief = only_country("DE", .5);
  belief.hint = "DE";
  const auto read = settle(formats(), crops("KFX82O", belief), true);
  EXPECT_EQ(read->text, "KFX82O");
  EXPECT_FALSE(read->certified);
}

TEST(Verdict, TwoLinesAreJoined) {
  std::vector<CropAnswer> two(3, CropAnswer{{line("BG174"), line("2KV")}, only_country("RS", .97)});
  const auto read = settle(formats(), two, true);
  EXPECT_EQ(read->text, "BG1742KV");
  EXPECT_TRUE(read->certified);
}

TEST(Verdict, TheCountryMayBeUnknown) {
  const auto read = settle(formats(), crops("QQ71X42KV", {{{"RS", std::log(.1)}}, std::log(.9), ""}), true);
  EXPECT_EQ(read->country, "unknown");
  EXPECT_EQ(settle(formats(), crops("QQ71X42KV", only_country("RS", .9)), true)->country, "RS");
  EXPECT_EQ(read->text, "QQ71X42KV");
}

TEST(Verdict, PictureAndFormatSayTheCountryTogether) {
  // The picture leaves it open between three; one of them has a format for the text.
  const CountryBelief open{{{"SK", std::log(.35)}, {"PL", std::log(.35)}, {"DE", std::log(.2)}}, std::log(.1), ""};
  const auto read = settle(formats(), crops("ZV123AK", open), true);
  EXPECT_EQ(read->country, "SK");
  EXPECT_EQ(read->region, "ZV");
  EXPECT_TRUE(read->certified) << ::testing::PrintToString(read->doubts);
  // The same where the picture says it is somebody else's: the format alone names no country.
  const auto foreign = settle(formats(), crops("ZV123AK", {{{"SK", std::log(.02)}}, std::log(.98), ""}), true);
  EXPECT_EQ(foreign->text, "ZV123AK");
  EXPECT_FALSE(foreign->certified);
}

TEST(Verdict, NothingSeenIsNothingRead) {
  EXPECT_FALSE(settle(formats(), {}, true));
  EXPECT_FALSE(settle(formats(), crops("", only_country("RS", .9)), true));
}

}  // namespace
}  // namespace rampa::vision::plates
