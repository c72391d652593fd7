#include "sync/link/mqtt_link.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mqtt/async_client.h>
#include <mutex>
#include <utility>

#include "sync/link/broker_address.hpp"
#include "sync/link/no_delay.hpp"
#include "sync/link/reasons.hpp"

namespace rampa::sync {
namespace {

constexpr int quality_of_service = 1;
constexpr int paho_in_flight_max = 65000;  ///< never reached: our own windows are far smaller
/// Paho counts here what its sending thread has not taken yet, also while connected, and refuses at 100 by default: HQ that
/// answers 300 posts at once would lose its connection over it.
constexpr int paho_waiting_max = 1'000'000;
/// Of the broker's Receive Maximum; below it Paho could come to its limit, and then sends one window a second. A post has some
/// hundred messages under way at most, HQ one or two for each post after a commit.
constexpr std::uint16_t receive_max_wanted = 10'000;
constexpr std::size_t publish_head_max = 16;  ///< beside topic and payload: type, length, packet id, no properties

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

Result<void> readable(const std::string& file, const char* what) {
  if (file.empty()) return fail(ErrorCode::invalid, std::string("no ") + what + " is named for a mqtts:// broker");
  if (::access(file.c_str(), R_OK) != 0)
    return fail(ErrorCode::invalid, std::string(what) + " " + file + " cannot be read; check its path and owner");
  return {};
}

/// Of CONNACK's or SUBACK's refusal; 0: there was none, the connection failed.
std::uint8_t reason_in(const mqtt::token& token) {
  // Of a token of 3.1.1 Paho says a number that is none of 5's.
  if (const int reason = token.get_reason_code(); reason >= reason_refused && reason < mqtt::MQTTPP_V3_CODE) return static_cast<std::uint8_t>(reason);
  if (const int code = token.get_return_code(); code > 0 && code <= 0xff) return reason_of_v311(static_cast<std::uint8_t>(code));
  return 0;
}

class PahoLink : public MqttLink {
 public:
  PahoLink(const LinkSettings& settings, LinkCalls calls)
      : settings_(settings), calls_(std::move(calls)), v5_(settings.versions && settings.versions->next(settings.broker) == MqttVersion::v5),
        connect_listener_(*this, [this](const mqtt::token& token) { connected(token); }, [this](const mqtt::token& token) { not_connected(token); }),
        subscribe_listener_(*this, [this](const mqtt::token&) { calls_.subscribed(); },
                            [this](const mqtt::token& token) { lost(failure("subscribing", token)); }),
        publish_listener_(*this, [this](const mqtt::token&) { unsaid_ = true; }, [this](const mqtt::token& token) { not_passed_on(token); }),
        arrivals_(*this), client_(std::make_unique<mqtt::async_client>(paho_address(settings.broker), settings.client_id,
                                                                       mqtt::create_options(version(), paho_waiting_max), nullptr)) {}

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
      if (v5_) {
        client_->set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode reason) {
          std::lock_guard lock(callback_mutex());
          lost(settings_.broker + " ended the connection: " + reason_text(static_cast<std::uint8_t>(reason)));
        });
      }
      options_.set_mqtt_version(version());
      if (v5_) options_.set_clean_start(true);  // session expiry: none given is 0
      else options_.set_clean_session(true);
      options_.set_automatic_reconnect(false);
      options_.set_max_inflight(paho_in_flight_max);
      options_.set_keep_alive_interval(std::chrono::duration_cast<std::chrono::seconds>(settings_.keep_alive));
      options_.set_connect_timeout(std::chrono::duration_cast<std::chrono::seconds>(settings_.connect_timeout));
      if (broker_address(settings_.broker).encrypted) {
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
    if (const std::size_t bytes = topic.size() + payload.size() + publish_head_max; bytes > packet_bytes_max_)
      return fail(ErrorCode::disconnected, settings_.broker + " takes no message over " + std::to_string(packet_bytes_max_) + " bytes, and " +
                                               std::to_string(bytes) + " are to be sent: " + reason_text(0x95));
    try {
      if (v5_) client_->publish(topic, payload.data(), payload.size(), quality_of_service, false, nullptr, publish_listener_);
      else client_->publish(topic, payload.data(), payload.size(), quality_of_service, false);
      return {};
    } catch (const mqtt::exception& error) {
      return fail(ErrorCode::disconnected, std::string("publishing: ") + error.what());
    }
  }

 private:
  /// Outcome of asynchronous requests of one kind.
  class Listener : public mqtt::iaction_listener {
   public:
    using Call = std::function<void(const mqtt::token&)>;
    Listener(PahoLink& link, Call done, Call failed) : link_(link), done_(std::move(done)), failed_(std::move(failed)) {}
    void on_success(const mqtt::token& token) override {
      std::lock_guard lock(callback_mutex());
      if (!link_.gone_) done_(token);
    }
    void on_failure(const mqtt::token& token) override {
      std::lock_guard lock(callback_mutex());
      if (!link_.gone_) failed_(token);
    }

   private:
    PahoLink& link_;
    Call done_, failed_;
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

  [[nodiscard]] int version() const { return v5_ ? MQTTVERSION_5 : MQTTVERSION_3_1_1; }

  // With callback_mutex() held.

  void connected(const mqtt::token& token) {
    if (std::exchange(up_, true)) return;  // with 3.1.1 Paho says it twice
    if (v5_) {
      const mqtt::connect_response response = token.get_connect_response();
      const mqtt::properties& told = response.get_properties();
      if (told.contains(mqtt::property::RECEIVE_MAXIMUM))
        if (const auto most = mqtt::get<std::uint16_t>(told, mqtt::property::RECEIVE_MAXIMUM); most < receive_max_wanted) {
          settings_.versions->only_v311(settings_.broker);
          return again("takes only " + std::to_string(most) +
                       " messages at a time in MQTT 5, which would make a backlog slow: it is spoken to in 3.1.1, without reasons for what it refuses. "
                       "max_inflight_messages 0 at the broker changes that (sync/hq/mosquitto.conf.example)");
        }
      if (told.contains(mqtt::property::MAXIMUM_PACKET_SIZE)) packet_bytes_max_ = mqtt::get<std::uint32_t>(told, mqtt::property::MAXIMUM_PACKET_SIZE);
    }
    if (settings_.versions) settings_.versions->taken(settings_.broker, v5_ ? MqttVersion::v5 : MqttVersion::v311);
    no_delay(broker_address(settings_.broker).port);
    calls_.connected();
  }

  void not_connected(const mqtt::token& token) {
    const std::uint8_t reason = reason_in(token);
    if (v5_ && reason == reason_wrong_version) {
      settings_.versions->only_v311(settings_.broker);
      return again("does not speak MQTT 5: 3.1.1 is used");
    }
    if (v5_ && reason == 0) {
      settings_.versions->unanswered(settings_.broker);
      return again("did not answer in MQTT 5 (" + failure("connecting", token) + "): 3.1.1 is tried");
    }
    lost(failure("connecting", token));
  }

  void not_passed_on(const mqtt::token& token) {
    const std::uint8_t reason = reason_in(token);
    if (reason == 0) return;  // the connection broke, and that is told
    if (std::exchange(unsaid_, false) && calls_.refused) calls_.refused(settings_.broker + " does not pass on what is sent: " + reason_text(reason));
  }

  [[nodiscard]] std::string failure(const std::string& doing, const mqtt::token& token) const {
    const std::string to = doing + " to " + settings_.broker + " failed (";
    if (const std::uint8_t reason = reason_in(token); reason != 0) return to + reason_text(reason) + ")";
    const std::string text = mqtt::exception::error_str(token.get_return_code());
    return to + (text.empty() ? "code " + std::to_string(token.get_return_code()) : text) + "): is the broker there, and does it accept this certificate?";
  }

  void lost(std::string why) {
    if (gone_) return;
    up_ = false;
    if (!std::exchange(told_, true)) calls_.lost(std::move(why));
  }

  void again(const std::string& why) {
    if (!std::exchange(told_, true)) calls_.again(settings_.broker + " " + why);
  }

  LinkSettings settings_;
  LinkCalls calls_;
  const bool v5_;
  bool up_ = false, gone_ = true, told_ = false;  ///< under callback_mutex()
  bool unsaid_ = true;  ///< that it does not pass on; under callback_mutex()
  std::atomic<std::size_t> packet_bytes_max_ = SIZE_MAX;  ///< set before `connected`
  mqtt::connect_options options_;  ///< Paho keeps pointers into it
  Listener connect_listener_, subscribe_listener_, publish_listener_;
  Arrivals arrivals_;
  std::unique_ptr<mqtt::async_client> client_;
};

}  // namespace

Result<std::unique_ptr<MqttLink>> open_link(const LinkSettings& settings, LinkCalls calls) {
  if (paho_address(settings.broker).empty())
    return fail(ErrorCode::invalid, "broker \"" + settings.broker + "\": expected mqtts://HOST:PORT or mqtt://HOST:PORT");
  if (broker_address(settings.broker).encrypted) {
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
