// The frame reader without its nets: geometry of the crops, sizes, pictures, and errors that name the file.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "edge/vision/plates/detector_internal.hpp"
#include "edge/vision/plates/frame_reader.hpp"
#include "edge/vision/plates/plate_read.hpp"
#include "edge/vision/plates/recogniser_internal.hpp"

namespace rampa::vision::plates {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(path_); }
  void TearDown() override { fs::remove_all(path_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name, std::ios::binary) << text; }
  const fs::path path_ = fs::temp_directory_path() / ("rampa-frame-reader-" + std::to_string(::getpid()));
};

/// Left half black, right half white; the upper quarter grey.
cv::Mat pattern(int width, int height) {
  cv::Mat out(height, width, CV_8U, cv::Scalar(0));
  out(cv::Rect(width / 2, 0, width - width / 2, height)).setTo(255);
  out(cv::Rect(0, 0, width, height / 4)).setTo(128);
  return out;
}

TEST(Rectified, ATiltedPlateComesOutLevelWithItsMargins) {
  const cv::Mat plate = pattern(260, 56);
  for (const double degrees : {-30.0, 0.0, 30.0}) {
    const double a = degrees * CV_PI / 180;
    Corners corners{};
    const double half[4][2]{{-130, -28}, {130, -28}, {130, 28}, {-130, 28}};
    for (std::size_t i = 0; i < 4; ++i)
      corners[i] = {static_cast<float>(400 + half[i][0] * std::cos(a) - half[i][1] * std::sin(a)), static_cast<float>(300 + half[i][0] * std::sin(a) + half[i][1] * std::cos(a))};
    const cv::Point2f from[]{{0, 0}, {260, 0}, {260, 56}, {0, 56}}, to[]{{corners[0].x, corners[0].y}, {corners[1].x, corners[1].y}, {corners[2].x, corners[2].y}, {corners[3].x, corners[3].y}};
    cv::Mat frame(600, 800, CV_8U, cv::Scalar(60));
    cv::warpPerspective(plate, frame, cv::getPerspectiveTransform(from, to), frame.size(), cv::INTER_LINEAR, cv::BORDER_TRANSPARENT);
    const cv::Mat crop = rectified(frame, corners);
    ASSERT_EQ(crop.size(), cv::Size(128, 32));
    EXPECT_NEAR(crop.at<std::uint8_t>(20, 30), 0, 12) << degrees;
    EXPECT_NEAR(crop.at<std::uint8_t>(20, 98), 255, 12) << degrees;
    EXPECT_NEAR(crop.at<std::uint8_t>(5, 64), 128, 12) << degrees;
    EXPECT_NEAR(crop.at<std::uint8_t>(16, 1), 60, 12) << degrees;  // the margin shows what is beside the plate
  }
}

TEST(Rectified, AVeryLargePlateIsAveragedNotSampled) {
  // Lines a pixel wide, black and white: sampled they would be black or white, averaged they are grey.
  cv::Mat frame(500, 1600, CV_8U, cv::Scalar(0));
  for (int x = 0; x < frame.cols; x += 2) frame.col(x).setTo(255);
  const cv::Mat crop = rectified(frame, {Point{100, 100}, Point{1400, 100}, Point{1400, 400}, Point{100, 400}});
  double low = 0, high = 0;
  cv::minMaxLoc(crop, &low, &high);
  EXPECT_GT(low, 90);
  EXPECT_LT(high, 165);
}

TEST(Rectified, CornersOutsideTheFrameDoNotThrow) {
  const cv::Mat frame(100, 200, CV_8U, cv::Scalar(77));
  const cv::Mat crop = rectified(frame, {Point{-50, -20}, Point{150, -20}, Point{150, 30}, Point{-50, 30}});
  EXPECT_EQ(crop.at<std::uint8_t>(16, 64), 77);
  (void)rectified(frame, {Point{-900, -900}, Point{-100, -900}, Point{-100, -700}, Point{-900, -700}});
}

TEST(Halves, TheSeamIsHalfWayDownBothSides) {
  const auto lines = halves({Point{0, 0}, Point{100, 10}, Point{90, 60}, Point{10, 40}});
  EXPECT_EQ(lines[0], (Corners{Point{0, 0}, Point{100, 10}, Point{95, 35}, Point{5, 20}}));
  EXPECT_EQ(lines[1], (Corners{Point{5, 20}, Point{95, 35}, Point{90, 60}, Point{10, 40}}));
}

TEST(Detector, FramesKeepTheirShape) {
  constexpr int pixels = 640 * 352;
  EXPECT_EQ(Detector::input_size({1920, 1080}, pixels), cv::Size(640, 352));
  EXPECT_EQ(Detector::input_size({1280, 720}, pixels), cv::Size(640, 352));
  EXPECT_EQ(Detector::input_size({640, 480}, pixels), cv::Size(544, 416));
  EXPECT_EQ(Detector::input_size({320, 240}, pixels), cv::Size(320, 256));  // never blown up
  EXPECT_EQ(Detector::input_size({1080, 1920}, pixels), cv::Size(352, 640));
  EXPECT_EQ(Detector::input_size({20, 20}, pixels), cv::Size(32, 32));
}

TEST(Decoded, PicturesAndWhatIsNone) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(".png", cv::Mat(48, 64, CV_8UC3, cv::Scalar(1, 2, 3)), bytes);
  const auto picture = decoded(bytes);
  ASSERT_TRUE(picture) << picture.error().what;
  EXPECT_EQ(picture->frame().width, 64);
  EXPECT_EQ(picture->frame().height, 48);
  EXPECT_EQ(picture->frame().pixels[2], 3);
  EXPECT_EQ(decoded(as_bytes("no picture")).error().what, "not a picture");
  EXPECT_EQ(decoded({}).error().code, ErrorCode::invalid);
  const Bytes bomb{0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0xEA, 0x60, 0xEA, 0x60, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1};
  EXPECT_EQ(decoded(bomb).error().what, "picture is larger than 64 Mpx");
}

TEST(PlateRead, WhatIsNotCertifiedIsMarked) {
  FramePlate plate;
  plate.read.text = "BG17?2KV";
  plate.read.country = "RS";
  plate.read.confidence = 0.997;
  plate.read.characters = {{"B", 0.999, "8", 0.001}, {"G", 0.4, "6", 0.3}};
  auto read = as_plate_read(plate);
  EXPECT_EQ(read.text, "BG17?2KV");
  EXPECT_EQ(read.country, "SRB");
  EXPECT_EQ(read.confidence_percent, 99);
  EXPECT_EQ(read.char_confidence_percent, (std::vector<int>{99, 40}));
  EXPECT_EQ(read.reader, "rampa");
  EXPECT_TRUE(read.uncertified);
  plate.read.certified = true;
  plate.read.country = "unknown";
  read = as_plate_read(plate);
  EXPECT_FALSE(read.uncertified);
  EXPECT_EQ(read.country, "");
}

TEST_F(Folder, NotesOfTheRecogniserAreChecked) {
  const std::string file = (path_ / "plates.json").string();
  EXPECT_EQ(read_notes(file).error().code, ErrorCode::not_found);
  const std::string rest = R"(,"countries":["RS","unknown"],"input":[32,128],"margin":[4,2],"two_line_split":0.5}})";
  write("plates.json", R"({"recogniser":{"alphabet":"1AČ")" + rest);
  const auto notes = read_notes(file);
  ASSERT_TRUE(notes) << notes.error().what;
  EXPECT_EQ(notes->class_of, (std::vector<Sign>{1, 10, 36}));
  EXPECT_EQ(notes->countries, (std::vector<std::string>{"RS", "unknown"}));
  write("plates.json", R"({"recogniser":{"alphabet":"11")" + rest);
  EXPECT_EQ(read_notes(file).error().what, file + ", recogniser.alphabet: a character is not of the reader's alphabet, or stands there twice");
  write("plates.json", R"({"recogniser":{"alphabet":"1A","countries":[],"input":[24,94],"margin":[4,2],"two_line_split":0.5}})");
  EXPECT_EQ(read_notes(file).error().what, file + ", recogniser: its crops are of another size, margin or split than this program's");
  write("plates.json", "{");
  EXPECT_TRUE(read_notes(file).error().what.starts_with(file + ": "));
}

TEST_F(Folder, AMissingOrBrokenFileIsNamed) {
  const auto files = ReaderFiles::in(path_.string());
  EXPECT_EQ(make_frame_reader(files).error().what, files.formats + ": can't be opened");
  fs::copy_file("edge/vision/plates/formats.json", files.formats);
  EXPECT_EQ(make_frame_reader(files).error().what, files.detector + ": can't be opened");
  write("plate_detector.onnx", "not a net");
  const auto broken = make_frame_reader(files);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::invalid);
  EXPECT_TRUE(broken.error().what.starts_with(files.detector + ": "));
  fs::remove(files.detector);
  EXPECT_EQ(make_net_reader(files, {}).error().what,
            "the plate reader does not start: " + files.detector +
                ": can't be opened; its nets and formats are installed to PREFIX/share/rampa/plates beside PREFIX/bin/rampa, RAMPA_PLATES_DIR names another folder");
}

}  // namespace
}  // namespace rampa::vision::plates
