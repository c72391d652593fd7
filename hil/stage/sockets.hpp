// The bench's own small clients: JSON over HTTP to the appliance, JSON lines to a control port. Blocking, with a limit.
#pragma once

#include <map>
#include <string>

#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

/// Free TCP ports on loopback, `count` of them in a row. Chosen by trying; somebody else may take one before we do.
[[nodiscard]] int free_port_block(int count);

/// A connection to 127.0.0.1. Errors: no_reply, disconnected, timeout.
class LoopbackClient {
 public:
  explicit LoopbackClient(int port) : port_(port) {}
  LoopbackClient(const LoopbackClient&) = delete;
  ~LoopbackClient();
  [[nodiscard]] Result<void> send(const std::string& text);
  [[nodiscard]] Result<std::string> receive_line(Duration timeout);
  [[nodiscard]] Result<std::string> receive_exactly(std::size_t count, Duration timeout);
  [[nodiscard]] Result<std::string> receive_all(Duration timeout);  ///< until the peer closes
  void close();

 private:
  Result<void> fill(Duration timeout);
  int port_;
  int socket_ = -1;
  std::string buffer_;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::string cookie;  ///< of Set-Cookie, name=value
};

/// One request, one connection.
[[nodiscard]] Result<HttpAnswer> http_call(int port, const std::string& method, const std::string& path, const std::string& body,
                                           const std::map<std::string, std::string>& headers, Duration timeout = 10s);

}  // namespace rampa::hil
