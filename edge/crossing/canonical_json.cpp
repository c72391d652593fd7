#include "edge/crossing/canonical_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace rampa {
namespace {

using Json = nlohmann::json;

// Order by UTF-16 code units. UTF-8 bytes sort by code point; the two differ only between a code point above U+FFFF (lead
// byte F0 and up; in UTF-16 a surrogate, D800-DFFF) and one of U+E000-U+FFFF (lead bytes EE and EF).
bool before_in_utf16(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto p = static_cast<unsigned char>(*x), q = static_cast<unsigned char>(*y);
  const bool p_pair = p >= 0xf0, q_pair = q >= 0xf0, p_high = p == 0xee || p == 0xef, q_high = q == 0xee || q == 0xef;
  if (p_pair && q_high) return true;
  if (p_high && q_pair) return false;
  return p < q;
}

// Takes the parser's events; every value becomes its canonical text at once, so nothing here is recursive.
class Canonicaliser final : public nlohmann::json_sax<Json> {
 public:
  std::string result, problem;

  bool null() override { return value("null"); }
  bool boolean(bool x) override { return value(x ? "true" : "false"); }
  bool number_integer(number_integer_t x) override { return whole(static_cast<double>(x), std::to_string(x)); }
  bool number_unsigned(number_unsigned_t x) override { return whole(static_cast<double>(x), std::to_string(x)); }
  bool number_float(number_float_t x, const string_t& written) override {
    if (written.find_first_of(".eE") == std::string::npos) return whole(x, written);
    const auto text = canonical_number(x);
    return text ? value(*text) : refuse(text.error().what);
  }
  bool string(string_t& x) override { return value(canonical_string(x)); }
  bool binary(binary_t&) override { return refuse("is not JSON"); }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool key(string_t& name) override {
    open_.back().members.push_back({std::move(name), {}});
    return true;
  }
  bool end_object() override {
    auto members = std::move(open_.back().members);
    open_.pop_back();
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return before_in_utf16(a.name, b.name); });
    std::string text = "{";
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) {
        if (members[i].name == members[i - 1].name) {
          return refuse("has the key " + canonical_string(members[i].name) + " twice; keep one");
        }
        text += ',';
      }
      text += canonical_string(members[i].name);
      text += ':';
      text += members[i].text;
    }
    text += '}';
    return value(std::move(text));
  }
  bool end_array() override {
    std::string text = std::move(open_.back().elements);
    open_.pop_back();
    return value("[" + text + "]");
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) override {
    problem = "byte " + std::to_string(position) + ": is not JSON as RFC 8785 takes it; " + error.what();
    return false;
  }

 private:
  struct Member {
    std::string name, text;
  };
  struct Container {
    bool object = false;
    std::vector<Member> members;
    std::string elements;
    std::size_t count = 0;
  };

  bool value(std::string text) {
    if (open_.empty()) {
      result = std::move(text);
    } else if (auto& top = open_.back(); top.object) {
      top.members.back().text = std::move(text);
    } else {
      if (top.count++ > 0) top.elements += ',';
      top.elements += text;
    }
    return true;
  }

  bool open(bool object) {
    if (open_.size() >= canonical_json_depth_max)
      return refuse("is nested too deep; at most " + std::to_string(canonical_json_depth_max) + " levels");
    open_.push_back({object, {}, {}, 0});
    return true;
  }

  // Two different whole numbers must not become one: a hash over it would stand for both.
  bool whole(double x, const std::string& written) {
    const auto text = canonical_number(x);
    if (!text) return refuse(text.error().what);
    std::array<char, 512> exact{};
    const auto end = std::to_chars(exact.data(), exact.data() + exact.size(), x, std::chars_format::fixed).ptr;
    if (written != *text && written != std::string_view(exact.data(), end))
      return refuse("has the number " + written + ", which a double does not hold exactly; write it as text");
    return value(*text);
  }

  bool refuse(const std::string& what) {
    problem = path() + ": " + what;
    return false;
  }

  std::string path() const {
    std::string path = "$";
    for (const auto& container : open_) {
      if (!container.object) path += "[" + std::to_string(container.count) + "]";
      else if (!container.members.empty()) path += "." + container.members.back().name;
    }
    return path;
  }

  std::vector<Container> open_;
};

}  // namespace

Result<std::string> canonical_number(double value) {
  if (!std::isfinite(value)) return fail(ErrorCode::invalid, "is not a finite number; JSON has no NaN and no infinity");
  if (value == 0) return std::string("0");  // also minus zero
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer.data(), end);
  const auto e = text.find('e');
  std::string digits;
  for (const char c : text.substr(0, e)) {
    if (c != '.') digits += c;
  }
  int exponent = 0;
  const auto exponent_text = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  // The names of ECMA-262: k digits, value = 0.digits x 10^n.
  const int k = static_cast<int>(digits.size()), n = exponent + 1;
  const auto count = [](int x) { return static_cast<std::size_t>(x); };
  std::string out = value < 0 ? "-" : "";
  if (k <= n && n <= 21) return out + digits + std::string(count(n - k), '0');
  if (0 < n && n <= 21) return out + digits.substr(0, count(n)) + "." + digits.substr(count(n));
  if (-6 < n && n <= 0) return out + "0." + std::string(count(-n), '0') + digits;
  out += digits[0];
  if (k > 1) out += "." + digits.substr(1);
  return out + (n - 1 < 0 ? "e-" : "e+") + std::to_string(std::abs(n - 1));
}

std::string canonical_string(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\"";
  out.reserve(text.size() + 2);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\f': out += "\\f"; break;
      case '\r': out += "\\r"; break;
      default:
        if (byte < 0x20) {
          out += "\\u00";
          out += hex[byte >> 4];
          out += hex[byte & 15];
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

Result<std::string> canonical_json(std::string_view text) {
  // The parser below takes a NUL for the end of the text and would not look at what follows.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return fail(ErrorCode::invalid, "byte " + std::to_string(nul + 1) + ": is a NUL; remove it");
  Canonicaliser canonicaliser;
  if (!Json::sax_parse(text.begin(), text.end(), &canonicaliser)) return fail(ErrorCode::invalid, canonicaliser.problem);
  return std::move(canonicaliser.result);
}

}  // namespace rampa
