// The built terminal, read into memory once at start: what is served cannot be changed or escaped from by a path.
#pragma once

#include <map>
#include <string>

#include "edge/api/http.hpp"

namespace rampa::api {

/// Thread: any, after construction.
class StaticFiles {
 public:
  /// Empty or missing directory: every answer says how to build the terminal.
  explicit StaticFiles(const std::string& directory);
  [[nodiscard]] Response answer(const Request& request) const;

 private:
  struct File {
    std::string type, etag;
    SharedBytes bytes;
  };
  std::map<std::string, File, std::less<>> files_;  ///< by URL path
};

}  // namespace rampa::api
