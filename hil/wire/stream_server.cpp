#include "hil/wire/stream_server.hpp"

#include <algorithm>

namespace rampa::hil {

Result<std::unique_ptr<StreamServer>> StreamServer::tcp(const std::string& host, std::uint16_t port, StreamModel& model,
                                                        const Clock& clock) {
  auto endpoint = Endpoint::tcp(host, port);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return std::unique_ptr<StreamServer>(new StreamServer(std::move(*endpoint), model, clock));
}

Result<std::unique_ptr<StreamServer>> StreamServer::pty(StreamModel& model, const Clock& clock,
                                                        const std::string& link) {
  auto endpoint = Endpoint::pty(link);
  if (!endpoint) return tl::unexpected(endpoint.error());
  return std::unique_ptr<StreamServer>(new StreamServer(std::move(*endpoint), model, clock));
}

std::string StreamServer::address() const {
  return endpoint_.is_tcp() ? "tcp://127.0.0.1:" + std::to_string(port()) : "serial://" + path();
}

std::vector<std::string> StreamServer::faults() const {
  return {"silent", "half_open", "noise", "dribble", "reset"};
}

bool StreamServer::fault(std::string_view name, double value, bool on) {
  const auto names = faults();
  if (std::find(names.begin(), names.end(), name) == names.end()) return false;
  if (name == "reset") {
    if (on) endpoint_.reset(-1, clock_.mono());
    return true;
  }
  if (on) {
    faults_.insert_or_assign(std::string(name), value);
  } else {
    faults_.erase(std::string(name));
  }
  return true;
}

void StreamServer::want(std::vector<pollfd>& fds) const {
  endpoint_.want(fds, has("half_open"));
}

void StreamServer::serve() {
  const auto now = clock_.mono();
  if (!endpoint_.is_tcp() && !pty_told_) {
    pty_told_ = true;
    model_.opened(0);
  }
  const auto seen = endpoint_.look(has("half_open"));
  for (const int connection : seen.opened) model_.opened(connection);
  for (const auto& arrival : seen.received) model_.received(arrival.connection, arrival.bytes);
  for (const int connection : seen.closed) model_.closed(connection);
  model_.advance(now);
  for (auto& out : model_.take_output()) give_out(std::move(out), now);
  endpoint_.give(now);
}

void StreamServer::give_out(StreamModel::Out out, MonoTime now) {
  if (has("silent") || has("half_open") || out.bytes.empty()) return;
  if (const auto noise = faults_.find("noise"); noise != faults_.end()) {
    Bytes rubbish;
    for (int left = noise->second > 0 ? static_cast<int>(noise->second) : 3; left > 0; --left)
      rubbish.push_back(rubbish_ = static_cast<std::uint8_t>(rubbish_ * 5 + 17));  // not random: runs repeat
    out.bytes.insert(out.bytes.begin(), rubbish.begin(), rubbish.end());
  }
  const auto at = std::max(out.not_before, now);
  const auto dribble = faults_.find("dribble");
  if (dribble == faults_.end()) return endpoint_.send(out.connection, std::move(out.bytes), at);
  const Duration step{static_cast<std::int64_t>((dribble->second > 0 ? dribble->second : 2) * 1e6)};
  dribble_end_ = std::max(dribble_end_, at);
  for (const auto byte : out.bytes) {
    endpoint_.send(out.connection, {byte}, dribble_end_);
    dribble_end_ = dribble_end_ + step;
  }
}

}  // namespace rampa::hil
