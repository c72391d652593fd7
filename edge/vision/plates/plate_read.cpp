#include "edge/vision/plates/plate_read.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace rampa::vision::plates {
namespace {

std::string alpha_3(const std::string& alpha_2) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 20> codes{
      {{"AL", "ALB"}, {"AT", "AUT"}, {"BA", "BIH"}, {"BG", "BGR"}, {"CZ", "CZE"}, {"DE", "DEU"}, {"GR", "GRC"}, {"HR", "HRV"}, {"HU", "HUN"}, {"IT", "ITA"},
       {"ME", "MNE"}, {"MK", "MKD"}, {"PL", "POL"}, {"RO", "ROU"}, {"RS", "SRB"}, {"SI", "SVN"}, {"SK", "SVK"}, {"TR", "TUR"}, {"UA", "UKR"}, {"XK", "XKX"}}};
  const auto found = std::find_if(codes.begin(), codes.end(), [&](const auto& c) { return c.first == alpha_2; });
  return found == codes.end() ? std::string{} : std::string(found->second);
}

int percent(double confidence) { return std::clamp(static_cast<int>(std::floor(confidence * 100)), 0, 100); }

/// Of A-Z and 0-9; '?' of none.
char plain_char(const std::string& printed) {
  const auto sign = sign_of(printed);
  return sign ? alphabet[plain(*sign)].front() : '?';
}

class NetReader final : public PlateReader {
 public:
  explicit NetReader(std::unique_ptr<FrameReader> frames) : frames_(std::move(frames)) {}

  Result<std::vector<device::PlateRead>> read(ByteView jpeg) override {
    const auto picture = decoded(jpeg);
    if (!picture) return tl::unexpected(picture.error());
    auto plates = frames_->read(picture->frame());
    if (!plates) return tl::unexpected(plates.error());
    std::vector<device::PlateRead> out;
    for (const FramePlate& plate : *plates) out.push_back(as_plate_read(plate));
    return out;
  }

 private:
  std::unique_ptr<FrameReader> frames_;
};

}  // namespace

device::PlateRead as_plate_read(const FramePlate& plate) {
  device::PlateRead out;
  out.text = plate.read.text;
  out.country = alpha_3(plate.read.country);
  out.confidence_percent = percent(plate.read.confidence);
  for (const ReadCharacter& c : plate.read.characters) out.char_confidence_percent.push_back(percent(c.confidence));
  out.reader = "rampa";
  out.uncertified = !plate.read.certified;
  return out;
}

Sighting as_sighting(const FramePlate& plate, std::int64_t at_ms) {
  Sighting out;
  out.at_ms = at_ms;
  for (const ReadCharacter& c : plate.read.characters)
    out.marks.push_back({plain_char(c.printed), c.confidence, plain_char(c.runner_up), c.runner_up_confidence});
  out.certified = plate.read.certified;
  if (plate.read.country != "unknown") out.country = plate.read.country;
  const auto [left, right] = std::minmax_element(plate.corners.begin(), plate.corners.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  const auto [top, bottom] = std::minmax_element(plate.corners.begin(), plate.corners.end(), [](const Point& a, const Point& b) { return a.y < b.y; });
  out.place = {left->x, top->y, right->x, bottom->y};
  return out;
}

Result<std::unique_ptr<PlateReader>> make_net_reader(const ReaderFiles& files, const ReaderSettings& settings) {
  auto frames = make_frame_reader(files, settings);
  if (!frames)
    return fail(frames.error().code, "the plate reader does not start: " + frames.error().what +
                                         "; its nets and formats are installed to PREFIX/share/rampa/plates beside PREFIX/bin/rampa, RAMPA_PLATES_DIR names another folder");
  return std::make_unique<NetReader>(std::move(*frames));
}

}  // namespace rampa::vision::plates
