// MQTT 3.1.1 on the wire (OASIS standard, 29 October 2014), as far as the simulated broker and the simulated posts need
// it. Our own on purpose: the product's link is Paho, and a peer that shares its code shares its mistakes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "firmware-interfaces/bytes.hpp"

namespace rampa::hil::mqtt {

enum class PacketType : std::uint8_t {
  connect = 1, connack = 2, publish = 3, puback = 4, subscribe = 8, suback = 9, unsubscribe = 10, unsuback = 11,
  pingreq = 12, pingresp = 13, disconnect = 14
};

struct Packet {
  PacketType type{};
  std::uint8_t flags = 0;
  Bytes body;  ///< variable header and payload
};

/// A stream of bytes cut into packets. Thread: one.
class PacketSplitter {
 public:
  /// False: the stream is no MQTT (a length of more than four bytes); it stays so.
  bool add(ByteView bytes);
  [[nodiscard]] std::optional<Packet> next();

 private:
  Bytes rest_;
  std::size_t at_ = 0;
  bool broken_ = false;
};

struct Publication {
  std::string topic;
  Bytes payload;
  std::uint16_t id = 0;  ///< 0 with QoS 0
  int qos = 0;
  bool duplicate = false;
};
/// Empty where the body breaks the format.
[[nodiscard]] std::optional<Publication> publication_of(const Packet& packet);
/// Packet id, first topic filter. Empty where the body breaks the format.
struct Subscription { std::uint16_t id = 0; std::string filter; };
[[nodiscard]] std::optional<Subscription> subscription_of(const Packet& packet);
/// Protocol level of a CONNECT: 4 is 3.1.1, 5 is 5; 0 where the body breaks the format.
[[nodiscard]] std::uint8_t level_of(const Packet& packet);
/// Client id of a CONNECT of 3.1.1.
[[nodiscard]] std::string client_of(const Packet& packet);
/// The packet id that a PUBACK or SUBACK begins with; 0 where it is too short.
[[nodiscard]] std::uint16_t id_of(const Packet& packet);

/// Clean session, no will.
[[nodiscard]] Bytes connect_bytes(const std::string& client, std::uint16_t keep_alive_s);
[[nodiscard]] Bytes connack_bytes(bool session_present, std::uint8_t code);
/// QoS 1 with an id, QoS 0 with id 0.
[[nodiscard]] Bytes publish_bytes(const std::string& topic, ByteView payload, std::uint16_t id, bool duplicate = false);
[[nodiscard]] Bytes puback_bytes(std::uint16_t id);
[[nodiscard]] Bytes subscribe_bytes(std::uint16_t id, const std::string& filter);
[[nodiscard]] Bytes suback_bytes(std::uint16_t id, std::uint8_t code);
[[nodiscard]] Bytes bare_bytes(PacketType type);  ///< PINGREQ, PINGRESP, DISCONNECT

/// `+` for one level, `#` for the rest.
[[nodiscard]] bool topic_matches(std::string_view filter, std::string_view topic);

}  // namespace rampa::hil::mqtt
