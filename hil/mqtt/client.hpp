// An MQTT 3.1.1 client of one connection on a non-blocking socket, for programs that hold hundreds of them: no thread, no
// TLS, clean session, QoS 1, loopback.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "firmware-interfaces/result.hpp"
#include "hil/mqtt/packets.hpp"

namespace rampa::hil::mqtt {

class Client {
 public:
  struct Subscribed {};
  struct Message { std::string topic; Bytes payload; };
  struct Lost { std::string why; };
  using Event = std::variant<Subscribed, Message, Lost>;

  /// Begins to connect to 127.0.0.1, to log in and to subscribe. Errors: io.
  static Result<std::unique_ptr<Client>> connect(std::uint16_t port, const std::string& id, const std::string& filter);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool wants_to_write() const { return connecting_ || sent_ < out_.size(); }
  /// Queues; the socket takes it in work().
  void publish(const std::string& topic, ByteView payload);
  /// PINGREQ; at least once per keep-alive (60 s) when nothing else is sent.
  void ping();
  /// Reads and writes what goes without waiting. After Lost nothing more comes.
  [[nodiscard]] std::vector<Event> work();

 private:
  Client(int fd, std::string filter) : fd_(fd), filter_(std::move(filter)) {}
  void queue(const Bytes& bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void take(const Packet& packet, std::vector<Event>& events);
  void flush(std::vector<Event>& events);
  void lose(std::vector<Event>& events, const std::string& why);

  int fd_;
  std::string filter_;
  bool connecting_ = true, lost_ = false;
  Bytes out_;
  std::size_t sent_ = 0;
  std::uint16_t next_id_ = 1;
  PacketSplitter splitter_;
};

}  // namespace rampa::hil::mqtt
