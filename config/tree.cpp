#include "config/tree.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rampa::config {

std::string Node::kind() const {
  static const char* const names[] = {"null", "a boolean", "an integer", "a number", "a string", "a list", "a table"};
  return names[value.index()];
}

int line_at(const Node& root, const std::string& path) {
  const Node* at = &root;
  std::string_view rest = path;
  while (!rest.empty()) {
    const Node* next = nullptr;
    if (rest[0] == '[') {
      const auto end = rest.find(']');
      std::size_t index = 0;
      const auto [past, wrong] = std::from_chars(rest.data() + 1, rest.data() + std::min(end, rest.size()), index);
      if (end == std::string_view::npos || wrong != std::errc{} || past != rest.data() + end) break;
      if (const auto* list = at->list(); list && index < list->size()) next = &(*list)[index];
      rest.remove_prefix(end + 1);
    } else {
      const std::string_view name = rest.substr(0, rest.find_first_of(".["));
      if (const auto* table = at->table())
        for (const auto& [key, node] : *table)
          if (key == name) next = &node;
      rest.remove_prefix(name.size());
    }
    if (!next) break;
    at = next;
    if (!rest.empty() && rest[0] == '.') rest.remove_prefix(1);
  }
  return at->line;
}

Result<std::string> read_text_file(const std::string& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return fail(ErrorCode::io, file + ": is a directory, not a file");
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    const int why = errno;
    return fail(why == ENOENT ? ErrorCode::not_found : ErrorCode::io, file + ": " + std::strerror(why));
  }
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return fail(ErrorCode::io, file + ": reading failed");
  return text.str();
}

}  // namespace rampa::config
