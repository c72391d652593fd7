#include "hil/sync/disk_rate.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "edge/runtime/system_clock.hpp"

namespace rampa::hil {

double fdatasync_rate(const std::string& directory, double seconds) {
  std::filesystem::create_directories(directory);
  const std::string path = directory + "/probe";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::posix_fallocate(fd, 0, 1 << 20) != 0) return 0;
  const runtime::SystemClock clock;
  const std::string bytes(4096, 'x');
  const MonoTime begun = clock.mono();
  std::size_t count = 0;
  double took = 0;
  for (off_t at = 0; took < seconds; at = (at + 4096) % (1 << 20), ++count) {
    if (::pwrite(fd, bytes.data(), bytes.size(), at) != 4096 || ::fdatasync(fd) != 0) break;
    took = std::chrono::duration<double>(clock.mono() - begun).count();
  }
  ::close(fd);
  ::unlink(path.c_str());
  return took > 0 ? static_cast<double>(count) / took : 0;
}

}  // namespace rampa::hil
