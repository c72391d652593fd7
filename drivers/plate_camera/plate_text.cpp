#include "drivers/plate_camera/plate_text.hpp"

#include <chrono>

namespace rampa::drivers::plate_camera {
namespace {

/// Reads exactly `digits` digits at `at` and moves on.
std::optional<int> number(std::string_view text, std::size_t& at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  at += digits;
  return value;
}

bool skip(std::string_view text, std::size_t& at, char c) {
  if (at >= text.size() || text[at] != c) return false;
  ++at;
  return true;
}

/// Length of the UTF-8 sequence that begins with `first`; 0 for a byte that begins none.
std::size_t sequence_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

bool valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(static_cast<unsigned char>(text[i]));
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    // Overlong forms and surrogates: the two leading bytes tell.
    const auto second = length > 2 ? static_cast<unsigned char>(text[i + 1]) : 0;
    const auto first = static_cast<unsigned char>(text[i]);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return false;
    i += length;
  }
  return true;
}

}  // namespace

std::string clean_text(std::string_view from_device, std::size_t bytes_max) {
  std::string out(from_device.substr(0, bytes_max));
  const bool valid = valid_utf8(out);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
    if (byte >= 0x80 && !valid) c = '?';
  }
  return out;
}

std::string plate_text(std::string_view sent) {
  const std::string from_camera = clean_text(sent, 64);
  std::string out;
  for (std::size_t i = 0; i < from_camera.size(); ++i) {
    const char c = from_camera[i];
    if (c == '\xC2' && i + 1 < from_camera.size() && from_camera[i + 1] == '\xB7') {  // middle dot
      ++i;
    } else if (c >= 'a' && c <= 'z') {
      out.push_back(static_cast<char>(c - 'a' + 'A'));
    } else if (static_cast<unsigned char>(c) > 0x20 && c != '-' && c != '.' && c != '_') {
      out.push_back(c);
    }
  }
  std::size_t letters = 0;
  for (const char c : out) letters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  if (letters > 16 || out == "UNKNOWN" || out == "NOPLATE" || out == "无车牌") return {};
  return out;
}

device::PlatePosition position_of(const device::Settings& settings) {
  const auto option = settings.options.find("position");
  const std::string& word = option != settings.options.end() ? option->second : settings.role;
  if (word.ends_with("front")) return device::PlatePosition::front;
  if (word.ends_with("rear")) return device::PlatePosition::rear;
  return device::PlatePosition::unknown;
}

device::Heading heading_of(bool approaches_camera, device::PlatePosition position) {
  const bool forward = position == device::PlatePosition::rear ? !approaches_camera : approaches_camera;
  return forward ? device::Heading::forward : device::Heading::reverse;
}

std::optional<WallTime> parse_time(std::string_view text) {
  std::size_t at = 0;
  const auto year = number(text, at, 4);
  if (!year || !skip(text, at, '-')) return std::nullopt;
  const auto month = number(text, at, 2);
  if (!month || !skip(text, at, '-')) return std::nullopt;
  const auto day = number(text, at, 2);
  if (!day || !(skip(text, at, 'T') || skip(text, at, ' '))) return std::nullopt;
  const auto hour = number(text, at, 2);
  if (!hour || !skip(text, at, ':')) return std::nullopt;
  const auto minute = number(text, at, 2);
  if (!minute || !skip(text, at, ':')) return std::nullopt;
  const auto second = number(text, at, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;

  std::int64_t fraction_ms = 0;
  if (skip(text, at, '.')) {
    std::int64_t scale = 100;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      fraction_ms += (text[at++] - '0') * scale;
      scale /= 10;
    }
  }
  std::int64_t offset_minutes = 0;
  if (!skip(text, at, 'Z')) {
    if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return std::nullopt;
    const int sign = text[at++] == '-' ? -1 : 1;
    const auto offset_hour = number(text, at, 2);
    skip(text, at, ':');
    const auto offset_minute = number(text, at, 2);
    if (!offset_hour || !offset_minute || *offset_hour > 14 || *offset_minute > 59) return std::nullopt;
    offset_minutes = sign * (*offset_hour * 60 + *offset_minute);
  }
  if (at != text.size()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return WallTime{(((days * 24 + *hour) * 60 + *minute - offset_minutes) * 60 + *second) * 1000 + fraction_ms};
}

}  // namespace rampa::drivers::plate_camera
