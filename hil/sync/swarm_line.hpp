// One MQTT 3.1.1 connection over TLS of one of many posts in a process: non-blocking, turned by whoever polls its descriptor.
// Paho's library looks through all of its clients at every message, which with 300 of them would be what is measured.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "firmware-interfaces/bytes.hpp"
#include "firmware-interfaces/result.hpp"
#include "firmware-interfaces/time.hpp"

namespace rampa::hil {

/// A post's certificate and whom it believes; read once, used for each of its connections.
class TlsClient {
 public:
  virtual ~TlsClient() = default;
  /// PEM files. Errors: invalid.
  static Result<std::unique_ptr<TlsClient>> load(const std::string& ca_file, const std::string& cert_file, const std::string& key_file);
};

/// Clean session, QoS 1 both ways; the broker's PUBACKs are counted for nothing. Thread: one owner.
class SwarmLine {
 public:
  /// Begins to connect to this port of 127.0.0.1. `tls` must outlive it. Errors: io.
  static Result<std::unique_ptr<SwarmLine>> open(const TlsClient& tls, int port, const std::string& client_id, const std::string& subscription, MonoTime now);
  virtual ~SwarmLine() = default;

  struct Calls {
    std::function<void()> ready;  ///< connected and subscribed
    std::function<void(const std::string& topic, ByteView payload)> message;
  };
  /// Does what can be done without waiting. Errors: disconnected: the line is over.
  [[nodiscard]] virtual Result<void> turn(const Calls& calls, MonoTime now) = 0;
  virtual void publish(const std::string& topic, ByteView payload) = 0;  ///< goes out with the next turn()

  [[nodiscard]] virtual int descriptor() const = 0;
  [[nodiscard]] virtual bool wants_to_write() const = 0;
};

}  // namespace rampa::hil
