#include "sync/link/mqtt_link.hpp"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <mqtt/async_client.h>
#include <mutex>
#include <utility>

#include "sync/link/no_delay.hpp"

namespace rampa::sync {
namespace {

constexpr int quality_of_service = 1;
constexpr int paho_in_flight_max = 65000;  ///< never reached: our own windows are far smaller
/// Paho counts here what its sending thread has not taken yet, also while connected, and refuses at 100 by default: HQ that
/// answers 300 posts at once would lose its connection over it.
constexpr int paho_waiting_max = 1'000'000;

/// Held by every callback and by a link's birth and death, before any member is touched: once the destructor has had it,
/// no callback of that link runs or will. One for all links (a process has one or two), so that reaching it needs no
/// object. Nobody calls Paho while holding it.
std::mutex& callback_mutex() {
  static std::mutex mutex;
  return mutex;
}

/// Paho's spelling of the address, or nothing.
std::string paho_address(const std::string& broker) {
  if (broker.starts_with("mqtts://")) return "ssl://" + broker.substr(8);
  if (broker.starts_with("mqtt://")) return "tcp://" + broker.substr(7);
  return {};
}

bool encrypted(const std::string& broker) { return broker.starts_with("mqtts://"); }

std::uint16_t port_of(const std::string& broker) {
  std::uint16_t port = 0;
  const char* const end = broker.data() + broker.size();
  const auto read = std::from_chars(broker.data() + broker.rfind(':') + 1, end, port);
  return read.ec == std::errc{} && read.ptr == end ? port : encrypted(broker) ? 8883 : 1883;
}

Result<void> readable(const std::string& file, const char* what) {
  if (file.empty()) return fail(ErrorCode::invalid, std::string("no ") + what + " is named for a mqtts:// broker");
  if (::access(file.c_str(), R_OK) != 0)
    return fail(ErrorCode::invalid, std::string(what) + " " + file + " cannot be read; check its path and owner");
  return {};
}

class PahoLink : public MqttLink {
 public:
  PahoLink(const LinkSettings& settings, LinkCalls calls)
      : settings_(settings), calls_(std::move(calls)),
        connect_listener_(*this, "connecting", [this] {
          up_ = true;
          no_delay(port_of(settings_.broker));
          calls_.connected();
        }),
        subscribe_listener_(*this, "subscribing", [this] { calls_.subscribed(); }), arrivals_(*this),
        client_(std::make_unique<mqtt::async_client>(paho_address(settings.broker), settings.client_id,
                                                     mqtt::create_options(MQTTVERSION_3_1_1, paho_waiting_max), nullptr)) {}

  ~PahoLink() override {
    bool courteous = false;
    {
      std::lock_guard lock(callback_mutex());
      gone_ = true;
      courteous = up_;
    }
    try {
      // Only a courtesy to the broker: nothing that matters depends on it, so it may not take long.
      if (courteous) client_->disconnect(mqtt::disconnect_options(200))->wait_for(std::chrono::milliseconds(500));
    } catch (const mqtt::exception&) {
      // Already disconnected; that is what was wanted.
    }
    client_.reset();
    std::lock_guard lock(callback_mutex());  // a last callback that found the link gone has left it now
  }

  Result<void> connect() {
    {
      std::lock_guard lock(callback_mutex());
      gone_ = false;
    }
    try {
      client_->set_callback(arrivals_);
      options_.set_mqtt_version(MQTTVERSION_3_1_1);
      options_.set_clean_session(true);
      options_.set_automatic_reconnect(false);
      options_.set_max_inflight(paho_in_flight_max);
      options_.set_keep_alive_interval(std::chrono::duration_cast<std::chrono::seconds>(settings_.keep_alive));
      options_.set_connect_timeout(std::chrono::duration_cast<std::chrono::seconds>(settings_.connect_timeout));
      if (encrypted(settings_.broker)) {
        mqtt::ssl_options ssl;
        ssl.set_trust_store(settings_.credentials.ca_file);
        ssl.set_key_store(settings_.credentials.cert_file);
        ssl.set_private_key(settings_.credentials.key_file);
        ssl.set_enable_server_cert_auth(true);
        ssl.set_verify(true);  // the broker's name must be in its certificate
        ssl.set_ssl_version(MQTT_SSL_VERSION_TLS_1_2);
        options_.set_ssl(ssl);
      }
      client_->connect(options_, nullptr, connect_listener_);
      return {};
    } catch (const mqtt::exception& error) {
      return fail(ErrorCode::disconnected, settings_.broker + ": " + error.what());
    }
  }

  Result<void> subscribe() override {
    try {
      client_->subscribe(settings_.subscription, quality_of_service, nullptr, subscribe_listener_);
      return {};
    } catch (const mqtt::exception& error) {
      return fail(ErrorCode::disconnected, std::string("subscribing: ") + error.what());
    }
  }

  Result<void> publish(const std::string& topic, const Bytes& payload) override {
    try {
      client_->publish(topic, payload.data(), payload.size(), quality_of_service, false);
      return {};
    } catch (const mqtt::exception& error) {
      return fail(ErrorCode::disconnected, std::string("publishing: ") + error.what());
    }
  }

 private:
  /// Outcome of one asynchronous request.
  class Listener : public mqtt::iaction_listener {
   public:
    Listener(PahoLink& link, std::string doing, std::function<void()> done)
        : link_(link), doing_(std::move(doing)), done_(std::move(done)) {}
    void on_success(const mqtt::token&) override {
      std::lock_guard lock(callback_mutex());
      if (!link_.gone_) done_();
    }
    void on_failure(const mqtt::token& token) override {
      std::lock_guard lock(callback_mutex());
      if (link_.gone_) return;
      const std::string text = mqtt::exception::error_str(token.get_return_code());
      const int code = token.get_return_code();
      link_.lost(doing_ + " to " + link_.settings_.broker + " failed (" +
                 (text.empty() ? "code " + std::to_string(code) : text) +
                 "): is the broker there, and does it accept this certificate?");
    }

   private:
    PahoLink& link_;
    std::string doing_;
    std::function<void()> done_;
  };

  /// What comes by itself.
  class Arrivals : public mqtt::callback {
   public:
    explicit Arrivals(PahoLink& link) : link_(link) {}
    void connection_lost(const std::string& cause) override {
      std::lock_guard lock(callback_mutex());
      link_.lost(cause.empty() ? "the connection broke" : "the connection broke: " + cause);
    }
    void message_arrived(mqtt::const_message_ptr message) override {
      std::lock_guard lock(callback_mutex());
      if (link_.gone_) return;
      const auto& payload = message->get_payload_ref();
      const ByteView bytes = as_bytes({payload.data(), payload.size()});
      link_.calls_.message(message->get_topic(), Bytes(bytes.begin(), bytes.end()));
    }

   private:
    PahoLink& link_;
  };

  /// With callback_mutex() held.
  void lost(std::string why) {
    if (gone_) return;
    up_ = false;
    if (!std::exchange(told_, true)) calls_.lost(std::move(why));
  }

  LinkSettings settings_;
  LinkCalls calls_;
  bool up_ = false, gone_ = true, told_ = false;  ///< under callback_mutex()
  mqtt::connect_options options_;  ///< Paho keeps pointers into it
  Listener connect_listener_, subscribe_listener_;
  Arrivals arrivals_;
  std::unique_ptr<mqtt::async_client> client_;
};

}  // namespace

Result<std::unique_ptr<MqttLink>> open_link(const LinkSettings& settings, LinkCalls calls) {
  if (paho_address(settings.broker).empty())
    return fail(ErrorCode::invalid, "broker \"" + settings.broker + "\": expected mqtts://HOST:PORT or mqtt://HOST:PORT");
  if (encrypted(settings.broker)) {
    const LinkCredentials& c = settings.credentials;
    for (const auto& checked : {readable(c.ca_file, "CA file"), readable(c.cert_file, "certificate"), readable(c.key_file, "private key")})
      if (!checked) return tl::unexpected(checked.error());
  }
  try {
    auto link = std::make_unique<PahoLink>(settings, std::move(calls));
    if (const auto started = link->connect(); !started) return tl::unexpected(started.error());
    return std::unique_ptr<MqttLink>(std::move(link));
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, std::string("MQTT client: ") + error.what());
  }
}

}  // namespace rampa::sync
