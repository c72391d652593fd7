#include "hil/sync/swarm_line.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hil/mqtt/packets.hpp"

namespace rampa::hil {
namespace {

constexpr std::uint16_t keep_alive_s = 20;
constexpr Duration ping_every = 10s;
constexpr std::size_t read_at_once = 64u << 10;

std::string tls_trouble(const char* doing) {
  char text[200] = "no details";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return std::string(doing) + ": " + text;
}

class Tls : public TlsClient {
 public:
  explicit Tls(SSL_CTX* made) : context(made, &SSL_CTX_free) {}
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context;
};

class Line : public SwarmLine {
 public:
  Line(int socket, SSL* ssl, const std::string& client_id, std::string subscription, MonoTime now)
      : socket_(socket), ssl_(ssl, &SSL_free), subscription_(std::move(subscription)), pinged_(now) {
    put(mqtt::connect_bytes(client_id, keep_alive_s));
  }
  ~Line() override {
    ssl_.reset();
    ::close(socket_);
  }

  Result<void> turn(const Calls& calls, MonoTime now) override {
    if (now - pinged_ >= ping_every) {
      put(mqtt::bare_bytes(mqtt::PacketType::pingreq));
      pinged_ = now;
    }
    if (auto wrote = write(); !wrote) return wrote;
    for (;;) {
      std::size_t got = 0;
      const int done = SSL_read_ex(ssl_.get(), in_.data(), in_.size(), &got);
      if (done != 1) {
        const int why = SSL_get_error(ssl_.get(), done);
        if (why == SSL_ERROR_WANT_READ) break;
        if (why == SSL_ERROR_WANT_WRITE) {
          write_wanted_ = true;
          break;
        }
        return fail(ErrorCode::disconnected, tls_trouble("the connection broke"));
      }
      if (!packets_.add(ByteView(in_).first(got))) return fail(ErrorCode::bad_reply, "the broker sends what is no MQTT");
      while (const auto packet = packets_.next())
        if (auto taken = take(*packet, calls); !taken) return taken;
    }
    return write();
  }

  void publish(const std::string& topic, ByteView payload) override {
    if (++identifier_ == 0) ++identifier_;
    put(mqtt::publish_bytes(topic, payload, identifier_));
  }

  int descriptor() const override { return socket_; }
  bool wants_to_write() const override { return write_wanted_ || out_at_ < out_.size(); }

 private:
  void put(const Bytes& packet) { out_.insert(out_.end(), packet.begin(), packet.end()); }

  Result<void> write() {
    write_wanted_ = false;
    while (out_at_ < out_.size()) {
      std::size_t sent = 0;
      const int done = SSL_write_ex(ssl_.get(), out_.data() + out_at_, out_.size() - out_at_, &sent);
      if (done != 1) {
        const int why = SSL_get_error(ssl_.get(), done);
        if (why == SSL_ERROR_WANT_READ) return {};
        if (why == SSL_ERROR_WANT_WRITE) {
          write_wanted_ = true;
          return {};
        }
        return fail(ErrorCode::disconnected, tls_trouble("the connection broke"));
      }
      out_at_ += sent;
    }
    out_.clear();
    out_at_ = 0;
    return {};
  }

  Result<void> take(const mqtt::Packet& packet, const Calls& calls) {
    switch (packet.type) {
      case mqtt::PacketType::connack:
        if (packet.body.size() != 2 || packet.body[1] != 0) return fail(ErrorCode::disconnected, "the broker refuses the connection");
        put(mqtt::subscribe_bytes(1, subscription_));
        return {};
      case mqtt::PacketType::suback:
        if (packet.body.size() != 3 || packet.body[2] > 2) return fail(ErrorCode::disconnected, "the broker refuses the subscription");
        calls.ready();
        return {};
      case mqtt::PacketType::publish: {
        const auto message = mqtt::publication_of(packet);
        if (!message) return fail(ErrorCode::bad_reply, "the broker sends a message that is cut off");
        if (message->qos > 0) put(mqtt::puback_bytes(message->id));
        calls.message(message->topic, message->payload);
        return {};
      }
      default: return {};
    }
  }

  int socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string subscription_;
  MonoTime pinged_;
  mqtt::PacketSplitter packets_;
  Bytes in_ = Bytes(read_at_once), out_;
  std::size_t out_at_ = 0;
  bool write_wanted_ = false;
  std::uint16_t identifier_ = 1;
};

}  // namespace

Result<std::unique_ptr<TlsClient>> TlsClient::load(const std::string& ca_file, const std::string& cert_file, const std::string& key_file) {
  auto tls = std::make_unique<Tls>(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = tls->context.get();
  if (!context || SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1 || SSL_CTX_use_certificate_file(context, cert_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(ErrorCode::invalid, tls_trouble(cert_file.c_str()));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  // Neither the buffer nor its address is the same when a write goes on.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  return std::unique_ptr<TlsClient>(std::move(tls));
}

Result<std::unique_ptr<SwarmLine>> SwarmLine::open(const TlsClient& tls, int port, const std::string& client_id, const std::string& subscription, MonoTime now) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return fail(ErrorCode::io, std::string("no socket: ") + std::strerror(errno));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  SSL* const ssl = SSL_new(static_cast<const Tls&>(tls).context.get());
  if ((::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) || !ssl) {
    const std::string why = std::strerror(errno);
    SSL_free(ssl);
    ::close(socket);
    return fail(ErrorCode::io, "127.0.0.1:" + std::to_string(port) + ": " + why);
  }
  SSL_set_fd(ssl, socket);
  SSL_set_connect_state(ssl);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), "127.0.0.1");
  return std::unique_ptr<SwarmLine>(new Line(socket, ssl, client_id, subscription, now));
}

}  // namespace rampa::hil
