// The stopgap reader: bounds, and how many of the real photographs it reads (a printed figure, with a floor).
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <random>
#include <sstream>

#include "edge/runtime/system_clock.hpp"
#include "edge/vision/plate_reader.hpp"
#include "tests/support/shared_data.hpp"

namespace rampa::vision {
namespace {

Bytes file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Of this process, all threads.
double cpu_ms() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3; };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

TEST(TesseractReader, RefusesWhatIsNoPictureAndWhatIsTooLarge) {
  auto reader = make_tesseract_reader();
  ASSERT_TRUE(reader) << reader.error().what;
  EXPECT_EQ((*reader)->read(as_bytes("no picture")).error().code, ErrorCode::invalid);
  // A header that says 60000 x 60000 and nothing behind it: refused without decoding.
  const Bytes bomb{0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0xEA, 0x60, 0xEA, 0x60, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1};
  EXPECT_EQ((*reader)->read(bomb).error().what, "picture of 60000 x 60000 is larger than 64 Mpx");
}

TEST(TesseractReader, NothingFoundIsNoError) {
  auto reader = make_tesseract_reader();
  ASSERT_TRUE(reader);
  std::vector<std::uint8_t> grey;
  cv::imencode(".jpg", cv::Mat(480, 640, CV_8U, cv::Scalar(128)), grey);
  auto reads = (*reader)->read(grey);
  ASSERT_TRUE(reads) << reads.error().what;
  EXPECT_TRUE(reads->empty());
}

TEST(TesseractReader, DamagedPicturesNeverCrash) {
  auto reader = make_tesseract_reader();
  ASSERT_TRUE(reader);
  cv::Mat scene(240, 320, CV_8U, cv::Scalar(200));
  cv::putText(scene, "SM123AB", {60, 130}, cv::FONT_HERSHEY_SIMPLEX, 1.2, cv::Scalar(20), 3);
  std::vector<std::uint8_t> whole;
  cv::imencode(".jpg", scene, whole);
  std::mt19937 random(7);
  for (int i = 0; i < 40; ++i) {
    auto damaged = whole;
    if (i % 2 == 0) damaged.resize(random() % damaged.size());
    for (int k = 0; k < 5 && !damaged.empty(); ++k) damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    auto reads = (*reader)->read(damaged);
    if (!reads) continue;
    for (const auto& r : *reads) EXPECT_LE(r.confidence_percent, 70);
  }
}

TEST(TesseractReader, EuropeanPhotographs) {
  RAMPA_NEEDS_SHARED_DATA();
  const std::filesystem::path folder = rampa::tests::shared_data() + "/plates/eu";
  auto reader = make_tesseract_reader();
  ASSERT_TRUE(reader);
  runtime::SystemClock clock;
  std::ifstream truth(folder / "truth.csv");
  std::string line;
  std::getline(truth, line);
  int pictures = 0, exact = 0, found = 0, anywhere = 0, wrong = 0;
  std::vector<std::int64_t> ms;
  const double cpu_before = cpu_ms();
  const bool talk = std::getenv("RAMPA_SHOW_READS") != nullptr;
  while (std::getline(truth, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    if (cells.size() < 6) continue;
    const Bytes jpeg = file(folder / cells[0]);
    const MonoTime begin = clock.mono();
    auto reads = (*reader)->read(jpeg);
    ms.push_back(to_ms(clock.mono() - begin));
    ASSERT_TRUE(reads) << cells[0] << ": " << reads.error().what;
    ++pictures;
    const std::string top = reads->empty() ? "" : reads->front().text;
    found += !reads->empty();
    exact += top == cells[5];
    wrong += !top.empty() && top != cells[5];
    anywhere += std::any_of(reads->begin(), reads->end(), [&](const auto& r) { return r.text == cells[5]; });
    for (const auto& r : *reads) ASSERT_LE(r.confidence_percent, 70);
    if (talk && top != cells[5]) {
      std::cout << cells[0] << " " << cells[5] << ":";
      for (const auto& r : *reads) std::cout << " " << r.text << "/" << r.confidence_percent;
      std::cout << "\n";
    }
  }
  std::sort(ms.begin(), ms.end());
  ASSERT_EQ(pictures, 108);
  std::cout << "[ FIGURE   ] tesseract stopgap, plates/eu: " << exact << " of " << pictures << " read exactly, " << wrong << " wrong, " << pictures - found
            << " nothing found, " << anywhere << " among all reads; ms per picture p50 " << ms[ms.size() / 2] << ", p95 " << ms[ms.size() * 95 / 100] << ", max " << ms.back() << "; CPU ms per picture "
            << (cpu_ms() - cpu_before) / pictures << "\n";
  EXPECT_GE(exact, 50) << "the stopgap got worse";
}

}  // namespace
}  // namespace rampa::vision
