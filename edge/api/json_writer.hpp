// Writes JSON text front to back. Enough for answers; reading is json_input. Text that is not valid UTF-8 (a device may
// send anything) is mended with U+FFFD, so that the answer is always valid JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace rampa::api {

class JsonWriter {
 public:
  JsonWriter& object() { return open('{', '}'); }
  JsonWriter& array() { return open('[', ']'); }
  JsonWriter& end();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool b) { return raw(b ? "true" : "false"); }
  JsonWriter& value(std::nullptr_t) { return raw("null"); }
  JsonWriter& value(double number);  ///< not finite: null
  /// Integers that JavaScript would round are written as strings.
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  JsonWriter& value(T number) {
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    bool fits;
    if constexpr (std::is_signed_v<T>) fits = number <= exact && number >= -exact;
    else fits = number <= static_cast<std::uint64_t>(exact);
    return fits ? raw(std::to_string(number)) : value(std::to_string(number));
  }
  template <class T>
  JsonWriter& value(const std::optional<T>& maybe) { return maybe ? value(*maybe) : value(nullptr); }
  JsonWriter& value(const std::vector<std::string>& list) {
    array();
    for (const auto& item : list) value(item);
    return end();
  }

  template <class T>
  JsonWriter& field(std::string_view name, const T& v) { return key(name).value(v); }
  /// Empty text means absent: null.
  JsonWriter& field_or_null(std::string_view name, const std::string& text) {
    return text.empty() ? field(name, nullptr) : field(name, text);
  }
  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char begin, char closing);
  void separate();

  std::string out_;
  std::string closers_;
  bool comma_ = false;  ///< a value stands before this place
};

}  // namespace rampa::api
