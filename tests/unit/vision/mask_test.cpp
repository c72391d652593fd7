// What a masked picture still shows, and what it does not.
#include "edge/vision/plates/mask.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tests/support/shared_data.hpp"

namespace rampa::vision::plates {
namespace {

cv::Mat picture_of(const Bytes& jpeg) { return cv::imdecode(jpeg, cv::IMREAD_COLOR); }
Frame frame_of(const cv::Mat& m) { return {m.data, m.cols, m.rows, m.step, m.channels()}; }

TEST(Mask, ShowsThePlateAndOnlyBlocksElsewhere) {
  cv::Mat noise(540, 960, CV_8U), picture;
  cv::theRNG().state = 7;
  cv::randu(noise, 0, 255);
  cv::cvtColor(noise, picture, cv::COLOR_GRAY2BGR);
  const Corners quad{{{400, 300}, {560, 310}, {560, 350}, {400, 340}}};
  const auto jpeg = masked(frame_of(picture), {quad});
  ASSERT_TRUE(jpeg) << jpeg.error().what;
  const cv::Mat out = picture_of(*jpeg);
  ASSERT_EQ(out.size(), picture.size());
  cv::Mat difference;
  const cv::Rect inside(410, 315, 140, 20);
  cv::absdiff(out(inside), picture(inside), difference);
  EXPECT_LT(cv::mean(difference)[0], 10) << "a JPEG, but of the plate's own pixels";
  cv::Scalar mean, deviation;
  for (const cv::Point corner : {cv::Point(0, 0), cv::Point(60, 90), cv::Point(870, 480), cv::Point(930, 510)}) {  // blocks of 30
    cv::meanStdDev(out(cv::Rect(corner + cv::Point(8, 8), cv::Size(14, 14))), mean, deviation);
    EXPECT_LT(deviation[0], 3) << corner;
  }
}

TEST(Mask, WhatStoodOutsideMakesNoDifferenceButItsMean) {  // so it can't be brought back: two pictures give one
  cv::Mat one(320, 640, CV_8U, cv::Scalar(100)), other = one.clone();
  for (int y = 0; y < one.rows; ++y)
    for (int x = 0; x < one.cols; ++x) {
      one.at<std::uint8_t>(y, x) = x % 2 ? 60 : 140;
      other.at<std::uint8_t>(y, x) = y % 2 ? 30 : 170;
    }
  EXPECT_EQ(*masked(frame_of(one), {}), *masked(frame_of(other), {}));
}

TEST(Mask, BadInputIsAnErrorAndCornersOutsideAreCut) {
  const cv::Mat picture(50, 70, CV_8U, cv::Scalar(90));
  EXPECT_FALSE(masked({}, {}));
  EXPECT_FALSE(masked({picture.data, 70, 50, 70, 2}, {}));
  EXPECT_FALSE(masked(frame_of(picture), {Corners{{{NAN, 0}, {1, 1}, {2, 2}, {3, 3}}}}));
  EXPECT_TRUE(masked(frame_of(picture), {Corners{{{-1e9f, -5}, {1e9f, 0}, {90, 90}, {-3, 80}}}}));
}

TEST(Mask, OnlyPlatesThatWereReadAreShown) {
  FramePlate plate;
  plate.found = 0.9;
  plate.read.text = "BG123AA";
  plate.read.confidence = 0.9;
  FramePlate guess = plate, scrap = plate, unlikely = plate;
  guess.read.confidence = 0.3;
  scrap.read.text = "II";
  unlikely.found = 0.4;
  EXPECT_EQ(shown_plates({plate, guess, scrap, unlikely}).size(), 1u);
}

// Photographs: the plate is read in the masked picture as in the whole one, for it is all that a ministry needs of it.
TEST(Mask, ThePlateOfAPhotographIsStillRead) {
  RAMPA_NEEDS_SHARED_DATA();
  const auto reader = make_frame_reader(ReaderFiles::usual());
  ASSERT_TRUE(reader) << reader.error().what;
  int shown = 0, legible = 0;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(tests::shared_data() + "/plates/eu"))
    if (entry.path().extension() == ".jpg") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  files.resize(std::min<std::size_t>(files.size(), 40));
  for (const auto& file : files) {
    const cv::Mat photograph = cv::imread(file);
    const auto plates = (*reader)->read(frame_of(photograph));
    ASSERT_TRUE(plates);
    const auto quads = shown_plates(*plates);
    if (quads.empty()) continue;
    ++shown;
    cv::Mat out = picture_of(*masked(frame_of(photograph), quads));
    const auto again = (*reader)->read(frame_of(out));
    ASSERT_TRUE(again);
    legible += !again->empty() && again->front().read.text == plates->front().read.text;
  }
  std::cout << "[ FIGURE   ] " << legible << " of " << shown << " masked photographs read as before\n";
  EXPECT_GE(shown, 30);
  EXPECT_GE(legible, 0.6 * shown);
}

}  // namespace
}  // namespace rampa::vision::plates
