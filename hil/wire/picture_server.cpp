#include "hil/wire/picture_server.hpp"

#include <algorithm>

namespace rampa::hil {
namespace {
constexpr std::size_t head_max = 16 * 1024;
}

Result<std::unique_ptr<PictureServer>> PictureServer::listen(const std::string& host, std::uint16_t port, PictureModel& model,
                                                             const Clock& clock) {
  auto endpoint = Endpoint::tcp(host, port);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return std::unique_ptr<PictureServer>(new PictureServer(std::move(*endpoint), model, clock));
}

bool PictureServer::fault(std::string_view name, double value, bool on) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  if (on) faults_[std::string(name)] = value;
  else if (auto it = faults_.find(name); it != faults_.end()) faults_.erase(it);
  return true;
}

void PictureServer::answer(int connection, const std::string& head) {
  const MonoTime now = clock_.mono();
  if (faults_.contains("silent")) return;
  if (faults_.contains("reset")) return endpoint_.reset(connection, now);
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  int status = 400;
  std::string media_type;
  Bytes body;
  if (first != std::string::npos && second != std::string::npos)
    status = line.substr(0, first) == "GET" ? model_.get(line.substr(first + 1, second - first - 1), media_type, body) : 405;
  std::string text = "HTTP/1.1 " + std::to_string(status) + (status == 200 ? " OK" : " Error") + "\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n";
  if (!media_type.empty()) text += "Content-Type: " + media_type + "\r\n";
  text += "\r\n";
  Bytes out(text.begin(), text.end());
  const bool truncated = faults_.contains("truncated");
  out.insert(out.end(), body.begin(), truncated ? body.begin() + static_cast<std::ptrdiff_t>(body.size() / 2) : body.end());
  MonoTime at = now;
  if (auto late = faults_.find("late"); late != faults_.end())
    at = at + std::chrono::milliseconds(static_cast<std::int64_t>(late->second));
  endpoint_.send(connection, std::move(out), at);
  if (truncated) endpoint_.reset(connection, at + 1ms);
}

void PictureServer::serve() {
  model_.advance(clock_.mono());
  auto seen = endpoint_.look();
  for (const int connection : seen.closed) heads_.erase(connection);
  for (const auto& arrival : seen.received) {
    std::string& head = heads_[arrival.connection];
    head.append(as_text(arrival.bytes));
    for (auto end = head.find("\r\n\r\n"); end != std::string::npos; end = head.find("\r\n\r\n")) {
      answer(arrival.connection, head.substr(0, end));
      head.erase(0, end + 4);
    }
    if (head.size() > head_max) {
      head.clear();
      endpoint_.reset(arrival.connection, clock_.mono());
    }
  }
  endpoint_.give(clock_.mono());
}

}  // namespace rampa::hil
