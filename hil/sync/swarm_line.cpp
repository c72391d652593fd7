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

namespace rampa::hil {
namespace {

constexpr std::uint8_t connect_packet = 0x10, connack_packet = 0x20, publish_qos1 = 0x32, puback_packet = 0x40, subscribe_packet = 0x82, suback_packet = 0x90,
                       pingreq_packet = 0xC0;
constexpr std::uint16_t keep_alive_s = 20;
constexpr Duration ping_every = 10s;
constexpr std::size_t read_at_once = 64u << 10, packet_bytes_max = 64u << 20;

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

void put16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
void put_text(Bytes& out, std::string_view text) {
  put16(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}
void put_length(Bytes& out, std::size_t length) {
  do {
    out.push_back(static_cast<std::uint8_t>((length & 127) | (length > 127 ? 128 : 0)));
    length >>= 7;
  } while (length > 0);
}

class Line : public SwarmLine {
 public:
  Line(int socket, SSL* ssl, const std::string& client_id, std::string subscription, MonoTime now)
      : socket_(socket), ssl_(ssl, &SSL_free), subscription_(std::move(subscription)), pinged_(now) {
    Bytes body;
    put_text(body, "MQTT");
    body.push_back(4);  // 3.1.1
    body.push_back(2);  // clean session
    put16(body, keep_alive_s);
    put_text(body, client_id);
    put_packet(connect_packet, body);
  }
  ~Line() override {
    ssl_.reset();
    ::close(socket_);
  }

  Result<void> turn(const Calls& calls, MonoTime now) override {
    if (now - pinged_ >= ping_every) {
      put_packet(pingreq_packet, {});
      pinged_ = now;
    }
    if (auto wrote = write(); !wrote) return wrote;
    for (;;) {
      const std::size_t before = in_.size();
      in_.resize(before + read_at_once);
      std::size_t got = 0;
      const int done = SSL_read_ex(ssl_.get(), in_.data() + before, read_at_once, &got);
      in_.resize(before + (done == 1 ? got : 0));
      if (done != 1) {
        const int why = SSL_get_error(ssl_.get(), done);
        if (why == SSL_ERROR_WANT_READ) break;
        if (why == SSL_ERROR_WANT_WRITE) {
          write_wanted_ = true;
          break;
        }
        return fail(ErrorCode::disconnected, tls_trouble("the connection broke"));
      }
      if (auto read = packets(calls); !read) return read;
    }
    return write();
  }

  void publish(const std::string& topic, ByteView payload) override {
    out_.push_back(publish_qos1);
    put_length(out_, 2 + topic.size() + 2 + payload.size());
    put_text(out_, topic);
    if (++identifier_ == 0) ++identifier_;
    put16(out_, identifier_);
    out_.insert(out_.end(), payload.begin(), payload.end());
  }

  int descriptor() const override { return socket_; }
  bool wants_to_write() const override { return write_wanted_ || out_at_ < out_.size(); }

 private:
  void put_packet(std::uint8_t kind, ByteView body) {
    out_.push_back(kind);
    put_length(out_, body.size());
    out_.insert(out_.end(), body.begin(), body.end());
  }

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

  /// All that are whole.
  Result<void> packets(const Calls& calls) {
    std::size_t at = 0;
    for (;;) {
      std::size_t length = 0, head = 1;
      bool whole = false;
      for (; at + head < in_.size() && head <= 4 && !whole; ++head) {
        length |= static_cast<std::size_t>(in_[at + head] & 127) << (7 * (head - 1));
        whole = (in_[at + head] & 128) == 0;
      }
      if (length > packet_bytes_max) return fail(ErrorCode::bad_reply, "the broker sends a packet of " + std::to_string(length) + " bytes");
      if (!whole || in_.size() - at - head < length) break;
      if (auto taken = packet(in_[at], ByteView(in_).subspan(at + head, length), calls); !taken) return taken;
      at += head + length;
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
    return {};
  }

  Result<void> packet(std::uint8_t kind, ByteView body, const Calls& calls) {
    if (kind == connack_packet) {
      if (body.size() != 2 || body[1] != 0) return fail(ErrorCode::disconnected, "the broker refuses the connection");
      Bytes request;
      put16(request, 1);
      put_text(request, subscription_);
      request.push_back(1);
      put_packet(subscribe_packet, request);
    } else if (kind == suback_packet) {
      if (body.size() != 3 || body[2] > 2) return fail(ErrorCode::disconnected, "the broker refuses the subscription");
      calls.ready();
    } else if ((kind & 0xF0) == 0x30) {
      const std::size_t topic = body.size() < 2 ? 0 : static_cast<std::size_t>(body[0]) << 8 | body[1], quality = (kind >> 1) & 3, head = 2 + topic + (quality ? 2 : 0);
      if (body.size() < head) return fail(ErrorCode::bad_reply, "the broker sends a message that is cut off");
      if (quality) put_packet(puback_packet, body.subspan(2 + topic, 2));
      calls.message(std::string(as_text(body.subspan(2, topic))), body.subspan(head));
    }
    return {};
  }

  int socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string subscription_;
  MonoTime pinged_;
  Bytes in_, out_;
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
