#include "sync/link/reasons.hpp"

#include <array>

namespace rampa::sync {
namespace {

struct Known {
  std::uint8_t reason;
  const char* text;
};

constexpr std::array known{
    Known{0x84, "it does not speak this version of MQTT"},
    Known{0x85, "it does not take this client id"},
    Known{0x86, "it does not accept the certificate's name as a user: see use_identity_as_username and allow_anonymous in sync/hq/mosquitto.conf.example"},
    Known{0x87, "not authorised: does its ACL know the certificate's common name, and let it write and read its topics (sync/hq/mosquitto.acl.example)?"},
    Known{0x88, "it is not available now"},
    Known{0x89, "it is busy"},
    Known{0x8a, "it has banned this client"},
    Known{0x8b, "it is shutting down"},
    Known{0x8d, "it heard nothing for longer than the keep-alive time"},
    Known{0x8e, "another program connected under the same client id: look for a second machine or a second rampa-hq with this name and certificate"},
    Known{0x93, "it takes fewer messages at a time than it was sent: raise max_inflight_messages (sync/hq/mosquitto.conf.example)"},
    Known{0x95, "the message is larger than it takes: raise max_packet_size to 33554432 (sync/hq/mosquitto.conf.example)"},
    Known{0x96, "it takes fewer messages a second: raise that limit at the broker"},
    Known{0x97, "a quota of the broker is used up: raise its limits of queued messages and bytes (sync/hq/mosquitto.conf.example), and see whether rampa-hq keeps up"},
    Known{0x98, "it was ended by the broker's administrator"},
    Known{0x9b, "it does not take QoS 1, which this protocol needs: another broker is needed"},
    Known{0x9c, "it names another broker for now: put that one into the list of brokers"},
    Known{0x9d, "it has moved: put its new address into the list of brokers"},
    Known{0x9f, "too many connections a second"},
};

}  // namespace

std::string reason_text(std::uint8_t reason) {
  constexpr const char* digits = "0123456789abcdef";
  const std::string code = std::string("reason 0x") + digits[reason >> 4] + digits[reason & 15];
  for (const Known& each : known)
    if (each.reason == reason) return code + ", " + each.text;
  return code;
}

std::uint8_t reason_of_v311(std::uint8_t connack_code) {
  constexpr std::array<std::uint8_t, 6> v5{0, 0x84, 0x85, 0x88, 0x86, 0x87};
  return connack_code < v5.size() ? v5[connack_code] : connack_code;
}

}  // namespace rampa::sync
