#include "config/tree.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rampa::config {

std::string Node::kind() const {
  static const char* const names[] = {"null", "a boolean", "an integer", "a number", "a string", "a list", "a table"};
  return names[value.index()];
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
