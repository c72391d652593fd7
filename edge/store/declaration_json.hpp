// Declarations and watch lists as JSON text: one line each in the cache file and the picture.
#pragma once

#include <string>
#include <vector>

#include "edge/crossing/declaration.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::store {

[[nodiscard]] std::string encode(const Declaration& declaration);  ///< one line, keys sorted
/// Absent fields keep their defaults. Errors: invalid.
[[nodiscard]] Result<Declaration> decode_declaration(const std::string& text);

struct WatchList {
  std::string name;
  std::vector<std::string> plates;
};
[[nodiscard]] std::string encode(const WatchList& list);
/// Errors: invalid.
[[nodiscard]] Result<WatchList> decode_watch_list(const std::string& text);

}  // namespace rampa::store
