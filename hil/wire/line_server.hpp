// A text port: every line that arrives is answered by one line. The bench's control port.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "hil/wire/endpoint.hpp"
#include "hil/wire/wire_server.hpp"

namespace rampa::hil {

class LineServer : public WireServer {
 public:
  using Answer = std::function<std::string(const std::string& line)>;
  /// Port 0: the system chooses. The clock outlives the server. Bind it to loopback only: it obeys everybody.
  static Result<std::unique_ptr<LineServer>> listen(const std::string& host, std::uint16_t port, Answer answer, const Clock& clock);
  [[nodiscard]] std::uint16_t port() const { return endpoint_.port(); }

  void want(std::vector<pollfd>& fds) const override { endpoint_.want(fds); }
  [[nodiscard]] MonoTime due() const override { return endpoint_.due(); }
  void serve() override;

 private:
  LineServer(Endpoint endpoint, Answer answer, const Clock& clock)
      : endpoint_(std::move(endpoint)), answer_(std::move(answer)), clock_(clock) {}
  Endpoint endpoint_;
  Answer answer_;
  const Clock& clock_;
  std::map<int, std::string> lines_;
};

}  // namespace rampa::hil
