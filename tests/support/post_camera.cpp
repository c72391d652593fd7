#include "tests/support/post_camera.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace rampa::tests {
namespace {

constexpr int margin_px = 200;  // around the frame, for a view that moves

cv::Mat scaled(const cv::Mat& photograph, cv::Size size) {
  cv::Mat out;
  cv::resize(photograph, out, size, 0, 0, photograph.cols > size.width ? cv::INTER_AREA : cv::INTER_CUBIC);
  return out;
}

cv::Mat halo(cv::Size size, cv::Point2d at, double radius) {
  cv::Mat out(size, CV_32F);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const double d2 = (x - at.x) * (x - at.x) + (y - at.y) * (y - at.y);
      out.at<float>(y, x) = static_cast<float>(1.3 * std::exp(-d2 / (2 * radius * radius)));
    }
  return cv::min(out, 1.0);
}

}  // namespace

PostCamera::PostCamera(const cv::Mat& surroundings, const cv::Mat& other_surroundings, std::vector<cv::Mat> vehicles, std::uint64_t seed)
    : vehicles_(std::move(vehicles)), random_(seed) {
  const cv::Size whole(width_px + 2 * margin_px, height_px + 2 * margin_px);
  surroundings_ = scaled(surroundings, whole);
  other_ = scaled(other_surroundings, whole);
  noise_.create(height_px * 3 / 2, width_px * 3 / 2, CV_32F);
  random_.fill(noise_, cv::RNG::NORMAL, 0, 1);
  lit_ = halo({width_px, height_px}, {width_px * 0.5, height_px * 0.6}, width_px * 0.28) * 0.85 + 0.15;
  for (int i = 0; i < 6; ++i) blobs_.emplace_back(random_.uniform(0.25, 0.75) * width_px, random_.uniform(0.35, 0.85) * height_px);
}

cv::Mat PostCamera::picture(Light light, const CameraTrouble& trouble, bool same_vehicle) {
  if (!same_vehicle || scene_.empty()) {
    vehicle_ = static_cast<std::size_t>(random_.uniform(0, static_cast<int>(vehicles_.size())));
    const int left = random_.uniform(8, 30) * width_px / 100, right = random_.uniform(70, 96) * width_px / 100;
    const int top = random_.uniform(10, 40) * height_px / 100, bottom = random_.uniform(85, 100) * height_px / 100;
    where_ = {margin_px + left, margin_px + top, right - left, bottom - top};
  }
  scene_ = (trouble.other_view ? other_ : surroundings_).clone();
  const cv::Mat& photograph = vehicles_[vehicle_];
  const cv::Rect middle(photograph.cols / 10, photograph.rows / 10, photograph.cols * 8 / 10, photograph.rows * 8 / 10);
  scaled(photograph(middle), where_.size()).copyTo(scene_(where_));
  const int sway = random_.uniform(-1, 2);  // of the mast, in the wind
  cv::Mat picture = lit(scene_(cv::Rect(margin_px + sway + trouble.shift_px, margin_px + trouble.shift_px / 2, width_px, height_px)).clone(), light);
  if (trouble.blur_px > 0) cv::GaussianBlur(picture, picture, {}, trouble.blur_px);
  if (trouble.blobs > 0) soil(picture, trouble.blobs);
  const double gain = trouble.lamp_off ? 0.02 : trouble.gain;
  picture.convertTo(picture, CV_8U, gain, 0);
  add_noise(picture, trouble.lamp_off ? 6 : light == Light::night ? 4 : 1.5);
  return picture;
}

cv::Mat PostCamera::lit(const cv::Mat& scene, Light light) {
  cv::Mat out;
  if (light == Light::day || light == Light::headlight) scene.convertTo(out, CV_8U, random_.uniform(0.75, 1.15), random_.uniform(-10, 10));
  const auto lamps = [&](double radius) {  // of the vehicle
    cv::Mat bright;
    out.convertTo(bright, CV_32F);
    for (const double side : {0.2, 0.8}) {
      const cv::Point2d at(where_.x - margin_px + side * where_.width, where_.y - margin_px + 0.75 * where_.height);
      const int far = static_cast<int>(4 * radius);
      const cv::Rect part = cv::Rect(static_cast<int>(at.x) - far, static_cast<int>(at.y) - far, 2 * far, 2 * far) & cv::Rect({}, out.size());
      if (part.empty()) continue;
      cv::Mat lamp = bright(part);
      lamp += 400 * halo(part.size(), at - cv::Point2d(part.tl()), radius);
    }
    bright.convertTo(out, CV_8U);
  };
  if (light == Light::night) {  // the camera's light reaches the middle, the vehicle's lamps shine
    cv::Mat dim;
    scene.convertTo(dim, CV_32F, 0.6);
    cv::multiply(dim, lit_, dim);
    dim.convertTo(out, CV_8U);
    lamps(14);
  }
  if (light == Light::snow) {  // lies on the lower part of the surroundings, falls before everything, and the vehicles stay dark
    out = scene.clone();
    const cv::Rect vehicle = (where_ - cv::Point(margin_px, margin_px)) & cv::Rect(0, 0, width_px, height_px);
    const cv::Mat kept = out(vehicle).clone();
    cv::Mat ground = out.rowRange(height_px / 2, height_px);
    ground.convertTo(ground, -1, 0.15, 190);
    kept.copyTo(out(vehicle));
    for (int i = 0; i < 500; ++i)
      cv::circle(out, {random_.uniform(0, width_px), random_.uniform(0, height_px)}, random_.uniform(1, 3), cv::Scalar(235), cv::FILLED, cv::LINE_AA);
  }
  if (light == Light::headlight) lamps(90);  // full beam into the camera
  return out;
}

// Drops and mud near the lens: far out of focus, they take light away and spread the rest.
void PostCamera::soil(cv::Mat& picture, int blobs) {
  if (blobs != veiled_) {
    veil_ = cv::Mat::zeros(picture.size(), CV_32F);
    for (int i = 0; i < std::min<int>(blobs, static_cast<int>(blobs_.size())); ++i) veil_ = cv::max(veil_, halo(picture.size(), blobs_[static_cast<std::size_t>(i)], width_px * 0.055));
    veiled_ = blobs;
  }
  cv::Mat soft, sharp;
  cv::GaussianBlur(picture, soft, {}, 12);
  soft.convertTo(soft, CV_32F, 0.6);
  picture.convertTo(sharp, CV_32F);
  cv::Mat mixed = sharp + veil_.mul(soft - sharp);
  mixed.convertTo(picture, CV_8U);
}

void PostCamera::add_noise(cv::Mat& picture, double sigma) {
  const cv::Rect part(random_.uniform(0, noise_.cols - width_px), random_.uniform(0, noise_.rows - height_px), width_px, height_px);
  cv::Mat noise;
  noise_(part).convertTo(noise, CV_16S, sigma);
  cv::add(picture, noise, picture, cv::noArray(), CV_8U);
}

}  // namespace rampa::tests
