// The plate detector's net. Inside edge/vision only (cv::Mat does not leave this folder).
#pragma once

#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

#include "edge/vision/plates/heat_map.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::vision::plates {

class Detector {
 public:
  /// Errors: not_found, invalid (no net of this kind).
  [[nodiscard]] static Result<Detector> load(const std::string& file);

  /// Plates in the frame, best first, corners in its pixels. `pixels`: about so many does the net see; 640 x 352 finds what is 60 px wide in 1080p.
  [[nodiscard]] std::vector<FoundPlate> find(const cv::Mat& grey, int pixels, double probability_min, std::size_t max);

  /// The size that a frame is given to the net in: its own shape, multiples of 32, never larger than the frame by much.
  [[nodiscard]] static cv::Size input_size(cv::Size frame, int pixels);

 private:
  explicit Detector(cv::dnn::Net net) : net_(std::move(net)) {}
  cv::dnn::Net net_;
  cv::Mat small_, blob_;
};

}  // namespace rampa::vision::plates
