#include "hil/wire/line_server.hpp"

namespace rampa::hil {
namespace {
constexpr std::size_t line_max = 1 << 20;
}

Result<std::unique_ptr<LineServer>> LineServer::listen(const std::string& host, std::uint16_t port, Answer answer, const Clock& clock) {
  auto endpoint = Endpoint::tcp(host, port);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return std::unique_ptr<LineServer>(new LineServer(std::move(*endpoint), std::move(answer), clock));
}

void LineServer::serve() {
  auto seen = endpoint_.look();
  for (const auto& arrival : seen.received) {
    std::string& text = lines_[arrival.connection];
    text.append(as_text(arrival.bytes));
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      const std::string answer = answer_(text.substr(0, end)) + "\n";
      text.erase(0, end + 1);
      endpoint_.send(arrival.connection, Bytes(answer.begin(), answer.end()), clock_.mono());
    }
    if (text.size() > line_max) endpoint_.reset(arrival.connection, clock_.mono());
  }
  for (const int connection : seen.closed) lines_.erase(connection);
  endpoint_.give(clock_.mono());
}

}  // namespace rampa::hil
