#include "drivers/plate_camera/plate_text.hpp"

#include <gtest/gtest.h>

namespace rampa::drivers::plate_camera {
namespace {

TEST(PlateText, AsTheLaneWantsIt) {
  EXPECT_EQ(plate_text("sm 123-ab"), "SM123AB");
  EXPECT_EQ(plate_text("BG\xC2\xB7" "12.3"), "BG123");
  EXPECT_EQ(plate_text("unknown"), "");
  EXPECT_EQ(plate_text("NoPlate"), "");
  EXPECT_EQ(plate_text(""), "");
  EXPECT_EQ(plate_text(std::string(17, 'A')), "");
  EXPECT_EQ(plate_text("Ж1"), "Ж1");
  EXPECT_EQ(plate_text("A\xFF" "B"), "A?B") << "no invalid UTF-8 may go on";
  EXPECT_EQ(plate_text(std::string("A\0B\n", 4)), "AB");
}

TEST(PlateText, CleanTextIsAlwaysUtf8) {
  EXPECT_EQ(clean_text("a\tb", 10), "a b");
  EXPECT_EQ(clean_text("\xC0\xAF", 10), "??") << "overlong";
  EXPECT_EQ(clean_text("\xED\xA0\x80", 10), "???") << "surrogate";
  EXPECT_EQ(clean_text("Ж", 1), "?") << "cut in the middle of a letter";
  EXPECT_EQ(clean_text("abc", 2), "ab");
}

TEST(PlateText, TimesNeedAnOffset) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z")->ms, 0);
  EXPECT_EQ(parse_time("2026-06-01T10:15:30+02:00")->ms, 1780301730000);
  EXPECT_EQ(parse_time("2026-06-01T08:15:31.250+00:00")->ms, 1780301731250);
  EXPECT_EQ(parse_time("2026-06-01T03:45:30-0430")->ms, 1780301730000);
  for (const char* wrong : {"", "2026-06-01T10:15:30", "2026-06-01", "2026-13-01T10:15:30Z", "2026-02-30T10:15:30Z", "2026-06-01T25:15:30Z",
                            "2026-06-01T10:15:30+99:00", "2026-06-01T10:15:30Zx", "x026-06-01T10:15:30Z"})
    EXPECT_FALSE(parse_time(wrong)) << wrong;
}

TEST(PlateText, PositionAndHeading) {
  device::Settings s;
  s.role = "plate_rear";
  EXPECT_EQ(position_of(s), device::PlatePosition::rear);
  s.options["position"] = "front";
  EXPECT_EQ(position_of(s), device::PlatePosition::front);
  EXPECT_EQ(heading_of(true, device::PlatePosition::front), device::Heading::forward);
  EXPECT_EQ(heading_of(true, device::PlatePosition::rear), device::Heading::reverse) << "it backs towards the rear camera";
}

}  // namespace
}  // namespace rampa::drivers::plate_camera
