// Others that carry messages over a line, on this machine in this run: what our figures are held against.
#pragma once

#include <cstddef>
#include <string>

#include "firmware-interfaces/result.hpp"

namespace rampa::bench {

/// Messages of 1 KiB that waited in a mosquitto (in memory) and go over its bridge to a second one, whose only subscriber
/// takes them: messages per second from the first to the last arrival. Errors: not_found (mosquitto-clients), io.
/// `messages`: at most bridge_messages_most. Where more wait, mosquitto 2.0.11 gives its identifiers of 16 bits twice and of
/// the messages with the same one only the later arrives: of 100,000 34,465 to 34,474 did, in every run.
constexpr std::size_t bridge_messages_most = 60'000;
[[nodiscard]] Result<double> mosquitto_bridge_rate(const std::string& directory, std::size_t messages);

struct RabbitmqRates {
  double taken = 0;    ///< from one MQTT client, each confirmed once it is in the queue's log
  double drained = 0;  ///< to one subscriber that was away meanwhile, from the first to the last arrival; it stores nothing
};
/// Messages of 1 KiB per second through a durable quorum queue of a single RabbitMQ node. Errors: not_found (rabbitmq-server
/// or mosquitto-clients), io, timeout.
[[nodiscard]] Result<RabbitmqRates> rabbitmq_quorum_rates(const std::string& directory, std::size_t messages);

}  // namespace rampa::bench
