// Container numbers after ISO 6346.
#include "edge/risk/container_code.hpp"

#include <gtest/gtest.h>

using namespace rampa::risk;

TEST(ContainerCode, CheckDigitOfTheStandardsExampleAndOfWellKnownOnes) {
  EXPECT_EQ(container_check_digit("ZEPU003725"), 5);  // ISO 6346:1995, annex A
  EXPECT_EQ(container_check_digit("CSQU305438"), 3);
  EXPECT_EQ(container_check_digit("TEXU307007"), 9);
  EXPECT_EQ(container_check_digit("HLXU200041"), 8);
  EXPECT_EQ(container_check_digit("MAEU610054"), 0);  // remainder 10 is written 0
  EXPECT_EQ(container_check_digit("CSQU3054383"), 3);
}

TEST(ContainerCode, LetterValuesLeaveOutTheMultiplesOfEleven) {
  // Each letter alone at the first place: the value modulo 11, written out from the standard's table.
  const int values[] = {10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 34, 35, 36, 37, 38};
  for (int i = 0; i < 26; ++i) {
    std::string code = "AAAU000000";
    code[0] = static_cast<char>('A' + i);
    EXPECT_EQ(container_check_digit(code), (values[i] + 10 * 2 + 10 * 4 + 32 * 8) % 11 % 10) << code;
  }
}

TEST(ContainerCode, Normalised) {
  EXPECT_EQ(normalise_container_code("csqu 305.438-3"), "CSQU3054383");
  EXPECT_EQ(normalise_container_code(" CSQU\t305438/3 "), "CSQU3054383");
  EXPECT_EQ(normalise_container_code("CSQU305438[3]"), "CSQU305438[3]");
  EXPECT_EQ(normalise_container_code(""), "");
}

TEST(ContainerCode, OnlyWholeAndRightCodesAreCodes) {
  EXPECT_TRUE(is_container_code("CSQU3054383"));
  EXPECT_FALSE(is_container_code("CSQU3054384"));
  EXPECT_FALSE(is_container_code("CSQU305438"));
  EXPECT_FALSE(is_container_code("CSQU30543833"));
  EXPECT_FALSE(is_container_code("CSQA3054383"));
  EXPECT_FALSE(is_container_code("csqu3054383"));
  EXPECT_FALSE(is_container_code("CSQU30S4383"));
  EXPECT_FALSE(is_container_code(""));
}

TEST(ContainerCode, OneWrongCharacterIsSeen) {
  const std::string right = "CSQU3054383";
  for (std::size_t i = 0; i < 10; ++i) {
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")) {
      std::string wrong = right;
      wrong[i] = c;
      if (wrong == right || i == 3) continue;
      // Letters whose values are equal modulo 11 (A and K, say) cannot be told apart by a check digit of this kind.
      if (i >= 3) {
        EXPECT_FALSE(is_container_code(wrong)) << wrong;
      }
    }
  }
}

TEST(ContainerCode, BicPrefix) {
  EXPECT_EQ(bic_prefix("CSQU3054383"), "CSQU");
  EXPECT_EQ(bic_prefix("CSQJ"), "CSQJ");
  EXPECT_EQ(bic_prefix("CSQZ123"), "CSQZ");
  EXPECT_EQ(bic_prefix("CSQA123"), "");
  EXPECT_EQ(bic_prefix("CS1U123"), "");
  EXPECT_EQ(bic_prefix("CSQ"), "");
}
