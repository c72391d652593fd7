// Reads one JSON object field by field. The first thing that is wrong is kept and everything after it reads as empty, so
// that a reader is a list of fields and one question at its end. Not a public header: it shows nlohmann's type.
#pragma once

#include <nlohmann/json.hpp>
#include <set>

#include "sync/bundle/metadata.hpp"

namespace rampa::bundle {

class Fields {
 public:
  using Json = nlohmann::json;

  Fields(const Json& object, std::string where, std::string path, std::optional<Refusal>& first)
      : object_(object), where_(std::move(where)), path_(std::move(path)), first_(first) {
    if (!object_.is_object()) wrong(Reason::bad_field, "", "an object is expected");
  }

  [[nodiscard]] bool has(const char* key) const { return object_.is_object() && object_.contains(key); }
  const Json& any(const char* key) {
    static const Json nothing;
    asked_.insert(key);
    if (!object_.is_object()) return nothing;
    const auto it = object_.find(key);
    if (it != object_.end()) return *it;
    wrong(Reason::missing_field, key, "is missing");
    return nothing;
  }
  const Json& object(const char* key) { return kind(key, any(key), &Json::is_object, "an object is expected"); }
  const Json& array(const char* key, std::size_t most) {
    const Json& value = kind(key, any(key), &Json::is_array, "a list is expected");
    if (value.size() > most) wrong(Reason::too_large, key, "more than " + std::to_string(most) + " entries");
    return value;
  }
  std::string text(const char* key, std::size_t most) {
    const Json& value = kind(key, any(key), &Json::is_string, "a text is expected");
    if (!value.is_string()) return {};
    auto out = value.get<std::string>();
    if (out.empty() || out.size() > most) wrong(Reason::bad_field, key, "1 to " + std::to_string(most) + " bytes are expected");
    return out;
  }
  std::uint64_t number(const char* key, std::uint64_t least, std::uint64_t most) {
    const Json& value = any(key);
    if (value.is_number_unsigned() && value.get<std::uint64_t>() >= least && value.get<std::uint64_t>() <= most) return value.get<std::uint64_t>();
    wrong(Reason::bad_field, key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is expected");
    return 0;
  }
  bool flag(const char* key) { return kind(key, any(key), &Json::is_boolean, "true or false is expected") == true; }
  WallTime time(const char* key) {
    const auto parsed = parse_time(text(key, 20));
    if (!parsed) wrong(Reason::bad_field, key, "a time like 2026-11-21T18:00:00Z is expected");
    return parsed.value_or(WallTime{});
  }
  Sha256 hash(const char* key) {
    const auto parsed = parse_sha256(text(key, 64));
    if (!parsed) wrong(Reason::bad_field, key, "64 hex digits are expected");
    return parsed.value_or(Sha256{});
  }
  void wrong(Reason reason, const std::string& key, const std::string& what) {
    if (!first_) first_ = Refusal{reason, where_, path_ + (path_.empty() || key.empty() ? "" : ".") + key + ": " + what};
  }
  [[nodiscard]] bool ok() const { return !first_; }
  /// Every key that was not asked for is unknown.
  void finish() {
    if (!object_.is_object()) return;
    for (const auto& [key, value] : object_.items())
      if (!asked_.contains(key)) wrong(Reason::unknown_field, key.substr(0, 60), "is not a field of it");
  }

 private:
  const Json& kind(const char* key, const Json& value, bool (Json::*is)() const noexcept, const char* what) {
    if (ok() && !(value.*is)()) wrong(Reason::bad_field, key, what);
    return value;
  }

  const Json& object_;
  std::string where_, path_;
  std::optional<Refusal>& first_;
  std::set<std::string> asked_;
};

inline constexpr std::uint64_t number_max = (1ull << 53) - 1;  ///< what every JSON reader takes exactly

}  // namespace rampa::bundle
