// Inside edge/risk only: places in a JSON text, named when something is wrong there, and the set's one JSON parser.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "edge/crossing/canonical_json.hpp"
#include "edge/risk/condition.hpp"

namespace rampa::risk {

using Element = simdjson::dom::element;

/// "profiles[3].when.all[1].op", kept as a chain of stack objects and put into words only for a finding.
struct Path {
  const Path* up = nullptr;
  std::string_view key;    ///< empty: an element of a list
  std::size_t index = 0;

  [[nodiscard]] Path operator/(std::string_view child) const { return {this, child, 0}; }
  [[nodiscard]] Path operator/(std::size_t child) const { return {this, {}, child}; }
  [[nodiscard]] std::string text() const {
    const std::string before = up ? up->text() : std::string{};
    if (key.empty()) return up ? before + "[" + std::to_string(index) + "]" : before;
    return before.empty() ? std::string(key) : before + "." + std::string(key);
  }
};

class Reader {
 public:
  explicit Reader(std::vector<Finding>& findings) : findings_(findings) {}

  void fault(const Path& at, std::string cause, std::string remedy) { findings_.push_back({at.text(), std::move(cause), std::move(remedy)}); }
  void add(std::vector<Finding> more) { findings_.insert(findings_.end(), more.begin(), more.end()); }

  /// Not canonical yet.
  Condition condition(Element json, const Path& at, bool in_item, int depth);

 private:
  Condition test(simdjson::dom::object json, const Path& at, bool in_item);
  void operand(Element value, const Path& at, Condition& c);
  void parts(Element list, const Path& at, bool in_item, int depth, Condition& c);

  std::vector<Finding>& findings_;
};

/// JSON string with the escapes of RFC 8785.
inline void append_json_string(std::string& out, std::string_view text) { out += canonical_string(text); }

}  // namespace rampa::risk
