#include "sync/link/no_delay.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <filesystem>

namespace rampa::sync {
namespace {

/// Of the far end; 0: not connected over IP.
std::uint16_t far_port_of(int descriptor) {
  sockaddr_storage far{};
  socklen_t length = sizeof far;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&far), &length) != 0) return 0;
  if (far.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(far).sin_port);
  if (far.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(far).sin6_port);
  return 0;
}

}  // namespace

std::size_t no_delay(std::uint16_t far_port) {
  std::size_t found = 0;
  std::error_code trouble;
  for (std::filesystem::directory_iterator at("/proc/self/fd", trouble), end; !trouble && at != end; at.increment(trouble)) {
    const std::string name = at->path().filename().string();
    int descriptor = -1;
    std::from_chars(name.data(), name.data() + name.size(), descriptor);
    if (descriptor < 0 || far_port == 0 || far_port_of(descriptor) != far_port) continue;
    const int on = 1;
    found += ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
  }
  return found;
}

}  // namespace rampa::sync
