// A request and an answer as values, so that everything behind the socket is plain functions. No Poco here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::api {

struct Request {
  std::string method;                ///< "GET", "HEAD", "POST", "DELETE"
  std::string path;                  ///< as sent, without query
  std::vector<std::string> segments; ///< decoded, "/api/v1/x" -> {"api","v1","x"}
  std::map<std::string, std::string, std::less<>> query;
  std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case, each at most once
  std::string body;
  std::string source;                ///< address of the client; never a port
  std::uint64_t number = 0;          ///< "urn:rampa:request:N" in problems and in the log

  [[nodiscard]] std::string header(std::string_view name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? std::string{} : it->second;
  }
  [[nodiscard]] std::string cookie(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  SharedBytes bytes;        ///< instead of `body`: this part of it
  std::size_t from = 0, length = 0;
  bool close = false;       ///< the connection is not to be trusted any further

  [[nodiscard]] std::size_t size() const { return bytes ? length : body.size(); }
  Response& with(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
};

[[nodiscard]] Response json(std::string body, int status = 200);
[[nodiscard]] Response no_content();
[[nodiscard]] Response plain_text(std::string body, int status = 200);

/// RFC 9457. `word` is one of API.md's problem words; `detail` is for people.
[[nodiscard]] Response problem(int status, std::string_view word, std::string_view detail, const Request& request);

/// Splits path and query and decodes both. False where an escape is broken, a control character appears, or a query key
/// comes twice.
[[nodiscard]] bool parse_target(std::string_view target, Request& request);

/// One range of `Range: bytes=...` against a size. Nothing: the whole is to be sent (no range, several, or another unit).
struct ByteRange {
  std::size_t first = 0, last = 0;
  bool satisfiable = true;
};
[[nodiscard]] std::optional<ByteRange> parse_range(std::string_view header, std::size_t size);

}  // namespace rampa::api
