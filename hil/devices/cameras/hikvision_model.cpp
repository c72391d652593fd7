#include "hil/devices/cameras/hikvision_model.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "hil/devices/cameras/lorry_picture.hpp"

namespace rampa::hil {
namespace {

constexpr std::size_t again_max = 64;  // the camera's memory
const std::string boundary = "boundary";

void append(Bytes& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }

void append_part(Bytes& out, const std::string& name, const std::string& type, ByteView bytes) {
  append(out, "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + name + "\"\r\nContent-Type: " + type +
                  "\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n");
  out.insert(out.end(), bytes.begin(), bytes.end());
  append(out, "\r\n");
}

std::string element(const std::string& name, const std::string& value) { return "<" + name + ">" + value + "</" + name + ">\n"; }

/// Numbers of the camera's country field, for the countries of our lorries (the same list as in the ICD, marked as
/// inferred there; both sides would be wrong together, which only a real camera can show).
std::string country_number(const std::string& alpha3) {
  static const std::map<std::string, std::string> numbers{{"SRB", "27"}, {"ROU", "26"}, {"HUN", "20"}, {"HRV", "19"}, {"BGR", "14"}, {"SVK", "8"}, {"POL", "7"},
                                                          {"DEU", "3"}, {"AUT", "37"}, {"TUR", "46"}, {"UKR", "12"}, {"BIH", "38"}, {"CZE", "1"}, {"SVN", "47"}};
  const auto at = numbers.find(alpha3);
  return at == numbers.end() ? "0" : at->second;
}

}  // namespace

std::vector<std::string> HikvisionModel::faults() const {
  return {"silent", "replay", "misread", "no_plate", "low_confidence", "duplicate", "garbage", "huge", "old_namespace", "fire_and_forget"};
}

bool HikvisionModel::fault(std::string_view name, double value, bool on) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  if (name == "misread") eye_.misread = on ? std::optional(value) : std::nullopt;
  if (name == "low_confidence") eye_.low_confidence = on ? std::optional(value) : std::nullopt;
  if (name == "no_plate") eye_.no_plate = on;
  if (name == "replay" && on && last_event_) {
    Post again = *last_event_;
    again.id = next_id_++;
    ready_.push_back(std::move(again));
  }
  if (on) faults_.insert(std::string(name));
  else if (const auto at = faults_.find(name); at != faults_.end()) faults_.erase(at);
  return true;
}

HikvisionModel::Post HikvisionModel::heartbeat_post(MonoTime now) const {
  const std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EventNotificationAlert version=\"2.0\" xmlns=\"http://www.isapi.org/ver20/XMLSchema\">\n" +
                          element("ipAddress", "192.0.2.1") + element("channelID", "1") + element("dateTime", time_.iso(now, settings_.utc_offset_minutes)) +
                          element("activePostCount", "0") + element("eventType", "videoloss") + element("eventState", "inactive") +
                          element("eventDescription", "videoloss alarm") + "</EventNotificationAlert>\n";
  return {0, settings_.path, "application/xml; charset=\"UTF-8\"", Bytes(xml.begin(), xml.end())};
}

HikvisionModel::Post HikvisionModel::anpr_post(const Sighting& s, MonoTime now) {
  std::string chars;
  for (const int c : s.char_confidence_percent) chars += (chars.empty() ? "" : ",") + std::to_string(c);
  std::array<char, 40> uuid{};
  const auto high = random_.next(), low = random_.next();
  std::snprintf(uuid.data(), uuid.size(), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16 & 0xffff),
                static_cast<unsigned>(high & 0xffff), static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xffffffffffff));
  const std::string space = faults_.contains("old_namespace") ? "" : " xmlns=\"http://www.isapi.org/ver20/XMLSchema\"";
  const std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EventNotificationAlert version=\"2.0\"" + space + ">\n" +
      // An address that is not ours: whoever believed it would talk to the wrong machine.
      element("ipAddress", "192.0.2.1") + element("portNo", "80") + element("protocol", "HTTP") + element("macAddress", "00:00:5e:00:53:01") + element("channelID", "1") +
      element("dateTime", time_.iso(s.since, settings_.utc_offset_minutes)) + element("activePostCount", std::to_string(++posts_)) + element("eventType", "ANPR") +
      element("eventState", "active") + element("eventDescription", "ANPR") + "<ANPR>\n" + element("country", country_number(s.country)) +
      element("licensePlate", s.plate.empty() ? "unknown" : s.plate) + element("line", "1") + element("direction", s.approaches ? "forward" : "reverse") +
      element("confidenceLevel", std::to_string(s.confidence_percent)) + element("plateType", "unknown") + element("plateColor", "white") + element("licenseBright", "0") +
      element("plateCharBelieve", chars.empty() ? "0" : chars) + element("vehicleType", "truck") + "<vehicleInfo>\n" + element("colorDepth", "1") + element("color", "white") +
      "</vehicleInfo>\n" + element("originalLicensePlate", s.plate.empty() ? "unknown" : s.plate) + "</ANPR>\n" + element("UUID", uuid.data()) +
      element("picNum", settings_.pictures ? "2" : "0") + "</EventNotificationAlert>\n";
  Post post{0, settings_.path, "multipart/form-data; boundary=" + boundary, {}};
  append_part(post.body, "anpr.xml", "text/xml; charset=\"UTF-8\"", as_bytes(xml));
  if (settings_.pictures) {
    append_part(post.body, "licensePlatePicture.jpg", "image/pjpeg", plate_picture(s.plate));
    Bytes scene = lorry_picture(s.plate, s.lorry, settings_.rear, {480, 270, 80}, static_cast<std::uint64_t>(now.ns));
    if (faults_.contains("huge")) scene.resize(20'000'000, 0x55);
    append_part(post.body, "detectionPicture.jpg", "image/pjpeg", scene);
  }
  append(post.body, "--" + boundary + "--\r\n");
  return post;
}

void HikvisionModel::give(Post post) {
  post.id = next_id_++;
  if (faults_.contains("garbage"))
    for (auto& byte : post.body) byte = static_cast<std::uint8_t>(random_.next());
  ready_.push_back(std::move(post));
}

void HikvisionModel::advance(MonoTime now) {
  now_ = now;
  if (auto seen = eye_.look(now)) reading_ = std::move(seen);
  if (faults_.contains("silent")) {
    reading_.reset();
    return;
  }
  if (reading_ && now - reading_->since >= settings_.reading_takes) {
    Post post = anpr_post(*reading_, now);
    reading_.reset();
    ++events_;
    last_event_ = post;
    if (faults_.contains("duplicate")) give(post);
    give(std::move(post));
  }
  if (now >= heartbeat_due_) {
    heartbeat_due_ = now + settings_.heartbeat;
    give(heartbeat_post(now));
  }
  while (!again_.empty() && now >= again_.front().first) {
    ++repeated_;
    ready_.push_back(std::move(again_.front().second));
    again_.pop_front();
  }
}

std::vector<PushModel::Post> HikvisionModel::take_posts() {
  if (settings_.posts_again && !faults_.contains("fire_and_forget"))
    for (const auto& post : ready_)
      if (post.content_type.starts_with("multipart/")) unanswered_[post.id] = post;
  return std::exchange(ready_, {});
}

void HikvisionModel::answered(std::uint64_t id, int status) {
  received_ += status == 200;
  const auto at = unanswered_.find(id);
  if (at == unanswered_.end()) return;
  if (status != 200 && again_.size() < again_max) again_.emplace_back(now_ + settings_.repeat_after, std::move(at->second));
  unanswered_.erase(at);
}

}  // namespace rampa::hil
