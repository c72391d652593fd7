// The committed nets on real pictures: floors a little below what they reach (MODEL_CARD.md), and nothing certified that is wrong.
// The data is for evaluation alone: no net was trained on it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "edge/store/digest.hpp"
#include "edge/vision/plates/frame_reader.hpp"
#include "firmware-interfaces/hex.hpp"
#include "tests/support/labelled_plates.hpp"
#include "tests/support/shared_data.hpp"

namespace rampa::vision::plates {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

tests::Tally counted(const tests::PictureSet& set) {
  auto reader = make_frame_reader(ReaderFiles::usual());
  if (!reader) throw std::runtime_error(reader.error().what);
  const auto tally = tests::count(set, tests::look_with(**reader));
  const auto [low, high] = tests::wilson(tally.exact, tally.plates);
  std::cout << "[ FIGURE   ] " << set.name << ": " << tally.exact << " of " << tally.plates << " read exactly (95 %: " << low * 100 << " to "
            << high * 100 << " %), " << tally.detected << " found; certified " << tally.certified_right << " right, " << tally.certified_wrong
            << " wrong, " << tally.certified_unlabelled << " where nothing is labelled; " << tally.reads << " reads in " << tally.pictures
            << " pictures\n";
  for (const auto& line : tally.misread) std::cout << "  " << line << "\n";
  return tally;
}

TEST(PlateNets, AreTheOnesOfTheModelCard) {
  const std::string folder = "edge/vision/models/", card = text_of(folder + "MODEL_CARD.md");
  std::uintmax_t bytes = 0;
  for (const std::string name : {"plate_detector.onnx", "plate_recogniser.onnx", "plates.json"}) {
    const std::string file = text_of(folder + name);
    ASSERT_FALSE(file.empty()) << name;
    bytes += file.size();
    EXPECT_NE(card.find("`" + name + "` | " + std::to_string(file.size()) + " | `" + hex_of(store::sha256(as_bytes(file))) + "`"), card.npos)
        << name << ": " << file.size() << " bytes, sha256 " << hex_of(store::sha256(as_bytes(file)));
  }
  EXPECT_LE(bytes, 4'000'000u);
}

TEST(PlateNets, EuropeanPhotographs) {
  RAMPA_NEEDS_SHARED_DATA();
  const auto tally = counted(tests::eu(tests::shared_data()));
  ASSERT_EQ(tally.plates, 108);
  EXPECT_GE(tally.detected, 107);
  EXPECT_GE(tally.exact, 105);
  EXPECT_GE(tally.certified_right, 60);
  EXPECT_EQ(tally.certified_wrong, 0);
}

TEST(PlateNets, FramesOfARomanianDashCamera) {
  RAMPA_NEEDS_SHARED_DATA();
  const auto tally = counted(tests::romania(tests::shared_data()));
  ASSERT_EQ(tally.plates, 87);  // 91 boxes, 4 of them not legible
  EXPECT_GE(tally.exact, 77);
  EXPECT_GE(tally.certified_right, 60);
  EXPECT_EQ(tally.certified_wrong, 0);
}

TEST(PlateNets, PlatesOfTwoLines) {
  RAMPA_NEEDS_SHARED_DATA();
  const auto tally = counted(tests::two_line(tests::shared_data()));
  ASSERT_EQ(tally.plates, 258);
  EXPECT_GE(tally.exact, 206);
  EXPECT_EQ(tally.certified_wrong, 0);
}

TEST(PlateNets, PicturesWithoutPlates) {
  RAMPA_NEEDS_SHARED_DATA();
  const auto tally = counted(tests::negatives(tests::shared_data()));
  ASSERT_EQ(tally.pictures, 300);
  EXPECT_EQ(tally.certified_unlabelled, 0);
  EXPECT_LE(tally.reads, 26);
}

}  // namespace
}  // namespace rampa::vision::plates
