#include "edge/vision/plates/plate_read.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "edge/vision/plates/heat_map.hpp"

namespace rampa::vision::plates {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 20> codes{
    {{"AL", "ALB"}, {"AT", "AUT"}, {"BA", "BIH"}, {"BG", "BGR"}, {"CZ", "CZE"}, {"DE", "DEU"}, {"GR", "GRC"}, {"HR", "HRV"}, {"HU", "HUN"}, {"IT", "ITA"},
     {"ME", "MNE"}, {"MK", "MKD"}, {"PL", "POL"}, {"RO", "ROU"}, {"RS", "SRB"}, {"SI", "SVN"}, {"SK", "SVK"}, {"TR", "TUR"}, {"UA", "UKR"}, {"XK", "XKX"}}};

constexpr double beside = .25;  ///< of the nearest plate's area: a vehicle as near or twice as far away

std::string alpha_3(const std::string& alpha_2) {
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
  NetReader(std::unique_ptr<FrameReader> frames, CertifiedCountries countries) : frames_(std::move(frames)), countries_(std::move(countries)) {}

  Result<std::vector<device::PlateRead>> read(ByteView jpeg) override {
    const auto picture = decoded(jpeg);
    if (!picture) return tl::unexpected(picture.error());
    auto plates = frames_->read(picture->frame());
    if (!plates) return tl::unexpected(plates.error());
    return as_lane_reads(std::move(*plates), countries_);
  }

 private:
  std::unique_ptr<FrameReader> frames_;
  const CertifiedCountries countries_;
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

const CertifiedCountries& known_countries() {
  static const CertifiedCountries all = [] {
    CertifiedCountries out;
    for (const auto& code : codes) out.emplace(code.second);
    return out;
  }();
  return all;
}

std::vector<device::PlateRead> as_lane_reads(std::vector<FramePlate> plates, const CertifiedCountries& countries) {
  std::stable_sort(plates.begin(), plates.end(), [](const FramePlate& a, const FramePlate& b) { return area(a.corners) > area(b.corners); });
  std::vector<device::PlateRead> out;
  for (const FramePlate& plate : plates) {
    out.push_back(as_plate_read(plate));
    const bool unsure_whose = std::any_of(plates.begin(), plates.end(), [&](const FramePlate& other) {
      return other.read.text != plate.read.text && area(other.corners) >= beside * area(plate.corners);
    });
    out.back().uncertified |= unsure_whose || !countries.contains(out.back().country);
  }
  return out;
}

Result<std::unique_ptr<PlateReader>> make_net_reader(const ReaderFiles& files, const CertifiedCountries& countries, const ReaderSettings& settings) {
  for (const std::string& country : countries)
    if (!known_countries().contains(country)) {
      std::string known;
      for (const std::string& one : known_countries()) known += (known.empty() ? "" : ", ") + one;
      return fail(ErrorCode::invalid, "the plate reader can certify nothing of the country \"" + country + "\" ([plates] certified_countries): it knows " + known);
    }
  auto frames = make_frame_reader(files, settings);
  if (!frames)
    return fail(frames.error().code, "the plate reader does not start: " + frames.error().what +
                                         "; its nets and formats are installed to PREFIX/share/rampa/plates beside PREFIX/bin/rampa, RAMPA_PLATES_DIR names another folder");
  return std::make_unique<NetReader>(std::move(*frames), countries);
}

}  // namespace rampa::vision::plates
