#include "edge/risk/plate_text.hpp"

#include <gtest/gtest.h>

#include "edge/risk/plate_grammar.hpp"

using namespace rampa;
using namespace rampa::risk;

namespace {
std::string normal(std::string_view text) {
  const auto read = normal_plate(text);
  return read ? *read : "error: " + read.error().what;
}
}  // namespace

TEST(PlateText, SeparatorsAndCaseGo) {
  EXPECT_EQ(normal("bg 123-aa"), "BG123AA");
  EXPECT_EQ(normal(" W\u00A082.411\u2013X\t"), "W82411X");
  EXPECT_EQ(normal("\uFEFFBG\u200B1"), "BG1");
  EXPECT_EQ(normal("MSKU 123456-5"), "MSKU1234565");
}

TEST(PlateText, SerbianLettersAreThoseThatCamerasGive) {
  EXPECT_EQ(normal("ŠA123ČĆ"), "SA123CC");
  EXPECT_EQ(normal("žđ"), "ZD");
  EXPECT_EQ(normal("\u01C4\u01C7\u01CC"), "DZLJNJ");
  EXPECT_EQ(normal("C\u030CA"), "CA") << "the caron as a character of its own";
  EXPECT_EQ(normal("TÜ\u00F61"), "TUO1");
}

TEST(PlateText, CyrillicThatLooksLatinIsThatLatinLetter) {
  EXPECT_EQ(normal("АВЕКМНОРСТУХ"), "ABEKMHOPCTYX");
  EXPECT_EQ(normal("авекмнорстух"), "ABEKMHOPCTYX");
  EXPECT_EQ(normal("СВ 1234 АК"), "CB1234AK");        // Bulgaria
  EXPECT_EQ(normal("АІ 5678 ЇЄ"), "AI5678IE");        // Ukraine
  EXPECT_EQ(normal("ЈЅЌЃ"), "JSKG");                  // North Macedonia
  EXPECT_EQ(normal("љњџћђ"), "LJNJDZCD");             // Serbia
}

TEST(PlateText, GreekAndFullWidth) {
  EXPECT_EQ(normal("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"), "ABEZHIKMNOPTYX");
  EXPECT_EQ(normal("νικ 1234"), "NIK1234");
  EXPECT_EQ(normal("ＢＧ－１２３ａａ"), "BG123AA");
}

TEST(PlateText, WhatIsNoPlateIsRefusedWithItsPlace) {
  EXPECT_NE(normal("BG\xFF" "1").find("byte 3 is no UTF-8"), std::string::npos);
  for (const std::string_view broken : {"\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xD0", "\xE2\x80", "\x80"})
    EXPECT_FALSE(normal_plate(broken)) << "overlong, surrogate, out of range, cut off";
  EXPECT_NE(normal("BG\u042F1").find("U+042F at byte 3"), std::string::npos);
  EXPECT_NE(normal("BG\U0001F69A").find("U+1F69A"), std::string::npos);
  EXPECT_FALSE(normal_plate(""));
  EXPECT_FALSE(normal_plate(" - "));
  EXPECT_FALSE(normal_plate("BG+1"));
}

TEST(PlateText, NumbersOfDocumentsHaveSignsOfTheirOwn) {
  const auto number = [](std::string_view text) { return normal_number(text).value_or("refused"); };
  EXPECT_EQ(number("RIF/2026/114"), "RIF2026114");
  EXPECT_EQ(number("26RS_55"), "26RS55");
  EXPECT_EQ(number("mrn: 26 RS 1+(2)"), "MRN26RS12");
  EXPECT_EQ(number("\u2116 5\uFF0F6"), "56");
  EXPECT_EQ(number("ЩЭ-7"), "ЩЭ7") << "no plate shows them";
  EXPECT_EQ(number("щэ/7"), "ЩЭ7");
  EXPECT_EQ(number("\U0001F69A 1"), "\U0001F69A" "1");
  for (const std::string_view plate : {"BG 123-AA", "бг 123", "ΝΙΚ 1234", "š.1", "ＢＧ－１"}) EXPECT_EQ(number(plate), normal_plate(plate).value_or("?")) << plate;
  EXPECT_FALSE(normal_number(" /_: "));
  EXPECT_NE(normal_number("a\xFF").error().what.find("byte 2 is no UTF-8"), std::string::npos);
}

TEST(PlateText, FoldingKnowsSixClasses) {
  EXPECT_EQ(folded(std::string_view("0ODQ1I2Z5S8B6G")), "00001122558866");
  EXPECT_EQ(folded(std::string_view("ACEFHJKLMNPRTUVWXY3479")), "ACEFHJKLMNPRTUVWXY3479");
}

TEST(PlateGrammar, TellsWhatACountryIssues) {
  EXPECT_EQ(fits_grammar("SRB", "BG123AA"), true);
  EXPECT_EQ(fits_grammar("SRB", "BG1234AA"), true);
  EXPECT_EQ(fits_grammar("SRB", "BG12AA"), false);
  EXPECT_EQ(fits_grammar("BIH", "A12K345"), true);
  EXPECT_EQ(fits_grammar("DEU", "BAB123"), std::nullopt);
}
