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

/// Messages of 1 KiB from one MQTT client into a durable quorum queue of a single RabbitMQ node, each confirmed:
/// messages per second. Errors: not_found (rabbitmq-server is not installed), io, timeout.
[[nodiscard]] Result<double> rabbitmq_quorum_rate(const std::string& directory, std::size_t messages);

}  // namespace rampa::bench
