#include "sync/hq/hq_key.hpp"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sync/hq/blob_shelf.hpp"

namespace rampa::sync::hq {

Result<std::array<std::uint8_t, 32>> hq_key(const std::string& directory) {
  const std::string path = directory + "/hq.key";
  std::array<std::uint8_t, 32> seed{};
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  if (::access(path.c_str(), F_OK) != 0) {
    if (sodium_init() < 0) return fail(ErrorCode::io, "the random generator cannot be used");
    randombytes_buf(seed.data(), seed.size());
    const std::string mine = path + "." + std::to_string(::getpid());
    if (const auto written = write_durably(mine, seed, 0600); !written) return tl::unexpected(written.error());
    const bool linked = ::link(mine.c_str(), path.c_str()) == 0;
    const int code = errno;
    ::unlink(mine.c_str());
    if (!linked && code != EEXIST) return fail(ErrorCode::io, path + " cannot be made: " + std::strerror(code));
    if (const auto synced = sync_directory(directory); !synced) return tl::unexpected(synced.error());
  }
  struct ::stat found {};
  if (::stat(path.c_str(), &found) != 0) return fail(ErrorCode::io, path + " cannot be read: " + std::strerror(errno));
  if ((found.st_mode & 077) != 0) return fail(ErrorCode::invalid, path + " can be read by others: chmod 600, and think of who may have copied it");
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.size() != seed.size()) return fail(ErrorCode::invalid, path + " has " + std::to_string(text.size()) + " bytes instead of 32: restore it from a backup");
  std::copy(text.begin(), text.end(), seed.begin());
  return seed;
}

}  // namespace rampa::sync::hq
