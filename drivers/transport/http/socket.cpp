#include "drivers/transport/http/socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace rampa::drivers::http {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<AddressList> look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int rc = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (rc != 0) return fail(ErrorCode::invalid, "address '" + host + "': " + gai_strerror(rc));
  return AddressList(found, &freeaddrinfo);
}

std::string system_words(int error) { return std::generic_category().message(error); }

}  // namespace

void Descriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<Descriptor> listen_tcp(const std::string& host, std::uint16_t port) {
  auto addresses = look_up(host, port, AI_NUMERICHOST | AI_PASSIVE);
  if (!addresses) return fail(addresses.error().code, addresses.error().what + "; give a numeric address of this machine");
  const addrinfo* a = addresses->get();
  Descriptor s(::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!s.open()) return fail(ErrorCode::io, "socket: " + system_words(errno));
  const int on = 1;
  ::setsockopt(s.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(s.get(), a->ai_addr, a->ai_addrlen) != 0 || ::listen(s.get(), 64) != 0)
    return fail(ErrorCode::io, "listen on " + host + ":" + std::to_string(port) + ": " + system_words(errno) +
                                   "; is the address this machine's and the port free?");
  return s;
}

std::uint16_t bound_port(const Descriptor& socket) {
  sockaddr_storage where{};
  socklen_t size = sizeof where;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&where), &size) != 0) return 0;
  if (where.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(where).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(where).sin_port);
}

Result<Descriptor> begin_connect(const std::string& host, std::uint16_t port) {
  auto addresses = look_up(host, port, 0);
  if (!addresses) return tl::unexpected(addresses.error());
  const addrinfo* a = addresses->get();
  Descriptor s(::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!s.open()) return fail(ErrorCode::io, "socket: " + system_words(errno));
  const int on = 1;
  ::setsockopt(s.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(s.get(), a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS)
    return fail(ErrorCode::no_reply, "connect to " + host + ":" + std::to_string(port) + ": " + system_words(errno));
  return s;
}

Result<void> connect_outcome(const Descriptor& socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return fail(ErrorCode::no_reply, system_words(error));
  return {};
}

Result<Accepted> accept_one(const Descriptor& listening) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  Accepted out;
  out.socket = Descriptor(::accept4(listening.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!out.socket.open()) {
    const bool none = errno == EAGAIN || errno == EWOULDBLOCK || errno == ECONNABORTED || errno == EINTR;
    return fail(none ? ErrorCode::busy : ErrorCode::io, system_words(errno));
  }
  std::array<char, NI_MAXHOST> name{};
  if (::getnameinfo(reinterpret_cast<sockaddr*>(&from), size, name.data(), name.size(), nullptr, 0, NI_NUMERICHOST) == 0)
    out.peer = name.data();
  return out;
}

}  // namespace rampa::drivers::http
