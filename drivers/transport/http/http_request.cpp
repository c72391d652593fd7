#include "drivers/transport/http/http_request.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace rampa::drivers::http {
namespace {

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Visible ASCII, space and tab; no other control characters and no bytes above 126 (no device needs them).
bool is_plain_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7f); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

RequestParser::State RequestParser::refuse(int status, std::string why) {
  refusal_ = {status, std::move(why)};
  request_ = {};
  head_.clear();
  return state_ = State::refused;
}

RequestParser::State RequestParser::feed(ByteView bytes) {
  if (state_ == State::refused || bytes.empty()) return state_;
  if (state_ == State::complete) return refuse(400, "bytes behind the request");
  if (state_ == State::body) return take_body(bytes);

  const std::size_t before = head_.size();
  const std::size_t room = limits_.head_bytes_max - before;
  head_.append(as_text(bytes.first(std::min(bytes.size(), room))));
  const std::size_t end = head_.find("\r\n\r\n", before > 3 ? before - 3 : 0);
  // A line that no correct sender makes is refused at once, not only when the head is whole.
  const std::size_t scan_to = end == std::string::npos ? head_.size() : end + 4;
  for (std::size_t i = before; i < scan_to; ++i) {
    const char c = head_[i];
    const bool after_cr = i > 0 && head_[i - 1] == '\r';
    if (c == '\n' && !after_cr) return refuse(400, "line feed without carriage return");
    if (c != '\n' && after_cr) return refuse(400, "carriage return without line feed");
    if (c != '\r' && c != '\n' && c != '\t' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f))
      return refuse(400, "control character in the head");
  }
  if (end == std::string::npos) {
    if (head_.size() >= limits_.head_bytes_max) return refuse(431, "head larger than " + std::to_string(limits_.head_bytes_max) + " bytes");
    return state_;
  }
  const std::size_t taken = end + 4 - before;  // of `bytes`, by the head
  if (parse_head(end) == State::refused) return state_;
  head_.clear();
  head_.shrink_to_fit();
  state_ = request_.body_bytes == 0 ? State::complete : State::body;
  request_.body.reserve(std::min<std::size_t>(request_.body_bytes, 64 * 1024));
  const ByteView rest = bytes.subspan(taken);
  return rest.empty() ? state_ : feed(rest);
}

RequestParser::State RequestParser::take_body(ByteView bytes) {
  const std::size_t missing = request_.body_bytes - request_.body.size();
  if (bytes.size() > missing) return refuse(400, "bytes behind the request");
  request_.body.insert(request_.body.end(), bytes.begin(), bytes.end());
  if (request_.body.size() == request_.body_bytes) state_ = State::complete;
  return state_;
}

RequestParser::State RequestParser::parse_head(std::size_t end) {
  std::string_view rest(head_.data(), end);
  bool first = true;
  while (first || !rest.empty()) {
    const std::size_t eol = rest.find("\r\n");
    const std::string_view line = rest.substr(0, eol);
    rest = eol == std::string_view::npos ? std::string_view{} : rest.substr(eol + 2);
    if (first ? !parse_request_line(line) : !parse_header(line)) return state_;
    first = false;
  }
  return finish_head() ? State::head : state_;
}

bool RequestParser::parse_request_line(std::string_view line) {
  const std::size_t a = line.find(' ');
  const std::size_t b = a == std::string_view::npos ? a : line.find(' ', a + 1);
  if (b == std::string_view::npos || line.find(' ', b + 1) != std::string_view::npos)
    return refuse(400, "request line is not METHOD PATH VERSION"), false;
  const auto method = line.substr(0, a), path = line.substr(a + 1, b - a - 1), version = line.substr(b + 1);
  if (!is_token(method)) return refuse(400, "method is not a token"), false;
  if (path.empty() || path.front() != '/') return refuse(400, "path does not begin with '/'"), false;
  if (path.size() > limits_.path_bytes_max) return refuse(414, "path too long"), false;
  if (!std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return refuse(400, "path has a character that must be escaped"), false;
  if (version != "HTTP/1.1") return refuse(505, "version is not HTTP/1.1"), false;
  if (method != "POST") return refuse(405, "only POST is taken here"), false;
  request_.path = path;
  return true;
}

bool RequestParser::parse_header(std::string_view line) {
  if (++headers_ > limits_.headers_max) return refuse(431, "too many header lines"), false;
  if (line.empty() || line.front() == ' ' || line.front() == '\t') return refuse(400, "folded header line"), false;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "header line without colon"), false;
  if (!is_token(line.substr(0, colon))) return refuse(400, "header name is not a token"), false;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_plain_value(value)) return refuse(400, "header value has a control or non-ASCII character"), false;

  auto once = [&](bool& seen) {
    if (seen) refuse(400, "header " + name + " given twice");
    return !std::exchange(seen, true);
  };
  if (name == "transfer-encoding") return refuse(400, "Transfer-Encoding is not taken; send Content-Length"), false;
  if (name == "host") {
    if (!once(seen_host_)) return false;
    if (value.empty()) return refuse(400, "empty Host"), false;
    request_.host = value;
  } else if (name == "content-type") {
    if (!once(seen_type_)) return false;
    request_.content_type = value;
  } else if (name == "expect") {
    if (!once(seen_expect_)) return false;
    if (lower(value) != "100-continue") return refuse(417, "unknown expectation"), false;
    request_.expects_continue = true;
  } else if (name == "content-length") {
    if (!once(seen_length_)) return false;
    std::uint64_t length = 0;
    const char* last = value.data() + value.size();
    const auto [end, error] = std::from_chars(value.data(), last, length);
    const bool digits = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || end != last) return refuse(400, "Content-Length is not a number"), false;
    if (error != std::errc{} || length > limits_.body_bytes_max) return refuse(413, "body larger than " + std::to_string(limits_.body_bytes_max) + " bytes"), false;
    request_.body_bytes = static_cast<std::size_t>(length);
  } else if (name == "content-encoding") {
    return refuse(415, "encoded bodies are not taken"), false;
  }
  return true;
}

bool RequestParser::finish_head() {
  if (!seen_host_) return refuse(400, "no Host"), false;
  if (!seen_length_) return refuse(411, "no Content-Length"), false;
  return true;
}

std::string reply_text(int status) {
  const char* phrase = "Error";
  switch (status) {
    case 200: phrase = "OK"; break;
    case 400: phrase = "Bad Request"; break;
    case 404: phrase = "Not Found"; break;
    case 405: phrase = "Method Not Allowed"; break;
    case 408: phrase = "Request Timeout"; break;
    case 411: phrase = "Length Required"; break;
    case 413: phrase = "Content Too Large"; break;
    case 414: phrase = "URI Too Long"; break;
    case 415: phrase = "Unsupported Media Type"; break;
    case 417: phrase = "Expectation Failed"; break;
    case 422: phrase = "Unprocessable Content"; break;
    case 429: phrase = "Too Many Requests"; break;
    case 431: phrase = "Request Header Fields Too Large"; break;
    case 503: phrase = "Service Unavailable"; break;
    case 505: phrase = "HTTP Version Not Supported"; break;
    default: break;
  }
  return "HTTP/1.1 " + std::to_string(status) + " " + phrase + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

}  // namespace rampa::drivers::http
