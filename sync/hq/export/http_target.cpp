#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Timespan.h>
#include <Poco/URI.h>

#include "sync/hq/export/target.hpp"

namespace rampa::sync::hq {
namespace {

namespace net = Poco::Net;

class HttpTarget : public ExportTarget {
 public:
  HttpTarget(const Poco::URI& address, Duration timeout) : address_(address), session_(address.getHost(), address.getPort()) {
    session_.setTimeout(Poco::Timespan(std::chrono::duration_cast<std::chrono::microseconds>(timeout).count()));
    session_.setKeepAlive(true);
  }

  Result<void> deliver(const Document& document) override {
    try {
      net::HTTPRequest request(net::HTTPRequest::HTTP_POST, address_.getPathAndQuery().empty() ? "/" : address_.getPathAndQuery(), net::HTTPMessage::HTTP_1_1);
      request.setContentType(document.media_type);
      request.setContentLength64(static_cast<Poco::Int64>(document.text.size()));
      request.set("Idempotency-Key", document.id);
      session_.sendRequest(request) << document.text;
      net::HTTPResponse response;
      session_.receiveResponse(response).ignore(1 << 20);
      const int status = response.getStatus();
      if ((status >= 200 && status < 300) || status == 409) return {};
      const std::string what = address_.toString() + " answered " + std::to_string(status) + " " + response.getReason() + " to " + document.id;
      // 401, 403, 404, 415... say nothing of this document: whoever set every one of them aside would have lost all.
      const bool passing = status == 408 || status == 425 || status == 429 || status < 400 || status >= 500;
      const bool of_the_document = status == 400 || status == 413 || status == 422;
      return fail(passing ? ErrorCode::io : of_the_document ? ErrorCode::refused : ErrorCode::invalid, what);
    } catch (const Poco::TimeoutException&) {
      session_.reset();
      return fail(ErrorCode::timeout, address_.toString() + " did not answer in time");
    } catch (const Poco::Exception& error) {
      session_.reset();
      return fail(ErrorCode::disconnected, address_.toString() + ": " + error.displayText());
    }
  }

 private:
  Poco::URI address_;
  net::HTTPClientSession session_;
};

/// What goes there in clear may be plates and names, and nothing proves who answers: as for a broker, this machine alone.
bool on_this_machine(std::string host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  net::IPAddress address;
  return host == "localhost" || (net::IPAddress::tryParse(host, address) && address.isLoopback());
}

}  // namespace

Result<std::unique_ptr<ExportTarget>> http_target(const std::string& url, Duration timeout) {
  try {
    const Poco::URI address(url);
    if (address.getScheme() != "http" || address.getHost().empty())
      return fail(ErrorCode::invalid, "\"" + url + "\" is no http://HOST:PORT/PATH (TLS belongs to a proxy on this machine)");
    if (!on_this_machine(address.getHost()))
      return fail(ErrorCode::invalid, "\"" + url + "\" is not this machine, and http is not encrypted and does not prove who answers: put a proxy with TLS here and"
                                          " write http://127.0.0.1:PORT/PATH");
    return std::make_unique<HttpTarget>(address, timeout);
  } catch (const Poco::Exception& error) {
    return fail(ErrorCode::invalid, "\"" + url + "\": " + error.displayText());
  }
}

}  // namespace rampa::sync::hq
