#include "edge/risk/json_fields.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace rampa::risk {

namespace {
constexpr std::size_t text_bytes_max = 4096;
}

void JsonFields::known_keys(Object object, const Path& at, std::initializer_list<std::string_view> known) {
  std::uint64_t seen = 0;
  for (const auto field : object) {
    const auto found = std::find(known.begin(), known.end(), field.key);
    if (found == known.end()) {
      const auto like = nearest(field.key, {known.begin(), known.end()});
      fault(at / field.key, "is not known", like.empty() ? "remove it" : "did you mean \"" + like + "\"?");
      continue;
    }
    const auto bit = std::uint64_t{1} << (found - known.begin());
    if (seen & bit) fault(at / field.key, "stands twice", "remove one");
    seen |= bit;
  }
}

bool JsonFields::object(Object json, const Path& at, std::string_view key, Object& out) {
  const auto value = json[key];
  if (value.error()) return false;
  if (!value.get(out)) return true;
  fault(at / key, "is not an object", "write {...}");
  return false;
}

std::string JsonFields::text(Object json, const Path& at, std::string_view key, bool required) {
  const auto value = json[key];
  if (value.error()) {
    if (required) fault(at / key, "is missing", "give a text");
    return {};
  }
  std::string_view words;
  if (value.get(words) || words.empty()) fault(at / key, "is not a text", "give a text that is not empty");
  else if (words.size() > text_bytes_max) fault(at / key, "is too long", "at most " + std::to_string(text_bytes_max) + " bytes");
  else return std::string(words);
  return {};
}

std::vector<std::string> JsonFields::texts(Object json, const Path& at, std::string_view key) {
  std::vector<std::string> result;
  const auto value = json[key];
  if (value.error()) return result;
  simdjson::dom::array list;
  const Path below = at / key;
  if (value.get(list)) {
    fault(below, "is not a list", "write [\"...\"]");
    return result;
  }
  std::size_t i = 0;
  for (const auto element : list) {
    const Path place = below / i++;
    std::string_view word;
    if (element.get(word) || word.empty() || word.size() > text_bytes_max) fault(place, "is not a text", "give a text that is not empty");
    else result.emplace_back(word);
  }
  return result;
}

std::int64_t JsonFields::whole(Object json, const Path& at, std::string_view key, std::int64_t least, std::int64_t most, std::int64_t absent) {
  const auto value = json[key];
  if (value.error()) return absent;
  std::int64_t number = 0;
  if (!value.get(number) && number >= least && number <= most) return number;
  fault(at / key, "is not a whole number in range", "give one from " + std::to_string(least) + " to " + std::to_string(most));
  return absent;
}

std::uint16_t JsonFields::percent(Object json, const Path& at, std::string_view key, std::uint16_t absent, bool zero_allowed) {
  const auto value = json[key];
  if (value.error()) return absent;
  double number = -1;
  if (value.get(number)) number = -1;
  const double scaled = number * 100;
  if (number < 0 || (number == 0 && !zero_allowed) || number > 100 || std::abs(scaled - std::round(scaled)) > 1e-6) {
    fault(at / key, "is not a share", std::string("give a number ") + (zero_allowed ? "from 0" : "above 0") + " up to 100, at most two decimals");
    return absent;
  }
  return static_cast<std::uint16_t>(std::lround(scaled));
}

std::optional<WallTime> JsonFields::date(Object json, const Path& at, std::string_view key) {
  const auto value = json[key];
  if (value.error()) return std::nullopt;
  std::string_view word;
  const auto digits = [&](std::size_t from, std::size_t count) {
    int number = 0;
    for (std::size_t i = from; i < from + count; ++i) {
      if (word[i] < '0' || word[i] > '9') return -1;
      number = number * 10 + (word[i] - '0');
    }
    return number;
  };
  if (!value.get(word) && word.size() == 10 && word[4] == '-' && word[7] == '-') {
    const int y = digits(0, 4), m = digits(5, 2), d = digits(8, 2);
    const std::chrono::year_month_day day{std::chrono::year(y), std::chrono::month(static_cast<unsigned>(m)), std::chrono::day(static_cast<unsigned>(d))};
    if (y >= 0 && m >= 0 && d >= 0 && day.ok())
      return WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::sys_days(day).time_since_epoch()).count()};
  }
  fault(at / key, "is not a date", "write YYYY-MM-DD");
  return std::nullopt;
}

void JsonFields::validity(Object json, const Path& at, WallTime& from, WallTime& before) {
  if (const auto day = date(json, at, "valid_from")) from = *day;
  if (const auto day = date(json, at, "valid_to")) before = WallTime{day->ms + 24LL * 3600 * 1000};
  if (before <= from) fault(at / "valid_to", "is before valid_from", "turn them round");
}

}  // namespace rampa::risk
