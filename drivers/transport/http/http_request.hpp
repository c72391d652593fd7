// A strict HTTP/1.1 request parser for machines that post to us. It accepts one plain shape of request and refuses
// everything that two parsers could read differently (RFC 9112 sections 2.2, 5, 6.3; RFC 9110 sections 5, 8.6):
// bodies by Content-Length alone, CRLF alone, one Host, one Content-Length, no folding, no control characters.
// Pure: bytes in, a request or a refusal out. No clock, no socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::drivers::http {

struct RequestLimits {
  std::size_t head_bytes_max = 8 * 1024;  ///< request line and headers together
  std::size_t headers_max = 64;           ///< header lines
  std::size_t path_bytes_max = 512;
  std::size_t body_bytes_max = 8 * 1024 * 1024;
};

struct Request {
  std::string path;          ///< as sent, with its query; begins with '/'
  std::string host;
  std::string content_type;  ///< empty where none was sent
  std::size_t body_bytes = 0;
  bool expects_continue = false;  ///< "Expect: 100-continue": the sender waits for leave to send the body
  Bytes body;
};

/// Why a request was not taken. `status` is the HTTP status to answer before the connection is closed.
struct Refusal {
  int status = 400;
  std::string why;
};

/// One request of one connection. Feed it until it is complete or refused; it takes nothing after that.
class RequestParser {
 public:
  explicit RequestParser(const RequestLimits& limits) : limits_(limits) {}

  enum class State { head, body, complete, refused };

  /// Takes bytes as they arrive. Bytes behind a complete request are a refusal: one request per connection, so there is
  /// no second request that another parser could see differently.
  State feed(ByteView bytes);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] Request take() { return std::move(request_); }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  /// Bytes of memory that this request holds or is about to hold (the announced body counts at once).
  [[nodiscard]] std::size_t bytes_held() const { return head_.size() + request_.body_bytes; }

 private:
  State refuse(int status, std::string why);
  State parse_head(std::size_t end);
  bool parse_request_line(std::string_view line);
  bool parse_header(std::string_view line);
  bool finish_head();
  State take_body(ByteView bytes);

  RequestLimits limits_;
  State state_ = State::head;
  std::string head_;
  Request request_;
  Refusal refusal_;
  std::size_t headers_ = 0;
  bool seen_host_ = false, seen_length_ = false, seen_type_ = false, seen_expect_ = false;
};

/// A short answer that ends the connection. 200 has an empty body.
[[nodiscard]] std::string reply_text(int status);

}  // namespace rampa::drivers::http
