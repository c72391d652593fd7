#include "drivers/plate_camera/multipart.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace rampa::drivers::plate_camera {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

/// The value of `key=` among the parameters of a header value; quotes taken off.
std::string_view parameter(std::string_view value, std::string_view key) {
  for (auto rest = value; !rest.empty();) {
    const auto semicolon = rest.find(';');
    const auto item = trimmed(rest.substr(0, semicolon));
    rest = semicolon == std::string_view::npos ? std::string_view{} : rest.substr(semicolon + 1);
    const auto equals = item.find('=');
    if (equals == std::string_view::npos || lower(trimmed(item.substr(0, equals))) != key) continue;
    auto found = trimmed(item.substr(equals + 1));
    if (found.size() >= 2 && found.front() == '"' && found.back() == '"') found = found.substr(1, found.size() - 2);
    return found;
  }
  return {};
}

Result<std::string> boundary_of(std::string_view content_type) {
  if (!lower(content_type).starts_with("multipart/")) return fail(ErrorCode::invalid, "content type is not multipart");
  const auto boundary = parameter(content_type, "boundary");
  if (boundary.empty() || boundary.size() > 70) return fail(ErrorCode::invalid, "multipart without a boundary of 1 to 70 characters");
  if (!std::all_of(boundary.begin(), boundary.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return fail(ErrorCode::invalid, "boundary with a character that no boundary may have");
  return std::string(boundary);
}

struct PartHead {
  FormPart part;
  std::optional<std::size_t> size;
};

Result<PartHead> parse_part_head(std::string_view lines) {
  PartHead head;
  while (!lines.empty()) {
    const auto eol = lines.find("\r\n");
    const auto line = lines.substr(0, eol);
    lines = eol == std::string_view::npos ? std::string_view{} : lines.substr(eol + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return fail(ErrorCode::invalid, "header line of a part without colon");
    const std::string name = lower(trimmed(line.substr(0, colon)));
    const auto value = trimmed(line.substr(colon + 1));
    if (name == "content-disposition") {
      auto found = parameter(value, "name");
      if (found.empty()) found = parameter(value, "filename");
      if (!found.empty()) head.part.name = found;
    } else if (name == "content-id" && head.part.name.empty()) {
      head.part.name = value;
    } else if (name == "content-type") {
      head.part.media_type = lower(trimmed(value.substr(0, value.find(';'))));
    } else if (name == "content-length") {
      std::size_t size = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (error != std::errc{} || end != value.data() + value.size() || head.size)
        return fail(ErrorCode::invalid, "Content-Length of a part is no number or given twice");
      head.size = size;
    } else if (name == "content-transfer-encoding") {
      const std::string encoding = lower(value);
      if (encoding != "binary" && encoding != "8bit" && encoding != "7bit")
        return fail(ErrorCode::invalid, "a part in transfer encoding " + encoding + " is not taken");
    }
  }
  return head;
}

}  // namespace

Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, ByteView body) {
  const auto boundary = boundary_of(content_type);
  if (!boundary) return tl::unexpected(boundary.error());
  const std::string delimiter = "--" + *boundary;
  const std::string_view text = as_text(body);

  std::size_t at = text.starts_with("\r\n") ? 2 : 0;  // some firmware sends an empty preamble
  if (!text.substr(at).starts_with(delimiter)) return fail(ErrorCode::invalid, "the body does not begin with its boundary");
  std::vector<FormPart> parts;
  for (;;) {
    at += delimiter.size();
    const auto after = text.substr(at);
    if (after.starts_with("--")) return parts;
    if (!after.starts_with("\r\n")) return fail(ErrorCode::invalid, "a boundary is followed by neither a line end nor '--'");
    if (parts.size() == form_parts_max) return fail(ErrorCode::invalid, "more than " + std::to_string(form_parts_max) + " parts");
    at += 2;
    const auto head_end = text.substr(at, form_part_head_bytes_max).find("\r\n\r\n");
    if (head_end == std::string_view::npos) return fail(ErrorCode::invalid, "the head of part " + std::to_string(parts.size() + 1) + " does not end");
    auto head = parse_part_head(text.substr(at, head_end));
    if (!head) return tl::unexpected(head.error());
    at += head_end + 4;

    std::size_t size = 0;
    if (head->size) {
      size = *head->size;
      if (size > text.size() - at) return fail(ErrorCode::invalid, "part " + std::to_string(parts.size() + 1) + " is cut off");
      // Seen with empty pictures: the delimiter follows without a line end.
      const bool bare = size == 0 && text.substr(at).starts_with(delimiter);
      if (!bare && !text.substr(at + size).starts_with("\r\n" + delimiter))
        return fail(ErrorCode::invalid, "Content-Length of part " + std::to_string(parts.size() + 1) + " disagrees with its boundary");
      head->part.bytes = body.subspan(at, size);
      at += size + (bare ? 0 : 2);
    } else {
      const auto end = text.find("\r\n" + delimiter, at);
      if (end == std::string_view::npos) return fail(ErrorCode::invalid, "part " + std::to_string(parts.size() + 1) + " is cut off");
      head->part.bytes = body.subspan(at, end - at);
      at = end + 2;
    }
    parts.push_back(std::move(head->part));
  }
}

}  // namespace rampa::drivers::plate_camera
