#include "hil/devices/cameras/snapshot_model.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "hil/devices/cameras/lorry_picture.hpp"

namespace rampa::hil {

bool SnapshotModel::fault(std::string_view name, double value, bool on) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  if (name == "misread") eye_.misread = on ? std::optional(value) : std::nullopt;
  if (name == "no_plate") eye_.no_plate = on;
  if (on) faults_.insert(std::string(name));
  else if (const auto at = faults_.find(name); at != faults_.end()) faults_.erase(at);
  return true;
}

Bytes SnapshotModel::picture() {
  const PictureStyle style;
  const Lorry* lorry = eye_.lorry();
  const std::uint64_t noise = random_.next();
  if (!lorry) return lane_picture(style, noise);
  if (settings_.photographs.empty()) return lorry_picture(eye_.text_of(*lorry), lorry->number, settings_.rear, style, noise);
  std::ifstream file(settings_.photographs[lorry->number % settings_.photographs.size()], std::ios::binary);
  return with_noise(Bytes(std::istreambuf_iterator<char>(file), {}), noise);
}

int SnapshotModel::get(const std::string& path, std::string& media_type, Bytes& body) {
  body.clear();
  media_type = "text/plain";
  if (faults_.contains("silent")) return 503;
  if (path.substr(0, path.find('?')) != settings_.path) return 404;
  media_type = "image/jpeg";
  if (faults_.contains("garbage")) {
    body.resize(5000);
    for (auto& byte : body) byte = static_cast<std::uint8_t>(random_.next());
    return 200;
  }
  if (!faults_.contains("frozen") || last_.empty()) last_ = picture();
  body = last_;
  if (faults_.contains("huge")) body.resize(20'000'000, 0x55);
  return 200;
}

}  // namespace rampa::hil
