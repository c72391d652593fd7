#include "hil/wire/push_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace rampa::hil {
namespace {
constexpr Duration answer_timeout = 5s;
constexpr std::size_t waiting_max = 64;  // a camera's own memory; older events are lost
}  // namespace

PushClient::~PushClient() {
  if (fd_ >= 0) ::close(fd_);
}

bool PushClient::fault(std::string_view name, double value, bool on) {
  const auto known = faults();
  if (std::find(known.begin(), known.end(), name) == known.end()) return false;
  if (on) faults_[std::string(name)] = value;
  else if (auto it = faults_.find(name); it != faults_.end()) faults_.erase(it);
  return true;
}

void PushClient::begin() {
  post_ = std::move(waiting_.front());
  waiting_.pop_front();
  if (faults_.contains("cut")) return finish(0);
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return finish(0);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  if (::inet_pton(AF_INET, host_.c_str(), &address.sin_addr) != 1) return finish(0);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) return finish(0);
  const std::string head = "POST " + post_.path + " HTTP/1.1\r\nHost: " + host_ + ":" + std::to_string(port_) +
                           "\r\nContent-Type: " + post_.content_type + "\r\nContent-Length: " + std::to_string(post_.body.size()) +
                           "\r\nConnection: close\r\n\r\n";
  out_.assign(head.begin(), head.end());
  out_.insert(out_.end(), post_.body.begin(), post_.body.end());
  sent_ = 0;
  heard_.clear();
  give_up_ = clock_.mono() + answer_timeout;
  next_write_ = clock_.mono();
}

void PushClient::write_some() {
  while (fd_ >= 0 && sent_ < out_.size()) {
    std::size_t count = out_.size() - sent_;
    if (auto dribble = faults_.find("dribble"); dribble != faults_.end()) {
      if (clock_.mono() < next_write_) return;
      count = std::min<std::size_t>(count, dribble->second > 0 ? static_cast<std::size_t>(dribble->second) : 1);
      next_write_ = clock_.mono() + 10ms;
    }
    const auto n = ::send(fd_, out_.data() + sent_, count, MSG_NOSIGNAL);
    if (n > 0) {
      sent_ += static_cast<std::size_t>(n);
      continue;
    }
    if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN && errno != EINPROGRESS) finish(0);
    return;
  }
  if (fd_ >= 0 && sent_ == out_.size() && faults_.contains("impatient")) finish(0);
}

void PushClient::read_some() {
  std::array<char, 2048> block;
  while (fd_ >= 0) {
    const auto n = ::recv(fd_, block.data(), block.size(), 0);
    if (n > 0) {
      heard_.append(block.data(), static_cast<std::size_t>(n));
      if (heard_.find("\r\n\r\n") != std::string::npos) {
        const auto space = heard_.find(' ');
        return finish(space == std::string::npos ? 0 : std::atoi(heard_.c_str() + space + 1));
      }
      continue;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR && errno != ENOTCONN && errno != EINPROGRESS)) finish(0);
    return;
  }
}

void PushClient::finish(int status) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  out_.clear();
  answered_ += status == 200;
  model_.answered(post_.id, status);
}

void PushClient::serve() {
  model_.advance(clock_.mono());
  for (auto& post : model_.take_posts()) {
    if (waiting_.size() >= waiting_max) waiting_.pop_front();
    waiting_.push_back(std::move(post));
  }
  if (fd_ >= 0) write_some();
  if (fd_ >= 0) read_some();
  if (fd_ >= 0 && clock_.mono() >= give_up_) finish(0);
  if (fd_ < 0 && !waiting_.empty()) {
    begin();
    if (fd_ >= 0) write_some();
  }
}

void PushClient::want(std::vector<pollfd>& fds) const {
  if (fd_ < 0) return;
  const bool writing = sent_ < out_.size() && !faults_.contains("dribble");
  fds.push_back({fd_, static_cast<short>(POLLIN | (writing ? POLLOUT : 0)), 0});
}

MonoTime PushClient::due() const {
  if (fd_ < 0) return waiting_.empty() ? never : clock_.mono();
  return faults_.contains("dribble") && sent_ < out_.size() ? std::min(next_write_, give_up_) : give_up_;
}

}  // namespace rampa::hil
