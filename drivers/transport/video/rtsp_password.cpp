#include "drivers/transport/video/rtsp_password.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace rampa::drivers::rtsp {

Result<std::string> password_in(const std::string& file) {
  std::error_code ignored;
  const std::string whole = std::filesystem::absolute(file, ignored).lexically_normal().string();
  errno = 0;
  std::ifstream in(file);
  if (!in)
    return fail(ErrorCode::invalid, "password file " + whole + " can't be read (" + std::generic_category().message(errno) + "): write the password into it, for the service's user to read, or correct password_file");
  std::string line;
  std::getline(in, line);
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty() || line.size() > 256) return fail(ErrorCode::invalid, "password file " + whole + ": its first line is no password of 1 to 256 characters; write the password there");
  return line;
}

}  // namespace rampa::drivers::rtsp
