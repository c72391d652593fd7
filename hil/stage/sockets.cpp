#include "hil/stage/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "edge/runtime/system_clock.hpp"

namespace rampa::hil {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool is_free(int port) {
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0) return false;
  const int yes = 1;
  ::setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in address = loopback(port);
  const bool free = ::bind(s, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(s);
  return free;
}

}  // namespace

int free_port_block(int count) {
  // Below the kernel's range for outgoing connections (32768 and up), so that none of those sits in the way.
  for (int tries = 0; tries < 200; ++tries) {
    const int first = 20000 + static_cast<int>(runtime::random_bits() % static_cast<std::uint64_t>(12000 - count));
    bool free = true;
    for (int i = 0; i < count && free; ++i) free = is_free(first + i);
    if (free) return first;
  }
  return 20000;
}

LoopbackClient::~LoopbackClient() { close(); }

void LoopbackClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  buffer_.clear();
}

Result<void> LoopbackClient::send(const std::string& text) {
  if (socket_ < 0) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port_);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close();
      return fail(ErrorCode::no_reply, "nobody listens on 127.0.0.1:" + std::to_string(port_));
    }
  }
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t n = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      close();
      return fail(ErrorCode::disconnected, "127.0.0.1:" + std::to_string(port_) + " closed the connection");
    }
    sent += static_cast<std::size_t>(n);
  }
  return {};
}

Result<void> LoopbackClient::fill(Duration timeout) {
  if (socket_ < 0) return fail(ErrorCode::disconnected, "not connected");
  const runtime::SystemClock clock;
  const MonoTime deadline = clock.mono() + timeout;
  pollfd waiting{socket_, POLLIN, 0};
  // A signal that tells this program to end is no answer: whoever asks looks for it when he has his.
  int ready = 0;
  do ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, to_ms(deadline - clock.mono()))));
  while (ready < 0 && errno == EINTR);
  if (ready <= 0) return fail(ErrorCode::timeout, "127.0.0.1:" + std::to_string(port_) + " does not answer");
  char bytes[65536];
  const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);  // there is something: no signal comes between
  if (n <= 0) return fail(ErrorCode::disconnected, "127.0.0.1:" + std::to_string(port_) + " closed the connection");
  buffer_.append(bytes, static_cast<std::size_t>(n));
  return {};
}

Result<std::string> LoopbackClient::receive_line(Duration timeout) {
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    if (auto got = fill(timeout); !got) return tl::unexpected(got.error());
  }
}

Result<std::string> LoopbackClient::receive_exactly(std::size_t count, Duration timeout) {
  while (buffer_.size() < count)
    if (auto got = fill(timeout); !got) return tl::unexpected(got.error());
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

Result<std::string> LoopbackClient::receive_all(Duration timeout) {
  for (;;) {
    auto got = fill(timeout);
    if (got) continue;
    if (got.error().code != ErrorCode::disconnected) return tl::unexpected(got.error());
    return std::move(buffer_);
  }
}

Result<HttpAnswer> http_call(int port, const std::string& method, const std::string& path, const std::string& body,
                             const std::map<std::string, std::string>& headers, Duration timeout) {
  LoopbackClient client(port);
  std::string request = method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\nConnection: close\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  if (!body.empty()) request += "Content-Type: application/json\r\n";
  if (!body.empty() || method != "GET") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request += "\r\n" + body;
  if (auto sent = client.send(request); !sent) return tl::unexpected(sent.error());
  HttpAnswer answer;
  long length = -1;
  auto first = client.receive_line(timeout);
  if (!first) return tl::unexpected(first.error());
  if (first->size() < 12) return fail(ErrorCode::bad_reply, "no HTTP answer: " + *first);
  answer.status = std::atoi(first->c_str() + 9);
  for (;;) {
    auto line = client.receive_line(timeout);
    if (!line) return tl::unexpected(line.error());
    if (line->empty()) break;
    std::string name = line->substr(0, line->find(':'));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string value = line->substr(std::min(line->size(), name.size() + 1));
    value.erase(0, value.find_first_not_of(' '));
    if (name == "content-length") length = std::atol(value.c_str());
    if (name == "set-cookie") answer.cookie = value.substr(0, value.find(';'));
  }
  auto rest = length >= 0 ? client.receive_exactly(static_cast<std::size_t>(length), timeout) : client.receive_all(timeout);
  if (answer.status == 204) return answer;
  if (!rest) return tl::unexpected(rest.error());
  answer.body = std::move(*rest);
  return answer;
}

}  // namespace rampa::hil
