#include "edge/api/server.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>

#include "edge/api/event_hub.hpp"
#include "edge/api/parts.hpp"

namespace rampa::api {
namespace {

namespace net = Poco::Net;

constexpr std::size_t body_bytes_max = 16 << 10;
constexpr std::size_t drained_bytes_max = 1 << 20;  // a body that is too large is read and thrown away up to this
constexpr std::size_t target_bytes_max = 2 << 10;
constexpr std::size_t head_bytes_max = 8 << 10;
constexpr std::size_t head_fields_max = 64;

/// A descriptor of the hub's own for a connection that the HTTP library is about to let go of: no object of the library
/// is shared between its threads and the hub's.
class OwnedDescriptor : public StreamSocket {
 public:
  explicit OwnedDescriptor(int fd) : fd_(fd) {}
  ~OwnedDescriptor() override { ::close(fd_); }
  OwnedDescriptor(const OwnedDescriptor&) = delete;
  OwnedDescriptor& operator=(const OwnedDescriptor&) = delete;
  [[nodiscard]] int descriptor() const override { return fd_; }

 private:
  int fd_;
};

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

Response closing(Response r) {
  r.close = true;
  return r;
}

/// Fills `out`, or says what to answer instead. Whatever is doubtful about lengths ends the connection.
std::optional<Response> take(net::HTTPServerRequest& in, bool trust_forwarded_for, Request& out) {
  out.method = in.getMethod();
  if (in.getURI().size() > target_bytes_max) return closing(problem(414, "uri-too-long", "path and query: 2048 bytes at most", out));
  std::size_t bytes = 0, fields = 0;
  for (const auto& [name, value] : in) {
    bytes += name.size() + value.size() + 4;
    ++fields;
    std::string key = lower(name);
    const auto [place, fresh] = out.headers.emplace(key, value);
    if (fresh) continue;
    if (key != "accept" && key != "accept-encoding" && key != "accept-language" && key != "cache-control")
      return closing(problem(400, "malformed", "header twice: " + key, out));
    place->second += ", " + value;
  }
  if (bytes > head_bytes_max || fields > head_fields_max)
    return closing(problem(431, "head-too-large", "8 KiB and 64 fields at most", out));
  if (out.header("host").empty()) return closing(problem(400, "malformed", "no Host", out));
  if (!out.header("transfer-encoding").empty())
    return closing(problem(411, "length-required", "send Content-Length; chunked bodies are not taken", out));
  const std::string length_text = out.header("content-length");
  std::size_t length = 0;
  if (!length_text.empty()) {
    if (length_text.size() > 12 || length_text.find_first_not_of("0123456789") != std::string::npos)
      return closing(problem(400, "malformed", "Content-Length is no number", out));
    length = std::stoull(length_text);
  } else if (out.method == "POST" || out.method == "PUT" || out.method == "PATCH") {
    return closing(problem(411, "length-required", "send Content-Length", out));
  }
  if (!parse_target(in.getURI(), out)) return closing(problem(400, "malformed", "path or query cannot be read", out));
  out.source = in.clientAddress().host().toString();
  if (trust_forwarded_for && in.clientAddress().host().isLoopback() && !out.header("x-real-ip").empty())
    out.source = out.header("x-real-ip").substr(0, 45);

  std::istream& stream = in.stream();
  if (length > body_bytes_max) {
    // Reading it lets the sender see the answer instead of a reset; a huge one is cut off.
    std::string sink(4096, '\0');
    for (std::size_t left = std::min(length, drained_bytes_max); left > 0 && stream.good();)
      left -= std::min<std::size_t>(left, static_cast<std::size_t>(
                                              stream.read(sink.data(), static_cast<std::streamsize>(std::min(left, sink.size()))).gcount()));
    return closing(problem(413, "too-large", "16 KiB at most", out));
  }
  out.body.resize(length);
  stream.read(out.body.data(), static_cast<std::streamsize>(length));
  if (static_cast<std::size_t>(stream.gcount()) != length) return closing(problem(400, "malformed", "the body is shorter than Content-Length", out));
  return std::nullopt;
}

void send(net::HTTPServerResponse& out, const Request& request, const Response& answer) {
  out.setStatusAndReason(static_cast<net::HTTPResponse::HTTPStatus>(answer.status));
  bool cached = false;
  out.set("X-Content-Type-Options", "nosniff");
  out.set("Referrer-Policy", "no-referrer");
  out.set("Cross-Origin-Resource-Policy", "same-origin");
  bool has_policy = false;
  for (const auto& [name, value] : answer.headers) {
    cached = cached || name == "Cache-Control";
    has_policy = has_policy || name == "Content-Security-Policy";
    out.add(name, value);
  }
  if (!has_policy) out.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  if (!cached) out.set("Cache-Control", "no-store");
  if (answer.close) out.setKeepAlive(false);
  if (answer.status == 204 || answer.status == 304) {
    out.send();
    return;
  }
  out.setContentType(answer.type);
  out.setContentLength64(static_cast<Poco::Int64>(answer.size()));
  std::ostream& stream = out.send();
  if (request.method == "HEAD") return;
  if (answer.bytes)
    stream.write(reinterpret_cast<const char*>(answer.bytes->data()) + answer.from, static_cast<std::streamsize>(answer.length));
  else
    stream.write(answer.body.data(), static_cast<std::streamsize>(answer.body.size()));
  stream.flush();
}

class PocoServer : public Server {
 public:
  PocoServer(Settings settings, AppliancePort& port, Clock& clock, std::unique_ptr<Officers> officers, net::ServerSocket socket)
      : parts_(std::move(settings), port, clock, std::move(officers)), hub_(parts_),
        pool_("http", 2, parts_.settings.request_threads) {
    auto* params = new net::HTTPServerParams;  // Poco counts its references
    params->setMaxThreads(parts_.settings.request_threads);
    params->setMaxQueued(64);
    params->setTimeout(Poco::Timespan(5, 0));
    params->setKeepAlive(true);
    params->setKeepAliveTimeout(Poco::Timespan(2, 0));  // an idle connection holds a thread of the pool
    params->setMaxKeepAliveRequests(1000);
    // Some idle threads miss Poco's stop signal and sit out this time (10 s by default): it bounds how long stopping takes.
    params->setThreadIdleTime(Poco::Timespan(0, 250'000));
    http_ = std::make_unique<net::HTTPServer>(new Factory(*this), pool_, socket, params);
    port_number_ = socket.address().port();
    parts_.port.set_listener(&hub_);
    http_->start();
  }
  ~PocoServer() override {
    parts_.port.set_listener(nullptr);
    http_->stopAll(true);
    pool_.joinAll();
  }
  PocoServer(const PocoServer&) = delete;
  PocoServer& operator=(const PocoServer&) = delete;

  [[nodiscard]] std::uint16_t port() const override { return port_number_; }
  [[nodiscard]] std::string claim_code() const override { return parts_.officers->claim_code(); }

 private:
  class RequestTurn : public net::HTTPRequestHandler {
   public:
    explicit RequestTurn(PocoServer& of) : of_(of) {}
    void handleRequest(net::HTTPServerRequest& in, net::HTTPServerResponse& out) override { of_.serve(in, out); }

   private:
    PocoServer& of_;
  };
  class Factory : public net::HTTPRequestHandlerFactory {
   public:
    explicit Factory(PocoServer& of) : of_(of) {}
    net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override { return new RequestTurn(of_); }

   private:
    PocoServer& of_;
  };

  void serve(net::HTTPServerRequest& in, net::HTTPServerResponse& out) {
    Request request;
    request.number = ++requests_;
    try {
      Response response;
      if (auto refused = take(in, parts_.settings.trust_forwarded_for, request)) response = std::move(*refused);
      else if (request.path == "/api/v1/events") {
        auto refusal = open_stream(in, out, request);
        if (!refusal) return;
        response = std::move(*refusal);
      } else {
        response = answer(parts_, request);
      }
      count(response.status);
      spdlog::debug("http {} {} {} -> {}", request.number, request.method, request.path, response.status);
      send(out, request, response);
    } catch (const net::NetException& e) {
      out.setKeepAlive(false);  // the client went away; nobody is left to tell
      spdlog::debug("http {}: {}", request.number, e.displayText());
    } catch (const std::exception& e) {
      count(500);
      spdlog::error("http {} {} {} failed: {}", request.number, request.method, request.path, e.what());
      out.setKeepAlive(false);
      if (!out.sent()) send(out, request, problem(500, "internal", "see the log for this request", request));
    }
  }

  /// Nothing: the socket is the hub's now.
  std::optional<Response> open_stream(net::HTTPServerRequest& in, net::HTTPServerResponse& out, const Request& request) {
    auto session = admit_stream(parts_, request);
    if (!session) return session.error();
    if (!hub_.reserve())
      return problem(503, "too-many-streams", "one stream serves all tabs of a terminal", request).with("Retry-After", "5");
    auto& connection = static_cast<net::HTTPServerRequestImpl&>(in);
    const int fd = ::fcntl(connection.socket().impl()->sockfd(), F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
      hub_.release();
      return problem(503, "busy", "no descriptor is free for a stream", request).with("Retry-After", "5");
    }
    (void)connection.detachSocket();  // and gone: the library writes nothing to it and reads nothing from it any more
    count(200);
    out.setKeepAlive(false);
    hub_.add(std::make_unique<OwnedDescriptor>(fd), request.cookie(session_cookie));
    return std::nullopt;
  }

  void count(int status) { ++parts_.counters.answers[static_cast<std::size_t>(std::clamp(status / 100, 0, 5))]; }

  Parts parts_;
  EventHub hub_;
  Poco::ThreadPool pool_;
  std::unique_ptr<net::HTTPServer> http_;
  std::uint16_t port_number_ = 0;
  std::atomic<std::uint64_t> requests_{0};
};

}  // namespace

Result<std::unique_ptr<Server>> start(const Settings& settings, AppliancePort& port, Clock& clock) {
  if (auto ok = prepare_crypto(); !ok) return tl::unexpected(ok.error());
  auto officers = Officers::open(settings.officers_file);
  if (!officers) return tl::unexpected(officers.error());
  try {
    net::ServerSocket socket;
    socket.bind(net::SocketAddress(settings.listen, settings.port), true);
    socket.listen(64);
    return std::make_unique<PocoServer>(settings, port, clock, std::move(*officers), socket);
  } catch (const Poco::Exception& e) {
    return fail(ErrorCode::io, "http: cannot listen on " + settings.listen + " port " + std::to_string(settings.port) + ": " +
                                   e.displayText() + "; is another process using it?");
  } catch (const std::exception& e) {
    return fail(ErrorCode::io, std::string("http: cannot start: ") + e.what());
  }
}

}  // namespace rampa::api
