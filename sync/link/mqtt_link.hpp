// One MQTT connection over TLS: Paho's only door. A link is one attempt; after it is lost a new object is made.
// Protocol: MQTT 5 where the broker takes it, for the reasons that it gives, else 3.1.1 (OASIS); clean session (5: session expiry
// 0), QoS 1 both ways, no retained messages. Paho's persistence, buffering, in-flight limit and automatic reconnect are not used:
// each loses or stalls messages in Debian's version. With 5 Paho lowers its in-flight limit to the broker's Receive Maximum; a
// broker whose maximum our windows could reach is spoken to in 3.1.1, which knows none.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"
#include "sync/link/broker_versions.hpp"

namespace rampa::sync {

/// PEM files. All three empty only with mqtt:// (tests, a loopback broker).
struct LinkCredentials {
  std::string ca_file;    ///< whom to believe
  std::string cert_file;  ///< who we are: common name = post id, or "hq"
  std::string key_file;
};

struct LinkSettings {
  std::string broker;     ///< "mqtts://host:8883" or "mqtt://host:1883"
  std::string client_id;  ///< unique per running program; the broker drops an older connection of the same name
  std::string subscription;  ///< topic filter
  LinkCredentials credentials;
  Duration keep_alive = 20s;
  Duration connect_timeout = 10s;
  std::shared_ptr<BrokerVersions> versions = nullptr;  ///< what the owner's links have learned; null: 3.1.1
};

/// Called from Paho's threads, in order per link, never after the link's destructor has returned. They must only put
/// the fact into a queue: calling the link from inside one of them deadlocks.
struct LinkCalls {
  std::function<void()> connected;                               ///< the owner's turn to subscribe()
  std::function<void()> subscribed;
  std::function<void(std::string why)> lost;                     ///< at most once; also when connecting failed
  std::function<void(std::string topic, Bytes payload)> message;
  /// In place of `lost`: a new link to this broker, opened at once, will speak 3.1.1. Wanted where `versions` is given.
  std::function<void(std::string why)> again = {};
  /// The connection stands, but the broker does not pass on what is published (5 alone says so): why, and what to do. Not said
  /// again before it has taken something. That nobody has subscribed to it (0x10) cannot be told: Paho C 1.3.12 makes it a plain
  /// success.
  std::function<void(std::string why)> refused = {};
};

/// Thread: one owner.
class MqttLink {
 public:
  virtual ~MqttLink() = default;
  /// Once, after `connected`. Errors: disconnected.
  [[nodiscard]] virtual Result<void> subscribe() = 0;
  /// Hands over to Paho; success says nothing about the broker, and a broker's PUBACK is ignored on purpose.
  /// Errors: disconnected; also where the broker has said that it takes no message of that size.
  [[nodiscard]] virtual Result<void> publish(const std::string& topic, const Bytes& payload) = 0;
};

/// Starts connecting and returns. Errors: invalid (broker address, credential files), io.
[[nodiscard]] Result<std::unique_ptr<MqttLink>> open_link(const LinkSettings& settings, LinkCalls calls);

}  // namespace rampa::sync
