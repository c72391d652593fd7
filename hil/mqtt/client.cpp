#include "hil/mqtt/client.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rampa::hil::mqtt {

Result<std::unique_ptr<Client>> Client::connect(std::uint16_t port, const std::string& id, const std::string& filter) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(ErrorCode::io, std::string("a further MQTT client: ") + std::strerror(errno));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    return fail(ErrorCode::io, "broker on port " + std::to_string(port) + ": " + why);
  }
  std::unique_ptr<Client> client(new Client(fd, filter));
  client->queue(connect_bytes(id, 60));
  return client;
}

Client::~Client() { ::close(fd_); }

void Client::publish(const std::string& topic, ByteView payload) {
  next_id_ = static_cast<std::uint16_t>(next_id_ == 65535 ? 1 : next_id_ + 1);
  queue(publish_bytes(topic, payload, next_id_));
}

void Client::ping() { queue(bare_bytes(PacketType::pingreq)); }

void Client::lose(std::vector<Event>& events, const std::string& why) {
  if (std::exchange(lost_, true)) return;
  events.emplace_back(std::in_place_type<Lost>, Lost{why});
}

void Client::take(const Packet& packet, std::vector<Event>& events) {
  switch (packet.type) {
    case PacketType::connack:
      if (packet.body.size() != 2 || packet.body[1] != 0) return lose(events, "the broker refuses the login");
      return queue(subscribe_bytes(1, filter_));
    case PacketType::suback:
      if (packet.body.size() != 3 || packet.body[2] > 2) return lose(events, "the broker refuses the subscription");
      events.emplace_back(std::in_place_type<Subscribed>);
      return;
    case PacketType::publish: {
      auto message = publication_of(packet);
      if (!message) return lose(events, "the broker sends a PUBLISH that is none");
      if (message->qos > 0) queue(puback_bytes(message->id));
      events.emplace_back(std::in_place_type<Message>, Message{std::move(message->topic), std::move(message->payload)});
      return;
    }
    default: return;
  }
}

void Client::flush(std::vector<Event>& events) {
  while (sent_ < out_.size()) {
    const auto n = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN || errno == EINPROGRESS)) return;
    if (n < 0) return lose(events, std::strerror(errno));
    sent_ += static_cast<std::size_t>(n);
  }
  out_.clear();
  sent_ = 0;
}

std::vector<Client::Event> Client::work() {
  std::vector<Event> events;
  if (lost_) return events;
  if (connecting_) {
    pollfd ready{fd_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return events;
    connecting_ = false;
  }
  std::array<std::uint8_t, 65536> block;
  for (;;) {
    const auto n = ::recv(fd_, block.data(), block.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) {
      lose(events, n == 0 ? "the broker ended the connection" : std::strerror(errno));
      return events;
    }
    if (!splitter_.add(ByteView{block.data(), static_cast<std::size_t>(n)})) lose(events, "the broker's bytes are no MQTT");
    while (auto packet = splitter_.next()) take(*packet, events);
    if (static_cast<std::size_t>(n) < block.size()) break;
  }
  if (!lost_) flush(events);
  return events;
}

}  // namespace rampa::hil::mqtt
