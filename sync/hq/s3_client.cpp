#include "sync/hq/s3_client.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Timespan.h>

#include <algorithm>
#include <istream>

namespace rampa::sync::hq {
namespace net = Poco::Net;
namespace {

constexpr std::size_t answer_bytes_max = 64u << 20;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return text;
}

}  // namespace

struct S3Client::Session {
  std::unique_ptr<net::HTTPClientSession> http;
};

S3Client::S3Client(const S3Settings& settings, const Clock& clock, Duration timeout)
    : settings_(settings), clock_(clock), timeout_(timeout), session_(std::make_unique<Session>()) {}
S3Client::~S3Client() = default;

Result<S3Answer> S3Client::ask(const S3Ask& request) {
  const bool fresh = !session_->http;
  auto answer = once(request, *session_);
  // A kept connection may have been closed meanwhile; every request here may be made twice.
  if (!answer && answer.error().code == ErrorCode::disconnected && !fresh) answer = once(request, *session_);
  return answer;
}

Result<S3Answer> S3Client::once(const S3Ask& ask, Session& session) {
  const std::string service = (settings_.tls ? "https://" : "http://") + settings_.host + ":" + std::to_string(settings_.port);
  try {
    if (!session.http) {
      if (settings_.tls) {
        const auto context = net::Context::Ptr(new net::Context(net::Context::TLS_CLIENT_USE, "", "", settings_.ca_file, net::Context::VERIFY_STRICT, 9, settings_.ca_file.empty()));
        session.http = std::make_unique<net::HTTPSClientSession>(settings_.host, settings_.port, context);
      } else {
        session.http = std::make_unique<net::HTTPClientSession>(settings_.host, settings_.port);
      }
      session.http->setTimeout(Poco::Timespan(timeout_ / 1us));
      session.http->setKeepAlive(true);
    }
    const WallTime now = clock_.now().wall;
    S3Request signed_part{ask.method, "/" + settings_.bucket + "/" + ask.key, ask.query, {}, sha256(ask.body)};
    for (const auto& [name, value] : ask.headers)
      if (name.starts_with("x-amz-")) signed_part.headers[name] = value;
    const bool usual = settings_.port == (settings_.tls ? 443 : 80);
    signed_part.headers["host"] = usual ? settings_.host : settings_.host + ":" + std::to_string(settings_.port);
    signed_part.headers["x-amz-date"] = amz_date(now);
    signed_part.headers["x-amz-content-sha256"] = hex(signed_part.payload);
    const std::string query = query_text(ask.query);
    net::HTTPRequest request(ask.method, uri_encoded(signed_part.path, true) + (query.empty() ? "" : "?" + query), net::HTTPMessage::HTTP_1_1);
    for (const auto& [name, value] : ask.headers) request.set(name, value);
    for (const auto& [name, value] : signed_part.headers) request.set(name, value);
    request.set("Authorization", authorization(settings_.credentials, signed_part, now));
    if (ask.method == "PUT" || ask.method == "POST") request.setContentLength64(static_cast<Poco::Int64>(ask.body.size()));
    auto& out = session.http->sendRequest(request);
    out.write(reinterpret_cast<const char*>(ask.body.data()), static_cast<std::streamsize>(ask.body.size()));
    net::HTTPResponse response;
    std::istream& in = session.http->receiveResponse(response);
    S3Answer answer;
    answer.status = response.getStatus();
    for (const auto& [name, value] : response) answer.headers[lower(name)] = value;
    if (ask.method != "HEAD") {
      std::array<char, 64 * 1024> piece;
      while (in.read(piece.data(), piece.size()) || in.gcount() > 0) {
        answer.body.insert(answer.body.end(), piece.begin(), piece.begin() + in.gcount());
        if (answer.body.size() > answer_bytes_max) throw Poco::DataException("the answer has no end");
      }
    }
    return answer;
  } catch (const Poco::TimeoutException&) {
    session.http.reset();
    return fail(ErrorCode::timeout, service + " did not answer in time");
  } catch (const Poco::Exception& error) {
    session.http.reset();
    return fail(ErrorCode::disconnected, service + ": " + error.displayText());
  }
}

}  // namespace rampa::sync::hq
