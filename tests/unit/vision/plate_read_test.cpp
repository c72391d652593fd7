// What a lane is told of a picture's plates.
#include "edge/vision/plates/plate_read.hpp"

#include <gtest/gtest.h>

namespace rampa::vision::plates {
namespace {

/// A plate of this width with its left top corner at x, 100.
FramePlate plate(const std::string& text, float x, float width, bool certified = true, const std::string& country = "RS") {
  FramePlate out;
  out.corners = {{{x, 100}, {x + width, 100}, {x + width, 100 + width / 4.6f}, {x, 100 + width / 4.6f}}};
  out.read.text = text;
  out.read.confidence = certified ? .99 : .7;
  out.read.country = country;
  out.read.certified = certified;
  return out;
}

std::string told(std::vector<FramePlate> plates, const CertifiedCountries& countries = known_countries()) {
  std::string out;
  for (const auto& read : as_lane_reads(std::move(plates), countries)) out += (out.empty() ? "" : " ") + read.text + (read.uncertified ? "?" : "");
  return out;
}

TEST(LaneReads, TheNearestVehiclesPlateComesFirstHoweverSureTheOtherIs) {
  EXPECT_EQ(told({plate("NI002AA", 10, 60), plate("BG001AA", 300, 200, false)}), "BG001AA? NI002AA?") << "a certified one in the background is another vehicle's";
  EXPECT_EQ(told({plate("NI002AA", 10, 60), plate("BG001AA", 300, 200)}), "BG001AA NI002AA?");
}

TEST(LaneReads, OfTwoPlatesAsNearNeitherIsSureToBeTheLanes) {
  EXPECT_EQ(told({plate("BG001AA", 300, 200), plate("NI002AA", 10, 150)}), "BG001AA? NI002AA?");
  EXPECT_EQ(told({plate("BG001AA", 300, 200), plate("BG001AA", 10, 150)}), "BG001AA BG001AA") << "they say the same";
}

TEST(LaneReads, OnlyCountriesThatTheSiteNamesCount) {
  EXPECT_EQ(told({plate("BG001AA", 300, 200)}, {}), "BG001AA?") << "none is named by default";
  EXPECT_EQ(told({plate("BG001AA", 300, 200)}, {"MKD"}), "BG001AA?");
  EXPECT_EQ(told({plate("BG001AA", 300, 200)}, {"MKD", "SRB"}), "BG001AA");
  EXPECT_EQ(told({plate("BG001AA", 300, 200, true, "unknown")}, known_countries()), "BG001AA?");
  EXPECT_EQ(known_countries().size(), 20u);
}

TEST(LaneReads, ACountryThatTheReaderDoesNotKnowIsNamed) {
  const auto reader = make_net_reader({}, {"SRB", "XYZ"});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::invalid);
  EXPECT_TRUE(reader.error().what.find("\"XYZ\" ([plates] certified_countries): it knows ALB, AUT") != std::string::npos) << reader.error().what;
}

}  // namespace
}  // namespace rampa::vision::plates
