#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <set>

#include "edge/vision/plates/recogniser_internal.hpp"

namespace rampa::vision::plates {
namespace {

constexpr int width = 128, height = 32;
constexpr int margin_x = 4, margin_y = 2;  // plates.py draws its crops so

double distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

}  // namespace

Result<RecogniserNotes> read_notes(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, file + ": can't be opened");
  try {
    const auto root = nlohmann::json::parse(in).at("recogniser");
    RecogniserNotes out;
    const auto signs = signs_of(root.at("alphabet").get<std::string>());
    if (!signs || signs->empty() || std::set<Sign>(signs->begin(), signs->end()).size() != signs->size())
      return fail(ErrorCode::invalid, file + ", recogniser.alphabet: a character is not of the reader's alphabet, or stands there twice");
    out.class_of = *signs;
    for (const auto& country : root.at("countries")) out.countries.push_back(country.get<std::string>());
    if (root.at("input") != nlohmann::json{height, width} || root.at("margin") != nlohmann::json{margin_x, margin_y} || root.at("two_line_split") != 0.5)
      return fail(ErrorCode::invalid, file + ", recogniser: its crops are of another size, margin or split than this program's");
    return out;
  } catch (const nlohmann::json::exception& e) {
    return fail(ErrorCode::invalid, file + ": " + e.what());
  }
}

cv::Mat rectified(const cv::Mat& grey, const Corners& line) {
  const double wide = std::max(distance(line[0], line[1]), distance(line[3], line[2]));
  const double high = std::max(distance(line[0], line[3]), distance(line[1], line[2]));
  cv::Mat from = grey;
  Corners at = line;
  // Of a plate much larger than the crop only every second or third pixel would be looked at: averaged first.
  const double shrink = std::min(wide / width, high / height);
  if (shrink > 1.6) {
    float x0 = at[0].x, x1 = x0, y0 = at[0].y, y1 = y0;
    for (const Point& p : at) x0 = std::min(x0, p.x), x1 = std::max(x1, p.x), y0 = std::min(y0, p.y), y1 = std::max(y1, p.y);
    const float room = static_cast<float>(high) / 4;
    const cv::Rect around = cv::Rect(static_cast<int>(std::floor(x0 - room)), static_cast<int>(std::floor(y0 - room)), static_cast<int>(std::ceil(x1 - x0 + 2 * room)),
                                     static_cast<int>(std::ceil(y1 - y0 + 2 * room))) & cv::Rect(0, 0, grey.cols, grey.rows);
    if (around.width >= 2 && around.height >= 2) {
      const cv::Size smaller{std::max(1, static_cast<int>(around.width / shrink)), std::max(1, static_cast<int>(around.height / shrink))};
      cv::resize(grey(around), from, smaller, 0, 0, cv::INTER_AREA);
      const float fx = static_cast<float>(smaller.width) / static_cast<float>(around.width), fy = static_cast<float>(smaller.height) / static_cast<float>(around.height);
      for (Point& p : at) p = {(p.x - static_cast<float>(around.x)) * fx, (p.y - static_cast<float>(around.y)) * fy};
    }
  }
  const cv::Point2f source[]{{at[0].x, at[0].y}, {at[1].x, at[1].y}, {at[2].x, at[2].y}, {at[3].x, at[3].y}};
  constexpr float left = margin_x, top = margin_y, right = width - margin_x, bottom = height - margin_y;
  const cv::Point2f target[]{{left, top}, {right, top}, {right, bottom}, {left, bottom}};
  cv::Mat out;
  cv::warpPerspective(from, out, cv::getPerspectiveTransform(source, target), {width, height}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return out;
}

std::array<Corners, 2> halves(const Corners& c) {
  const Point left{(c[0].x + c[3].x) / 2, (c[0].y + c[3].y) / 2}, right{(c[1].x + c[2].x) / 2, (c[1].y + c[2].y) / 2};
  return {Corners{c[0], c[1], right, left}, Corners{left, right, c[2], c[3]}};
}

Result<Recogniser> Recogniser::load(const std::string& net_file, const std::string& notes_file) {
  auto notes = read_notes(notes_file);
  if (!notes) return tl::unexpected(notes.error());
  if (!std::filesystem::exists(net_file)) return fail(ErrorCode::not_found, net_file + ": can't be opened");
  try {
    Recogniser out(cv::dnn::readNetFromONNX(net_file), std::move(*notes));
    (void)out.read(cv::Mat(height, width, CV_8U, cv::Scalar(128)));
    return out;
  } catch (const cv::Exception& e) {
    return fail(ErrorCode::invalid, net_file + ": " + e.err);
  }
}

LineAnswer Recogniser::read(const cv::Mat& crop) {
  cv::dnn::blobFromImage(crop, blob_, 1.0 / 128, {}, cv::Scalar(128));
  net_.setInput(blob_);
  std::vector<cv::Mat> answers;
  net_.forward(answers, std::vector<cv::String>{"text", "country"});
  const cv::Mat &text = answers[0], &country = answers[1];
  const std::size_t classes = notes_.class_of.size() + 1, countries = notes_.countries.size();
  if (text.dims != 3 || text.size[0] != 1 || static_cast<std::size_t>(text.size[2]) != classes || country.total() != countries)
    CV_Error(cv::Error::StsBadArg, "not the recogniser that plates.json describes: its answers have another shape");
  LineAnswer out{Rows::from_logits({text.ptr<float>(), text.total()}, notes_.class_of), {}};
  const float* logits = country.ptr<float>();
  const float top = *std::max_element(logits, logits + countries);
  double sum = 0;
  for (std::size_t k = 0; k < countries; ++k) sum += std::exp(static_cast<double>(logits[k] - top));
  out.country.other = -40;
  for (std::size_t k = 0; k < countries; ++k) {
    const double log_p = logits[k] - top - std::log(sum);
    if (notes_.countries[k].size() == 2) out.country.log_p.emplace_back(notes_.countries[k], log_p);
    else out.country.other = log_p;
  }
  return out;
}

}  // namespace rampa::vision::plates
