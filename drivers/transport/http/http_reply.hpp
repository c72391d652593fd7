// The client's half: the head of a camera's reply, and the parts of an endless multipart/x-mixed-replace body (MJPEG).
// Tolerant where cameras differ (HTTP/1.0, header case, boundary written with or without dashes), limited everywhere.
// Pure: bytes in, values out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"

namespace rampa::drivers::http {

inline constexpr std::size_t reply_head_bytes_max = 16 * 1024;

struct ReplyHead {
  int status = 0;
  std::string media_type;  ///< lower case, without parameters
  std::string boundary;    ///< of a multipart type, without leading dashes; else empty
  std::optional<std::size_t> body_bytes;  ///< Content-Length; without it the body ends with the connection
};

/// `text`: everything before the empty line. Errors: bad_reply (not HTTP, chunked or encoded body: not supported).
[[nodiscard]] Result<ReplyHead> parse_reply_head(std::string_view text);

/// Cuts a multipart/x-mixed-replace body into its parts.
class PartStream {
 public:
  struct Part {
    std::string media_type;
    Bytes body;
  };
  PartStream(std::string boundary, std::size_t part_bytes_max) : boundary_("--" + boundary), part_bytes_max_(part_bytes_max) {}

  void feed(ByteView bytes) { buffer_.append(as_text(bytes)); }
  /// The next whole part; nothing while it is not whole. Errors: bad_reply (no boundary where one must be, too large, a
  /// Content-Length that reaches into the next part); after an error the stream is of no use any more.
  [[nodiscard]] Result<std::optional<Part>> next();

 private:
  struct Head {
    std::string media_type;
    std::optional<std::size_t> body_bytes;
  };
  [[nodiscard]] Result<bool> take_head();

  std::string boundary_;
  std::size_t part_bytes_max_;
  std::string buffer_;          ///< from the end of the head on, where there is one
  std::optional<Head> head_;    ///< of the part that is being read
  std::size_t searched_ = 0;    ///< no boundary ends before here: a part that trickles in is not searched again and again
};

}  // namespace rampa::drivers::http
