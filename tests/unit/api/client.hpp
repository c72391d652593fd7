// A plain HTTP client over a socket, so that a test decides about every byte it sends.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace rampa::tests {

struct Answer {
  int status = 0;  ///< 0: nothing came, or no HTTP
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

/// One connection to 127.0.0.1. Waits at most 10 s for anything.
class Connection {
 public:
  explicit Connection(std::uint16_t port);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(const std::string& bytes);
  /// Reads one answer with Content-Length, or up to the end of the connection. `head`: no body follows.
  Answer answer(bool head = false);
  /// Reads until `text` has appeared; returns everything read since the last call. Empty: it did not come.
  std::string until(const std::string& text);
  /// True when the other side closes within 10 s.
  bool closed_by_peer();
  void shrink_receive_buffer();

 private:
  bool more();
  int fd_ = -1;
  std::string buffer_;
};

/// What an officer's browser keeps, and a request with it.
class Client {
 public:
  explicit Client(std::uint16_t port) : port_(port) {}
  Answer get(const std::string& path, const std::map<std::string, std::string>& headers = {}) { return request("GET", path, "", headers); }
  Answer post(const std::string& path, const std::string& body, const std::map<std::string, std::string>& headers = {});
  Answer request(const std::string& method, const std::string& path, const std::string& body, std::map<std::string, std::string> headers);
  std::string cookie;

 private:
  std::uint16_t port_;
};

/// The problem word of an answer, or its status as text.
std::string problem_of(const Answer& answer);

}  // namespace rampa::tests
