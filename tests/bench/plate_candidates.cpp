#include "tests/bench/plate_candidates.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace rampa::bench {
namespace {

struct Blob {
  cv::Rect box;
  int label = 0;
  [[nodiscard]] double middle_x() const { return box.x + box.width / 2.0; }
  [[nodiscard]] double middle_y() const { return box.y + box.height / 2.0; }
};

struct Row {
  std::vector<Blob> blobs;
  double slope = 0;
  double height = 0;
};

constexpr int character_px = 36;  // tesseract's best size of a capital
constexpr int margin_px = 14;

std::vector<Blob> character_blobs(const cv::Mat& ink, cv::Mat& labels) {
  cv::Mat stats, centroids;
  const int count = cv::connectedComponentsWithStats(ink, labels, stats, centroids, 8, CV_32S);
  std::vector<Blob> blobs;
  for (int i = 1; i < count; ++i) {
    const cv::Rect box(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP), stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
    const double aspect = static_cast<double>(box.width) / box.height;
    const double fill = stats.at<int>(i, cv::CC_STAT_AREA) / static_cast<double>(box.area());
    if (box.height < 9 || box.height > ink.rows / 3 || aspect < 0.08 || aspect > 1.25 || fill < 0.15) continue;
    blobs.push_back({box, i});
  }
  std::sort(blobs.begin(), blobs.end(), [](const Blob& a, const Blob& b) { return a.box.x < b.box.x; });
  return blobs;
}

bool may_follow(const Blob& a, const Blob& b) {
  const double h = std::max(a.box.height, b.box.height);
  const double gap = b.box.x - (a.box.x + a.box.width);
  const double apart = b.middle_x() - a.middle_x();
  return std::min(a.box.height, b.box.height) > 0.75 * h && gap > -0.2 * h && gap < 1.3 * h && apart > 0.15 * h &&
         std::abs(a.middle_y() - b.middle_y()) < 0.12 * h + 0.2 * apart;
}

/// Chains of blobs from left to right; every blob starts at most one chain that is not a tail of a longer one.
std::vector<Row> rows_of(const std::vector<Blob>& blobs) {
  std::vector<Row> rows;
  std::vector<bool> used(blobs.size(), false);
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    if (used[i]) continue;
    std::vector<std::size_t> chain{i};
    for (;;) {
      const Blob& last = blobs[chain.back()];
      std::size_t best = blobs.size();
      double nearest = 1e9;
      for (std::size_t k = chain.back() + 1; k < blobs.size() && blobs[k].box.x < last.box.x + 4 * last.box.height; ++k) {
        if (!may_follow(last, blobs[k])) continue;
        // The first of the chain sets the height, so that it can't creep.
        const double h = blobs[chain.front()].box.height;
        if (std::abs(blobs[k].box.height - h) > 0.3 * h) continue;
        const double distance = blobs[k].middle_x() - last.middle_x() + 2 * std::abs(blobs[k].middle_y() - last.middle_y());
        if (distance < nearest) {
          nearest = distance;
          best = k;
        }
      }
      if (best == blobs.size()) break;
      chain.push_back(best);
    }
    if (chain.size() < 4 || chain.size() > 12) continue;
    Row row;
    std::vector<cv::Point2f> middles;
    std::vector<int> heights;
    for (const auto k : chain) {
      used[k] = true;
      row.blobs.push_back(blobs[k]);
      middles.emplace_back(static_cast<float>(blobs[k].middle_x()), static_cast<float>(blobs[k].middle_y()));
      heights.push_back(blobs[k].box.height);
    }
    std::nth_element(heights.begin(), heights.begin() + heights.size() / 2, heights.end());
    row.height = heights[heights.size() / 2];
    cv::Vec4f line;
    cv::fitLine(middles, line, cv::DIST_L1, 0, 0.01, 0.01);
    row.slope = std::abs(line[0]) > 1e-6 ? line[1] / line[0] : 0;
    if (std::abs(row.slope) < 0.36) rows.push_back(std::move(row));
  }
  return rows;
}

/// Plates have characters of one height, in line, on a ground that is much brighter or darker.
double score_of(const Row& row, const cv::Mat& grey, const cv::Mat& ink) {
  double unevenness = 0;
  const double x0 = row.blobs.front().middle_x(), y0 = row.blobs.front().middle_y();
  for (const auto& b : row.blobs) {
    unevenness += std::abs(b.box.height - row.height) / row.height;
    unevenness += std::abs(b.middle_y() - y0 - row.slope * (b.middle_x() - x0)) / row.height;
  }
  unevenness /= static_cast<double>(row.blobs.size());
  cv::Rect box = row.blobs.front().box;
  for (const auto& b : row.blobs) box |= b.box;
  const cv::Mat inside = ink(box);
  const double contrast = std::abs(cv::mean(grey(box), inside)[0] - cv::mean(grey(box), ~inside)[0]);
  const double count = static_cast<double>(row.blobs.size());
  const double by_count = count >= 6 && count <= 8 ? 3 : count == 5 || count == 9 ? 2 : 0.5;
  return by_count + contrast / 40 - 6 * unevenness + std::min(row.height, 40.0) / 40;
}

/// The row, level and at reading size.
PlateCandidate cut(const Row& row, const cv::Mat& grey, const cv::Mat& labels, double score) {
  PlateCandidate out;
  out.score = score;
  out.tilt_deg = std::atan(row.slope) * 180 / CV_PI;
  cv::Rect box = row.blobs.front().box;
  for (const auto& b : row.blobs) box |= b.box;
  out.box = box;
  const double scale = character_px / row.height;
  const double left = row.blobs.front().box.x, middle = row.blobs.front().middle_y() + row.slope * (left - row.blobs.front().middle_x());
  const int width = static_cast<int>(std::min(2000.0, box.width * scale)) + 2 * margin_px;
  const int height = character_px + 2 * margin_px;
  // Shear, not rotation: a plate that is seen from the side keeps its characters upright.
  const cv::Matx23d to_picture(1 / scale, 0, left - margin_px / scale, row.slope / scale, 1 / scale, middle - row.slope * margin_px / scale - height / 2.0 / scale);
  cv::Mat mask(grey.size(), CV_8U, cv::Scalar(255));
  out.characters = 0;
  for (const auto& b : row.blobs) {
    if (b.box.height <= 0.86 * row.height) continue;  // the coat of arms is lower than the characters
    mask(b.box).setTo(0, labels(b.box) == b.label);
    ++out.characters;
  }
  const int flags = cv::INTER_LINEAR | cv::WARP_INVERSE_MAP;
  cv::warpAffine(mask, out.ink, to_picture, {width, height}, flags, cv::BORDER_CONSTANT, cv::Scalar(255));
  cv::warpAffine(grey, out.grey, to_picture, {width, height}, cv::INTER_CUBIC | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  // Away from the characters the ground is made even: no frame, no blue band, no coat of arms.
  cv::Mat near_ink;
  cv::erode(out.ink, near_ink, cv::getStructuringElement(cv::MORPH_ELLIPSE, {7, 7}));
  const cv::Mat ground = near_ink > 128;
  const cv::Scalar bright = cv::mean(out.grey, (out.ink > 200) & ~ground);
  out.grey.setTo(bright, ground);
  return out;
}

}  // namespace

std::vector<PlateCandidate> find_plate_candidates(const cv::Mat& grey, std::size_t max) {
  std::vector<PlateCandidate> all;
  for (const int block : {19, 41}) {
    for (const bool dark_ink : {true, false}) {
      cv::Mat ink, labels;
      cv::adaptiveThreshold(grey, ink, 255, cv::ADAPTIVE_THRESH_MEAN_C, dark_ink ? cv::THRESH_BINARY_INV : cv::THRESH_BINARY, block, dark_ink ? 12 : -12);
      const auto blobs = character_blobs(ink, labels);
      for (const auto& row : rows_of(blobs)) {
        auto candidate = cut(row, grey, labels, score_of(row, grey, ink) - (dark_ink ? 0 : 1.5));
        if (!dark_ink) candidate.grey = ~candidate.grey;
        all.push_back(std::move(candidate));
      }
    }
  }
  std::sort(all.begin(), all.end(), [](const PlateCandidate& a, const PlateCandidate& b) { return a.score > b.score; });
  std::vector<PlateCandidate> best;
  for (auto& c : all) {
    const auto same = [&](const PlateCandidate& other) { return (c.box & other.box).area() > 0.8 * std::max(c.box.area(), other.box.area()) && c.characters == other.characters; };
    if (std::none_of(best.begin(), best.end(), same)) best.push_back(std::move(c));
    if (best.size() == max) break;
  }
  return best;
}

}  // namespace rampa::bench
