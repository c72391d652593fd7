#include "sync/bundle/json_walk.hpp"

#include <array>

#include "sync/bundle/limits.hpp"

namespace rampa::bundle {
namespace {

/// Bytes of a string that need no second look: printable ASCII but for quote and backslash.
constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> table{};
  for (int c = 0x20; c < 0x80; ++c) table[static_cast<std::size_t>(c)] = c != '"' && c != '\\';
  return table;
}();

bool digit(char c) { return c >= '0' && c <= '9'; }
unsigned char byte(char c) { return static_cast<unsigned char>(c); }

}  // namespace

bool JsonWalk::fault(Reason reason, const char* what) {
  if (!what_) reason_ = reason, what_ = what;
  return false;
}

bool JsonWalk::unexpected(const char* what) {
  if (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r'))
    return fault(Reason::not_canonical, "white space between the values");
  return fault(Reason::not_json, what);
}

Refusal JsonWalk::refusal(const std::string& where) const {
  return {reason_, where, std::string(what_ ? what_ : "not as expected") + " at byte " + std::to_string(at_ - begin_)};
}

bool JsonWalk::enter(char open) {
  if (!ok()) return false;
  if (at_ == end_ || *at_ != open) return unexpected(open == '{' ? "an object is expected" : "an array is expected");
  if (++depth_ > limits::json_depth_max) return fault(Reason::too_deep, "nested too deeply");
  ++at_;
  return true;
}

bool JsonWalk::next_member(Place& place, std::string_view& key) {
  if (!ok()) return false;
  if (at_ < end_ && *at_ == '}') {
    ++at_, --depth_;
    return false;
  }
  if (!place.first) {
    if (at_ == end_ || *at_ != ',') return unexpected("a comma or the object's end is expected");
    ++at_;
  }
  const char* start = at_;
  if (at_ == end_ || *at_ != '"') return unexpected("a key is expected");
  if (!skip_string()) return false;
  key = {start + 1, static_cast<std::size_t>(at_ - start - 2)};
  for (const char c : key)  // then the order of bytes is the order of UTF-16 units that RFC 8785 asks for
    if (!plain[byte(c)]) return fault(Reason::not_canonical, "a key with other than plain ASCII characters");
  if (!place.first && key == place.last_key) return fault(Reason::duplicate_key, "a key stands twice in an object");
  if (!place.first && key < place.last_key) return fault(Reason::not_canonical, "keys are not in ascending order");
  place.first = false;
  place.last_key = key;
  if (at_ == end_ || *at_ != ':') return unexpected("a colon is expected");
  ++at_;
  return true;
}

bool JsonWalk::next_element(Place& place) {
  if (!ok()) return false;
  if (at_ < end_ && *at_ == ']') {
    ++at_, --depth_;
    return false;
  }
  if (!place.first) {
    if (at_ == end_ || *at_ != ',') return unexpected("a comma or the array's end is expected");
    ++at_;
    if (at_ < end_ && *at_ == ']') return fault(Reason::not_json, "a value is expected");
  }
  place.first = false;
  return true;
}

std::string_view JsonWalk::value() {
  const char* start = at_;
  if (!ok() || !skip()) return {};
  return {start, static_cast<std::size_t>(at_ - start)};
}

std::string_view JsonWalk::plain_string() {
  if (peek() != '"') {
    unexpected("a string is expected");
    return {};
  }
  const std::string_view whole = value();
  if (whole.empty()) return {};
  const std::string_view text = whole.substr(1, whole.size() - 2);
  if (text.find('\\') != std::string_view::npos) {
    fault(Reason::not_json, "a string with escapes where none may be");
    return {};
  }
  return text;
}

bool JsonWalk::skip() {
  if (at_ == end_) return unexpected("the text ends in the middle");
  switch (*at_) {
    case '"': return skip_string();
    case 't': return skip_word("true");
    case 'f': return skip_word("false");
    case 'n': return skip_word("null");
    case '{': {
      if (!enter_object()) return false;
      Place place;
      std::string_view key;
      while (next_member(place, key))
        if (!skip()) return false;
      return ok();
    }
    case '[': {
      if (!enter_array()) return false;
      Place place;
      while (next_element(place))
        if (!skip()) return false;
      return ok();
    }
    default: return skip_number();
  }
}

bool JsonWalk::skip_string() {
  for (++at_;;) {
    while (at_ < end_ && plain[byte(*at_)]) ++at_;
    if (at_ == end_) return fault(Reason::not_json, "a string does not end");
    if (*at_ == '"') {
      ++at_;
      return true;
    }
    if (*at_ == '\\') {
      if (end_ - at_ < 2) return fault(Reason::not_json, "a string does not end");
      if (at_[1] == 'u') {
        if (end_ - at_ < 6) return fault(Reason::not_json, "a string does not end");
        for (int i = 2; i < 6; ++i)
          if (!digit(at_[i]) && !(at_[i] >= 'a' && at_[i] <= 'f'))
            return fault(at_[i] >= 'A' && at_[i] <= 'F' ? Reason::not_canonical : Reason::not_json, "a wrong \\u escape");
        at_ += 6;
      } else if (std::string_view("\"\\bfnrt").find(at_[1]) != std::string_view::npos) {
        at_ += 2;
      } else {
        return fault(at_[1] == '/' ? Reason::not_canonical : Reason::not_json, "a wrong escape");
      }
    } else if (byte(*at_) < 0x20) {
      return fault(Reason::not_json, "a control character in a string");
    } else if (!skip_utf8()) {
      return false;
    }
  }
}

bool JsonWalk::skip_utf8() {
  const unsigned char lead = byte(*at_);
  const int more = lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
  if (more == 0 || end_ - at_ <= more) return fault(Reason::not_json, "not UTF-8");
  for (int i = 1; i <= more; ++i)
    if ((byte(at_[i]) & 0xc0) != 0x80) return fault(Reason::not_json, "not UTF-8");
  const unsigned char second = byte(at_[1]);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) || (lead == 0xf0 && second < 0x90) ||
      (lead == 0xf4 && second >= 0x90))
    return fault(Reason::not_json, "not UTF-8");
  at_ += more + 1;
  return true;
}

bool JsonWalk::skip_number() {
  const auto digits = [&] {
    const char* start = at_;
    while (at_ < end_ && digit(*at_)) ++at_;
    return at_ != start;
  };
  if (at_ < end_ && *at_ == '-') ++at_;
  const char* whole = at_;
  if (!digits()) return unexpected("a value is expected");
  if (*whole == '0' && at_ - whole > 1) return fault(Reason::not_json, "a number with a leading zero");
  if (at_ < end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return fault(Reason::not_json, "a number that ends in a point");
  }
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    if (++at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return fault(Reason::not_json, "a number without its exponent");
  }
  return true;
}

bool JsonWalk::skip_word(std::string_view word) {
  if (static_cast<std::size_t>(end_ - at_) < word.size() || std::string_view(at_, word.size()) != word)
    return fault(Reason::not_json, "a value is expected");
  at_ += word.size();
  return true;
}

Checked<> check_json(std::string_view text, const std::string& where) {
  JsonWalk walk(text);
  (void)walk.value();
  if (!walk.finished()) return tl::unexpected(walk.refusal(where));
  return {};
}

}  // namespace rampa::bundle
