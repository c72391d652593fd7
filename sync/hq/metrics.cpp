#include "sync/hq/metrics.hpp"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/ThreadPool.h>

#include "sync/hq/report.hpp"

namespace rampa::sync::hq {
namespace {

namespace net = Poco::Net;

std::string text_of(const ServeCounts& counts) {
  std::string out;
  const auto add = [&out](const std::string& name, const char* type, const char* what, std::uint64_t value) {
    out += "# HELP " + name + " " + what + "\n# TYPE " + name + " " + type + "\n" + name + " " + std::to_string(value) + "\n";
  };
  add("rampa_hq_dropped_messages_total", "counter", "messages that had no room in the queue: the posts send them again", counts.dropped);
  add("rampa_hq_refused_messages_total", "counter", "messages that were not believed or not taken", counts.refused);
  add("rampa_hq_credit_bytes", "gauge", "what each post may have under way now", counts.credit_bytes);
  return out;
}

class Answerer : public net::HTTPRequestHandler {
 public:
  Answerer(const Place& place, const Clock& clock, const ServeCounts* counts) : place_(place), clock_(clock), counts_(counts) {}
  void handleRequest(net::HTTPServerRequest& request, net::HTTPServerResponse& response) override {
    response.setContentType("text/plain; version=0.0.4");
    std::string text = "only /metrics is here\n";
    if (request.getURI() != "/metrics") {
      response.setStatus(net::HTTPResponse::HTTP_NOT_FOUND);
    } else if (auto report = report_metrics(place_, clock_.now().wall)) {
      text = std::move(*report) + (counts_ ? text_of(*counts_) : "");
    } else {
      response.setStatus(net::HTTPResponse::HTTP_SERVICE_UNAVAILABLE);
      text = report.error().what + "\n";
    }
    response.sendBuffer(text.data(), text.size());
  }

 private:
  const Place& place_;
  const Clock& clock_;
  const ServeCounts* counts_;
};

class Factory : public net::HTTPRequestHandlerFactory {
 public:
  Factory(Place place, const Clock& clock, const ServeCounts* counts) : place_(std::move(place)), clock_(clock), counts_(counts) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override { return new Answerer(place_, clock_, counts_); }

 private:
  Place place_;
  const Clock& clock_;
  const ServeCounts* counts_;
};

class PocoMetricsServer : public MetricsServer {
 public:
  PocoMetricsServer(const Place& place, std::uint16_t port, const Clock& clock, const ServeCounts* counts)
      : socket_(net::SocketAddress("127.0.0.1", port)), server_(new Factory(place, clock, counts), pool_, socket_, parameters()) {
    server_.start();
  }
  ~PocoMetricsServer() override {
    server_.stopAll(true);
    pool_.joinAll();  // a connection that just ends still uses the server
  }
  std::uint16_t port() const override { return socket_.address().port(); }

 private:
  static net::HTTPServerParams* parameters() {
    auto* own = new net::HTTPServerParams;  // the server owns it
    own->setMaxThreads(2);
    own->setMaxQueued(8);
    own->setKeepAlive(false);
    own->setThreadIdleTime(Poco::Timespan(0, 250'000));  // bounds how long stopping takes
    return own;
  }
  net::ServerSocket socket_;
  Poco::ThreadPool pool_{"metrics", 2, 2};
  net::HTTPServer server_;
};

}  // namespace

Result<std::unique_ptr<MetricsServer>> serve_metrics(const Place& place, std::uint16_t port, const Clock& clock, const ServeCounts* counts) {
  try {
    return std::unique_ptr<MetricsServer>(std::make_unique<PocoMetricsServer>(place, port, clock, counts));
  } catch (const std::exception& error) {
    return fail(ErrorCode::io, "/metrics on port " + std::to_string(port) + ": " + error.what());
  }
}

}  // namespace rampa::sync::hq
