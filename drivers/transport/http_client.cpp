#include "drivers/transport/http_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include "drivers/transport/http/http_reply.hpp"
#include "drivers/transport/http/socket.hpp"

namespace rampa::drivers {
namespace {

class SocketHttpClient final : public HttpClient {
 public:
  SocketHttpClient(const device::Address& address, const Clock& clock) : host_(address.host), port_(address.port ? address.port : 80), clock_(clock) {}

  Result<HttpReply> get(const std::string& path, std::size_t bytes_max, Duration timeout) override {
    deadline_ = clock_.mono() + timeout;
    if (stream_ && (stream_->path != path || clock_.mono() - stream_->read_at > stream_idle_max)) stream_.reset();
    if (stream_) return newest_part();
    auto reply = ask(path, bytes_max);
    if (!reply && stream_) stream_.reset();
    return reply;
  }

 private:
  struct Stream {
    std::string path;
    http::Descriptor socket;
    http::PartStream parts;
    MonoTime read_at;
  };

  [[nodiscard]] std::string place() const { return host_ + ":" + std::to_string(port_); }

  /// Waits for the socket, at most until the deadline.
  Result<void> wait_for(const http::Descriptor& socket, short events) {
    for (;;) {
      const auto left_ms = to_ms(deadline_ - clock_.mono());
      if (left_ms <= 0) return fail(ErrorCode::timeout, "camera at " + place() + " did not answer in time");
      pollfd one{socket.get(), events, 0};
      const int n = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 1000)));
      if (n > 0) return {};
      if (n < 0 && errno != EINTR) return fail(ErrorCode::io, "poll: " + std::generic_category().message(errno));
    }
  }

  /// At least one byte, or nothing at the end of the connection.
  Result<Bytes> read_some(const http::Descriptor& socket) {
    std::array<std::uint8_t, 64 * 1024> block;
    for (;;) {
      const auto n = ::recv(socket.get(), block.data(), block.size(), 0);
      if (n >= 0) return Bytes(block.begin(), block.begin() + n);
      if (errno != EAGAIN && errno != EINTR) return fail(ErrorCode::disconnected, "camera at " + place() + ": " + std::generic_category().message(errno));
      if (auto ready = wait_for(socket, POLLIN); !ready) return tl::unexpected(ready.error());
    }
  }

  Result<void> write_all(const http::Descriptor& socket, std::string_view text) {
    while (!text.empty()) {
      const auto n = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (n > 0) {
        text.remove_prefix(static_cast<std::size_t>(n));
      } else if (errno != EAGAIN && errno != EINTR) {
        return fail(ErrorCode::disconnected, "camera at " + place() + " closed the connection");
      } else if (auto ready = wait_for(socket, POLLOUT); !ready) {
        return ready;
      }
    }
    return {};
  }

  Result<HttpReply> ask(const std::string& path, std::size_t bytes_max) {
    auto socket = http::begin_connect(host_, port_);
    if (!socket) return tl::unexpected(socket.error());
    if (auto ready = wait_for(*socket, POLLOUT); !ready) return fail(ErrorCode::no_reply, "camera at " + place() + " does not accept a connection");
    if (auto outcome = http::connect_outcome(*socket); !outcome) return fail(outcome.error().code, "camera at " + place() + ": " + outcome.error().what);
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + place() + "\r\nAccept: image/jpeg, multipart/x-mixed-replace\r\nConnection: close\r\n\r\n";
    if (auto sent = write_all(*socket, request); !sent) return tl::unexpected(sent.error());

    std::string text;
    std::size_t end = std::string::npos;
    while (end == std::string::npos) {
      if (text.size() > http::reply_head_bytes_max) return fail(ErrorCode::bad_reply, "camera at " + place() + ": head of the reply is too large");
      auto bytes = read_some(*socket);
      if (!bytes) return tl::unexpected(bytes.error());
      if (bytes->empty()) return fail(ErrorCode::bad_reply, "camera at " + place() + " closed before its reply was whole");
      const std::size_t from = text.size() > 3 ? text.size() - 3 : 0;
      text.append(as_text(*bytes));
      end = text.find("\r\n\r\n", from);
    }
    auto head = http::parse_reply_head(std::string_view(text).substr(0, end));
    if (!head) return tl::unexpected(head.error());
    const std::string_view rest = std::string_view(text).substr(end + 4);
    if (head->status == 401) return fail(ErrorCode::refused, "camera at " + place() + " wants a password, which is not supported yet; allow anonymous snapshots on the device network");
    if (head->media_type == "multipart/x-mixed-replace") {
      if (head->boundary.empty()) return fail(ErrorCode::bad_reply, "camera at " + place() + ": the stream of pictures names no boundary in its Content-Type");
      stream_.emplace(Stream{path, std::move(*socket), http::PartStream(head->boundary, bytes_max), clock_.mono()});
      stream_->parts.feed(as_bytes(rest));
      return newest_part();
    }
    return read_body(*socket, *head, as_bytes(rest), bytes_max);
  }

  Result<HttpReply> read_body(const http::Descriptor& socket, const http::ReplyHead& head, ByteView first, std::size_t bytes_max) {
    const auto too_large = [&] { return fail(ErrorCode::bad_reply, "camera at " + place() + " sends more than " + std::to_string(bytes_max) + " bytes"); };
    HttpReply reply{head.status, head.media_type, Bytes(first.begin(), first.end())};
    if ((head.body_bytes && *head.body_bytes > bytes_max) || first.size() > bytes_max) return too_large();
    while (!head.body_bytes || reply.body.size() < *head.body_bytes) {
      auto bytes = read_some(socket);
      if (!bytes) return tl::unexpected(bytes.error());
      if (bytes->empty()) break;
      reply.body.insert(reply.body.end(), bytes->begin(), bytes->end());
      if (reply.body.size() > bytes_max) return too_large();
    }
    if (head.body_bytes && reply.body.size() != *head.body_bytes)
      return fail(ErrorCode::bad_reply, "camera at " + place() + " sent " + std::to_string(reply.body.size()) + " of " + std::to_string(*head.body_bytes) + " bytes");
    return reply;
  }

  /// Reads until a picture is whole and nothing more waits, and gives the last one.
  Result<HttpReply> newest_part() {
    std::optional<http::PartStream::Part> newest;
    const auto give_up = [&](const Error& e) {
      stream_.reset();
      return tl::unexpected(e);
    };
    const auto place_of = [&](const Error& e) { return Error{e.code, "camera at " + place() + ": " + e.what}; };
    for (;;) {
      for (;;) {
        auto part = stream_->parts.next();
        if (!part) return give_up(place_of(part.error()));
        if (!*part) break;
        const std::string& type = (*part)->media_type;  // some cameras send words between their pictures ("Heartbeat")
        if (!type.empty() && !type.starts_with("image/")) continue;
        newest = std::move(*part);
      }
      if (newest && !readable_now()) break;
      auto bytes = read_some(stream_->socket);
      if (!bytes) return give_up(bytes.error());
      if (bytes->empty()) return give_up({ErrorCode::disconnected, "camera at " + place() + " ended its stream"});
      stream_->parts.feed(*bytes);
    }
    stream_->read_at = clock_.mono();
    return HttpReply{200, newest->media_type, std::move(newest->body)};
  }

  [[nodiscard]] bool readable_now() const {
    if (clock_.mono() >= deadline_) return false;
    pollfd one{stream_->socket.get(), POLLIN, 0};
    return ::poll(&one, 1, 0) > 0;
  }

  std::string host_;
  std::uint16_t port_;
  const Clock& clock_;
  MonoTime deadline_;
  std::optional<Stream> stream_;
};

}  // namespace

Result<std::shared_ptr<HttpClient>> make_http_client(const device::Address& address, const Clock& clock) {
  if (address.host.empty()) return fail(ErrorCode::invalid, "camera address without host; write http://HOST:PORT/path");
  return std::make_shared<SocketHttpClient>(address, clock);
}

}  // namespace rampa::drivers
