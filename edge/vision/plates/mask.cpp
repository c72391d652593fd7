#include "edge/vision/plates/mask.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace rampa::vision::plates {
namespace {

constexpr int blocks_across = 32;  // of the longer side: a face at a lane is a block or two
constexpr int quality_percent = 90;
constexpr double found_min = 0.5, read_min = 0.5;
constexpr std::size_t letters_min = 4;

}  // namespace

std::vector<Corners> shown_plates(const std::vector<FramePlate>& plates) {
  std::vector<Corners> out;
  for (const auto& plate : plates)
    if (plate.found >= found_min && plate.read.confidence >= read_min && plate.read.text.size() >= letters_min) out.push_back(plate.corners);
  return out;
}

Result<Bytes> masked(const Frame& picture, const std::vector<Corners>& shown) {
  if (!picture.pixels || picture.width <= 0 || picture.height <= 0 || (picture.channels != 1 && picture.channels != 3)) return fail(ErrorCode::invalid, "no picture");
  try {
    const cv::Mat whole(picture.height, picture.width, CV_MAKETYPE(CV_8U, picture.channels), const_cast<std::uint8_t*>(picture.pixels), picture.stride);
    const int block = (std::max(whole.cols, whole.rows) + blocks_across - 1) / blocks_across;
    cv::Mat out(whole.size(), whole.type());
    for (int y = 0; y < whole.rows; y += block)
      for (int x = 0; x < whole.cols; x += block) {
        // A last row or column that is narrower than a block is counted in with the one before.
        const int left = std::min(x, std::max(0, whole.cols - block)), top = std::min(y, std::max(0, whole.rows - block));
        const cv::Rect part = cv::Rect(left, top, block, block) & cv::Rect({}, whole.size());
        out(part).setTo(cv::mean(whole(part)));
      }
    cv::Mat window = cv::Mat::zeros(whole.size(), CV_8U);
    for (const auto& corners : shown) {
      std::vector<cv::Point> quad;
      for (const auto& p : corners) {
        if (!std::isfinite(p.x) || !std::isfinite(p.y)) return fail(ErrorCode::invalid, "a plate's corner is nowhere");
        quad.emplace_back(static_cast<int>(std::lround(std::clamp(p.x, 0.f, static_cast<float>(whole.cols - 1)))), static_cast<int>(std::lround(std::clamp(p.y, 0.f, static_cast<float>(whole.rows - 1)))));
      }
      cv::fillConvexPoly(window, quad, cv::Scalar(255));
    }
    whole.copyTo(out, window);
    Bytes jpeg;
    if (!cv::imencode(".jpg", out, jpeg, {cv::IMWRITE_JPEG_QUALITY, quality_percent})) return fail(ErrorCode::invalid, "the masked picture can't be coded");
    return jpeg;
  } catch (const std::exception& e) {
    return fail(ErrorCode::invalid, std::string("the picture can't be masked: ") + e.what());
  }
}

}  // namespace rampa::vision::plates
