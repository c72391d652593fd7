#include "drivers/transport/port.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rampa::drivers {
namespace {

/// True if one of `events` (or an error) came within the time.
bool wait_for(int fd, short events, Duration timeout) {
  pollfd wanted{fd, events, 0};
  const auto ns = std::max<std::int64_t>(timeout.count(), 0);
  timespec left{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  // Linux' ppoll does not tell what is left; a signal may lengthen one wait by at most its own time-out.
  int n = 0;
  do n = ::ppoll(&wanted, 1, &left, nullptr);
  while (n < 0 && errno == EINTR);
  return n > 0;
}

speed_t speed_of(int baud) {
  switch (baud) {
    case 1200:
      return B1200;
    case 2400:
      return B2400;
    case 4800:
      return B4800;
    case 19200:
      return B19200;
    case 38400:
      return B38400;
    case 57600:
      return B57600;
    case 115200:
      return B115200;
    default:
      return B9600;
  }
}

}  // namespace

Port::Port(Port&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Port& Port::operator=(Port&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Port::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<Port> Port::connect_tcp(const std::string& host, std::uint16_t port, Duration timeout) {
  const auto where = host + ":" + std::to_string(port) + ": ";
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  if (::inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host.c_str(), &peer.sin_addr) != 1)
    return fail(ErrorCode::invalid, where + "not an IPv4 address");
  Port made(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.is_open()) return fail(ErrorCode::io, where + std::strerror(errno));
  const int on = 1;
  ::setsockopt(made.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(made.fd_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  // A peer that lost its power says no goodbye; the system's default would look for it after two hours.
  for (const auto& [option, value] : {std::pair{TCP_KEEPIDLE, keepalive_idle_s}, {TCP_KEEPINTVL, keepalive_interval_s}, {TCP_KEEPCNT, keepalive_probes}})
    ::setsockopt(made.fd_, IPPROTO_TCP, option, &value, sizeof value);
  if (::connect(made.fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0) return made;
  if (errno != EINPROGRESS) return fail(ErrorCode::no_reply, where + std::strerror(errno));
  if (!wait_for(made.fd_, POLLOUT, timeout))
    return fail(ErrorCode::no_reply, where + "no connection within " + std::to_string(to_ms(timeout)) + " ms");
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(made.fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(ErrorCode::no_reply, where + std::strerror(error));
  return made;
}

Result<Port> Port::open_serial(const std::string& path, const LineFormat& format) {
  Port made(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!made.is_open()) return fail(ErrorCode::no_reply, path + ": " + std::strerror(errno));
  if (::flock(made.fd_, LOCK_EX | LOCK_NB) != 0) return fail(ErrorCode::busy, path + ": another process has this line");
  termios settings{};
  if (::tcgetattr(made.fd_, &settings) != 0) return fail(ErrorCode::io, path + ": " + std::strerror(errno));
  ::cfmakeraw(&settings);
  settings.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS);
  settings.c_cflag |= CLOCAL | CREAD | (format.data_bits == 7 ? CS7 : CS8);
  if (format.parity != 'N') settings.c_cflag |= PARENB;
  if (format.parity == 'O') settings.c_cflag |= PARODD;
  if (format.stop_bits == 2) settings.c_cflag |= CSTOPB;
  if (format.parity != 'N')
    settings.c_iflag |= INPCK;  // a character with wrong parity reads as 0: the frame's check fails
  settings.c_cc[VMIN] = 1;      // so that reading nothing says EAGAIN and 0 means "unplugged"
  settings.c_cc[VTIME] = 0;
  ::cfsetispeed(&settings, speed_of(format.baud));
  ::cfsetospeed(&settings, speed_of(format.baud));
  if (::tcsetattr(made.fd_, TCSANOW, &settings) != 0) return fail(ErrorCode::io, path + ": " + std::strerror(errno));
  ::tcflush(made.fd_, TCIOFLUSH);
  return made;
}

Result<Bytes> Port::read_some(std::size_t max, Duration timeout) {
  if (!is_open()) return fail(ErrorCode::disconnected, "not connected");
  Bytes bytes(max);
  for (bool waited = false;; waited = true) {
    const auto n = ::read(fd_, bytes.data(), max);
    if (n > 0) {
      bytes.resize(static_cast<std::size_t>(n));
      return bytes;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      const std::string why = n == 0 ? "closed by the other side" : std::strerror(errno);
      close();
      return fail(ErrorCode::disconnected, why);
    }
    if (waited || !wait_for(fd_, POLLIN, timeout))
      return fail(ErrorCode::timeout, "nothing arrived within " + std::to_string(to_ms(timeout)) + " ms");
  }
}

Result<void> Port::write(ByteView bytes, Duration timeout) {
  if (!is_open()) return fail(ErrorCode::disconnected, "not connected");
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    // send() for MSG_NOSIGNAL; a serial line is no socket and can't raise SIGPIPE.
    auto n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == ENOTSOCK) n = ::write(fd_, bytes.data() + sent, bytes.size() - sent);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    const bool full = n < 0 && errno == EAGAIN;
    if (full && wait_for(fd_, POLLOUT, timeout)) continue;
    const std::string why = full ? "not taken within " + std::to_string(to_ms(timeout)) + " ms" : std::strerror(errno);
    if (sent > 0 || !full) close();
    if (sent > 0) return fail(ErrorCode::outcome_unknown, "only a part was sent: " + why);
    return fail(full ? ErrorCode::timeout : ErrorCode::disconnected, why);
  }
  return {};
}

bool Port::hung_up() const {
  if (!is_open()) return true;
  pollfd look{fd_, POLLIN | POLLRDHUP, 0};
  return ::poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace rampa::drivers
