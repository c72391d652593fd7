#include "hil/devices/cameras/lorry_picture.hpp"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace rampa::hil {
namespace {

/// Small pictures: OpenCV's own threads would cost more than they bring.
void in_this_thread() { [[maybe_unused]] static const bool once = (cv::setNumThreads(1), true); }

Bytes encoded(const cv::Mat& picture, int quality_percent) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(".jpg", picture, bytes, {cv::IMWRITE_JPEG_QUALITY, quality_percent});
  return bytes;
}

void add_noise(cv::Mat& picture, std::uint64_t seed, double sigma) {
  cv::RNG random(seed * 2 + 1);
  cv::Mat noise(picture.size(), CV_8SC3);
  random.fill(noise, cv::RNG::NORMAL, 0, sigma);
  cv::add(picture, noise, picture, cv::noArray(), CV_8UC3);
}

cv::Mat road(const PictureStyle& style) {
  cv::Mat picture(style.height_px, style.width_px, CV_8UC3);
  for (int y = 0; y < picture.rows; ++y) {
    const int grey = y < picture.rows / 3 ? 175 - 60 * y / picture.rows : 95 + 40 * y / picture.rows;
    picture.row(y).setTo(cv::Scalar(grey + 6, grey, grey - 4));
  }
  return picture;
}

/// Writes the text so that it fills the box.
void write_plate(cv::Mat& picture, const cv::Rect& plate, const std::string& text) {
  cv::rectangle(picture, plate, cv::Scalar(238, 240, 240), cv::FILLED);
  cv::rectangle(picture, plate, cv::Scalar(40, 40, 40), std::max(1, plate.height / 20));
  if (text.empty()) {  // a tarpaulin hangs over it
    cv::rectangle(picture, plate + cv::Size(plate.width / 10, plate.height / 2), cv::Scalar(70, 90, 60), cv::FILLED);
    return;
  }
  const int font = cv::FONT_HERSHEY_SIMPLEX;
  int base = 0;
  // Each character in a cell of its own: as evenly spaced as on a plate.
  const double cell = plate.width * 0.9 / static_cast<double>(std::max<std::size_t>(text.size(), 7));
  const double left = plate.x + (plate.width - cell * static_cast<double>(text.size())) / 2;
  const cv::Size unit = cv::getTextSize("H", font, 1, 1, &base);
  const double scale = std::min(plate.height * 0.62 / unit.height, cell * 0.78 / unit.width);
  const int thick = std::max(1, static_cast<int>(scale * unit.height / 7));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string one(1, text[i]);
    const cv::Size size = cv::getTextSize(one, font, scale, thick, &base);
    const cv::Point at(static_cast<int>(left + cell * (static_cast<double>(i) + 0.5) - size.width / 2.0), plate.y + (plate.height + static_cast<int>(unit.height * scale)) / 2);
    cv::putText(picture, one, at, font, scale, cv::Scalar(25, 20, 20), thick, cv::LINE_AA);
  }
}

}  // namespace

Bytes lorry_picture(const std::string& plate, std::uint64_t lorry, bool rear, const PictureStyle& style, std::uint64_t noise_seed) {
  in_this_thread();
  cv::Mat picture = road(style);
  const int w = style.width_px, h = style.height_px;
  cv::RNG colours(lorry * 7919 + 3);
  const cv::Scalar paint(colours.uniform(40, 220), colours.uniform(40, 200), colours.uniform(40, 220));
  const cv::Rect cab(w / 5, h / 20, w * 3 / 5, h * 3 / 4);
  cv::rectangle(picture, cab, paint, cv::FILLED);
  if (rear) {
    cv::line(picture, {w / 2, cab.y}, {w / 2, cab.y + cab.height}, paint * 0.6, std::max(2, w / 200));
  } else {
    cv::rectangle(picture, {cab.x + cab.width / 12, cab.y + cab.height / 10, cab.width * 10 / 12, cab.height * 3 / 8}, cv::Scalar(70, 55, 45), cv::FILLED);
    for (int i = 0; i < 4; ++i)
      cv::rectangle(picture, {cab.x + cab.width / 4, cab.y + cab.height * 11 / 20 + i * cab.height / 14, cab.width / 2, cab.height / 40}, paint * 0.5, cv::FILLED);
  }
  const cv::Rect bumper(cab.x - w / 60, cab.y + cab.height, cab.width + w / 30, h / 6);
  cv::rectangle(picture, bumper, cv::Scalar(60, 60, 62), cv::FILLED);
  for (const int x : {bumper.x + bumper.width / 12, bumper.x + bumper.width * 11 / 12})
    cv::circle(picture, {x, bumper.y + bumper.height / 2}, bumper.height / 4, rear ? cv::Scalar(30, 30, 170) : cv::Scalar(210, 225, 225), cv::FILLED, cv::LINE_AA);
  const int plate_width = w / 4;
  write_plate(picture, {w / 2 - plate_width / 2, bumper.y + bumper.height / 6, plate_width, plate_width * 11 / 52}, plate);
  cv::GaussianBlur(picture, picture, {3, 3}, 0.6);
  add_noise(picture, noise_seed, 2.5);
  return encoded(picture, style.quality_percent);
}

Bytes lane_picture(const PictureStyle& style, std::uint64_t noise_seed) {
  in_this_thread();
  cv::Mat picture = road(style);
  add_noise(picture, noise_seed, 2.5);
  return encoded(picture, style.quality_percent);
}

Bytes plate_picture(const std::string& plate) {
  in_this_thread();
  cv::Mat picture(44, 208, CV_8UC3, cv::Scalar(90, 90, 90));
  write_plate(picture, {2, 2, 204, 40}, plate);
  return encoded(picture, 85);
}

Bytes with_noise(const Bytes& photograph, std::uint64_t noise_seed) {
  in_this_thread();
  cv::Mat picture = cv::imdecode(photograph, cv::IMREAD_COLOR);
  if (picture.empty()) return photograph;
  add_noise(picture, noise_seed, 0.7);
  return encoded(picture, 95);
}

}  // namespace rampa::hil
