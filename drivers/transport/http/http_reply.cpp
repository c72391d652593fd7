#include "drivers/transport/http/http_reply.hpp"

#include <algorithm>
#include <charconv>

namespace rampa::drivers::http {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto from = text.find_first_not_of(blank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blank) - from + 1);
}

/// Calls `take(lower-case name, value)` per header line; false where a line has no colon.
template <class Take>
bool for_each_header(std::string_view lines, Take take) {
  while (!lines.empty()) {
    const auto eol = lines.find('\n');
    const auto line = trimmed(lines.substr(0, eol));
    lines = eol == std::string_view::npos ? std::string_view{} : lines.substr(eol + 1);
    if (line.empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    take(lower(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
  }
  return true;
}

std::optional<std::size_t> parse_size(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string boundary_of(std::string_view content_type) {
  const std::string lowered = lower(content_type);
  const auto at = lowered.find("boundary=");
  if (at == std::string::npos) return {};
  std::string_view value = content_type.substr(at + 9);
  value = trimmed(value.substr(0, value.find(';')));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  while (value.starts_with("-")) value.remove_prefix(1);
  return std::string(value.substr(0, 70));
}

}  // namespace

Result<ReplyHead> parse_reply_head(std::string_view text) {
  const auto eol = text.find('\n');
  const auto line = trimmed(text.substr(0, eol));
  ReplyHead head;
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ')
    return fail(ErrorCode::bad_reply, "the reply does not begin with HTTP/1.x and a status");
  const auto status = parse_size(line.substr(9, 3));
  if (!status || *status < 100) return fail(ErrorCode::bad_reply, "the reply's status is not a number");
  head.status = static_cast<int>(*status);

  std::string wrong;
  const bool whole = eol == std::string_view::npos || for_each_header(text.substr(eol + 1), [&](const std::string& name, std::string_view value) {
    if (name == "content-length") {
      const auto size = parse_size(value);
      if (!size || (head.body_bytes && head.body_bytes != size)) wrong = "Content-Length of the reply is wrong or given twice";
      head.body_bytes = size;
    } else if (name == "content-type") {
      head.media_type = lower(trimmed(value.substr(0, value.find(';'))));
      if (head.media_type.starts_with("multipart/")) head.boundary = boundary_of(value);
    } else if (name == "transfer-encoding" || name == "content-encoding") {
      if (lower(value) != "identity") wrong = "the camera sends a chunked or encoded body, which is not supported; switch it off in the camera";
    }
  });
  if (!whole) wrong = "a header line of the reply has no colon";
  if (!wrong.empty()) return fail(ErrorCode::bad_reply, wrong);
  return head;
}

Result<bool> PartStream::take_head() {
  const auto boundary = buffer_.find(boundary_);
  if (boundary == std::string::npos) {
    if (buffer_.size() > reply_head_bytes_max) return fail(ErrorCode::bad_reply, "no boundary in the stream of pictures");
    return false;
  }
  const auto head_from = boundary + boundary_.size();
  if (buffer_.compare(head_from, 2, "--") == 0) return fail(ErrorCode::bad_reply, "the stream of pictures ended");
  const auto head_to = buffer_.find("\r\n\r\n", head_from);
  if (head_to == std::string::npos) {
    if (buffer_.size() - head_from > reply_head_bytes_max) return fail(ErrorCode::bad_reply, "part head too large");
    return false;
  }
  head_.emplace();
  for_each_header(std::string_view(buffer_).substr(head_from, head_to - head_from), [&](const std::string& name, std::string_view value) {
    if (name == "content-length") head_->body_bytes = parse_size(value);
    if (name == "content-type") head_->media_type = lower(trimmed(value.substr(0, value.find(';'))));
  });
  buffer_.erase(0, head_to + 4);
  searched_ = 0;
  return true;
}

Result<std::optional<PartStream::Part>> PartStream::next() {
  if (!head_) {
    const auto taken = take_head();
    if (!taken) return tl::unexpected(taken.error());
    if (!*taken) return std::nullopt;
  }
  const std::string end_mark = "\r\n" + boundary_;
  std::optional<std::size_t> size = head_->body_bytes;
  if (const auto end = buffer_.find(end_mark, searched_); end == std::string::npos) {
    searched_ = buffer_.size() - std::min(buffer_.size(), end_mark.size() - 1);
  } else if (!size) {  // without a length the part ends at the next boundary
    size = end;
  } else if (end < *size) {  // the picture would be late by one, and the next one lost
    return fail(ErrorCode::bad_reply, "the Content-Length of a picture in the stream is larger than the picture");
  } else {
    searched_ = end;
  }
  if ((size ? *size : buffer_.size()) > part_bytes_max_)
    return fail(ErrorCode::bad_reply, "a picture of the stream is larger than " + std::to_string(part_bytes_max_) + " bytes");
  if (!size || buffer_.size() < *size) return std::nullopt;
  Part part{std::move(head_->media_type), {}};
  const ByteView bytes = as_bytes(std::string_view(buffer_).substr(0, *size));
  part.body.assign(bytes.begin(), bytes.end());
  buffer_.erase(0, *size);
  head_.reset();
  return part;
}

}  // namespace rampa::drivers::http
