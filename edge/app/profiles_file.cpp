#include "edge/app/profiles_file.hpp"

#include <openssl/sha.h>

#include <fstream>
#include <sstream>

namespace rampa::app {

Result<std::shared_ptr<const risk::ProfileSet>> read_profiles(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::not_found, file + ": no such profile set; the site file names it under `profiles`");
  std::stringstream text;
  text << in.rdbuf();
  const std::string json = text.str();
  unsigned char digest[SHA256_DIGEST_LENGTH];
  ::SHA256(reinterpret_cast<const unsigned char*>(json.data()), json.size(), digest);
  std::string hex;
  for (unsigned char byte : digest) {
    constexpr char digits[] = "0123456789abcdef";
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return risk::compile(json, hex);
}

}  // namespace rampa::app
