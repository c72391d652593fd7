#include "edge/vision/image_health/picture_measures.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "edge/vision/jpeg_size.hpp"

namespace rampa::vision {
namespace {

// Everything is measured at one size, so that a camera with more pixels is judged by the same numbers.
constexpr int width_px = 640, height_px = 360;
constexpr int cell_px = width_px / cell_columns;
static_assert(height_px / cell_rows == cell_px && cell_px * cell_rows == height_px);

constexpr double reblur_px = 1.0;          // of the second, softer copy
constexpr double strong_edge_share = 0.02; // of the picture
constexpr double strong_edge_min = 24;     // Sobel sum; weaker ones are no edges to measure a lens by
constexpr double sharpest_share = 0.15;    // of the strong edges: haloes of lamps and smooth things are soft before any lens
constexpr double structure_noises = 3, structure_levels = 1.5;  // a cell shows something from so much deviation on
constexpr int white_level = 250;
constexpr double mean_edge_value = 50;     // of the edge map
constexpr double mean_edge_min = 6;        // Sobel sum; an emptier picture keeps an emptier map

cv::Mat gradient(const cv::Mat& grey) {  // |dx| + |dy|, 16 bit
  cv::Mat dx, dy, sum;
  cv::Sobel(grey, dx, CV_16S, 1, 0);
  cv::Sobel(grey, dy, CV_16S, 0, 1);
  cv::add(cv::abs(dx), cv::abs(dy), sum);
  return sum;
}

/// Immerkaer's operator answers to noise and hardly to edges; the median leaves out what edges there are. A quarter of the rows will do.
double noise_of(const cv::Mat& grey) {
  std::array<int, 2048> counts{};
  int all = 0;
  for (int y = 1; y + 1 < grey.rows; y += 4) {
    const auto* a = grey.ptr<std::uint8_t>(y - 1);
    const auto* b = grey.ptr<std::uint8_t>(y);
    const auto* c = grey.ptr<std::uint8_t>(y + 1);
    for (int x = 1; x + 1 < grey.cols; ++x, ++all)
      ++counts[static_cast<std::size_t>(std::min(2047, std::abs(a[x - 1] - 2 * a[x] + a[x + 1] - 2 * b[x - 1] + 4 * b[x] - 2 * b[x + 1] + c[x - 1] - 2 * c[x] + c[x + 1])))];
  }
  int below = 0, level = 0;
  while (level < 2047 && below + counts[static_cast<std::size_t>(level)] < all / 2) below += counts[static_cast<std::size_t>(level++)];
  // Whole steps are too coarse for a quiet sensor: within the step, by share.
  const double share = counts[static_cast<std::size_t>(level)] ? static_cast<double>(all / 2 - below) / counts[static_cast<std::size_t>(level)] : 0;
  return std::max(0.0, level - 0.5 + share) / 6 / 0.6745;
}

std::vector<int> histogram(const cv::Mat& values16) {
  std::vector<int> counts(4096);
  for (int y = 0; y < values16.rows; ++y)
    for (const auto *p = values16.ptr<std::int16_t>(y), *end = p + values16.cols; p != end; ++p) ++counts[static_cast<std::size_t>(std::clamp<int>(*p, 0, 4095))];
  return counts;
}

/// The level that `share` of all are above.
int upper_level(const std::vector<int>& counts, double share, int all) {
  int above = 0, level = static_cast<int>(counts.size()) - 1;
  while (level > 0 && above + counts[static_cast<std::size_t>(level)] <= share * all) above += counts[static_cast<std::size_t>(level--)];
  return level;
}

/// A soft copy of a sharp edge loses much of its slope, that of a soft edge little: what is left tells the edge's own blur.
double edge_blur(const cv::Mat& grey, const cv::Mat& sharp, double noise) {
  cv::Mat soft_grey;
  cv::GaussianBlur(grey, soft_grey, {5, 5}, reblur_px);
  const cv::Mat soft = gradient(soft_grey);
  const int level = upper_level(histogram(soft), strong_edge_share, soft.rows * soft.cols);
  if (level < std::max(strong_edge_min, 20 * noise)) return 0;
  std::vector<float> ratios;
  for (int y = 0; y < soft.rows; ++y) {
    const auto* before = sharp.ptr<std::int16_t>(y);
    const auto* after = soft.ptr<std::int16_t>(y);
    for (int x = 0; x < soft.cols; ++x)
      if (after[x] >= level) ratios.push_back(static_cast<float>(before[x]) / static_cast<float>(after[x]));
  }
  const auto sharp_one = ratios.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(ratios.size()) * (1 - sharpest_share));
  std::nth_element(ratios.begin(), sharp_one, ratios.end());
  const double ratio = std::max(1.005, static_cast<double>(*sharp_one));
  return reblur_px / std::sqrt(ratio * ratio - 1);
}

std::uint64_t hash_of(const cv::Mat& cell) {  // FNV-1a over words of 8 pixels
  std::uint64_t hash = 0xcbf29ce484222325;
  for (int y = 0; y < cell.rows; ++y) {
    const auto* row = cell.ptr<std::uint8_t>(y);
    for (int x = 0; x + 8 <= cell.cols; x += 8) {
      std::uint64_t word = 0;
      std::copy_n(row + x, 8, reinterpret_cast<std::uint8_t*>(&word));
      hash = (hash ^ word) * 0x100000001b3;
    }
  }
  return hash | 1;
}

PictureMeasures measured(const cv::Mat& picture) {
  cv::Mat grey;
  cv::resize(picture, grey, {width_px, height_px}, 0, 0, cv::INTER_AREA);
  PictureMeasures out;
  out.noise = noise_of(grey);
  std::vector<int> levels(256);
  for (int y = 0; y < grey.rows; ++y)
    for (const auto *p = grey.ptr<std::uint8_t>(y), *end = p + grey.cols; p != end; ++p) ++levels[*p];
  out.brightest = upper_level(levels, 0.001, width_px * height_px);
  for (std::size_t level = white_level; level < 256; ++level) out.white_share += static_cast<double>(levels[level]) / (width_px * height_px);
  for (int i = 0; i < cell_count; ++i) {
    const cv::Mat cell = grey(cv::Rect(i % cell_columns * cell_px, i / cell_columns * cell_px, cell_px, cell_px));
    cv::Scalar mean, deviation;
    cv::meanStdDev(cell, mean, deviation);
    if (deviation[0] < structure_noises * out.noise + structure_levels) continue;
    ++out.structured_cells;
    out.content[static_cast<std::size_t>(i)] = hash_of(cell);
  }

  const cv::Mat slopes = gradient(grey);
  out.edge_px = edge_blur(grey, slopes, out.noise);
  cv::Mat above, small;
  cv::subtract(slopes, cv::Scalar(12 * out.noise), above);  // what noise alone makes of the sum
  cv::max(above, 0, above);
  cv::resize(above, small, {edge_columns, edge_rows}, 0, 0, cv::INTER_AREA);
  const double mean = std::max(mean_edge_min, cv::mean(small)[0]);
  cv::Mat edges;
  small.convertTo(edges, CV_8U, mean_edge_value / mean);
  out.edges.assign(edges.begin<std::uint8_t>(), edges.end<std::uint8_t>());
  return out;
}

}  // namespace

Result<PictureMeasures> measure_picture(ByteView jpeg) {
  const auto size = jpeg_size(jpeg);
  if (!size || size->width_px == 0 || size->height_px == 0) return fail(ErrorCode::invalid, "not a JPEG picture");
  if (std::uint64_t{size->width_px} * size->height_px > picture_pixels_max)
    return fail(ErrorCode::invalid, "picture of " + std::to_string(size->width_px) + " x " + std::to_string(size->height_px) + " is larger than 64 Mpx");
  try {
    const cv::Mat bytes(1, static_cast<int>(jpeg.size()), CV_8U, const_cast<std::uint8_t*>(jpeg.data()));
    // Half the size straight from the DCT costs half of a decoding, where that leaves enough.
    const int mode = size->width_px >= 2 * width_px ? cv::IMREAD_REDUCED_GRAYSCALE_2 : cv::IMREAD_GRAYSCALE;
    const cv::Mat grey = cv::imdecode(bytes, mode | cv::IMREAD_IGNORE_ORIENTATION);
    if (grey.empty()) return fail(ErrorCode::invalid, "picture can't be decoded");
    return measured(grey);
  } catch (const std::exception& e) {  // OpenCV throws; nothing of it leaves this folder
    return fail(ErrorCode::invalid, std::string("picture can't be decoded: ") + e.what());
  }
}

Result<PictureMeasures> measure_grey(const std::uint8_t* pixels, int width, int height, std::size_t step) {
  if (!pixels || width <= 0 || height <= 0) return fail(ErrorCode::invalid, "an empty picture");
  try {
    return measured(cv::Mat(height, width, CV_8U, const_cast<std::uint8_t*>(pixels), step));
  } catch (const std::exception& e) {
    return fail(ErrorCode::invalid, std::string("picture can't be measured: ") + e.what());
  }
}

}  // namespace rampa::vision
