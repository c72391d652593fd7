// HQ's code lists at the post: DIRECTORY/code-lists/NAME, each the JSON of the letter that brought it. In memory for the screens.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "edge/api/appliance_port.hpp"
#include "firmware-interfaces/result.hpp"
#include "sync/letters.hpp"

namespace rampa::app {

/// Thread: any.
class CodeLists {
 public:
  /// All together, and a little for each: they are kept in memory.
  static constexpr std::size_t bytes_max = 16u << 20, bytes_each = 1024;
  explicit CodeLists(std::string directory) : directory_(std::move(directory)) {}
  /// What is kept; one that is damaged is left out, and named in the result.
  [[nodiscard]] std::vector<std::string> load();
  /// Durable when it returns. Errors: invalid (an older version than what is here, another text under the same one, more than
  /// bytes_max in all), io.
  [[nodiscard]] Result<void> take(const sync::CodeListLetter& list);
  [[nodiscard]] std::vector<api::CodeListView> all() const;
  [[nodiscard]] std::optional<std::string> text_of(const std::string& name) const;  ///< JSON

 private:
  struct Kept {
    std::uint64_t version = 0;
    std::size_t codes = 0;
    std::string text;
  };
  [[nodiscard]] std::size_t bytes() const;  ///< with the lock
  const std::string directory_;
  mutable std::mutex mutex_;
  std::map<std::string, Kept> lists_;
};

}  // namespace rampa::app
