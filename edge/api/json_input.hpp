// Strict reading of a small JSON object that somebody else wrote. Getters note the first thing that is wrong and go on
// with an empty value; finish() says what it was. Keys nobody asked for are wrong too. nlohmann stays in the .cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-interfaces/result.hpp"

namespace rampa::api {

class JsonInput {
 public:
  /// Refuses: not an object, deeper than `depth_max`, duplicate keys, text that is not UTF-8. Error: invalid.
  [[nodiscard]] static Result<JsonInput> parse(std::string_view text, int depth_max = 8);

  JsonInput(JsonInput&&) noexcept;
  JsonInput& operator=(JsonInput&&) noexcept;
  ~JsonInput();

  /// Length in bytes; control characters are refused.
  [[nodiscard]] std::string text(std::string_view key, std::size_t shortest, std::size_t longest);
  [[nodiscard]] std::string text_or(std::string_view key, std::string otherwise, std::size_t longest);
  [[nodiscard]] std::string word(std::string_view key, const std::vector<std::string_view>& allowed);
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most);
  /// Absent or null: nothing.
  [[nodiscard]] std::optional<std::int64_t> integer_if(std::string_view key, std::int64_t least, std::int64_t most);
  [[nodiscard]] std::optional<bool> flag_if(std::string_view key);
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::optional<JsonInput> object_if(std::string_view key);
  [[nodiscard]] std::vector<JsonInput> objects(std::string_view key);

  /// A list of such texts, none of them empty; absent or null: none.
  [[nodiscard]] std::vector<std::string> texts_or_none(std::string_view key, std::size_t most, std::size_t longest);

  /// After all getters. Errors of nested objects count through their own finish().
  [[nodiscard]] Result<void> finish() const;

 private:
  struct Tree;
  explicit JsonInput(std::unique_ptr<Tree> tree);
  void complain(std::string_view key, std::string_view wrong);
  std::unique_ptr<Tree> tree_;
};

}  // namespace rampa::api
