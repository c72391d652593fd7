#include <algorithm>
#include <cmath>
#include <filesystem>
#include <opencv2/imgproc.hpp>

#include "edge/vision/plates/detector_internal.hpp"

namespace rampa::vision::plates {

Result<Detector> Detector::load(const std::string& file) {
  if (!std::filesystem::exists(file)) return fail(ErrorCode::not_found, file + ": can't be opened");
  try {
    Detector detector(cv::dnn::readNetFromONNX(file));
    // A blank frame tells whether it is the right net, and makes OpenCV allocate what it needs before the first lorry.
    (void)detector.find(cv::Mat(352, 640, CV_8U, cv::Scalar(128)), 640 * 352, 0.5, 1);
    return detector;
  } catch (const cv::Exception& e) {
    return fail(ErrorCode::invalid, file + ": " + e.err);
  }
}

cv::Size Detector::input_size(cv::Size frame, int pixels) {
  const double scale = std::min(1.0, std::sqrt(pixels / (static_cast<double>(frame.width) * frame.height)));
  const auto side = [&](int px) { return std::max(1, static_cast<int>(std::lround(px * scale / 32))) * 32; };
  return {side(frame.width), side(frame.height)};
}

std::vector<FoundPlate> Detector::find(const cv::Mat& grey, int pixels, double probability_min, std::size_t max) {
  const cv::Size size = input_size(grey.size(), pixels);
  // Averaging two by two has a fast path of its own; then the rest of the way. A third of the time of one step from 1080p.
  cv::Mat from = grey;
  while (from.cols >= 2 * size.width && from.rows >= 2 * size.height) {
    cv::Mat half;
    cv::resize(from(cv::Rect(0, 0, from.cols & ~1, from.rows & ~1)), half, {from.cols / 2, from.rows / 2}, 0, 0, cv::INTER_AREA);
    from = half;
  }
  if (size == from.size()) small_ = from;
  else cv::resize(from, small_, size, 0, 0, cv::INTER_AREA);
  cv::dnn::blobFromImage(small_, blob_, 1.0 / 128, {}, cv::Scalar(128));
  net_.setInput(blob_);
  const cv::Mat map = net_.forward();
  if (map.dims != 4 || map.size[1] != 10) CV_Error(cv::Error::StsBadArg, "not a plate detector: its answer has another shape");
  auto found = plates_in({map.ptr<float>(), map.total()}, map.size[2], map.size[3], probability_min, max);
  const float fx = static_cast<float>(grey.cols) / static_cast<float>(size.width), fy = static_cast<float>(grey.rows) / static_cast<float>(size.height);
  for (FoundPlate& plate : found)
    for (Point& p : plate.corners) p = {p.x * fx, p.y * fy};
  return found;
}

}  // namespace rampa::vision::plates
