// The listener for cameras that post to us: own sockets and an own strict parser, everything in it limited.
// One thread moves bytes, a few takers run the drivers' callbacks (which wait for the disk). One request per connection.
#pragma once

#include <cstdint>
#include <memory>

#include "drivers/transport/http/http_request.hpp"
#include "drivers/transport/transport.hpp"

namespace rampa::drivers {

struct PushLimits {
  http::RequestLimits request;
  std::size_t connections_max = 32;
  std::size_t connections_per_peer_max = 8;
  double requests_per_second_max = 20;       ///< of one peer, sustained
  double requests_burst_max = 40;            ///< of one peer, at once
  Duration request_deadline = 10s;           ///< from accept to the last byte of the body; dripping does not extend it
  Duration answer_deadline = 2s;             ///< for the peer to take our answer
  std::size_t bytes_held_max = 32u * 1024 * 1024;  ///< all unfinished requests together
  std::size_t takers = 2;                    ///< threads that run callbacks
  std::size_t waiting_max = 16;              ///< complete requests that wait for a taker; more are answered 503
};

/// What happened since the start. Every refusal is counted in exactly one place.
struct PushCounters {
  std::uint64_t taken = 0;             ///< answered 200
  std::uint64_t not_taken = 0;         ///< a callback answered otherwise, or threw
  std::uint64_t refused_malformed = 0; ///< parser's refusals
  std::uint64_t refused_rate = 0;      ///< 429
  std::uint64_t refused_busy = 0;      ///< too many connections, too many bytes, no taker free
  std::uint64_t refused_path = 0;      ///< 404
  std::uint64_t too_slow = 0;          ///< deadline passed
};

class SocketPushListener : public PushListener {
 public:
  [[nodiscard]] virtual std::uint16_t port() const = 0;  ///< the bound one, where the address said 0
  [[nodiscard]] virtual PushCounters counters() const = 0;
};

/// Listens at the address of a `push://HOST:PORT/path`. The host must be written out: it is the machine's address on
/// the device network. "0.0.0.0" and "::" (every network) are refused unless the address says `?every_network=yes`
/// (device::check_host).
/// Errors: invalid (no host, not our address), io (port taken).
/// Thread: on_path and off_path from any thread but a taker; off_path returns when no callback of the path runs any more.
[[nodiscard]] Result<std::shared_ptr<SocketPushListener>> listen_for_pushes(const device::Address& address,
                                                                           const Clock& clock, const PushLimits& limits);

[[nodiscard]] Result<std::shared_ptr<PushListener>> make_push_listener(const device::Address& address, const Clock& clock);

}  // namespace rampa::drivers
