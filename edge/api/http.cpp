#include "edge/api/http.hpp"

#include <charconv>

#include "edge/api/json_writer.hpp"

namespace rampa::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    out += c;
  }
  return out;
}

std::string_view title_of(int status) {
  switch (status) {
    case 400: return "Bad request";
    case 401: return "Not signed in";
    case 403: return "Not allowed";
    case 404: return "Not found";
    case 410: return "Gone";
    case 405: return "Method not allowed";
    case 409: return "Conflict";
    case 411: return "Length required";
    case 413: return "Too large";
    case 414: return "Address too long";
    case 415: return "Wrong media type";
    case 416: return "Range not satisfiable";
    case 422: return "Not acceptable as it is";
    case 423: return "Locked";
    case 429: return "Too many attempts";
    case 431: return "Head too large";
    case 503: return "Not available now";
    case 504: return "Outcome unknown";
    default: return "Failed";
  }
}

}  // namespace

std::string Request::cookie(std::string_view name) const {
  const std::string all = header("cookie");
  std::string_view rest = all;
  while (!rest.empty()) {
    const auto end = rest.find(';');
    std::string_view one = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    const auto equals = one.find('=');
    if (equals != std::string_view::npos && one.substr(0, equals) == name) return std::string(one.substr(equals + 1));
  }
  return {};
}

Response json(std::string body, int status) {
  Response r;
  r.status = status;
  r.body = std::move(body);
  return r;
}

Response no_content() {
  Response r;
  r.status = 204;
  r.type.clear();
  return r;
}

Response plain_text(std::string body, int status) {
  Response r;
  r.status = status;
  r.type = "text/plain; charset=utf-8";
  r.body = std::move(body);
  return r;
}

Response problem(int status, std::string_view word, std::string_view detail, const Request& request) {
  JsonWriter w;
  w.object();
  w.field("type", "urn:rampa:problem:" + std::string(word));
  w.field("title", title_of(status));
  w.field("status", status);
  w.field("detail", detail);
  w.field("instance", "urn:rampa:request:" + std::to_string(request.number));
  w.end();
  Response r = json(w.take(), status);
  r.type = "application/problem+json";
  return r;
}

bool parse_target(std::string_view target, Request& request) {
  const auto question = target.find('?');
  const std::string_view path = target.substr(0, question);
  if (path.empty() || path.front() != '/' || path.find('#') != std::string_view::npos) return false;
  request.path = std::string(path);
  std::string_view rest = path.substr(1);
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    auto segment = decoded(rest.substr(0, slash), false);
    if (!segment) return false;
    request.segments.push_back(std::move(*segment));
    if (slash == std::string_view::npos) break;
    rest = rest.substr(slash + 1);
  }
  if (question == std::string_view::npos) return true;
  rest = target.substr(question + 1);
  while (!rest.empty()) {
    const auto ampersand = rest.find('&');
    const std::string_view pair = rest.substr(0, ampersand);
    rest = ampersand == std::string_view::npos ? std::string_view{} : rest.substr(ampersand + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto key = decoded(pair.substr(0, equals), true);
    auto value = decoded(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
    if (!key || !value || !request.query.emplace(std::move(*key), std::move(*value)).second) return false;
  }
  return true;
}

std::optional<ByteRange> parse_range(std::string_view header, std::size_t size) {
  constexpr std::string_view unit = "bytes=";
  if (header.substr(0, unit.size()) != unit) return std::nullopt;
  header.remove_prefix(unit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view text) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
  };
  const std::string_view left = header.substr(0, dash), right = header.substr(dash + 1);
  if (left.empty()) {  // the last N bytes
    const auto count = number(right);
    if (!count) return std::nullopt;
    if (*count == 0 || size == 0) return ByteRange{0, 0, false};
    return ByteRange{*count >= size ? 0 : size - static_cast<std::size_t>(*count), size - 1, true};
  }
  const auto first = number(left);
  const auto last = right.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : number(right);
  if (!first || !last || *last < *first) return std::nullopt;  // RFC 9110: an invalid range is ignored
  if (*first >= size) return ByteRange{0, 0, false};
  return ByteRange{static_cast<std::size_t>(*first),
                   static_cast<std::size_t>(*last >= size ? size - 1 : *last), true};
}

}  // namespace rampa::api
