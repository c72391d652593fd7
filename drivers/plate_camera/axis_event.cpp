#include "drivers/plate_camera/axis_event.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "drivers/plate_camera/plate_text.hpp"

namespace rampa::drivers::plate_camera {
namespace {

using Json = nlohmann::json;

constexpr std::size_t pictures_max = 4;

/// A field as text, whether it was sent as text or as a number.
std::string text_of(const Json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto at = object.find(name);
    if (at == object.end()) continue;
    if (at->is_string()) {
      if (auto text = clean_text(at->get_ref<const std::string&>(), 256); !text.empty()) return text;
    } else if (at->is_number_integer()) {
      return std::to_string(at->get<std::int64_t>());
    } else if (at->is_number_float() && std::isfinite(at->get<double>())) {
      std::array<char, 40> digits{};
      const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), at->get<double>());
      if (error == std::errc{}) return std::string(digits.data(), end);
    }
  }
  return {};
}

/// 0..1 as a share, above that as per cent.
int confidence_of(const Json& object) {
  const std::string text = text_of(object, {"plateConfidence", "confidence"});
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0) || value > 100) return 0;
  return static_cast<int>(std::lround(value <= 1 ? value * 100 : value));
}

/// Milliseconds [D]; protocol 1.6 also knows micro- and nanoseconds, told apart by size.
std::optional<WallTime> time_of(const Json& object) {
  const std::string text = text_of(object, {"capture_timestamp", "capture_ts"});
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value <= 0) return std::nullopt;
  if (value > 100'000'000'000'000'000) return WallTime{value / 1'000'000};
  if (value > 100'000'000'000'000) return WallTime{value / 1000};
  return WallTime{value};
}

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int have = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    int value = -1;
    if (c >= 'A' && c <= 'Z') value = c - 'A';
    if (c >= 'a' && c <= 'z') value = c - 'a' + 26;
    if (c >= '0' && c <= '9') value = c - '0' + 52;
    if (c == '+') value = 62;
    if (c == '/') value = 63;
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> have));
    }
  }
  return out;
}

void add_pictures(const Json& object, AxisEvent& event) {
  const auto list = object.find("ImageArray");
  if (list == object.end() || !list->is_array()) return;
  for (const auto& item : *list) {
    if (event.pictures.size() == pictures_max) return;
    if (!item.is_object()) continue;
    const auto body = item.find("BinaryImage");
    if (body == item.end() || !body->is_string()) continue;
    auto bytes = from_base64(body->get_ref<const std::string&>());
    const bool jpeg = bytes && bytes->size() > 4 && (*bytes)[0] == 0xFF && (*bytes)[1] == 0xD8;
    if (!jpeg) continue;
    const std::string type = text_of(item, {"ImageType"});
    event.pictures.push_back({type == "plate" ? "plate.jpg" : type == "frame" || type == "vehicle" ? "scene.jpg" : "picture.jpg", "image/jpeg",
                              std::make_shared<Bytes>(std::move(*bytes))});
  }
}

}  // namespace

Result<AxisEvent> parse_axis_event(std::string_view json) {
  const Json object = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded() || !object.is_object()) return fail(ErrorCode::invalid, "the event is no JSON object");
  AxisEvent event;
  event.car_id = text_of(object, {"carID"});
  if (event.car_id.empty()) return event;
  event.is_car = true;
  const std::string state = text_of(object, {"carState"});
  if (state == "new") event.state = CarState::seen_new;
  else if (state == "update" || state == "updated") event.state = CarState::update;
  else if (state == "lost") event.state = CarState::lost;
  else return fail(ErrorCode::invalid, "carState is '" + state + "', neither new, update nor lost");
  event.plate = text_of(object, {"plateUTF8", "plateText", "plateASCII", "text"});
  event.country = text_of(object, {"plateCountry", "country"});
  event.direction = text_of(object, {"carMoveDirection"});
  event.confidence_percent = confidence_of(object);
  event.captured = time_of(object);
  add_pictures(object, event);
  return event;
}

}  // namespace rampa::drivers::plate_camera
