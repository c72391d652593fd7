// When and where a random profile applies: validity, weekly windows, scope. Judged here from what was drawn, without a line of the engine's:
// the calendar is counted from a known Thursday.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "edge/risk/profile.hpp"

namespace rampa::fuzz {

inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t first_day_ms = 1'767'225'600'000;  ///< 2026-01-01 00:00 UTC, a Thursday
inline constexpr int days = 27;                                  ///< questions fall on days 0 to 26: one month, four weeks

struct RiskTerms {
  int valid_from = -1, valid_to = -1;  ///< days, both included; -1: not said
  struct Window { std::vector<int> days; int from = 0, to = 1440; };  ///< days: 0 Monday; minutes
  std::vector<Window> windows;
  struct Place { const char* key; const char* field; std::vector<std::string> values; };
  std::vector<Place> scope;

  [[nodiscard]] bool apply(std::int64_t now_ms, int utc_offset_min) const {
    const auto floor_of = [](std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); };
    const auto day = floor_of(now_ms - first_day_ms, day_ms);
    if (valid_from >= 0 && day < valid_from) return false;
    if (valid_to >= 0 && day > valid_to) return false;
    if (windows.empty()) return true;
    const auto minutes = floor_of(now_ms - first_day_ms, 60'000) + utc_offset_min;
    const auto local_day = floor_of(minutes, 1440);
    const int minute = static_cast<int>(minutes - local_day * 1440), weekday = static_cast<int>(((local_day + 3) % 7 + 7) % 7);
    for (const auto& w : windows)
      for (const int d : w.days) {
        const bool that_day = weekday == d, day_after = weekday == (d + 1) % 7;
        if (w.from < w.to ? that_day && minute >= w.from && minute < w.to : (that_day && minute >= w.from) || (day_after && minute < w.to)) return true;
      }
    return false;
  }

  /// The condition of the profile with its scope before it.
  [[nodiscard]] risk::Condition with(risk::Condition when) const {
    if (scope.empty()) return when;
    risk::Condition all;
    all.kind = risk::Condition::Kind::all;
    for (const auto& place : scope) {
      risk::Condition test;
      test.kind = risk::Condition::Kind::test;
      test.field = place.field;
      test.op = risk::Operator::in;
      test.texts = place.values;
      all.parts.push_back(std::move(test));
    }
    all.parts.push_back(std::move(when));
    return all;
  }

  [[nodiscard]] std::string json() const {
    std::string text;
    const auto date = [](int day) { return std::string("\"2026-01-") + (day < 9 ? "0" : "") + std::to_string(day + 1) + "\""; };
    const auto clock = [](int minute) {
      const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
      return "\"" + two(minute / 60) + ":" + two(minute % 60) + "\"";
    };
    if (valid_from >= 0) text += ",\"valid_from\":" + date(valid_from);
    if (valid_to >= 0) text += ",\"valid_to\":" + date(valid_to);
    for (std::size_t i = 0; i < windows.size(); ++i) {
      static const char* names[] = {"\"mon\"", "\"tue\"", "\"wed\"", "\"thu\"", "\"fri\"", "\"sat\"", "\"sun\""};
      const auto& w = windows[i];
      text += i ? ",{\"days\":[" : ",\"weekly\":[{\"days\":[";
      for (std::size_t k = 0; k < w.days.size(); ++k) text += std::string(k ? "," : "") + names[w.days[k]];
      text += "]";
      if (w.from > 0) text += ",\"from\":" + clock(w.from);
      if (w.to < 1440) text += ",\"to\":" + clock(w.to);
      text += i + 1 == windows.size() ? "}]" : "}";
    }
    for (std::size_t i = 0; i < scope.size(); ++i) {
      text += std::string(i ? ",\"" : ",\"scope\":{\"") + scope[i].key + "\":[";
      for (std::size_t k = 0; k < scope[i].values.size(); ++k) text += (k ? ",\"" : "\"") + scope[i].values[k] + "\"";
      text += i + 1 == scope.size() ? "]}" : "]";
    }
    return text;
  }
};

struct FuzzProfile {
  RiskTerms terms;
  risk::Condition whole;  ///< its scope and its `when`
};

}  // namespace rampa::fuzz
