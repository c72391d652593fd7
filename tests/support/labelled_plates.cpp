#include "tests/support/labelled_plates.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "edge/vision/plates/frame_reader.hpp"

namespace rampa::tests {
namespace {

namespace fs = std::filesystem;

/// image,x,y,width,height,plate[,...]; pictures in the order of their first line.
PictureSet from_table(const std::string& name, const fs::path& table, const fs::path& images) {
  PictureSet set{name, {}, false, false};
  std::ifstream in(table);
  std::string line;
  if (!std::getline(in, line)) throw std::runtime_error(table.string() + ": can't be read");
  std::map<std::string, std::size_t> known;
  while (std::getline(in, line)) {
    if (line.ends_with('\r')) line.pop_back();
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    if (cells.size() < 5) continue;
    cells.resize(std::max<std::size_t>(cells.size(), 6));
    const auto [at, added] = known.try_emplace(cells[0], set.pictures.size());
    if (added) set.pictures.push_back({(images / cells[0]).string(), {}});
    set.pictures[at->second].plates.push_back({{std::stod(cells[1]), std::stod(cells[2]), std::stod(cells[3]), std::stod(cells[4])}, cells[5]});
  }
  return set;
}

std::vector<std::string> files(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path().string());
  std::sort(out.begin(), out.end());
  return out;
}

/// The centre of one lies in the other: boxes drawn by hand and corners found are never quite alike.
bool same_place(const Box& a, const Box& b) {
  const auto inside = [](double x, double y, const Box& box) {
    return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
  };
  return inside(a.x + a.width / 2, a.y + a.height / 2, b) || inside(b.x + b.width / 2, b.y + b.height / 2, a);
}

}  // namespace

PictureSet eu(const std::string& data) {
  PictureSet set = from_table("eu", data + "/plates/eu/truth.csv", data + "/plates/eu");
  set.one_plate = true;
  return set;
}

PictureSet romania(const std::string& data) {
  PictureSet set = from_table("romania", data + "/plates/romania/texts.csv", data + "/plates/romania/images");
  // One plate, in three frames, is labelled with the letter O for its first zero, as seven of eu's once were: the zero has the shape of the digits
  // beside it, BO is no county, and temporary plates of Bucharest are B and six digits.
  for (auto& picture : set.pictures)
    for (auto& plate : picture.plates)
      if (plate.text == "BO89414") plate.text = "B089414";
  return set;
}

PictureSet negatives(const std::string& data) {
  PictureSet set{"negatives", {}, false, false};
  for (const auto& file : files(data + "/plates/negatives")) set.pictures.push_back({file, {}});
  return set;
}

PictureSet two_line(const std::string& data) {
  static const std::regex named("crop_([a-z]{1,3})_([a-z0-9-]+?)(_close|_front|_rear)*\\.jpg");
  PictureSet set{"two-line", {}, true, true};
  for (const auto& file : files(data + "/plates/crops-two-line")) {
    std::smatch match;
    const std::string name = fs::path(file).filename().string();
    if (!std::regex_match(name, match, named)) continue;
    std::string text;
    bool digits = false;
    for (const char c : match[2].str()) {
      if (c != '-') text += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      digits |= c >= '0' && c <= '9';
    }
    if (text.size() >= 4 && digits) set.pictures.push_back({file, {{{}, text}}});
  }
  return set;
}

std::vector<LabelledPassage> romania_passages(const std::string& data) {
  std::ifstream in("tests/support/romania_passages.csv");
  std::vector<LabelledPassage> out;
  std::string line;
  while (std::getline(in, line)) {
    static const std::regex row("([A-Z0-9]+),(day|night),([0-9]+),([0-9]+)");
    std::smatch cells;
    if (!std::regex_match(line, cells, row)) continue;
    LabelledPassage passage{cells[1], {}};
    const std::string ride = cells[2] == "day" ? "dayride_type1_001_t_" : "nightride_type3_001_t_";
    for (int second = std::stoi(cells[3]); second <= std::stoi(cells[4]); ++second)
      if (const std::string file = data + "/plates/romania/images/" + ride + std::to_string(second) + ".jpg"; fs::exists(file))
        passage.frames.push_back({file, second * std::int64_t{1000}});
    if (passage.frames.size() < 2) throw std::runtime_error("tests/support/romania_passages.csv: " + line + ": has no two pictures");
    out.push_back(std::move(passage));
  }
  if (out.empty()) throw std::runtime_error("tests/support/romania_passages.csv: can't be read");
  return out;
}

Bytes coded(const PictureSet& set, const LabelledPicture& picture) {
  if (!set.framed) {
    std::ifstream in(picture.file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  const cv::Mat crop = cv::imread(picture.file);
  if (crop.empty()) throw std::runtime_error(picture.file + ": no picture");
  cv::Mat frame(crop.rows * 3, crop.cols * 3, CV_8UC3, cv::Scalar::all(110));
  crop.copyTo(frame(cv::Rect(crop.cols, crop.rows, crop.cols, crop.rows)));
  Bytes out;
  cv::imencode(".jpg", frame, out, {cv::IMWRITE_JPEG_QUALITY, 95});
  return out;
}

Look look_with(vision::plates::FrameReader& reader) {
  return [&reader](ByteView bytes) {
    const auto picture = vision::plates::decoded(bytes);
    if (!picture) throw std::runtime_error(picture.error().what);
    const auto plates = reader.read(picture->frame());
    if (!plates) throw std::runtime_error(plates.error().what);
    std::vector<Seen> out;
    for (const auto& plate : *plates) {
      double left = plate.corners[0].x, right = left, top = plate.corners[0].y, bottom = top;
      for (const auto& p : plate.corners) {
        left = std::min<double>(left, p.x), right = std::max<double>(right, p.x);
        top = std::min<double>(top, p.y), bottom = std::max<double>(bottom, p.y);
      }
      out.push_back({plate.read.text, plate.read.certified, Box{left, top, right - left, bottom - top}});
    }
    return out;
  };
}

Tally count(const PictureSet& set, const Look& look) {
  Tally tally;
  for (const auto& picture : set.pictures) {
    const auto seen = look(coded(set, picture));
    ++tally.pictures;
    tally.reads += static_cast<int>(seen.size());
    std::vector<bool> judged(seen.size(), false);
    for (const auto& plate : picture.plates) {
      if (plate.text.empty()) continue;
      ++tally.plates;
      // The read of this plate: the first of all, or the first at its place.
      std::size_t which = 0;
      if (!set.one_plate)
        while (which < seen.size() &&
               (judged[which] || !(seen[which].box ? same_place(*seen[which].box, plate.box) : seen[which].text == plate.text)))
          ++which;
      const bool right = which < seen.size() && seen[which].text == plate.text;
      if (set.one_plate && !set.framed)
        tally.detected += std::any_of(seen.begin(), seen.end(), [&](const Seen& s) { return !s.box || same_place(*s.box, plate.box); });
      else
        tally.detected += which < seen.size();
      if (which < seen.size()) {
        judged[which] = true;
        if (seen[which].certified) ++(right ? tally.certified_right : tally.certified_wrong);
      }
      tally.exact += right;
      if (!right)
        tally.misread.push_back(fs::path(picture.file).filename().string() + ": " + plate.text + ", " +
                                (which < seen.size() ? seen[which].text : "nothing"));
    }
    for (std::size_t i = 0; i < seen.size(); ++i)
      if (seen[i].certified && !judged[i]) ++(set.one_plate ? tally.certified_wrong : tally.certified_unlabelled);
  }
  return tally;
}

std::pair<double, double> wilson(int hits, int of) {
  if (of == 0) return {0, 1};
  constexpr double z = 1.959964;
  const double n = of, share = hits / n, middle = share + z * z / (2 * n), half = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return {std::max(0.0, (middle - half) / (1 + z * z / n)), std::min(1.0, (middle + half) / (1 + z * z / n))};
}

}  // namespace rampa::tests
