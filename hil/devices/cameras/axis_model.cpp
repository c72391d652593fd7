#include "hil/devices/cameras/axis_model.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "hil/devices/cameras/lorry_picture.hpp"

namespace rampa::hil {
namespace {

std::string base64(ByteView bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t bits = static_cast<std::uint32_t>(bytes[i]) << 16 | (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    out += letters[bits >> 18 & 63];
    out += letters[bits >> 12 & 63];
    out += left > 1 ? letters[bits >> 6 & 63] : '=';
    out += left > 2 ? letters[bits & 63] : '=';
  }
  return out;
}

}  // namespace

std::vector<std::string> AxisCamera::faults() { return {"silent", "replay", "misread", "no_plate", "low_confidence", "duplicate", "garbage"}; }

bool AxisCamera::fault(std::string_view name, double value, bool on) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  if (name == "misread") eye_.misread = on ? std::optional(value) : std::nullopt;
  if (name == "low_confidence") eye_.low_confidence = on ? std::optional(value) : std::nullopt;
  if (name == "no_plate") eye_.no_plate = on;
  if (name == "replay" && on) out_.insert(out_.end(), last_car_.begin(), last_car_.end());
  if (on) faults_.insert(std::string(name));
  else if (const auto at = faults_.find(name); at != faults_.end()) faults_.erase(at);
  return true;
}

void AxisCamera::say(const Car& car, const char* state, MonoTime captured, bool direction_known) {
  const Sighting& s = car.sighting;
  std::array<char, 16> confidence{};
  std::snprintf(confidence.data(), confidence.size(), "%.6f", s.confidence_percent / 100.0);
  std::string json = "{\"packetCounter\":\"" + std::to_string(++packets_) + "\",\"capture_timestamp\":\"" + std::to_string(time_.at(captured).ms) + "\",\"plateUTF8\":\"" +
                     s.plate + "\",\"plateCountry\":\"" + s.country + "\",\"plateConfidence\":\"" + confidence.data() + "\",\"carState\":\"" + state +
                     "\",\"carMoveDirection\":\"" + (!direction_known ? "unknown" : s.approaches ? "in" : "out") + "\",\"timeProcessing\":\"104\",\"plateCoordinates\":[420,180,356,66],\"carID\":\"" +
                     std::to_string(car.id) + "\",\"sensorProviderID\":\"sim\"";
  if (settings_.pictures && direction_known && std::string_view(state) == "update")
    json += ",\"ImageArray\":[{\"ImageType\":\"plate\",\"ImageFormat\":\"jpeg\",\"BinaryImage\":\"" + base64(plate_picture(s.plate)) + "\"},{\"ImageType\":\"frame\",\"ImageFormat\":\"jpeg\",\"BinaryImage\":\"" +
            base64(lorry_picture(s.plate, s.lorry, settings_.rear, {480, 270, 80}, static_cast<std::uint64_t>(captured.ns))) + "\"}]";
  json += "}";
  if (std::string_view(state) == "new") last_car_.clear();
  if (std::string_view(state) != "lost") last_car_.push_back(json);
  if (faults_.contains("garbage"))
    for (char& c : json) c = static_cast<char>(random_.next());
  if (faults_.contains("duplicate")) out_.push_back(json);
  out_.push_back(std::move(json));
}

void AxisCamera::advance(MonoTime now) {
  if (auto seen = eye_.look(now)) in_work_.push_back({std::move(*seen), ++cars_, 0, std::nullopt});
  const bool silent = faults_.contains("silent");
  for (auto& car : in_work_) {
    const Duration age = now - car.sighting.since;
    const bool present = eye_.in_view() == car.sighting.lorry + 1;
    if (present) car.out_of_view.reset();
    else if (!car.out_of_view) car.out_of_view = now;
    if (car.said == 0 && age >= settings_.reading_takes) {
      car.said = 1;
      if (!silent) say(car, "new", car.sighting.since, false);
    }
    if (car.said == 1 && age >= settings_.reading_takes + settings_.update_after) {
      car.said = 2;
      if (!silent) say(car, "update", car.sighting.since + settings_.update_after, true);
    }
    if (car.said == 2 && car.out_of_view && now - *car.out_of_view >= settings_.lost_after) {
      car.said = 3;
      if (!silent) say(car, "lost", *car.out_of_view, true);
    }
  }
  std::erase_if(in_work_, [](const Car& car) { return car.said == 3; });
  if (!silent && now >= heartbeat_due_) {
    heartbeat_due_ = now + settings_.heartbeat;
    out_.push_back("{\"heartbeat\":{\"timestamp\":\"" + std::to_string(time_.at(now).ms) + "\"}}");
  }
}

std::vector<std::string> AxisCamera::take_events() { return std::exchange(out_, {}); }

std::vector<StreamModel::Out> AxisModel::take_output() {
  std::vector<Out> out;
  for (auto& event : camera_.take_events()) {
    event += '\n';
    out.push_back({-1, Bytes(event.begin(), event.end()), now_});
  }
  return out;
}

std::vector<PushModel::Post> AxisPushModel::take_posts() {
  std::vector<Post> posts;
  for (const auto& event : camera_.take_events()) posts.push_back({next_id_++, path_, "application/json", Bytes(event.begin(), event.end())});
  return posts;
}

}  // namespace rampa::hil
