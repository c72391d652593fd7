#include "edge/vision/jpeg_size.hpp"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <random>

namespace rampa::vision {
namespace {

TEST(JpegSize, FromTheHeader) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(".jpg", cv::Mat(33, 65, CV_8UC3, cv::Scalar(1, 2, 3)), bytes);
  const auto size = jpeg_size(bytes);
  ASSERT_TRUE(size);
  EXPECT_EQ(size->width_px, 65u);
  EXPECT_EQ(size->height_px, 33u);
  EXPECT_FALSE(jpeg_size(as_bytes("")));
  EXPECT_FALSE(jpeg_size(as_bytes("GIF89a")));
  std::mt19937 random(6);
  for (int i = 0; i < 20000; ++i) {
    auto damaged = bytes;
    damaged.resize(random() % 200);
    for (int k = 0; k < 3 && !damaged.empty(); ++k) damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    (void)jpeg_size(damaged);
  }
}

}  // namespace
}  // namespace rampa::vision
