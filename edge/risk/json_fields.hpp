// Inside edge/risk only: fields of a JSON object, each checked, each fault with its path, cause and remedy.
#pragma once

#include <initializer_list>
#include <optional>

#include "edge/risk/json_internal.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::risk {

using Object = simdjson::dom::object;

/// What is absent is no fault unless it is required; what is wrong gives a finding and the value for "absent".
class JsonFields {
 public:
  explicit JsonFields(std::vector<Finding>& findings) : findings_(findings) {}

  void fault(const Path& at, std::string cause, std::string remedy) { findings_.push_back({at.text(), std::move(cause), std::move(remedy)}); }
  void known_keys(Object object, const Path& at, std::initializer_list<std::string_view> known);
  bool object(Object json, const Path& at, std::string_view key, Object& out);
  std::string text(Object json, const Path& at, std::string_view key, bool required);
  std::vector<std::string> texts(Object json, const Path& at, std::string_view key);
  std::int64_t whole(Object json, const Path& at, std::string_view key, std::int64_t least, std::int64_t most, std::int64_t absent);
  /// A share in per cent with at most two decimals, in hundredths of a per cent.
  std::uint16_t percent(Object json, const Path& at, std::string_view key, std::uint16_t absent, bool zero_allowed);
  /// "2026-05-01" -> start of that day, UTC.
  std::optional<WallTime> date(Object json, const Path& at, std::string_view key);
  /// "valid_from" and "valid_to", whose day still counts.
  void validity(Object json, const Path& at, WallTime& from, WallTime& before);

  template <class T>
  T word(Object json, const Path& at, std::string_view key, std::initializer_list<std::pair<std::string_view, T>> known, T absent, bool required = false) {
    const auto value = json[key];
    if (value.error() && !required) return absent;
    std::string_view given;
    std::string all;
    if (!value.get(given))
      for (const auto& [name, meaning] : known)
        if (name == given) return meaning;
    for (const auto& [name, meaning] : known) all += (all.empty() ? "" : ", ") + std::string(name);
    if (value.error()) fault(at / key, "is missing", "give one of " + all);
    else fault(at / key, given.empty() ? "is not a text" : "\"" + std::string(given) + "\" is not known here", "use one of " + all);
    return absent;
  }

 protected:
  std::vector<Finding>& findings_;
};

}  // namespace rampa::risk
