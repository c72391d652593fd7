// A fixed camera at a lane, put together from real photographs: one stands still as the surroundings, others pass before it as the
// vehicles. Light, weather and what goes wrong with a camera are done to the result. The same seed gives the same pictures.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace rampa::tests {

enum class Light { day, night, snow, headlight };

/// What is wrong with the camera. At most one at a time is put in by the tests.
struct CameraTrouble {
  double blur_px = 0;        ///< sigma
  double gain = 1;
  bool lamp_off = false;     ///< its own light: what is left is the sensor's noise
  int shift_px = 0;          ///< of the view, to the side and half of it down
  bool other_view = false;   ///< turned round: other surroundings
  int blobs = 0;             ///< of dirt, each a good twentieth of the width in radius
};

class PostCamera {
 public:
  static constexpr int width_px = 960, height_px = 540;

  /// Grey photographs of any size. The first `surroundings` is the camera's own, the second what it sees once it was turned away.
  PostCamera(const cv::Mat& surroundings, const cv::Mat& other_surroundings, std::vector<cv::Mat> vehicles, std::uint64_t seed);

  /// The next picture: the next vehicle (`same_vehicle`: the one before still stands there, with fresh noise).
  [[nodiscard]] cv::Mat picture(Light light, const CameraTrouble& trouble, bool same_vehicle = false);

 private:
  [[nodiscard]] cv::Mat lit(const cv::Mat& scene, Light light);
  void soil(cv::Mat& picture, int blobs);
  void add_noise(cv::Mat& picture, double sigma);

  cv::Mat surroundings_, other_, scene_;
  cv::Mat lit_;    ///< how much of the camera's own light reaches each place
  cv::Mat veil_;   ///< of `veiled_` blobs
  int veiled_ = 0;
  cv::Mat noise_;  ///< of sigma 1; each picture takes another part of it
  std::vector<cv::Mat> vehicles_;
  std::vector<cv::Point2d> blobs_;
  cv::RNG random_;
  cv::Rect where_;  ///< of the vehicle
  std::size_t vehicle_ = 0;
};

}  // namespace rampa::tests
