// An MQTT broker that lies: it says "received" and forgets, delivers twice, late, in another order, to the wrong one, or
// makes things up. Nothing that post and HQ promise each other may rest on it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hil/devices/model.hpp"
#include "hil/mqtt/packets.hpp"
#include "hil/wire/endpoint.hpp"
#include "hil/wire/wire_server.hpp"
#include "hil/world/substream.hpp"

namespace rampa::hil::mqtt {

/// What a broker did by order. Plain forwarding is not counted.
struct Mischief {
  std::uint64_t forwarded = 0, forgotten = 0, doubled = 0, reordered = 0, corrupted = 0, made_up = 0, misdelivered = 0, refused = 0, kicked = 0;
  std::uint64_t versions_refused = 0;  ///< CONNECTs of another MQTT than 3.1.1; no lie
  std::map<std::string, std::uint64_t> by_topic;  ///< messages that were an occasion
  [[nodiscard]] std::uint64_t about(const std::string& topic) const {
    const auto found = by_topic.find(topic);
    return found == by_topic.end() ? 0 : found->second;
  }
  [[nodiscard]] std::uint64_t about_messages() const { return forgotten + doubled + reordered + corrupted + made_up + misdelivered + kicked; }
};

/// Without faults an ordinary broker: MQTT 3.1.1, no TLS, everybody may do everything. Faults (value: share 0..1 of the
/// messages, or of the connections for the last three), drawn from the seed:
///   forget         PUBACK for the sender, nothing for the receiver
///   duplicate      delivered twice, the second time with the DUP flag and another id
///   reorder        held back until up to eight later ones have gone
///   corrupt        one bit of the payload is flipped
///   replay         an older message of the same topic is delivered once more afterwards
///   misdeliver     also delivered under another post's name to whoever sent the last message
///   oversize       before it, a message of 16 MiB of noise on the receiver's topic
///   garbage        before it, a message of some noise on the receiver's topic
///   no_puback      the sender's PUBACK is never sent (nobody may wait for it)
///   kick           the sender's connection is reset
///   refuse         CONNECT is answered with "server unavailable"
///   wrong_session  CONNACK claims a session that nobody asked for
///   no_suback      SUBSCRIBE is answered with failure
class HostileBroker : public WireServer, public Faultable {
 public:
  /// Port 0: the system chooses. The clock outlives the broker. Errors: io.
  static Result<std::unique_ptr<HostileBroker>> listen(std::uint16_t port, const Clock& clock, std::uint64_t seed);

  [[nodiscard]] std::uint16_t port() const { return endpoint_.port(); }
  [[nodiscard]] const Mischief& mischief() const { return mischief_; }
  bool fault(std::string_view name, double value, bool on) override;
  [[nodiscard]] std::vector<std::string> faults() const override;

  void want(std::vector<pollfd>& fds) const override { endpoint_.want(fds); }
  [[nodiscard]] MonoTime due() const override { return endpoint_.due(); }
  void serve() override;

 private:
  struct Client {
    PacketSplitter splitter;
    std::string id;
    std::vector<std::string> filters;
    std::uint16_t next_id = 1;
  };
  struct Held { Publication message; int after = 0; };

  HostileBroker(Endpoint endpoint, const Clock& clock, std::uint64_t seed) : endpoint_(std::move(endpoint)), clock_(clock), draws_(seed, "hostile", 0) {}
  [[nodiscard]] bool happens(std::string_view name);
  void give(int connection, Bytes bytes);
  void take(int connection, const Packet& packet);
  void on_connect(int connection, const Packet& packet);
  void on_publish(int connection, Publication message);
  /// To every subscriber of its topic.
  void deliver(const Publication& message, bool duplicate = false);
  void make_up(const Publication& about, std::size_t bytes);
  void release_held();

  Endpoint endpoint_;
  const Clock& clock_;
  SubStream draws_;
  std::map<int, Client> clients_;
  std::map<std::string, double, std::less<>> faults_;
  std::vector<Held> held_;
  std::map<std::string, std::vector<Publication>> remembered_;  ///< some older ones by topic, for replay
  Mischief mischief_;
};

}  // namespace rampa::hil::mqtt
