#include "edge/vision/plates/frame_reader.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "edge/vision/jpeg_size.hpp"
#include "edge/vision/plates/detector_internal.hpp"
#include "edge/vision/plates/recogniser_internal.hpp"

namespace rampa::vision::plates {
namespace {

constexpr int frame_px = 640 * 352;                   // what the net sees of a whole frame
constexpr int closer_width = 320, closer_height = 192;  // and of a plate's surroundings
constexpr float closer_plates = 3;                    // which are so many plates wide
constexpr double same_plate = 0.3;
constexpr double two_lines_min = 0.5;
constexpr float edge_px = 2;

/// The crop drawn together or apart about its middle, by parts of its width and height.
Corners scaled(const Corners& c, float x, float y) {
  Point middle{};
  for (const Point& p : c) middle = {middle.x + p.x / 4, middle.y + p.y / 4};
  const Point ex{(c[1].x - c[0].x + c[2].x - c[3].x) / 2, (c[1].y - c[0].y + c[2].y - c[3].y) / 2};
  const Point ey{(c[3].x - c[0].x + c[2].x - c[1].x) / 2, (c[3].y - c[0].y + c[2].y - c[1].y) / 2};
  Corners out = c;
  constexpr std::array<std::array<float, 2>, 4> signs{{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}};
  for (std::size_t i = 0; i < 4; ++i) {
    out[i].x += signs[i][0] * ex.x * x + signs[i][1] * ey.x * y;
    out[i].y += signs[i][0] * ex.y * x + signs[i][1] * ey.y * y;
  }
  return out;
}

class TwoNets final : public FrameReader {
 public:
  TwoNets(Detector detector, Detector closer, Recogniser recogniser, PlateFormats formats, ReaderSettings settings)
      : detector_(std::move(detector)), closer_(std::move(closer)), recogniser_(std::move(recogniser)), formats_(std::move(formats)), settings_(std::move(settings)) {}

  Result<std::vector<FramePlate>> read(const Frame& frame) override {
    if (!frame.pixels || frame.width < 16 || frame.height < 16 || (frame.channels != 1 && frame.channels != 3)) return fail(ErrorCode::invalid, "no frame");
    try {
      const cv::Mat whole(frame.height, frame.width, frame.channels == 3 ? CV_8UC3 : CV_8U, const_cast<std::uint8_t*>(frame.pixels), frame.stride);
      if (frame.channels == 1) return read_grey(whole);
      cv::cvtColor(whole, grey_, cv::COLOR_BGR2GRAY);
      return read_grey(grey_);
    } catch (const std::exception& e) {  // OpenCV throws; nothing of it leaves this folder
      return fail(ErrorCode::invalid, std::string("the frame can't be read: ") + e.what());
    }
  }

 private:
  std::vector<FramePlate> read_grey(const cv::Mat& grey) {
    std::vector<FramePlate> plates;
    std::size_t closer_looks = 0;
    for (const FoundPlate& found : detector_.find(grey, frame_px, settings_.found_min, settings_.plates_max)) {
      auto plate = read_at(grey, found);
      if ((!plate || !plate->read.certified) && closer_looks < settings_.closer_looks_max) {
        ++closer_looks;
        const auto again = from_nearby(grey, found.corners);
        auto other = again ? read_at(grey, *again) : std::nullopt;
        if (other && (!plate || other->read.certified || other->read.confidence > plate->read.confidence)) plate = std::move(other);
      }
      if (!plate || plate->read.confidence < settings_.reported_min) continue;
      if (std::any_of(plates.begin(), plates.end(), [&](const FramePlate& p) { return overlap(p.corners, plate->corners) > same_plate; })) continue;
      plates.push_back(std::move(*plate));
    }
    std::sort(plates.begin(), plates.end(), [](const FramePlate& a, const FramePlate& b) {
      return a.read.certified != b.read.certified ? a.read.certified : a.read.confidence * std::sqrt(area(a.corners)) > b.read.confidence * std::sqrt(area(b.corners));
    });
    return plates;
  }

  std::optional<FramePlate> read_at(const cv::Mat& grey, const FoundPlate& found) {
    FramePlate plate{{}, found.corners, found.probability, found.two_lines >= two_lines_min};
    const bool whole = std::all_of(found.corners.begin(), found.corners.end(), [&](const Point& p) {
      return p.x >= edge_px && p.y >= edge_px && p.x <= static_cast<float>(grey.cols) - 1 - edge_px && p.y <= static_cast<float>(grey.rows) - 1 - edge_px;
    });
    auto read = read_plate(grey, found.corners, plate.two_lines, whole);
    if (!read) return std::nullopt;
    plate.read = std::move(*read);
    return plate;
  }

  /// The same plate, looked for in its surroundings alone, where it is about as large as the net knows best: better corners, above all of small ones.
  std::optional<FoundPlate> from_nearby(const cv::Mat& grey, const Corners& corners) {
    Point middle{};
    float left = corners[0].x, right = left, top = corners[0].y, bottom = top;
    for (const Point& p : corners) {
      middle = {middle.x + p.x / 4, middle.y + p.y / 4};
      left = std::min(left, p.x), right = std::max(right, p.x), top = std::min(top, p.y), bottom = std::max(bottom, p.y);
    }
    const float wide = std::max({(right - left) * closer_plates, (bottom - top) * 2 * closer_width / closer_height, 48.f});
    const cv::Rect2f around(middle.x - wide / 2, middle.y - wide * closer_height / closer_width / 2, wide, wide * closer_height / closer_width);
    const cv::Rect inside = cv::Rect(around) & cv::Rect(0, 0, grey.cols, grey.rows);
    if (inside.width < 32 || inside.height < 16) return std::nullopt;
    // Always the same size, so that OpenCV need not prepare the net anew; a frame's edge leaves some of it grey.
    const float scale = closer_width / around.width;
    cv::Mat small, view(closer_height, closer_width, CV_8U, cv::Scalar(128));
    const cv::Size size{std::clamp(static_cast<int>(std::lround(static_cast<float>(inside.width) * scale)), 1, closer_width),
                        std::clamp(static_cast<int>(std::lround(static_cast<float>(inside.height) * scale)), 1, closer_height)};
    cv::resize(grey(inside), small, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
    small.copyTo(view(cv::Rect({0, 0}, size)));
    const float fx = static_cast<float>(inside.width) / static_cast<float>(size.width), fy = static_cast<float>(inside.height) / static_cast<float>(size.height);
    for (FoundPlate& found : closer_.find(view, closer_width * closer_height, settings_.found_min, settings_.plates_max)) {
      for (Point& p : found.corners) p = {p.x * fx + static_cast<float>(inside.x), p.y * fy + static_cast<float>(inside.y)};
      if (overlap(found.corners, corners) > same_plate) return found;
    }
    return std::nullopt;
  }

  /// Two crops, as found and a little looser: what depends on the crop is no sure read. A tighter one decides where they disagree.
  std::optional<PlateText> read_plate(const cv::Mat& grey, const Corners& corners, bool two_lines, bool whole) {
    std::vector<CropAnswer> crops{crop_of(grey, corners, two_lines), crop_of(grey, scaled(corners, 0.015f, 0.04f), two_lines)};
    auto read = settle(formats_, crops, whole, settings_.bars);
    if (read && !read->crops_agree) {
      crops.push_back(crop_of(grey, scaled(corners, -0.008f, -0.02f), two_lines));
      read = settle(formats_, crops, whole, settings_.bars);
    }
    return read;
  }

  CropAnswer crop_of(const cv::Mat& grey, const Corners& corners, bool two_lines) {
    CropAnswer out;
    if (!two_lines) {
      add(out, recogniser_.read(rectified(grey, corners)));
    } else {
      for (const Corners& line : halves(corners)) add(out, recogniser_.read(rectified(grey, line)));
      for (auto& [code, log_p] : out.country.log_p) log_p /= 2;
      out.country.other /= 2;
    }
    out.country.hint = settings_.country_hint;
    return out;
  }

  /// One more line; what the lines say of the country is summed.
  static void add(CropAnswer& crop, LineAnswer line) {
    crop.lines.push_back(std::move(line.rows));
    if (crop.country.log_p.empty()) {
      crop.country = std::move(line.country);
      return;
    }
    for (std::size_t k = 0; k < crop.country.log_p.size(); ++k) crop.country.log_p[k].second += line.country.log_p[k].second;
    crop.country.other += line.country.other;
  }

  Detector detector_, closer_;  ///< the same net twice: each keeps the size of its input
  Recogniser recogniser_;
  PlateFormats formats_;
  ReaderSettings settings_;
  cv::Mat grey_;
};

}  // namespace

ReaderFiles ReaderFiles::in(const std::string& folder) {
  return {folder + "/plate_detector.onnx", folder + "/plate_recogniser.onnx", folder + "/plates.json", folder + "/formats.json"};
}

ReaderFiles ReaderFiles::usual() {
  namespace fs = std::filesystem;
  if (const char* named = std::getenv("RAMPA_PLATES_DIR"); named && *named) return in(named);
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path installed = binary.parent_path().parent_path() / "share/rampa/plates";
    if (fs::is_directory(installed, error)) return in(installed.string());
    for (fs::path at = binary.parent_path(); at.has_relative_path(); at = at.parent_path()) {
      if (!fs::is_directory(at / "edge/vision/models", error)) continue;
      ReaderFiles out = in((at / "edge/vision/models").string());
      out.formats = (at / "edge/vision/plates/formats.json").string();
      return out;
    }
  }
  return in("edge/vision/models");
}

Result<Picture> decoded(ByteView coded) {
  try {
    // A JPEG says its size before anybody decodes it.
    if (const auto size = jpeg_size(coded); size && std::uint64_t{size->width_px} * size->height_px > picture_pixels_max)
      return fail(ErrorCode::invalid, "picture is larger than 64 Mpx");
    const cv::Mat bytes(1, static_cast<int>(coded.size()), CV_8U, const_cast<std::uint8_t*>(coded.data()));
    const auto picture = std::make_shared<const cv::Mat>(coded.empty() ? cv::Mat{} : cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION));
    if (picture->empty()) return fail(ErrorCode::invalid, "not a picture");
    return Picture(picture, {picture->data, picture->cols, picture->rows, picture->step, picture->channels()});
  } catch (const std::exception& e) {
    return fail(ErrorCode::invalid, std::string("picture can't be decoded: ") + e.what());
  }
}

Result<std::unique_ptr<FrameReader>> make_frame_reader(const ReaderFiles& files, const ReaderSettings& settings) {
  cv::setNumThreads(1);  // the pool is the place for threads; OpenCV's own would run beside the lanes
  auto formats = PlateFormats::load(files.formats);
  if (!formats) return tl::unexpected(formats.error());
  auto detector = Detector::load(files.detector);
  if (!detector) return tl::unexpected(detector.error());
  auto closer = Detector::load(files.detector);
  if (!closer) return tl::unexpected(closer.error());
  auto recogniser = Recogniser::load(files.recogniser, files.notes);
  if (!recogniser) return tl::unexpected(recogniser.error());
  return std::make_unique<TwoNets>(std::move(*detector), std::move(*closer), std::move(*recogniser), std::move(*formats), settings);
}

}  // namespace rampa::vision::plates
