#include "hil/devices/cameras/camera_eye.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace rampa::hil {

std::string CameraTime::iso(MonoTime t, int offset_minutes) const {
  const std::int64_t local_ms = at(t).ms + offset_minutes * 60'000;
  const auto days = std::chrono::floor<std::chrono::days>(std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(local_ms)));
  const std::chrono::year_month_day date(days);
  const std::int64_t ms = local_ms - std::chrono::milliseconds(days.time_since_epoch()).count();
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03d%c%02d:%02d", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(ms / 3'600'000), static_cast<int>(ms / 60'000 % 60), static_cast<int>(ms / 1000 % 60),
                static_cast<int>(ms % 1000), offset_minutes < 0 ? '-' : '+', std::abs(offset_minutes) / 60 % 24, std::abs(offset_minutes) % 60);
  return text.data();
}

char confused(char c) {
  constexpr std::string_view pairs = "0OO01II18BB82ZZ25SS56GG64AA47TT7CGQ0D0UVVUMNNMEFFEHKKHPRRPXYYX3B9P";
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
    if (pairs[i] == c) return pairs[i + 1];
  return c == 'W' ? 'V' : 'W';
}

const Lorry* CameraEye::lorry() const {
  const Observation seen = world_.observe();
  return rear_ ? seen.rear_plate : seen.front_plate;
}

std::string CameraEye::text_of(const Lorry& lorry) const {
  if (no_plate || lorry.plate_unreadable) return {};
  std::string text = rear_ ? lorry.plate_rear : lorry.misread_as.empty() ? lorry.plate_front : lorry.misread_as;
  if (misread && !text.empty()) {
    char& c = text[std::min(static_cast<std::size_t>(std::max(0.0, *misread)), text.size() - 1)];
    c = confused(c);
  }
  return text;
}

std::optional<Sighting> CameraEye::look(MonoTime now) {
  const Lorry* seen = lorry();
  const std::uint64_t number = seen ? seen->number + 1 : 0;  // 0 is kept for "nobody"
  const bool came = number != 0 && number != in_view_;
  in_view_ = number;
  if (!came) return std::nullopt;
  Sighting s;
  s.lorry = seen->number;
  s.plate = text_of(*seen);
  s.country = s.plate.empty() ? "" : seen->country;
  // A lorry that stands in view at the start counts as coming.
  s.approaches = rear_ ? seen->speed_mps < 0 : seen->speed_mps >= 0;
  s.since = now;
  if (!s.plate.empty()) {
    s.confidence_percent = low_confidence ? static_cast<int>(*low_confidence > 0 ? *low_confidence : 30) : static_cast<int>(random_.whole(90, 99));
    for (std::size_t i = 0; i < s.plate.size(); ++i) s.char_confidence_percent.push_back(std::min(99, s.confidence_percent + static_cast<int>(random_.whole(0, 6))));
  }
  return s;
}

}  // namespace rampa::hil
