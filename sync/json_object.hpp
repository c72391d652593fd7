// Reading the JSON payloads: keys of one object, the first complaint kept. For the .cpp files of sync/ only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "edge/crossing/field_value_json.hpp"
#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/hex.hpp"
#include "firmware-interfaces/result.hpp"
#include "sync/digest.hpp"

namespace rampa::sync {

using nlohmann::json;

inline constexpr int payload_version = 2;

[[nodiscard]] inline Bytes payload_of(json value) {
  value["v"] = payload_version;
  // Texts come from devices and people; broken UTF-8 is replaced rather than thrown over.
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return {text.begin(), text.end()};
}

/// Reads keys of one object and keeps the first complaint.
class JsonObject {
 public:
  explicit JsonObject(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) complain("is not an object");
  }
  std::uint64_t number(const char* key) {
    const json* value = find(key);
    if (!value) return 0;
    const auto whole = whole_number(*value);
    if (!whole || *whole < 0) return complain(std::string(key) + " is not a whole number of 0 or more"), 0;
    return static_cast<std::uint64_t>(*whole);
  }
  std::int64_t signed_number(const char* key) {
    const json* value = find(key);
    if (!value) return 0;
    const auto whole = whole_number(*value);
    if (!whole) return complain(std::string(key) + " is not a whole number (of 64 bits)"), 0;
    return *whole;
  }
  std::string text(const char* key) {
    const json* value = find(key);
    if (!value) return {};
    if (!value->is_string()) return complain(std::string(key) + " is not a text"), std::string{};
    return value->get<std::string>();
  }
  std::string sha256(const char* key) {
    std::string value = text(key);
    if (whole() && !parse_sha256(value)) complain(std::string(key) + " is not 64 lower-case hex digits");
    return value;
  }
  /// 32 lower-case hex digits, as bytes.
  std::array<std::uint8_t, 16> hex16(const char* key) {
    const std::string value = text(key);
    const auto bytes = array_of_hex<16>(value);
    if (whole() && !bytes) complain(std::string(key) + " is not 32 lower-case hex digits");
    return bytes.value_or(std::array<std::uint8_t, 16>{});
  }
  bool flag(const char* key) {
    const json* value = find(key);
    if (!value) return false;
    if (!value->is_boolean()) return complain(std::string(key) + " is not true or false"), false;
    return value->get<bool>();
  }
  const json& list(const char* key) {
    static const json none = json::array();
    const json* value = find(key);
    if (!value) return none;
    if (!value->is_array()) return complain(std::string(key) + " is not a list"), none;
    return *value;
  }
  /// The list's objects, one after the other; what `read` complains of is this object's complaint.
  template <class Read>
  void each(const char* key, const std::string& place, Read read) {
    for (const json& entry : list(key)) {
      JsonObject inner(entry, place);
      read(inner);
      adopt(inner);
    }
  }
  /// The same where there may be many: its place names each with its index, and nothing behind the first complaint is read.
  template <class Read>
  void each_numbered(const char* key, const std::string& place, Read read) {
    std::size_t index = 0;
    for (const json& entry : list(key)) {
      JsonObject inner(entry, place + "[" + std::to_string(index++) + "]");
      read(inner);
      adopt(inner);
      if (!whole()) return;
    }
  }
  const json& object(const char* key) {
    static const json none = json::object();
    const json* value = find(key);
    return value ? *value : none;
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> values;
    for (const json& value : list(key)) {
      if (!value.is_string()) return complain(std::string(key) + " holds something that is not a text"), values;
      values.push_back(value.get<std::string>());
    }
    return values;
  }
  [[nodiscard]] bool has(const char* key) const { return object_.is_object() && object_.contains(key); }
  void complain(const std::string& what) {
    if (trouble_.empty()) trouble_ = place_ + ": " + what;
  }
  void adopt(const JsonObject& inner) {
    if (trouble_.empty()) trouble_ = inner.trouble_;
  }
  [[nodiscard]] bool whole() const { return trouble_.empty(); }
  [[nodiscard]] Error error() const { return {ErrorCode::invalid, trouble_}; }

 private:
  const json* find(const char* key) {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(key);
    if (found == object_.end()) {
      complain(std::string(key) + " is missing");
      return nullptr;
    }
    return &*found;
  }
  const json& object_;
  std::string place_;
  std::string trouble_;
};

template <class Value, class Read>
Result<Value> decoded(ByteView bytes, const char* place, Read read) {
  const json parsed = json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (parsed.is_discarded()) return fail(ErrorCode::invalid, std::string(place) + ": not JSON");
  JsonObject fields(parsed, place);
  if (fields.number("v") != payload_version) fields.complain("v is not 2 (other version?)");
  Value value{};
  if (fields.whole()) read(fields, value);
  if (!fields.whole()) return tl::unexpected(fields.error());
  return value;
}

}  // namespace rampa::sync
