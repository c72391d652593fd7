// Walks over JSON text without building anything: a set of 25 MB is cut into its profiles in one pass. Strict: no white
// space, keys ascending and once, valid UTF-8, numbers by the grammar, limited depth. Numbers' and strings' canonical
// spelling is not looked at here (metadata is compared with canonical_json() besides; profiles are signed as they are).
#pragma once

#include <string_view>

#include "sync/bundle/refusal.hpp"

namespace rampa::bundle {

class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  /// Where one is in an object or array. A value-type for the caller's stack.
  struct Place {
    bool first = true;
    std::string_view last_key;
  };
  [[nodiscard]] bool enter_object() { return enter('{'); }
  [[nodiscard]] bool enter_array() { return enter('['); }
  /// The next key of the object; false at its end or after a fault.
  [[nodiscard]] bool next_member(Place& place, std::string_view& key);
  /// Stands before the next element; false at the array's end or after a fault.
  [[nodiscard]] bool next_element(Place& place);
  /// A whole value of any kind; empty after a fault.
  [[nodiscard]] std::string_view value();
  /// A string without escapes, its text without the quotes. A fault where the value is anything else.
  [[nodiscard]] std::string_view plain_string();
  [[nodiscard]] char peek() const { return at_ < end_ ? *at_ : '\0'; }
  [[nodiscard]] const char* position() const { return at_; }
  /// To be asked at the end: everything was read and nothing was wrong.
  [[nodiscard]] bool finished() { return ok() && (at_ == end_ || fault(Reason::not_json, "something follows the end")); }
  [[nodiscard]] bool ok() const { return what_ == nullptr; }
  [[nodiscard]] Refusal refusal(const std::string& where) const;

 private:
  bool fault(Reason reason, const char* what);
  bool unexpected(const char* what);
  bool enter(char open);
  bool skip();
  bool skip_string();
  bool skip_number();
  bool skip_word(std::string_view word);
  bool skip_utf8();

  const char* begin_;
  const char* at_;
  const char* end_;
  Reason reason_ = Reason::not_json;
  const char* what_ = nullptr;
  std::size_t depth_ = 0;
};

/// The text is one JSON value in the sense above.
[[nodiscard]] Checked<> check_json(std::string_view text, const std::string& where);

}  // namespace rampa::bundle
