// Texts from rows of logits, with rows made by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "edge/vision/plates/ctc.hpp"

namespace rampa::vision::plates {
namespace {

/// A net whose classes are the alphabet in its own order.
std::vector<Sign> classes() {
  std::vector<Sign> out;
  for (Sign s = 0; s < signs_count; ++s) out.push_back(s);
  return out;
}

struct Step {
  std::vector<std::pair<std::string, double>> p;  ///< "" is the blank; the rest is spread over all others
};

Rows rows(const std::vector<Step>& steps) {
  std::vector<float> logits;
  for (const Step& step : steps) {
    double left = 1;
    for (const auto& [sign, p] : step.p) left -= p;
    std::vector<float> row(signs_count + 1, static_cast<float>(std::log(std::max(left, 1e-9) / (signs_count + 1))));
    for (const auto& [sign, p] : step.p) row[sign.empty() ? 0 : 1u + *sign_of(sign)] = static_cast<float>(std::log(p)) + 3;  // + 3 below as well: logits have no norm
    for (float& x : row)
      if (x < -3) x += 3;
    logits.insert(logits.end(), row.begin(), row.end());
  }
  return Rows::from_logits(logits, classes());
}

TEST(Ctc, RepeatsAreOneAndABlankParts) {
  const auto found = likeliest(rows({{{{"B", .99}}}, {{{"B", .98}}}, {{{"", .99}}}, {{{"G", .99}}}, {{{"", .99}}}, {{{"1", .99}}}, {{{"", .99}}}, {{{"1", .99}}}}), 8);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(printed(found.front().signs), "BG11");
  EXPECT_EQ(found.front().steps, (std::vector<std::size_t>{0, 3, 5, 7}));
  EXPECT_NEAR(std::exp(found.front().log_p), 0.92, 0.05);
}

TEST(Ctc, SumsTheWaysToWriteAText) {
  // "A" can be written A-, -A and AA: 0.4*0.6 + 0.6*0.4 + 0.4*0.4 = 0.64, although the blank is the likeliest at each step.
  const auto found = likeliest(rows({{{{"A", .4}, {"", .5999}}}, {{{"A", .4}, {"", .5999}}}}), 8);
  EXPECT_EQ(printed(found.at(0).signs), "A");
  EXPECT_NEAR(std::exp(found.at(0).log_p), 0.64, 0.01);
  EXPECT_EQ(printed(found.at(1).signs), "");
  EXPECT_NEAR(std::exp(found.at(1).log_p), 0.36, 0.01);
}

TEST(Ctc, KeepsTheRunnersUp) {
  const auto found = likeliest(rows({{{{"0", .6}, {"O", .39}}}, {{{"", .99}}}, {{{"8", .7}, {"B", .29}}}}), 8);
  std::vector<std::string> texts;
  for (const auto& h : found) texts.push_back(printed(h.signs));
  EXPECT_EQ((std::vector<std::string>(texts.begin(), texts.begin() + 4)), (std::vector<std::string>{"08", "O8", "0B", "OB"}));
  const Seen seen = seen_at(rows({{{{"0", .6}, {"O", .39}}}}), {{*sign_of("0")}, {0}, 0});
  EXPECT_NEAR(std::exp(seen[0][*sign_of("O")]), .39, .01);
}

TEST(Ctc, TheNetsAlphabetMayHaveAnotherOrder) {
  const std::vector<Sign> two{*sign_of("Č"), *sign_of("7")};
  const std::vector<float> logits{0, 0, 9, 9, 0, 0, 0, 9, 0};
  const auto found = likeliest(Rows::from_logits(logits, two), 4);
  EXPECT_EQ(printed(found.front().signs), "7Č");
}

TEST(Ctc, NothingInNothingOut) {
  EXPECT_EQ(likeliest(rows({}), 4).front().signs.size(), 0u);
  EXPECT_TRUE(seen_at(rows({}), {}).empty());
}

}  // namespace
}  // namespace rampa::vision::plates
