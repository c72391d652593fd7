#include "tests/unit/api/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace rampa::tests {

Connection::Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("cannot connect");
}

Connection::~Connection() { ::close(fd_); }

void Connection::shrink_receive_buffer() {
  const int bytes = 4096;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void Connection::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;  // the server has hung up: its answer tells why
    sent += static_cast<std::size_t>(n);
  }
}

bool Connection::more() {
  pollfd in{fd_, POLLIN, 0};
  if (::poll(&in, 1, 10'000) <= 0) return false;
  char chunk[16384];
  const auto n = ::recv(fd_, chunk, sizeof chunk, 0);
  if (n <= 0) return false;
  buffer_.append(chunk, static_cast<std::size_t>(n));
  return true;
}

Answer Connection::answer(bool head) {
  Answer a;
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!more()) return a;
  const std::string top = buffer_.substr(0, end);
  buffer_.erase(0, end + 4);
  if (top.rfind("HTTP/1.1 ", 0) != 0) return a;
  a.status = std::atoi(top.c_str() + 9);
  for (std::size_t at = top.find("\r\n"); at != std::string::npos;) {
    const std::size_t next = top.find("\r\n", at + 2);
    const std::string line = top.substr(at + 2, next == std::string::npos ? next : next - at - 2);
    const std::size_t colon = line.find(": ");
    std::string name = line.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (colon != std::string::npos) a.headers[name] = line.substr(colon + 2);
    at = next;
  }
  if (head || a.status == 204 || a.status == 304) return a;
  const std::size_t length = a.headers.contains("content-length") ? std::stoul(a.headers["content-length"]) : std::string::npos;
  while (buffer_.size() < length)
    if (!more()) break;
  a.body = buffer_.substr(0, length);
  buffer_.erase(0, a.body.size());
  return a;
}

std::string Connection::until(const std::string& text) {
  std::size_t at;
  while ((at = buffer_.find(text)) == std::string::npos)
    if (!more()) return {};
  std::string read = buffer_.substr(0, at + text.size());
  buffer_.erase(0, read.size());
  return read;
}

bool Connection::closed_by_peer() {
  for (;;) {
    pollfd in{fd_, POLLIN, 0};
    if (::poll(&in, 1, 10'000) <= 0) return false;
    char chunk[16384];
    if (::recv(fd_, chunk, sizeof chunk, 0) <= 0) return true;
  }
}

Answer Client::post(const std::string& path, const std::string& body, const std::map<std::string, std::string>& headers) {
  return request("POST", path, body, headers);
}

Answer Client::request(const std::string& method, const std::string& path, const std::string& body,
                       std::map<std::string, std::string> headers) {
  headers.emplace("Host", "127.0.0.1:" + std::to_string(port_));
  if (method != "GET" && method != "HEAD") {
    headers.emplace("X-Rampa", "1");
    headers.emplace("Content-Length", std::to_string(body.size()));
    headers.emplace("Content-Type", "application/json");
  }
  if (!cookie.empty()) headers.emplace("Cookie", "rampa_session=" + cookie);
  std::string text = method + " " + path + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers)
    if (!value.empty()) text += name + ": " + value + "\r\n";
  Connection connection(port_);
  connection.send(text + "Connection: close\r\n\r\n" + body);
  Answer a = connection.answer(method == "HEAD");
  if (const auto set = a.headers.find("set-cookie"); set != a.headers.end() && set->second.rfind("rampa_session=", 0) == 0)
    cookie = set->second.substr(14, set->second.find(';') - 14);
  return a;
}

std::string problem_of(const Answer& answer) {
  const std::string mark = "urn:rampa:problem:";
  const auto at = answer.body.find(mark);
  if (at == std::string::npos) return std::to_string(answer.status);
  const auto from = at + mark.size();
  return answer.body.substr(from, answer.body.find('"', from) - from);
}

}  // namespace rampa::tests
